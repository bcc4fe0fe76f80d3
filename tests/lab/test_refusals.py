"""What must not come up: the operator is told why on both sides, and the LAC keeps trying."""

from pathlib import Path

import pytest

from lablib import l2tp
from lablib.hosts import INNER_LNS, LAC, LNS, ping
from lablib.keel2tpd import Show
from lablib.traces import assert_nothing_left, snapshot
from lablib.wait import wait_for

SEND_UDP = Path(l2tp.__file__).with_name("send_udp.py")


def send_udp(node, source: str, sport: int, *payloads: bytes) -> str:
    return node.run("/usr/bin/python3", SEND_UDP, source, str(sport), LNS, "1701",
                    *[payload.hex() for payload in payloads])


def wait_failed(client, stage: str, *words: str):
    """Until the LAC has said why it is not up, in one of these words, and has tried again after it.

    Each failed try tells its own reason: an overloaded machine's first one may be that nobody answered in time."""
    shown = client.wait_show(f"a failure in stage {stage} and another try", lambda show: (
        show.why("lac/branch").get("stage") == stage and show.attempts("lac/branch") >= 2
        and (not words or any(word in show.why_text("lac/branch") for word in words))))
    assert shown.why("lac/branch")["remedy"] and shown.why("lac/branch")["cause"]
    assert any(one["state"] == "failed" and one["stage"] == stage for one in shown.history("lac/branch"))
    return shown


def wait_refused(server, what: str, **facts: str) -> Show:
    """Until the LNS shows a refusal with these facts; in "message" it is enough to contain the text."""
    def fits(one: dict) -> bool:
        return all(text in one[key] if key == "message" else one.get(key) == text for key, text in facts.items())

    return server.wait_show(what, lambda show: any(map(fits, show.refusals("lns/office"))))


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_wrong_psk(hosts, ike):
    server = hosts.start_lns(ike=ike, psk="right")
    client = hosts.start_lac(ike=ike, psk="wrong")
    shown = wait_failed(client, "ike", "PSK", "pre-shared key")
    assert shown.why("lac/branch")["remedy"]
    assert not shown.tunnels and not shown.sas
    refused = wait_refused(server, "the refusal", stage="ike", peer=LAC, message="pre-shared keys differ")
    assert not refused.tunnels
    # Again and again, because another try may end between the two questions.
    wait_for("the text to tell it too", lambda: client.show().why("lac/branch")["message"] in client.show_text())


def test_anothers_secret_without_id_is_named(hosts):
    """charon prefers it to ours in main mode; with an id it is out of the way."""
    server = hosts.start_lns()
    hosts.lns_charon.load("secrets { ike-others { secret = theirs } }\n")
    client = hosts.start_lac()
    # Not the first refusal: what unloaded our connection a moment ago may still be refusing the client.
    wait_refused(server, "the refusal that names the cause", message="a secret without id in swanctl.conf")
    wait_failed(client, "ike")
    hosts.lns_charon.load("secrets { ike-others { id = 198.51.100.1\n secret = theirs } }\n")
    client.wait_up("lac/branch")


@pytest.mark.parametrize("user, password", [("alice", "mirror"), ("mallory", "wonderland")],
                         ids=["wrong_password", "unknown_user"])
@pytest.mark.parametrize("auth", ["mschapv2", "pap"])
def test_login_refused(hosts, user, password, auth):
    server = hosts.start_lns(ppp={"auth": [auth]})
    client = hosts.start_lac(user=user, password=password)
    shown = wait_failed(client, "ppp", "password")
    assert shown.why("lac/branch")["remedy"]
    server_shown = wait_refused(server, "the refusal", stage="ppp", user=user)
    (refusal, *_) = [one for one in server_shown.refusals("lns/office") if one.get("user") == user]
    assert refusal["message"]
    assert LAC in refusal["peer"]
    assert not server_shown.running_sessions
    for daemon in (client, server):
        assert password not in daemon.log() + daemon.show_text(), "a password was shown"


def test_no_address_is_lost_by_refused_logins(hosts):
    server = hosts.start_lns(pool="10.9.0.0/30")
    client = hosts.start_lac(password="mirror")
    wait_failed(client, "ppp")
    client.stop()
    server.wait_show("the tunnel to end", lambda show: not show.tunnels and not show.sessions)
    assert server.show().connection("lns/office")["pool"]["used"] == 0
    hosts.start_lac(password="wonderland").wait_up("lac/branch")


def test_cleartext_sccrq_is_refused_and_counted(hosts):
    stranger = hosts.stranger()
    server = hosts.start_lns()
    before = server.show()
    assert send_udp(stranger, "0.0.0.0", 1701, l2tp.sccrq()) == ""
    after = server.wait_show("the guard to count", lambda show: show.guard["cleartext_in"]
                             > before.guard["cleartext_in"])
    assert not after.tunnels
    assert after.datagrams_received == before.datagrams_received


def test_cleartext_is_refused_beside_a_tunnel(hosts):
    stranger = hosts.stranger()
    _, server = hosts.start_both()
    before = server.show()
    (tunnel,) = before.tunnels
    # As the LAC itself would send it, but not under its SA: a new tunnel, and the end of the one that is up.
    forged = [l2tp.sccrq(), *(l2tp.stop_ccn(tunnel["id"], ns, 2, tunnel["peer_id"]) for ns in range(2, 8))]
    send_udp(stranger, LAC, 1701, *forged)
    after = server.wait_show("the guard to count", lambda show: show.guard["cleartext_in"]
                             >= before.guard["cleartext_in"] + len(forged))
    assert [one["id"] for one in after.tunnels] == [tunnel["id"]]
    ping(hosts.lac, INNER_LNS)


def test_a_refused_lac_leaves_nothing_when_it_ends(hosts):
    before = snapshot(hosts.lac)
    hosts.start_lns()
    client = hosts.start_lac(password="mirror")
    wait_failed(client, "ppp")
    client.stop()
    assert_nothing_left(hosts.lac, before)
