"""Why is it down: each failure is told with its stage, the peer's words and codes, and what to do; and what came before.

Failures that other scenarios make have their reasons checked there: refused logins and PSKs (test_refusals), certificates
(test_certificates), tunnel secrets (test_tunnel), names, a missing strongSwan, a taken port (test_setup_faults), calls
(test_calls), vanished peers (test_loss)."""

import re
import signal

import pytest

from lablib import keel2tpd
from lablib.charon import Charon, swanctl_conf
from lablib.hosts import INNER_LNS, LAC, LNS, STRANGER, ping
from lablib.keel2tpd import Keel2tpd, unprotected
from lablib.wait import wait_for
from lablib.xl2tpd import Xl2tpdClient, Xl2tpdServer

BRANCH = "lac/branch"


def wait_why(client, stage: str, *words: str, cause: str = ""):
    """Until the client's reason is this one; it has a remedy, the text shows both, and the history has it too."""
    def fits(why: dict | None) -> bool:
        return bool(why) and all(word in why["message"] for word in words) and cause in ("", why["cause"])

    shown = client.wait_show(f"a failure in stage {stage} that says {words}", lambda show: (
        show.why(BRANCH).get("stage") == stage and fits(show.why(BRANCH))))
    why = shown.why(BRANCH)
    assert why["remedy"], why
    assert why["cause"]
    ends = [one for one in shown.history(BRANCH) if one["state"] in ("failed", "lost")]
    assert any(one["stage"] == stage and fits(one["why"]) and one["why"]["remedy"] for one in ends), shown.history(BRANCH)
    return shown


def states(show) -> list[str]:
    return [one["state"] for one in show.history(BRANCH)]


def without_pppd(node) -> None:
    """pppd is taken away from a daemon that runs already."""
    node.overlay("/usr/sbin/pppd", "#!/bin/sh\nexit 127\n")


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_nobody_answers_ike(hosts, ike):
    client = hosts.start_lac(server="192.0.2.77", ike=ike)
    wait_why(client, "ike", "server", cause="timeout")


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_no_ike_proposal_in_common(hosts, ike):
    server = hosts.start_lns(ike=ike)
    client = hosts.start_lac(ike=ike, ipsec={"ike-proposals": ["aes128-sha1-modp1024"]})
    why = wait_why(client, "ike", "IKE proposals", cause="unsupported").why(BRANCH)
    assert why["notify"] == "NO_PROPOSAL_CHOSEN"
    server.wait_show("the refusal", lambda show: [
        one for one in show.refusals("lns/office") if one["stage"] == "ike" and "proposals" in one["message"]])


def test_the_server_does_no_ipv4(hosts):
    hosts.lns_charon.load(swanctl_conf(ike=1, psk="example"))
    Xl2tpdServer(hosts.lns, INNER_LNS, "10.9.0.2-10.9.0.9", {"alice": "wonderland"}, ppp="noip\n")
    # xl2tpd's CDN tells nothing but "loss of carrier".
    wait_why(hosts.start_lac(ike=1), "session", "CDN", "the peer ended the link: No network protocols running")


def test_a_client_wants_an_address_that_is_not_lent(hosts):
    """It refuses the one that it is given, and leaves in its own words."""
    server = hosts.start_lns(ike="any")
    hosts.lac_charon.load(swanctl_conf(ike=1, psk="example", remote=LNS))
    Xl2tpdClient(hosts.lac, LNS, "alice", "wonderland", ppp="10.200.0.77:\n").connect()
    wait_for("its words", lambda: re.search(
        'id=session.down .* why="the peer ended the link: No network protocols running"', server.log()))
    assert not server.wait_show("it to be gone", lambda show: not show.sessions).refusals("lns/office")


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_no_esp_proposal_in_common(hosts, ike):
    hosts.start_lns(ike=ike)
    client = hosts.start_lac(ike=ike, ipsec={"esp-proposals": ["aes192-sha512"]})
    shown = client.wait_show("a failure", lambda show: show.why(BRANCH).get("stage") in ("ike", "esp")
                             and "ESP proposals" in show.why_text(BRANCH))
    assert "esp-proposals" in shown.why(BRANCH)["remedy"]
    assert shown.why(BRANCH)["notify"] == "NO_PROPOSAL_CHOSEN"


def test_nobody_speaks_l2tp(hosts):
    """In clear, to a host without any L2TP."""
    client = Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": unprotected(keel2tpd.lac(
        hosts.lac, LNS, tunnel={"retransmit-initial": 0.5, "retransmit-limit": 2}))})
    wait_why(client, "tunnel", cause="timeout")


def test_the_server_cannot_start_pppd(hosts):
    server = hosts.start_lns()
    without_pppd(hosts.lns)
    client = hosts.start_lac()
    wait_why(client, "session")
    shown = server.wait_show("the session's end", lambda show: "pppd" in server.log())
    assert shown.state("lns/office") == "listening"


def test_the_client_cannot_start_pppd(hosts):
    hosts.start_lns()
    client = hosts.start_lac()
    client.wait_up(BRANCH)
    without_pppd(hosts.lac)
    for pid in hosts.lac.pids("pppd"):
        hosts.lac.run("kill", "-KILL", str(pid), check=False)
    wait_why(client, "ppp", "pppd")


def test_a_killed_pppd_is_in_the_history(hosts):
    client, server = hosts.start_both()
    (pid,) = wait_for("one pppd", lambda: pids if len(pids := hosts.lac.pids("pppd")) == 1 else [])
    hosts.lac.run("kill", "-KILL", str(pid))
    shown = client.wait_show("it to be up again", lambda show: states(show).count("up") == 2)
    lost = next(one for one in shown.history(BRANCH) if one["state"] == "lost")
    assert lost["stage"] == "ppp"
    assert "killed by signal 9" in lost["why"]["message"]
    assert lost["why"]["remedy"]
    assert states(shown) == ["connecting", "up", "lost", "connecting", "up"]
    assert not shown.why(BRANCH)
    server.wait_settled()


def test_the_pool_is_used_up(hosts):
    """Two clients, one address: the second is told, and so is the server's operator."""
    server = hosts.start_lns(pool="10.9.0.0/30")
    hosts.start_lac().wait_up(BRANCH)
    other = hosts.stranger()
    Charon(other)
    client = Keel2tpd(other, hosts.lab.build, lac={"branch": keel2tpd.lac(other, LNS)})
    wait_why(client, "ppp", "No address is free", cause="denied")
    server.wait_show("the refusal", lambda show: [
        one for one in show.refusals("lns/office") if one["stage"] == "ppp" and one["message"] == "the pool is used up"
        and STRANGER in one["peer"]])


def test_the_server_is_shut_down(hosts):
    client, server = hosts.start_both()
    server.stop()
    shown = client.wait_show("the loss", lambda show: "lost" in states(show))
    lost = next(one for one in shown.history(BRANCH) if one["state"] == "lost")
    assert lost["stage"] == "tunnel"
    assert "shut down" in lost["why"]["message"]
    assert lost["why"]["result_code"] == 6
    assert lost["why"]["remedy"]


def test_charon_is_stopped_at_either_end(hosts):
    client, server = hosts.start_both()
    for daemon, charon, name in ((client, hosts.lac_charon, BRANCH), (server, hosts.lns_charon, "lns/office")):
        charon.process.signal(signal.SIGTERM)
        charon.process.wait()
        shown = daemon.wait_show("the reason", lambda show, name=name: show.why(name).get("stage") == "ike")
        assert shown.why(name)["remedy"]
        assert shown.history(name)[-1]["state"] in ("lost", "failed", "down", "connecting")
        assert any(one["why"] and one["stage"] == "ike" for one in shown.history(name)), shown.history(name)
    shown = server.show()
    assert shown.state("lns/office") == "down"
    hosts.lns_charon.start()
    server.wait_show("it to listen again", lambda show: show.history("lns/office")[-1]["state"] == "listening")


def test_retries_are_one_entry(hosts):
    client, _ = hosts.start_both()
    hosts.net.cut(hosts.lac)
    shown = client.wait_show("several failed tries", lambda show: any(
        one["state"] == "failed" and one["count"] >= 2 for one in show.history(BRANCH)))
    assert states(shown)[:3] == ["connecting", "up", "lost"], "the retries pushed out what came before"
    folded = next(one for one in shown.history(BRANCH) if one["count"] >= 2)
    assert folded["first_ago_ms"] > folded["ago_ms"]
    hosts.net.mend(hosts.lac)
    client.wait_up(BRANCH)
    ping(hosts.lac, INNER_LNS)


def test_the_trace_tells_the_dialogue_and_no_secret(hosts):
    secret = {side: {"secret": keel2tpd.write_secret(node, "tunnel", "between us")}
              for side, node in (("lac", hosts.lac), ("lns", hosts.lns))}
    server = hosts.start_lns(tunnel=secret["lns"])
    client = hosts.start_lac(tunnel=secret["lac"])
    client.wait_up(BRANCH)
    dialogue = [("sent", "SCCRQ"), ("received", "SCCRP"), ("sent", "SCCCN"), ("sent", "ICRQ"), ("received", "ICRP"),
                ("sent", "ICCN")]
    mirrored = [("received" if way == "sent" else "sent", name) for way, name in dialogue]
    for daemon, name, expected in ((client, "branch", dialogue), (server, "lns/office", mirrored)):
        messages = daemon.call("Trace", name=name)["messages"]
        told = [(one["direction"], one["message"]) for one in messages if one["message"] in dict(map(reversed, dialogue))
                and not one["note"]]
        assert told == expected, told
        for message in messages:
            octets = bytes.fromhex(message["octets"])
            assert octets[0] == 0xc8 and int.from_bytes(octets[2:4], "big") == len(octets)
            assert (message["ns"], message["nr"]) == tuple(int.from_bytes(octets[at:at + 2], "big") for at in (8, 10))
            for avp in message["avps"]:
                if avp["name"] in ("Challenge", "Challenge Response"):
                    assert avp["value"] is None
        request = next(one for one in messages if one["message"] == "SCCRQ")
        assert {"name": "Host Name", "value": "lac", "mandatory": True, "hidden": False} in request["avps"]
        assert LAC in request["local"] + request["remote"]
