"""What the kernel can do is found by trying it, and what it lacks is told, or got round."""

from lablib.keel2tpd import Keel2tpd, lns
from lablib.nat import make_nat_hosts
from lablib.nat_clients import WINDOWS_PORT
from lablib.nat_world import World
from lablib.pattern import assert_lossless, wait_all_flowing
from lablib.wait import wait_for

SOL_SOCKET, SO_RCVMARK = "1", "75"
IPPROTO_IP, IP_XFRM_POLICY = "0", "17"


def without(lab, level: str, option: str) -> tuple:
    """A launcher under which the kernel seems not to know the option."""
    return (lab.build / "tests/lab/tools/refuse_sockopt", level, option)


def test_this_kernel_can_do_all(hosts):
    shown = hosts.start_lns().show()
    assert shown.kernel == {"receive_mark": True, "set_mark": True, "socket_policy": True, "rules": True}
    assert "spi" not in hosts.lns.run("ip", "xfrm", "state"), "the trial has left an SA"
    assert "probe" not in hosts.lns.run("nft", "list", "tables")


def test_clients_are_told_apart_without_so_rcvmark(lab):
    """Linux before 5.19: each SA has a listener of its own."""
    # A firewall sees the listeners' own ports.
    world = World(make_nat_hosts(lab, random_ports=True), (WINDOWS_PORT,) * 3, without(lab, SOL_SOCKET, SO_RCVMARK),
                  let_in="meta l4proto udp")
    assert world.server.show().kernel["receive_mark"] is False
    assert "missing=SO_RCVMARK" in world.server.log()

    one = world.clients[1]
    world.streams[one.user].abandon()
    one.vanish()
    wait_all_flowing(world.others(one))
    world.hosts.nat.forget_mappings(world.hosts.address(one.node))
    one.come_back()
    world.returns(one)
    world.server.wait_settled(3, sas=3)
    assert_lossless(list(world.streams.values()))


def test_nothing_starts_where_sockets_cannot_be_tied_to_an_sa(hosts):
    """L2TP could leave in clear."""
    daemon = Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": lns(hosts.lns, "192.0.2.2")}, wait=False,
                      launcher=without(hosts.lab, IPPROTO_IP, IP_XFRM_POLICY))
    assert daemon.process.wait() != 0
    wait_for("the reason", lambda: "IP_XFRM_POLICY" in daemon.log() and "CONFIG_XFRM" in daemon.log())
