"""Twenty clients at once, each a host of its own with its own charon."""

import time
from concurrent.futures import ThreadPoolExecutor

from lablib import keel2tpd
from lablib.charon import Charon
from lablib.hosts import INNER_LNS, LNS, ping
from lablib.keel2tpd import Keel2tpd
from lablib.wait import wait_for

CLIENTS = 20


def test_twenty_clients_at_once(lab):
    net = lab.network("192.0.2.0/24")
    lns = lab.node("lns")
    net.attach(lns, LNS)
    Charon(lns)
    users = {f"user{number:02}": f"password{number:02}" for number in range(CLIENTS)}
    # A HELLO storm of an emulated machine that is busy with handshakes would say nothing about keel2tpd.
    office = keel2tpd.lns(lns, LNS, users=users, hello=60)
    server = Keel2tpd(lns, lab.build, lns={"office": office})

    nodes = {}
    for number, user in enumerate(users):
        nodes[user] = lab.node(f"lac{number:02}")
        net.attach(nodes[user], f"192.0.2.{100 + number}")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Charon, nodes.values()))
    server.wait_state("lns/office", "listening")
    server.wait_loaded("lns/office")

    began = time.monotonic()
    clients = [Keel2tpd(node, lab.build, wait=False, lac={"branch": keel2tpd.lac(
        node, LNS, user=user, password=users[user], hello=60)}) for user, node in nodes.items()]
    shown = server.wait_settled(CLIENTS, sas=CLIENTS, seconds=900)
    print(f"{CLIENTS} clients up after {time.monotonic() - began:.1f} s")

    assert sorted(session["user"] for session in shown.running_sessions) == sorted(users)
    assert len({session["remote"] for session in shown.running_sessions}) == CLIENTS
    assert len({session["interface"] for session in shown.running_sessions}) == CLIENTS
    assert len({tunnel["mark"] for tunnel in shown.tunnels}) == CLIENTS
    assert shown.connection("lns/office")["pool"]["used"] == CLIENTS
    for client in clients:
        client.wait_up("lac/branch")
        ping(client.node, INNER_LNS, 2)
    # Each packet came back through its own client's SA.
    for sa in server.show().sas:
        assert sa["in"]["packets"] > 4 and sa["out"]["packets"] > 4

    server.stop()
    assert not lns.pids("pppd")
    wait_for("the kernel to be without SAs", lambda: "spi" not in lns.run("ip", "xfrm", "state"))
