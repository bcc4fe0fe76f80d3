"""Other ways to configure it: without IPsec, all traffic through the link, both roles at once, other logins."""

import pytest

from lablib import keel2tpd
from lablib.charon import Charon
from lablib.hosts import INNER_LNS, LNS, STRANGER, ping
from lablib.keel2tpd import Keel2tpd, unprotected
from lablib.traces import assert_nothing_left, snapshot


def test_connects_without_ipsec_when_asked_to(hosts):
    before = snapshot(hosts.lac)
    server = Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": unprotected(keel2tpd.lns(hosts.lns, LNS))})
    client = Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": unprotected(keel2tpd.lac(hosts.lac, LNS))})
    client.wait_up("lac/branch")
    shown = client.wait_settled()
    (session,) = shown.running_sessions
    assert session["mtu"] == 1500 - 38
    assert not shown.sas and shown.guard is None
    ping(hosts.lac, INNER_LNS)
    server.wait_settled()
    client.stop()
    assert_nothing_left(hosts.lac, before)


def test_two_clients_without_ipsec(hosts):
    """Each tunnel's connected socket shares port 1701 with the listener."""
    other = hosts.stranger()
    server = Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": unprotected(
        keel2tpd.lns(hosts.lns, LNS, users={"alice": "wonderland", "bob": "builder"}))})
    first = Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": unprotected(keel2tpd.lac(hosts.lac, LNS))})
    second = Keel2tpd(other, hosts.lab.build, lac={"branch": unprotected(
        keel2tpd.lac(other, LNS, user="bob", password="builder"))})
    for client, node in ((first, hosts.lac), (second, other)):
        client.wait_up("lac/branch")
        ping(node, INNER_LNS)
    assert {session["user"] for session in server.wait_settled(2).running_sessions} == {"alice", "bob"}


def test_all_traffic_through_the_link(hosts):
    """The way to the server itself is pinned, and comes back as it was."""
    before = snapshot(hosts.lac)
    client, _ = hosts.start_both(routes=["0.0.0.0/0"])
    assert "dev ppp" in hosts.lac.run("ip", "route", "get", "198.51.100.9")
    assert "dev ppp" not in hosts.lac.run("ip", "route", "get", LNS)
    ping(hosts.lac, INNER_LNS)
    client.stop()
    assert_nothing_left(hosts.lac, before)


def test_both_roles_in_one_daemon(hosts):
    """The middle one is a server to one host and a client of another, from one address."""
    far = hosts.stranger()
    Charon(far)
    server = Keel2tpd(far, hosts.lab.build, lns={"far": keel2tpd.lns(
        far, STRANGER, psk="far", local="10.8.0.1", pool="10.8.0.0/24")})
    server.wait_state("lns/far", "listening")
    middle = Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": keel2tpd.lns(hosts.lns, LNS)},
                      lac={"uplink": keel2tpd.lac(hosts.lns, STRANGER, psk="far", routes=["10.8.0.0/16"])})
    middle.wait_up("lac/uplink")
    hosts.start_lac().wait_up("lac/branch")
    shown = middle.wait_settled(2, sas=2)
    assert {tunnel["connection"] for tunnel in shown.tunnels} == {"lns/office", "lac/uplink"}
    ping(hosts.lac, INNER_LNS)
    ping(hosts.lns, "10.8.0.1")


@pytest.mark.parametrize("method", ["mschapv2", "chap", "pap"])
def test_logs_in_by(hosts, method):
    server = hosts.start_lns(ppp={"auth": [method]})
    client = hosts.start_lac()
    client.wait_up("lac/branch")
    (session,) = server.wait_settled().running_sessions
    assert session["user"] == "alice"


def test_an_open_server_asks_nobody(hosts):
    config = keel2tpd.lns(hosts.lns, LNS, ppp={"auth": []})
    config["users"] = {}
    Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": config}).wait_state("lns/office", "listening")
    client = hosts.start_lac()
    (session,) = client.wait_up("lac/branch").running_sessions
    assert session["local"].startswith("10.9.0.")


def test_a_fixed_address(hosts):
    config = keel2tpd.lns(hosts.lns, LNS)
    config["users"]["alice"]["address"] = "10.9.0.77"
    Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": config}).wait_state("lns/office", "listening")
    (session,) = hosts.start_lac().wait_up("lac/branch").running_sessions
    assert session["local"] == "10.9.0.77"
