"""Outgoing calls: the server has its client call; and why PPP ended goes with a CDN (RFC 3145)."""

import signal

import pytest

from lablib import keel2tpd
from lablib.hosts import INNER_LNS, LNS, ping
from lablib.keel2tpd import Keel2tpd, unprotected
from lablib.wait import wait_for
from lablib.xl2tpd import CONTROL, Xl2tpdClient, Xl2tpdServer


def start(hosts, *, number: str = "5551234", password: str = "wonderland", auth: str = "mschapv2",
          protected: bool = True) -> tuple[Keel2tpd, Keel2tpd]:
    """(LAC, LNS): the LNS has the LAC, whose host name is "lac", call."""
    server = keel2tpd.lns(hosts.lns, LNS, ppp={"auth": [auth]}) | {
        "calls": {"branch7": {"lac": "lac", "called-number": number, "bearer": "digital"}}}
    client = keel2tpd.lac(hosts.lac, LNS, password=password) | {"call": "outgoing", "numbers": ["5551234"]}
    if not protected:
        server, client = unprotected(server), unprotected(client)
    lns = Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": server})
    lns.wait_state("lns/office", "listening")
    if protected:
        lns.wait_loaded("lns/office")
    return Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": client}), lns


def signal_pppd(node, number: int) -> None:
    """There may be two for a moment, while pppd forks."""
    (pid,) = wait_for("one pppd", lambda: pids if len(pids := node.pids("pppd")) == 1 else [])
    node.run("kill", f"-{int(number)}", str(pid))


@pytest.mark.parametrize("hangs_up", ["lac", "lns"])
def test_a_call_is_placed_and_placed_again(hosts, hangs_up):
    client, server = start(hosts)
    client.wait_up("lac/branch")
    ping(hosts.lac, INNER_LNS)
    first = server.wait_show("the call to be up", lambda show: show.call("branch7")["state"] == "up")
    tunnels = [tunnel["id"] for tunnel in first.tunnels]
    session = first.call("branch7")["session"]

    signal_pppd(getattr(hosts, hangs_up), signal.SIGKILL)
    again = server.wait_show("another call to be up", lambda show: show.call("branch7")["state"] == "up"
                             and show.call("branch7")["session"] != session)
    client.wait_up("lac/branch")
    ping(hosts.lac, INNER_LNS)
    assert [tunnel["id"] for tunnel in again.tunnels] == tunnels, "the tunnel did not outlive the call"
    wait_for("one pppd at each end", lambda: [len(node.pids("pppd")) for node in (hosts.lac, hosts.lns)] == [1, 1])


def test_a_wrong_number_is_refused_and_told_at_both_ends(hosts):
    client, server = start(hosts, number="666")
    shown = server.wait_show("the call to be tried again", lambda show: show.call("branch7")["attempts"] >= 3)
    why = shown.call("branch7")["why"]
    assert "invalid destination" in why["message"] and why["result_code"] == 6 and why["remedy"]
    shown = client.wait_state("lac/branch", "ready")
    assert shown.why("lac/branch")["stage"] == "call" and shown.why("lac/branch")["remedy"]
    assert "666" in shown.why_text("lac/branch")
    assert "waits for the server's call" in client.show_text()
    assert len(shown.tunnels) == 1 and not shown.sessions


def test_without_a_call_the_client_is_ready(hosts):
    hosts.start_lns()
    config = keel2tpd.lac(hosts.lac, LNS) | {"call": "outgoing"}
    client = Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": config})
    shown = client.wait_state("lac/branch", "ready")
    assert len(shown.tunnels) == 1 and not shown.sessions and not shown.why("lac/branch")


def test_a_refused_login_is_on_the_wire_and_told(hosts):
    """In clear, so that tcpdump's own decoder can read the CDN."""
    wire = hosts.net.capture(hosts.lac, "udp port 1701")
    client, server = start(hosts, password="mirror", auth="pap", protected=False)
    shown = server.wait_show("the call to be tried again", lambda show: show.call("branch7")["attempts"] >= 2
                             and show.call("branch7")["why"])
    assert shown.call("branch7")["why"]["message"] == "wrong password"
    assert {one["message"] for one in shown.refusals("lns/office")} == {"wrong password"}
    client.wait_show("the reason", lambda show: "password" in show.why_text("lac/branch"))
    causes = [packet for packet in wire.stop() if "PPP_DISCON_CC" in packet]
    assert causes, "no CDN told why PPP ended"
    # tcpdump: (code, protocol, direction): PAP failed, at the peer of the LNS or at the LAC itself.
    assert all("PPP_DISCON_CC(0010, c023" in packet for packet in causes), causes


def test_a_client_that_logs_in_by_no_method_is_told_so(hosts):
    """In clear, and to xl2tpd, whose pppd refuses all that the server asks for."""
    wire = hosts.net.capture(hosts.lac, "udp port 1701")
    server = Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": unprotected(keel2tpd.lns(
        hosts.lns, LNS, ppp={"auth": ["mschapv2"]}))})
    server.wait_state("lns/office", "listening")
    refusals = "".join(f"refuse-{method}\n" for method in ("pap", "chap", "mschap", "mschap-v2", "eap"))
    client = Xl2tpdClient(hosts.lac, LNS, "alice", "wonderland", ppp=refusals)
    client.connect()
    wait_for("a CDN that says why", lambda: any("PPP_DISCON_CC(000f, c223" in packet for packet in wire.packets()))


def test_a_link_that_an_operator_ended_is_told_at_the_other_end(hosts):
    client, server = hosts.start_both()
    signal_pppd(hosts.lns, signal.SIGTERM)
    # In the log, because it is shown only until the next try has succeeded.
    lost = wait_for("the reason", lambda: [line for line in client.log().splitlines()
                                           if "connection=lac/branch state=lost" in line])
    assert "administrative disconnect" in lost[0]
    client.wait_up("lac/branch")


def test_a_call_that_xl2tpd_asks_for(hosts):
    """xl2tpd 1.3.18 sends an OCRQ when told to ("o"), takes our OCRP and dies of our OCCN: it looks for the settings of
    a LAC that an LNS has not. In clear, since that is as far as it goes."""
    Xl2tpdServer(hosts.lns, INNER_LNS, "10.9.0.2-10.9.0.9", {"alice": "wonderland"})
    config = unprotected(keel2tpd.lac(hosts.lac, LNS)) | {"call": "outgoing", "numbers": ["5551234"]}
    client = Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": config})
    wire = hosts.net.capture(hosts.lac, "udp port 1701")
    shown = client.wait_state("lac/branch", "ready")
    hosts.lns.path(CONTROL).write_text(f"o {shown.tunnels[0]['peer_id']} 5551234\n")
    shown = client.wait_show("the call", lambda show: show.sessions)
    assert shown.sessions[0]["call"]["told"]["called_number"] == "5551234"
    wait_for("our OCRP and OCCN", lambda: all(any(name in packet for packet in wire.packets())
                                              for name in ("MSGTYPE(OCRP)", "MSGTYPE(OCCN)")))
