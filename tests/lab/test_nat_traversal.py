"""NAT-T: mappings that change, servers behind a NAT, and what the encapsulation leaves for a packet."""

import json
import re

import pytest

from lablib import keel2tpd
from lablib.charon import Charon, swanctl_conf
from lablib.hosts import INNER_LNS, ping
from lablib.keel2tpd import Keel2tpd
from lablib.nat import IKE_PORTS, NatRouter, make_nat_hosts
from lablib.wait import wait_for
from lablib.xl2tpd import Xl2tpdClient

NAT_T_MTU = 1420  # AES-GCM in UDP over IPv4: 1500 - IP 20 - UDP 8 - ESP 8 + 8 + 16 and 2, padded to 4 - UDP, L2TP, PPP 18


def link_mtu(node, interface: str) -> int:
    return json.loads(node.run("ip", "-json", "link", "show", "dev", interface))[0]["mtu"]


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_a_mapping_that_changes_keeps_the_session(lab, ike):
    hosts = make_nat_hosts(lab, random_ports=True)
    (node,) = hosts.add_clients(1)
    server = hosts.start_lns(ike=ike)
    client = hosts.start_lac(node, ike=ike)
    client.wait_up("lac/branch")
    before = server.wait_settled(sas=1)
    ping(node, INNER_LNS)
    for _ in range(2):
        port = server.show().sas[0]["remote"]
        hosts.nat.forget_mappings()
        # The client speaks first: until then the router lets nothing in, as real ones do.
        ping(node, INNER_LNS, count=10)
        server.wait_show("the SA to have the new port", lambda show: show.sas and show.sas[0]["remote"] != port)
        ping(hosts.lns, before.running_sessions[0]["remote"], count=10)
    after = server.wait_settled(sas=1)
    assert [one["id"] for one in after.sessions] == [one["id"] for one in before.sessions]
    assert client.show().attempts("lac/branch") == 0


def make_server_behind_nat(lab):
    """An LNS inside behind a router that hands IKE's ports on, and a client's network behind a router of its own."""
    hosts = make_nat_hosts(lab)  # the client's side; `outside` is the internet
    inside = lab.network("10.44.0.0/24", "datacentre")
    router = NatRouter(lab, inside, hosts.outside, "10.44.0.1", "192.0.2.20", name="datacentre-nat")
    lns = lab.node("inner-lns")
    inside.attach(lns, "10.44.0.2")
    router.serve(lns)
    for port in IKE_PORTS:
        router.forward(port, "10.44.0.2")
    Charon(lns)
    daemon = Keel2tpd(lns, lab.build, lns={"office": keel2tpd.lns(lns, "10.44.0.2")})
    daemon.wait_state("lns/office", "listening")
    daemon.wait_loaded("lns/office")
    return hosts, router, lns, daemon


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_a_server_behind_a_nat_and_a_client_behind_another(lab, ike):
    hosts, router, lns, server = make_server_behind_nat(lab)
    (node,) = hosts.add_clients(1)
    client = Keel2tpd(node, lab.build, lac={"branch": keel2tpd.lac(node, router.outside_address, ike=ike,
                                                                   ipsec={"remote-id": "10.44.0.2"})})
    client.wait_up("lac/branch")
    shown = server.wait_settled(sas=1)
    assert shown.sas[0]["encap"]
    ping(node, INNER_LNS)
    ping(lns, shown.running_sessions[0]["remote"])


def test_a_foreign_client_of_a_server_behind_a_nat(lab):
    hosts, router, lns, server = make_server_behind_nat(lab)
    (node,) = hosts.add_clients(1)
    hosts.charons[node].load(swanctl_conf(ike=1, psk="example", remote=router.outside_address))
    Xl2tpdClient(node, router.outside_address, "alice", "wonderland").connect()
    shown = server.wait_settled(sas=1)
    ping(node, INNER_LNS)
    ping(lns, shown.running_sessions[0]["remote"])


def test_mtu_and_mss_follow_from_nat_t(lab):
    """The largest packet goes whole, and a host behind the server is told an MSS that fits."""
    hosts = make_nat_hosts(lab)
    (node,) = hosts.add_clients(1)
    web, web_net = lab.node("web"), lab.network("198.51.100.0/24", "web")
    web_net.attach(web, "198.51.100.2")
    web_net.attach(hosts.lns, "198.51.100.1", "eth1")
    web.run("ip", "route", "add", "default", "via", "198.51.100.1")
    hosts.lns.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    server = hosts.start_lns()
    client = hosts.start_lac(node, routes=["10.9.0.0/16", "198.51.100.0/24"])
    client.wait_up("lac/branch")
    link = server.wait_settled(sas=1).running_sessions[0]
    assert link["mtu"] == link_mtu(hosts.lns, link["interface"]) == NAT_T_MTU

    wire = hosts.outside.capture(hosts.lns, "ip[6:2] & 0x3fff != 0")  # fragments
    ping(node, INNER_LNS)
    node.run("ping", "-q", "-c", "3", "-i", "0.1", "-W", "30", "-M", "do", "-s", str(NAT_T_MTU - 28), INNER_LNS)
    assert not wire.stop(), "the largest packet of the link was sent in fragments"

    handshake = web_net.capture(web, "tcp[tcpflags] & tcp-syn != 0")
    inner = node.start("tcpdump-ppp", "tcpdump", "-l", "-n", "-i", "ppp0", "tcp[tcpflags] & tcp-syn != 0")
    wait_for("tcpdump to listen", lambda: "listening on" in inner.text())
    web.start("listener", "/usr/bin/python3", "-c",
              "import socket; s = socket.create_server(('', 8080)); s.accept()[0].recv(1)")
    wait_for("the web server to listen", lambda: ":8080" in web.run("ss", "-Hltn"))
    node.run("/usr/bin/python3", "-c", "import socket; socket.create_connection(('198.51.100.2', 8080), 60)")
    wait_for("the SYN-ACK to be seen", lambda: re.search(r"Flags \[S\.\]", inner.text()))
    syn_ack = next(line for line in inner.text().splitlines() if "Flags [S.]" in line)
    assert f"mss {NAT_T_MTU - 40}," in syn_ack
    assert "mss 1460," in next(line for line in handshake.stop() if "Flags [S.]" in line), "the web server offered more"


def test_a_small_uplink_makes_small_links(lab):
    """As behind PPPoE or another tunnel: each end computes by its own way, PPP takes the smaller."""
    hosts = make_nat_hosts(lab)
    (node,) = hosts.add_clients(1)
    node.run("ip", "link", "set", "eth0", "mtu", "1400")
    server = hosts.start_lns()
    client = hosts.start_lac(node)
    client.wait_up("lac/branch")
    shown = server.wait_settled(sas=1)
    assert shown.running_sessions[0]["mtu"] == client.show().running_sessions[0]["mtu"] == NAT_T_MTU - 100
    ping(node, INNER_LNS)
