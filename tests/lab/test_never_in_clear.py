"""L2TP never leaves in clear, comes in under no SA but its own peer's, and an SA is good for nothing but L2TP."""

import re
import struct
from pathlib import Path

from lablib import l2tp
from lablib.charon import Charon, swanctl_conf
from lablib.hosts import INNER_LNS, LAC, LNS, STRANGER, ping, pings
from lablib.keel2tpd import HELLO, RETRANSMISSION
from lablib.net import in_clear
from lablib.traffic import Traffic
from lablib.wait import PATIENCE, wait_for

SEND_UDP = Path(l2tp.__file__).with_name("send_udp.py")
IN_CLEAR = "udp port 1701 or udp portrange 20000-39999 or ip proto 115"
NO_HELLO = 2 * PATIENCE


def test_not_in_any_moment_of_a_life(hosts):
    """Both ends send through the link all the time: set-up, renewals, each daemon's end, death and return."""
    wire = hosts.net.capture(hosts.lac, IN_CLEAR)
    server, client = hosts.start_lns(hello=HELLO), hosts.start_lac(hello=HELLO)
    client.wait_up("lac/branch")
    load, back = Traffic(hosts.lac), {}

    def again() -> str:
        """Until the link carries packets both ways, and keeps doing so; the client's address."""
        wait_for("the link to carry packets", lambda: pings(hosts.lac, INNER_LNS))
        server.wait_settled(sas=1, seconds=HELLO + RETRANSMISSION + PATIENCE)
        (session,) = client.wait_settled(sas=1).running_sessions
        if session["local"] not in back:
            back[session["local"]] = Traffic(hosts.lns, session["local"])
        return session["local"]

    again()
    hosts.lac.run("swanctl", "--rekey", "--child", "keel2tp-lac.branch")
    load.flows()
    hosts.lns.run("swanctl", "--rekey", "--ike", "keel2tp-lns.office", "--reauth")
    load.flows()
    for charon, end in ((hosts.lns_charon, "stop"), (hosts.lac_charon, "kill")):
        getattr(charon, end)()
        hosts.lac.succeeds("ping", "-q", "-c", "10", "-i", "0.1", "-W", "1", INNER_LNS)
        charon.start()
        again()
    client.process.kill()
    assert hosts.lac.pids("pppd"), "pppd holds the kernel's tunnel"
    hosts.lac.succeeds("ping", "-q", "-c", "10", "-i", "0.1", "-W", "1", INNER_LNS)
    client = hosts.start_lac(hello=HELLO)
    client.wait_up("lac/branch")
    address = again()
    server.process.kill()
    assert hosts.lns.pids("pppd"), "pppd holds the kernel's tunnel"
    hosts.lns.succeeds("ping", "-q", "-c", "10", "-i", "0.1", "-W", "1", address)
    server = hosts.start_lns(hello=HELLO)
    again()
    client.stop()
    server.stop()
    for one in (load, *back.values()):
        one.stop()
    assert wire.stop() == []


def test_the_ruleset_is_flushed_under_traffic(hosts, record_property):
    """By a reload of the host's firewall, which then has tables of its own; theirs are left alone."""
    wire = hosts.net.capture(hosts.lac, IN_CLEAR)
    client, server = hosts.start_both()
    load = Traffic(hosts.lac)
    theirs = """table inet theirs { chain input { type filter hook input priority 0; policy drop
 ct state established,related accept
 udp dport { 500, 1701, 4500, 20000-39999 } accept
 ip protocol { esp, icmp } accept
}
}
"""
    for node, daemon in ((hosts.lns, server), (hosts.lac, client)):
        for tables in ("", theirs, "table inet others { }\n"):
            node.run("nft", "-f", node.write("/run/lab/rules.nft", "flush ruleset\n" + tables))
            wait_for("our table to be back", lambda: "inet keel2tp" in node.run("nft", "list", "tables"))
            load.flows()
        assert "inet others" in node.run("nft", "list", "tables")
        daemon.wait_settled(sas=1)
    record_property("sent, lost", load.stop())
    assert wire.stop() == []


def test_without_the_table_the_sockets_hold(hosts):
    """Two layers: with the rules gone and a daemon that cannot put them back, also when the SA goes."""
    client, _ = hosts.start_both(hello=NO_HELLO)
    wire = hosts.net.capture(hosts.lac, IN_CLEAR)
    client.process.freeze()
    try:
        hosts.lac.run("nft", "delete", "table", "inet", "keel2tp")
        hosts.lac.succeeds("ping", "-q", "-c", "5", "-i", "0.2", "-W", "1", INNER_LNS)
        hosts.lac.run("swanctl", "--terminate", "--ike", "keel2tp-lac.branch", "--force")
        hosts.lac.succeeds("ping", "-q", "-c", "5", "-i", "0.2", "-W", "1", INNER_LNS)
        # The capture sees what it looks for.
        hosts.lac.run("/usr/bin/python3", SEND_UDP, LAC, "1701", LNS, "1701", l2tp.sccrq().hex())
        (seen,) = wire.stop()
        assert in_clear([seen])
    finally:
        client.process.thaw()


class Cheat:
    """A client with a good SA of its own, which it uses for what it is not meant for."""

    def __init__(self, hosts):
        self.node = hosts.stranger()
        Charon(self.node).load(swanctl_conf(ike=1, psk="example", remote=LNS))
        self.node.run("swanctl", "--initiate", "--child", "l2tp")
        (reqid,) = re.findall(r"reqid (\d+), INSTALLED", self.node.run("swanctl", "--list-sas"))
        # Everything to the server goes into the SA.
        self.node.run("ip", "xfrm", "policy", "add", "src", STRANGER, "dst", LNS, "dir", "out", "priority", "1",
                      "tmpl", "src", STRANGER, "dst", LNS, "proto", "esp", "reqid", reqid, "mode", "transport")

    def send(self, *payloads: bytes, port: int = 1701, source: str = STRANGER) -> None:
        self.node.run("/usr/bin/python3", SEND_UDP, source, "1701", LNS, str(port), *[one.hex() for one in payloads])


def data(tunnel: int, session: int) -> bytes:
    """PPP's LCP Terminate-Request in a data message: what ends a session if it arrives."""
    return struct.pack("!HHH", 0x0002, tunnel, session) + bytes.fromhex("ff03c02105010004")


def attacks(server) -> list[bytes]:
    (tunnel,), (session,) = server.show().tunnels, server.show().sessions
    stops = [l2tp.stop_ccn(tunnel["id"], ns, nr, tunnel["peer_id"]) for ns in range(1, 8) for nr in (2, 3, 4)]
    return [data(tunnel["id"], session["id"])] * 5 + stops


def unharmed(hosts, server, before) -> None:
    after = server.show()
    assert [one["id"] for one in after.sessions] == [one["id"] for one in before.sessions]
    assert after.sessions[0]["rx_packets"] == before.sessions[0]["rx_packets"], "a forged packet was delivered"
    ping(hosts.lac, INNER_LNS)


def test_another_clients_tunnel_is_out_of_reach(hosts):
    """With known ids: under the cheat's own SA, in another's name under that SA, and in clear."""
    # Nobody says anything of himself, so that every packet counts.
    quiet = {"hello": NO_HELLO, "ppp": {"echo-interval": 0}}
    server, client = hosts.start_lns(**quiet), hosts.start_lac(**quiet)
    client.wait_settled(sas=1)
    server.wait_settled(sas=1)
    cheat = Cheat(hosts)
    server.wait_show("the cheat's SA", lambda show: len(show.sas) == 2)
    packets = attacks(server)

    before = server.show()
    cheat.send(*packets)
    server.wait_show("its data to be counted", lambda show: show.guard["foreign_in"] >= before.guard["foreign_in"] + 5)
    unharmed(hosts, server, before)

    before = server.show()
    cheat.send(*packets, source=LAC)
    server.wait_show("its data to be counted", lambda show: show.guard["foreign_in"] >= before.guard["foreign_in"] + 5)
    unharmed(hosts, server, before)
    assert server.show().datagrams_received == before.datagrams_received, "the SA's selector names the cheat alone"

    cheat.node.run("ip", "xfrm", "policy", "deleteall")
    for source in (LAC, STRANGER):
        before = server.show()
        cheat.send(*packets, source=source)
        server.wait_show("cleartext to be counted",
                         lambda show: show.guard["cleartext_in"] >= before.guard["cleartext_in"] + len(packets))
        unharmed(hosts, server, before)


def test_an_sa_is_for_l2tp_alone(hosts):
    """udp/9999 and a TCP service under a good SA: not delivered, and counted."""
    server = hosts.start_lns()
    heard = hosts.lns.start("udp-9999", "/usr/bin/python3", "-uc", "import socket\ns = socket.socket(socket.AF_INET, "
                            "socket.SOCK_DGRAM)\ns.bind(('', 9999))\nprint('bound')\nwhile True: print(s.recv(99).hex())")
    hosts.lns.start("tcp-22", "/usr/bin/python3", "-uc", "import socket\ns = socket.create_server(('', 22))\n"
                    "while True: s.accept()")
    wait_for("the services", lambda: "bound" in heard.text() and ":22" in hosts.lns.run("ss", "-Hltn"))
    cheat = Cheat(hosts)
    server.wait_show("the cheat's SA", lambda show: len(show.sas) == 1)
    before = server.show().guard["foreign_in"]
    cheat.send(b"\xc0\xde", port=9999)
    server.wait_show("udp to be counted", lambda show: show.guard["foreign_in"] > before)
    before = server.show().guard["foreign_in"]
    connect = "import socket; s = socket.socket(); s.settimeout(3); s.connect(('%s', 22))" % LNS
    assert not cheat.node.succeeds("/usr/bin/python3", "-c", connect), "TCP was delivered"
    server.wait_show("tcp to be counted", lambda show: show.guard["foreign_in"] > before)
    assert "c0de" not in heard.text(), "udp/9999 was delivered"
    # Outside the SA the services can be had: nobody but the guard was in the way.
    cheat.node.run("ip", "xfrm", "policy", "deleteall")
    assert cheat.node.succeeds("/usr/bin/python3", "-c", connect)
