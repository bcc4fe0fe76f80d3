"""Several clients behind one NAT, among them three that all send from port 1701, as Windows does."""

import pytest

from lablib.nat import make_nat_hosts
from lablib.nat_clients import WINDOWS_PORT
from lablib.nat_world import OURS, World
from lablib.pattern import RATE, assert_lossless, wait_all_flowing
from lablib.wait import wait_for

# IKEv1's initiator sends under the new SA at once, while the peer makes it only when the third message has come: in an
# emulated machine a good part of a second.
LOST_BY_REKEYING = 5 * RATE
PORTS = (WINDOWS_PORT, WINDOWS_PORT, WINDOWS_PORT, 50111, 50111)  # the last two as macOS, and the same by chance


@pytest.fixture
def world(lab):
    return World(make_nat_hosts(lab, random_ports=True), PORTS)


def test_each_clients_octets_are_its_own(world):
    shown = world.server.show()
    addresses = {sa["remote"].rpartition(":")[0] for sa in shown.sas}
    assert addresses == {world.hosts.nat.outside_address}
    assert len({tunnel["mark"] for tunnel in shown.tunnels}) == len(PORTS)
    wait_all_flowing(list(world.streams.values()), 100)
    assert_lossless(list(world.streams.values()))
    after = world.server.show()
    assert after.guard == shown.guard


def test_one_leaves_and_comes_back(world):
    """With goodbye; without, from the same NAT port; without, from another."""
    one = world.clients[1]
    world.streams[one.user].abandon()
    one.leave()
    world.server.wait_settled(len(PORTS) - 1, sas=len(PORTS) - 1)
    wait_all_flowing(world.others(one))
    one.connect()
    world.returns(one)

    for forgotten in (False, True):
        port = world.nat_port(one)
        world.streams[one.user].abandon()
        one.vanish()
        wait_all_flowing(world.others(one))
        if forgotten:
            world.hosts.nat.forget_mappings(world.hosts.address(one.node))
        one.come_back()
        world.returns(one)
        assert (world.nat_port(one) != port) == forgotten

    world.server.wait_settled(len(PORTS))  # what it left without goodbye has been noticed
    assert_lossless(list(world.streams.values()))


def test_rekeying_and_reauthentication_under_traffic(lab):
    """By the client and by the server, who is behind no NAT but must reach those who are; each keeps its tunnel.

    With PFS, as charon asks for it when it is the one that begins in IKEv1 and its proposals know any groups."""
    world = World(make_nat_hosts(lab, random_ports=True), PORTS[:3], esp="aes128gcm16-modp2048")
    before = world.server.show()
    one = world.clients[0]
    for node, child in ((one.node, "l2tp"), (world.hosts.lns, OURS)):
        spis = world.spis()
        node.run("swanctl", "--rekey", "--child", child)
        everybody = node is world.hosts.lns
        wait_for(f"{node.name}'s rekeying", lambda: len(world.spis() - spis) == (len(world.clients) if everybody else 1))
        wait_all_flowing(list(world.streams.values()))
    lost = {name: stream.stop() for name, stream in world.streams.items()}
    assert all(count <= LOST_BY_REKEYING for count in lost.values()), lost

    world.streams = {client.user: world.stream(client) for client in world.clients}
    for node, ike in ((one.node, "l2tp"), (world.hosts.lns, OURS)):
        ikes = world.ike_ids()
        node.run("swanctl", "--rekey", "--ike", ike)
        everybody = node is world.hosts.lns
        wait_for(f"{node.name}'s reauthentication", lambda: len(world.ike_ids() - ikes) == (
            len(world.clients) if everybody else 1) and len(world.ike_ids()) == len(world.clients))
        wait_all_flowing(list(world.streams.values()))
    after = world.server.wait_settled(len(world.clients), sas=len(world.clients))
    for key in ("tunnels", "sessions"):
        assert {one["id"] for one in after.data[key]} == {one["id"] for one in before.data[key]}
    assert {sa["mark"] for sa in after.sas} == {sa["mark"] for sa in before.sas}
    assert_lossless(list(world.streams.values()))
