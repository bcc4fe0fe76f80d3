"""What "tunnel" configures: secret and hiding, DSCP, sequence numbers, source ports; and who is told when it is wrong."""

import pytest

from lablib import keel2tpd, tshark
from lablib.hosts import INNER_LNS, LAC, LNS, ping
from lablib.keel2tpd import Keel2tpd, unprotected, write_secret
from lablib.wait import wait_for
from lablib.xl2tpd import Xl2tpdClient, Xl2tpdServer

CONTROL = "udp port 1701 and udp[8] & 0x80 != 0"
DATA = "udp port 1701 and udp[8] & 0x80 == 0"
# What RFC 2661 4.4 does not let be hidden: Message Type, Result Code, Protocol Version, Tie Breaker, Host Name, Receive
# Window Size, Q.931 Cause, Random Vector, Sequencing Required.
NEVER_HIDDEN = {0, 1, 2, 5, 7, 10, 12, 36, 39}
SCCRQ, ASSIGNED_TUNNEL_ID = 1, 9
EF, EF_FIELD = 46, 46 << 2
HOLD_1701 = """
import signal, socket
held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
held.bind(("0.0.0.0", 1701))
signal.pause()
"""


def secret(node, text: str | None) -> dict:
    return {"secret": write_secret(node, "tunnel", text)} if text else {}


def start_plain(hosts, lns_tunnel: dict | None = None, lac_tunnel: dict | None = None) -> tuple[Keel2tpd, Keel2tpd]:
    """(LAC, LNS) without IPsec."""
    server = Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": unprotected(
        keel2tpd.lns(hosts.lns, LNS, tunnel=lns_tunnel))})
    server.wait_state("lns/office", "listening")
    return Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": unprotected(
        keel2tpd.lac(hosts.lac, LNS, tunnel=lac_tunnel))}), server


def start_ipsec(hosts, lns_tunnel: dict | None = None, lac_tunnel: dict | None = None) -> tuple[Keel2tpd, Keel2tpd]:
    """(LAC, LNS) under IKEv2."""
    server = hosts.start_lns(ike=2, tunnel=lns_tunnel)
    return hosts.start_lac(ike=2, tunnel=lac_tunnel), server


def connect(client: Keel2tpd, server: Keel2tpd, sas: int = 0) -> tuple[dict, dict]:
    """Waits until all is up; the tunnel as the client and as the server shows it."""
    client.wait_up("lac/branch")
    (ours,), (theirs,) = client.wait_settled(sas=sas).tunnels, server.wait_settled(sas=sas).tunnels
    return ours, theirs


def test_authenticated_and_hidden(hosts, tmp_path):
    """Without IPsec, nothing of a user can be read on the wire."""
    pcap = tmp_path / "control.pcap"
    wire = hosts.net.record(hosts.lac, pcap, CONTROL)
    client, server = start_plain(hosts, {**secret(hosts.lns, "between us"), "hide": True},
                                 {**secret(hosts.lac, "between us"), "hide": True})
    for tunnel in connect(client, server):
        assert tunnel["authenticated"] and tunnel["hiding"]
    ping(hosts.lac, INNER_LNS)
    client.stop()
    wire.stop()
    messages = tshark.dissect(pcap)
    assert {1, 2, 3, 10, 11, 12} <= {message["type"] for message in messages}
    for message in messages:
        clear = {avp["type"] for avp in message["avps"] if not avp["hidden"]}
        allowed = NEVER_HIDDEN | ({ASSIGNED_TUNNEL_ID} if message["type"] == SCCRQ else set())
        assert clear <= allowed, message
    assert any(avp["hidden"] for message in messages for avp in message["avps"])


def test_our_lac_and_an_xl2tpd_that_challenges(hosts):
    server = Xl2tpdServer(hosts.lns, INNER_LNS, "10.9.0.2-10.9.0.9", {"alice": "wonderland"}, tunnel_secret="between us")
    client = Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": unprotected(
        keel2tpd.lac(hosts.lac, LNS, tunnel=secret(hosts.lac, "between us")))})
    client.wait_up("lac/branch")
    (tunnel,) = client.show().tunnels
    assert tunnel["authenticated"]
    ping(hosts.lac, INNER_LNS)
    told = server.ends_told()
    client.stop()
    wait_for("xl2tpd to be told", lambda: server.ends_told() > told)


def test_an_xl2tpd_client_that_challenges_and_our_lns(hosts):
    server = Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": unprotected(
        keel2tpd.lns(hosts.lns, LNS, tunnel=secret(hosts.lns, "between us")))})
    server.wait_state("lns/office", "listening")
    client = Xl2tpdClient(hosts.lac, LNS, "alice", "wonderland", tunnel_secret="between us")
    client.connect()
    (tunnel,) = server.wait_settled().tunnels
    assert tunnel["authenticated"]
    wait_for("ppp at the client", lambda: INNER_LNS in hosts.lac.run("ip", "-4", "addr"))
    ping(hosts.lac, INNER_LNS)


@pytest.mark.parametrize("lac_secret, lns_secret", [("blue wren", "red kite"), (None, "red kite"), ("blue wren", None)],
                         ids=["differ", "client_has_none", "server_has_none"])
@pytest.mark.parametrize("start", [start_ipsec, start_plain], ids=["ipsec", "plain"])
def test_wrong_tunnel_secret(hosts, start, lac_secret, lns_secret):
    """Both operators are told, and what to do; nobody is told a secret."""
    client, server = start(hosts, secret(hosts.lns, lns_secret), secret(hosts.lac, lac_secret))
    shown = client.wait_show("the refusal", lambda show: show.why("lac/branch").get("stage") == "tunnel"
                             and "secret" in show.why("lac/branch")["message"] and show.attempts("lac/branch") >= 2)
    assert "lac/branch" in shown.why("lac/branch")["remedy"]
    server.wait_show("the refusal", lambda show: [
        one for one in show.refusals("lns/office") if one["stage"] == "tunnel" and LAC in one["peer"]
        and "secret" in one["message"] and "lns/office" in one["message"]])
    for daemon in (client, server):
        said = daemon.log() + daemon.show_text() + str(daemon.show().data)
        assert "blue wren" not in said and "red kite" not in said, "a tunnel secret was shown"


def test_an_xl2tpd_lns_with_another_secret(hosts):
    Xl2tpdServer(hosts.lns, INNER_LNS, "10.9.0.2-10.9.0.9", {"alice": "wonderland"}, tunnel_secret="theirs")
    client = Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": unprotected(
        keel2tpd.lac(hosts.lac, LNS, tunnel=secret(hosts.lac, "ours")))})
    shown = client.wait_show("the failure", lambda show: show.why("lac/branch").get("stage") == "tunnel")
    assert "tunnel secrets of the two ends differ" in shown.why("lac/branch")["message"]
    assert "lac/branch" in shown.why("lac/branch")["remedy"]


def test_an_xl2tpd_lns_that_needs_a_secret_we_do_not_have(hosts):
    Xl2tpdServer(hosts.lns, INNER_LNS, "10.9.0.2-10.9.0.9", {"alice": "wonderland"}, tunnel_secret="theirs")
    client = Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": unprotected(keel2tpd.lac(hosts.lac, LNS))})
    shown = client.wait_show("the failure", lambda show: show.why("lac/branch").get("stage") == "tunnel")
    assert "no tunnel secret is configured here" in shown.why("lac/branch")["message"]
    assert "give lac/branch the tunnel secret" in shown.why("lac/branch")["remedy"]


def test_dscp_marks_control_and_data(hosts):
    """RFC 3308: agreed on, and on every packet of the tunnel, both ways."""
    marked, unmarked = f"ip[1] & 0xfc == {EF_FIELD}", f"ip[1] & 0xfc != {EF_FIELD}"
    captures = {name: hosts.net.capture(hosts.lac, f"{expression} and {mark}") for name, expression, mark in
                (("control", CONTROL, marked), ("data", DATA, marked), ("other", "udp port 1701", unmarked))}
    client, server = start_plain(hosts, {"dscp": "EF"}, {"dscp": EF})
    for tunnel in connect(client, server):
        assert tunnel["dscp"] == tunnel["dscp_agreed"] == EF
    ping(hosts.lac, INNER_LNS)
    ping(hosts.lns, client.show().running_sessions[0]["local"])
    client.stop()
    seen = {name: capture.stop() for name, capture in captures.items()}
    assert seen["other"] == []
    for name in ("control", "data"):
        for source in (LAC, LNS):
            assert [packet for packet in seen[name] if f"IP {source}." in packet], f"no marked {name} from {source}"


def test_dscp_is_on_the_outer_header_of_esp(hosts):
    captures = [hosts.net.capture(hosts.lac, f"ip proto 50 and ip[1] & 0xfc {test} {EF_FIELD}") for test in ("==", "!=")]
    client, server = start_ipsec(hosts, {"dscp": EF}, {"dscp": EF})
    for tunnel in connect(client, server, sas=1):
        assert tunnel["dscp"] == EF
    ping(hosts.lac, INNER_LNS)
    client.stop()
    marked, unmarked = (capture.stop() for capture in captures)
    assert unmarked == []
    for source in (LAC, LNS):
        assert [packet for packet in marked if f"IP {source} " in packet], f"no marked ESP from {source}"


def test_a_server_without_dscp_grants_none(hosts):
    """We mark what we send nevertheless."""
    back = hosts.net.capture(hosts.lac, f"src host {LNS} and udp port 1701 and ip[1] & 0xfc != 0")
    client, server = start_plain(hosts, None, {"dscp": EF})
    ours, theirs = connect(client, server)
    assert ours["dscp"] == EF and ours["dscp_agreed"] is None
    assert theirs["dscp"] is None
    ping(hosts.lac, INNER_LNS)
    assert back.stop() == []


def test_sequence_numbers_on_data(hosts):
    with_numbers = hosts.net.capture(hosts.lac, f"{DATA} and udp[8] & 0x08 != 0")
    without = hosts.net.capture(hosts.lac, f"{DATA} and udp[8] & 0x08 == 0")
    client, server = start_plain(hosts, None, {"sequencing": True})
    connect(client, server)
    ping(hosts.lac, INNER_LNS, 10)
    (session,) = client.show().running_sessions
    assert session["mtu"] == 1500 - 38 - 4
    assert session["rx_errors"] == 0
    seen = with_numbers.stop()
    for source in (LAC, LNS):
        assert len([packet for packet in seen if f"IP {source}." in packet]) >= 10
    assert without.stop() == []


def port_of(tunnel: dict) -> int:
    return int(tunnel["remote"].rpartition(":")[2])


@pytest.mark.parametrize("quirk", [None, "source-port-1701", "source-port-any"])
def test_source_port_without_ipsec(hosts, quirk):
    client, server = start_plain(hosts, None, {"quirks": [quirk] if quirk else []})
    ours, theirs = connect(client, server)
    assert ours["quirks"] == ([quirk] if quirk else [])
    assert (port_of(theirs) == 1701) == (quirk == "source-port-1701")
    ping(hosts.lac, INNER_LNS)
    client.stop()


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_source_port_of_its_own_with_ipsec(hosts, ike):
    wire = hosts.net.capture(hosts.lac, "udp and not port 500 and not port 4500")
    server = hosts.start_lns(ike=ike)
    client = hosts.start_lac(ike=ike, tunnel={"quirks": ["source-port-any"]})
    _, theirs = connect(client, server, sas=1)
    assert 20000 <= port_of(theirs) <= 39999
    ping(hosts.lac, INNER_LNS)
    ping(hosts.lns, client.show().running_sessions[0]["local"])
    for daemon in (client, server):
        assert all(count == 0 for count in daemon.show().guard.values())
    assert wire.stop() == [], "L2TP was on the wire in clear"


def test_source_port_1701_that_another_holds(hosts):
    hosts.lac.start("holder", "/usr/bin/python3", "-c", HOLD_1701)
    wait_for("the port to be held", lambda: ":1701" in hosts.lac.run("ss", "-Hulna"))
    client, server = start_plain(hosts, None, {"quirks": ["source-port-1701"]})
    shown = client.wait_show("the failure", lambda show: show.why("lac/branch").get("stage") == "tunnel")
    assert "python3" in shown.why("lac/branch")["message"]
    assert not server.show().tunnels
