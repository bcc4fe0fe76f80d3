"""Ten clients behind one NAT under load, while some leave, vanish, return, rekey and reauthenticate."""

from concurrent.futures import ThreadPoolExecutor

from lablib.nat import make_nat_hosts
from lablib.nat_clients import WINDOWS_PORT
from lablib.nat_world import World
from lablib.pattern import wait_all_flowing

PORTS = (WINDOWS_PORT,) * 8 + (50111,) * 2
CONTROL_OF_A_LIFE = 40  # datagrams at most: a tunnel and its session from SCCRQ to StopCCN, with retransmissions


def data_packets(shown) -> int:
    return sum(session["rx_packets"] for session in shown.sessions)


def test_ten_clients_with_faults(lab):
    world = World(make_nat_hosts(lab, random_ports=True), PORTS, hello=600, rate=8)
    before = world.server.show()
    assert len({tunnel["mark"] for tunnel in before.tunnels}) == len(PORTS)
    wait_all_flowing(list(world.streams.values()), 50)
    quiet = world.server.show()
    assert data_packets(quiet) - data_packets(before) >= 50 * len(PORTS)
    assert quiet.datagrams_received - before.datagrams_received <= len(PORTS), "data has come to the daemon"

    leaving, vanishing, moving, rekeying, renewing = world.clients[1], *world.clients[3:5], *world.clients[7:9]
    gone = (leaving, vanishing, moving)
    for client in gone:
        world.streams.pop(client.user).abandon()
    leaving.leave()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda client: client.vanish(), gone[1:]))
    world.hosts.nat.forget_mappings(world.hosts.address(moving.node))
    rekeying.node.run("swanctl", "--rekey", "--child", "l2tp")
    renewing.node.run("swanctl", "--rekey", "--ike", "l2tp")
    leaving.connect()
    vanishing.come_back()
    moving.come_back()
    for client in gone:
        world.returns(client)

    after = world.server.show()
    assert data_packets(after) > data_packets(quiet)
    assert after.datagrams_received - quiet.datagrams_received <= CONTROL_OF_A_LIFE * 2 * len(gone)
    assert after.guard["cleartext_out"] == 0
    lost = {user: stream.stop() for user, stream in world.streams.items()}
    calm = {user: count for user, count in lost.items() if user != rekeying.user}
    assert not any(calm.values()), f"lost datagrams: {lost}"
