"""SIGTERM: the peer is told, and nothing of ours is left on the node."""

from lablib.hosts import LNS
from lablib.traces import assert_nothing_left, snapshot
from lablib.wait import PATIENCE, wait_for

NO_HELLO = 2 * PATIENCE  # seconds: who is told in time was not told by silence


def test_sigterm_on_the_lac(hosts):
    before = snapshot(hosts.lac)
    client, server = hosts.start_both(hello=NO_HELLO)
    client.stop()
    server.wait_show("the LNS to be told", lambda show: not show.tunnels and not show.sessions
                     and show.connection("lns/office")["pool"]["used"] == 0)
    assert_nothing_left(hosts.lac, before)
    wait_for("the LNS's pppd to end", lambda: not hosts.lns.pids("pppd"))
    wait_for("the LNS's SAs to end", lambda: "spi" not in hosts.lns.run("ip", "xfrm", "state"))


def test_sigterm_on_the_lns(hosts):
    before = snapshot(hosts.lns)
    client, server = hosts.start_both(hello=NO_HELLO)
    server.stop()
    lost = wait_for("the LAC to be told", lambda: [line for line in client.log().splitlines()
                                                   if "connection=lac/branch state=lost" in line])
    assert "StopCCN" in lost[0]
    shown = client.wait_show("the reason to be shown", lambda show: show.state("lac/branch") != "up")
    assert shown.why("lac/branch")["message"]
    assert_nothing_left(hosts.lns, before)


def test_both_ends_of_a_whole_life(hosts):
    """Up, down and up again, with the same processes at the other end."""
    before = snapshot(hosts.lac)
    client, server = hosts.start_both()
    client.stop()
    assert_nothing_left(hosts.lac, before)
    again = hosts.start_lac()
    again.wait_up("lac/branch")
    server.wait_settled(sas=1)
    again.stop()
    assert_nothing_left(hosts.lac, before)


def test_others_configuration_is_left_alone(hosts):
    """What an administrator has loaded into charon and nftables is none of our business."""
    hosts.lns.run("nft", "add table inet others")
    hosts.lns_charon.load("connections { others { remote_addrs = 198.51.100.1\n local { auth = psk }\n"
                          " remote { auth = psk } } }\n"
                          "secrets { ike-others { id = 198.51.100.1\n secret = theirs } }\n")
    before = snapshot(hosts.lns)
    assert before["charon's connections"] == ["others"]
    _, server = hosts.start_both()
    server.stop()
    assert_nothing_left(hosts.lns, before)
    assert snapshot(hosts.lns)["charon's connections"] == ["others"]
    assert "inet others" in hosts.lns.run("nft", "list", "tables")


def test_ours_is_loaded_again_after_swanctl_load_all(hosts):
    """`swanctl --load-all` of anybody unloads what is not in its files."""
    server = hosts.start_lns()
    hosts.lns_charon.load("connections { others { remote_addrs = 198.51.100.1\n local { auth = psk }\n"
                          " remote { auth = psk } } }\n")
    hosts.lns.run("swanctl", "--load-all", "--noprompt", "--file", "/run/lab/swanctl.conf")
    wait_for("our connection to be loaded again",
             lambda: len(snapshot(hosts.lns)["charon's connections"]) >= 2)
    client = hosts.start_lac(server=LNS)
    client.wait_up("lac/branch")
    server.wait_settled(sas=1)
