"""Each part of `keel2tp` beside a daemon with a session: it answers, it knows what is there, and it keeps secrets."""

import json
import re

from lablib.hosts import INNER_LNS, LAC, LNS, ping
from lablib.provision import Said, Steering
from lablib.wait import wait_for

SECRETS = ("wonderland", "example")  # the password; the PSK, which is in no name here


def asked(steering: Steering, *arguments: str) -> Said:
    said = steering.call(*arguments)
    assert said.code == 0, f"keel2tp {' '.join(arguments)}: {said.text}"
    assert not any(re.search(rf"\b{secret}\b", said.text) for secret in SECRETS), said.text
    return said


def test_everything_that_can_be_asked_of_a_daemon(hosts):
    client, server = hosts.start_both()
    ping(hosts.lac, INNER_LNS, 10)
    lns, lac = Steering(server), Steering(client)

    for steering, name in ((lns, "lns/office"), (lac, "lac/branch")):
        shown = asked(steering, "show", "connections", name).out
        assert name in shown
        one = asked(steering, "show", "connections", name.partition("/")[2], "--json").data
        assert name in json.dumps(one) and "history" in json.dumps(one)
    for what in ("connections", "tunnels", "sessions", "ipsec", "users", "pools", "config"):
        assert asked(lns, "show", what).out.strip()
        assert asked(lns, "show", what, "--json").data
    assert "alice" in asked(lns, "show", "users").out and "alice" in asked(lns, "show", "sessions", "--user", "alice").out
    assert "alice" not in asked(lns, "show", "sessions", "--user", "nobody").out
    assert "254" in asked(lns, "show", "pools").out or "253" in asked(lns, "show", "pools").out

    assert "keel2tp_sessions" in asked(lns, "metrics").out
    assert "notice" in asked(lns, "log", "ppp", "notice").out
    assert "keel2tpd" in asked(lns, "version").out
    assert "alice" in asked(lns, "top", "--json").text

    messages = asked(lac, "trace", "branch").out
    for name in ("SCCRQ", "SCCRP", "SCCCN", "ICRQ", "ICRP", "ICCN"):
        assert name in messages
    asked(lac, "trace", "branch", "--pcap", "/run/lab/trace.pcap")
    read = hosts.lac.run("tshark", "-r", "/run/lab/trace.pcap", "-n")
    assert "SCCRQ" in read.upper().replace("START_CONTROL_REQUEST", "SCCRQ") and LAC in read and LNS in read

    watched = hosts.lns.start("monitor", lns.command, "monitor", "--json")
    wait_for("the monitor to begin", lambda: "monitor.started" in watched.text())
    asked(lns, "drop", "alice")
    wait_for("the end of the session to be told", lambda: any(
        json.loads(line)["id"] == "session.down" for line in watched.text().splitlines() if line.endswith("}")))
    client.wait_up("lac/branch")
    server.wait_settled(sas=1)

    wrong = lns.call("restart", "offise")
    assert wrong.code == 1 and "office" in wrong.text
