"""Interworking with xl2tpd over a strongSwan that swanctl configures."""

from lablib.charon import swanctl_conf
from lablib.hosts import INNER_LNS, LNS, ping
from lablib.net import in_clear
from lablib.wait import wait_for
from lablib.xl2tpd import Xl2tpdClient, Xl2tpdServer


def foreign_client(hosts) -> Xl2tpdClient:
    hosts.lac_charon.load(swanctl_conf(ike=1, psk="example", remote=LNS))
    client = Xl2tpdClient(hosts.lac, LNS, "alice", "wonderland")
    client.connect()
    return client


def foreign_server(hosts) -> Xl2tpdServer:
    hosts.lns_charon.load(swanctl_conf(ike=1, psk="example"))
    return Xl2tpdServer(hosts.lns, INNER_LNS, "10.9.0.2-10.9.0.9", {"alice": "wonderland"})


def test_xl2tpd_client_to_our_lns(hosts):
    wire = hosts.net.capture(hosts.lac)
    server = hosts.start_lns(ike="any")
    client = foreign_client(hosts)
    (session,) = server.wait_settled().running_sessions
    assert session["user"] == "alice"
    wait_for("ppp at the client", lambda: INNER_LNS in hosts.lac.run("ip", "-4", "addr"))
    ping(hosts.lac, INNER_LNS)
    ping(hosts.lns, session["remote"])
    assert not in_clear(wire.stop())

    client.disconnect()
    server.wait_show("no session", lambda show: not show.sessions)
    wait_for("pppd to end", lambda: not hosts.lns.pids("pppd"))


def test_our_lac_to_an_xl2tpd_lns(hosts):
    wire = hosts.net.capture(hosts.lac)
    server = foreign_server(hosts)
    client = hosts.start_lac(ike=1)
    client.wait_up("lac/branch")
    shown = client.wait_settled()
    (session,) = shown.running_sessions
    assert session["remote"] == INNER_LNS
    ping(hosts.lac, INNER_LNS)
    assert shown.tunnels[0]["peer_host_name"]
    assert not in_clear(wire.stop())

    told = server.ends_told()
    client.stop()
    wait_for("xl2tpd to be told", lambda: server.ends_told() > told, 45)  # 60 s: its own HELLO
    wait_for("xl2tpd's pppd to end", lambda: not hosts.lns.pids("pppd"))


def test_an_xl2tpd_client_is_told_when_our_lns_ends(hosts):
    server = hosts.start_lns(ike="any")
    client = foreign_client(hosts)
    server.wait_settled()
    told = client.ends_told()
    server.stop()
    wait_for("xl2tpd to be told", lambda: client.ends_told() > told, 45)  # 60 s: its own HELLO


def test_our_lac_comes_back_when_an_xl2tpd_lns_restarts(hosts):
    server = foreign_server(hosts)
    client = hosts.start_lac(ike=1)
    client.wait_up("lac/branch")
    server.stop()
    shown = client.wait_show("the loss to be noticed", lambda show: show.state("lac/branch") != "up")
    assert shown.why("lac/branch")["message"]
    foreign_server(hosts)
    client.wait_up("lac/branch")
    ping(hosts.lac, INNER_LNS)
