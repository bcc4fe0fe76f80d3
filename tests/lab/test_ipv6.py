"""Over IPv6 outside: our own ends, with and without a NAT between them."""

import pytest

from lablib import keel2tpd
from lablib.charon import Charon
from lablib.hosts import INNER_LNS, ping
from lablib.keel2tpd import Keel2tpd, unprotected
from lablib.nat import NatHosts, make_nat_hosts
from lablib.nat_clients import password, users
from lablib.net import in_clear
from lablib.pattern import Stream, assert_lossless, wait_all_flowing

EF = 46


def neighbour(hosts: NatHosts):
    """A LAC's host that no NAT is in front of."""
    node = hosts.lab.node("neighbour")
    hosts.outside.attach(node, str(hosts.outside.prefix[3]))
    Charon(node)
    return node


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_connects_over_ipv6(lab, ike):
    hosts = make_nat_hosts(lab, v6=True)
    node = neighbour(hosts)
    wire = hosts.outside.capture(hosts.lns, "ip6 and not icmp6")
    marked = hosts.outside.capture(hosts.lns, f"ip6 proto 50 and (ip6[0:2] & 0xfc0) >> 6 == {EF}")
    server = hosts.start_lns(ike=ike, tunnel={"dscp": "EF"})
    client = hosts.start_lac(node, ike=ike, tunnel={"dscp": "EF"})
    client.wait_up("lac/branch")
    shown = server.wait_settled(sas=1)
    assert not shown.sas[0]["encap"]
    (session,) = shown.running_sessions
    ping(node, INNER_LNS)
    node.run("ping", "-q", "-c", "2", "-W", "5", "-M", "do", "-s", str(session["mtu"] - 28), INNER_LNS)
    client.stop()
    seen = wire.stop()
    assert any("ESP(spi=" in packet for packet in seen)
    assert not in_clear(seen), "L2TP was on the wire in clear"
    assert not [packet for packet in seen if "frag" in packet]
    esp = [packet for packet in seen if "ESP(spi=" in packet]
    assert len(marked.stop()) == len(esp), "ESP without the DSCP"


def test_connects_over_ipv6_without_ipsec(lab):
    hosts = make_nat_hosts(lab, v6=True)
    node = neighbour(hosts)
    server = Keel2tpd(hosts.lns, lab.build, lns={"office": unprotected(keel2tpd.lns(hosts.lns, hosts.lns_address))})
    server.wait_state("lns/office", "listening")
    client = Keel2tpd(node, lab.build, lac={"branch": unprotected(keel2tpd.lac(node, hosts.lns_address))})
    client.wait_up("lac/branch")
    ping(node, INNER_LNS)
    client.stop()


def test_several_behind_nat66(lab):
    """On the wire they all come from port 1701 of one address, under UDP-encapsulated ESP."""
    hosts = make_nat_hosts(lab, v6=True, random_ports=True)
    wire = hosts.outside.capture(hosts.lns, "ip6 and not icmp6")
    server = hosts.start_lns(users=users(3), hello=20)
    nodes = dict(zip(users(3), hosts.add_clients(3)))
    clients = {user: hosts.start_lac(node, user=user, password=password(user), hello=20)
               for user, node in nodes.items()}
    shown = server.wait_settled(3, sas=3)
    assert all(sa["encap"] for sa in shown.sas)
    streams = []
    for session in shown.running_sessions:
        node = nodes[session["user"]]
        link = clients[session["user"]].wait_up("lac/branch").running_sessions[0]
        streams.append(Stream(session["user"], node, hosts.lns, session, device=link["interface"]))
    wait_all_flowing(streams, 100)
    assert_lossless(streams)
    assert not in_clear(wire.stop()), "L2TP was on the wire in clear"
