"""What breaks while tunnels are up, and how they come back by themselves."""

import re
import signal
import time

import pytest

from lablib.hosts import INNER_LNS, LAC, LNS, ping, pings
from lablib.keel2tpd import HELLO, RETRANSMISSION
from lablib.net import in_clear
from lablib.wait import wait_for

# Seconds, for an emulated machine that others load too. Still only HELLO can notice in time: LCP's echoes need 120 s.
SLACK = 60


def test_the_peer_vanishes_and_comes_back(hosts):
    client, server = hosts.start_both()
    hosts.net.cut(hosts.lac)
    cut = time.monotonic()
    noticed = client.wait_show("the LAC to notice", lambda show: show.state("lac/branch") != "up",
                               HELLO + RETRANSMISSION + SLACK)
    server.wait_show("the LNS to notice", lambda show: not show.tunnels and not show.sessions,
                     HELLO + RETRANSMISSION + SLACK)
    print(f"noticed by both {time.monotonic() - cut:.1f} s after the cut")
    assert noticed.why("lac/branch")["message"] and noticed.why("lac/branch")["remedy"]
    assert noticed.why("lac/branch")["stage"] == "tunnel" and noticed.why("lac/branch")["cause"] == "timeout"
    wait_for("the LNS's pppd to end", lambda: not hosts.lns.pids("pppd"))
    wait_for("the LNS's kernel to be empty", lambda: not hosts.lns.run("ip", "l2tp", "show", "tunnel").strip())
    server.wait_show("its address to be free", lambda show: show.connection("lns/office")["pool"]["used"] == 0)
    wait_for("the LAC's routes to go", lambda: "10.9.0.0/16" not in hosts.lac.run("ip", "route"))

    hosts.net.mend(hosts.lac)
    client.wait_up("lac/branch")
    ping(hosts.lac, INNER_LNS)
    server.wait_settled()


def test_the_link_goes_down_and_up(hosts):
    client, server = hosts.start_both()
    hosts.net.carrier(hosts.lac, False)
    noticed = client.wait_show("the LAC to notice", lambda show: show.state("lac/branch") != "up",
                               HELLO + RETRANSMISSION + SLACK)
    assert noticed.why("lac/branch")["remedy"]
    hosts.net.carrier(hosts.lac, True)
    client.wait_up("lac/branch")
    ping(hosts.lac, INNER_LNS)
    server.wait_settled(seconds=HELLO + RETRANSMISSION + SLACK)


def test_a_killed_lac_that_returns_replaces_its_tunnel(hosts):
    client, server = hosts.start_both()
    (old,) = server.show().tunnels
    client.process.kill()
    wait_for("the LAC's control socket to be dead", lambda: not hosts.lac.pids("keel2tpd"))
    fresh = hosts.start_lac()
    fresh.wait_up("lac/branch")
    ping(hosts.lac, INNER_LNS)
    server.wait_show("only the new tunnel", lambda show: len(show.tunnels) == 1
                     and show.tunnels[0]["id"] != old["id"], HELLO + RETRANSMISSION + SLACK)


def test_a_killed_daemon_leaks_nothing_in_clear(hosts):
    client, _ = hosts.start_both()
    wire = hosts.net.capture(hosts.lac)
    client.process.kill()
    hosts.lac.succeeds("ping", "-q", "-c", "5", "-i", "0.2", "-W", "1", INNER_LNS)
    assert not in_clear(wire.stop()), "user packets left in clear"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
@pytest.mark.parametrize("where", ["lac", "lns"])
def test_charon_restarts_while_the_tunnel_is_up(hosts, where, how):
    client, server = hosts.start_both()
    daemon, charon = (client, hosts.lac_charon) if where == "lac" else (server, hosts.lns_charon)
    charon.process.signal(how)
    charon.process.wait()
    shown = daemon.wait_show("the loss of charon to be shown", lambda show: show.charon_state == "unavailable")
    assert len(shown.charon_why) > 2
    charon.start()
    daemon.wait_show("charon to be used again", lambda show: show.charon_state == "ready")
    # The side that kept its charon may need its HELLO to find the old tunnel dead; until then it is shown as up.
    wait_for("traffic to pass again", lambda: pings(hosts.lac, INNER_LNS))
    client.wait_up("lac/branch")
    client.wait_settled(sas=1)
    server.wait_settled(sas=1, seconds=HELLO + RETRANSMISSION + SLACK)

    def outgoing() -> list[str]:
        """Without what the kernel remembers, for 165 s, of packets that found no SA: its SPI is 0."""
        return re.findall(rf"^src {LAC} dst {LNS}\n.* spi (0x(?!0{{8}})\w+)", hosts.lac.run("ip", "xfrm", "state"),
                          re.MULTILINE)

    wait_for("the SAs of the charon before to go", lambda: len(outgoing()) == 1)
