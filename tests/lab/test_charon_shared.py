"""charon is not ours alone: others reconfigure it and have their own things in it, and a peer may be both ends."""

import re
import time

from lablib import keel2tpd
from lablib.hosts import INNER_LNS, LAC, LNS, ping
from lablib.keel2tpd import Keel2tpd
from lablib.traces import snapshot
from lablib.traffic import Traffic
from lablib.vici_query import names
from lablib.wait import wait_for

THEIRS = """
connections { %s { remote_addrs = 198.51.100.1
 local { auth = psk }
 remote { auth = psk } } }
secrets { ike-%s { id = 198.51.100.1
 secret = theirs } }
"""


def connections(node) -> list[str]:
    return names(node.path("/run/charon.vici"), "get-conns", "conns")


def secrets(node) -> list[str]:
    return names(node.path("/run/charon.vici"), "get-shared", "keys")


def test_somebodys_load_all_is_undone_at_once(hosts, record_property):
    """`swanctl --load-all` of anybody unloads what is not in its files; those who are in stay in."""
    client, server = hosts.start_both()
    sessions = [one["id"] for one in server.show().sessions]
    load = Traffic(hosts.lac)
    node = hosts.lns
    for times, text in enumerate(("", THEIRS % ("theirs", "theirs"), ""), start=1):
        conf = node.write("/run/lab/theirs.conf", text, 0o600)
        node.run("swanctl", "--load-all", "--noprompt", "--file", conf)
        done = time.monotonic()
        wait_for("ours to be there again", lambda: server.log().count("somebody else unloaded it") >= times
                 and "keel2tp-lns.office" in connections(node) and "keel2tp-lns.office" in secrets(node), every=0.02)
        record_property(f"back after swanctl's end, {times}", f"{time.monotonic() - done:.2f} s")
        load.flows()
    record_property("sent, lost", load.stop())
    assert [one["id"] for one in server.show().sessions] == sessions
    hosts.lac.run("swanctl", "--terminate", "--ike", "keel2tp-lac.branch")
    server.wait_show("another session", lambda show: len(show.running_sessions) == 1
                     and show.sessions[0]["id"] != sessions[0])
    client.wait_settled(sas=1)


def test_others_things_stay_whatever_becomes_of_charon(hosts):
    """Also with names like ours, and SAs in the kernel between the same two hosts."""
    key = "0x00112233445566778899aabbccddeeff00000000"
    for name in ("keel2tp", "keel2tp-test"):
        hosts.lns_charon.load(THEIRS % (name, name))
    hand_made = [("0x1001", "transport", ()), ("0x1002", "tunnel", ()),
                 ("0x1003", "transport", ("output-mark", "0x7", "mask", "0xff"))]
    for spi, mode, marks in hand_made:
        hosts.lns.run("ip", "xfrm", "state", "add", "src", LAC, "dst", LNS, "proto", "esp", "spi", spi, "reqid", "4711",
                      "mode", mode, "aead", "rfc4106(gcm(aes))", key, "128", *marks)
    theirs = [f"spi {int(spi, 16):#010x}" for spi, *_ in hand_made]
    before = snapshot(hosts.lns)
    client, server = hosts.start_both()

    def kept() -> None:
        state = hosts.lns.run("ip", "xfrm", "state")
        assert not [one for one in theirs if one not in state]

    kept()
    hosts.lns_charon.kill()
    hosts.lns_charon.start()
    hosts.lns_charon.load(THEIRS % ("keel2tp-test", "keel2tp-test"))
    server.wait_show("charon to be used again", lambda show: show.charon_state == "ready")
    wait_for("traffic to pass again", lambda: hosts.lac.succeeds("ping", "-q", "-c", "1", "-W", "2", INNER_LNS))
    server.wait_settled(sas=1)
    kept()
    assert set(connections(hosts.lns)) == {"keel2tp-test", "keel2tp-lns.office"}
    server.stop()
    kept()
    assert connections(hosts.lns) == ["keel2tp-test"]
    assert len(re.findall(r"^src ", hosts.lns.run("ip", "xfrm", "state"), re.MULTILINE)) == len(before["SAs"])


def test_two_hosts_that_serve_each_other(hosts):
    """Each is the other's server and client, with one key: charon must tell a peer's dial from its own."""
    one = Keel2tpd(hosts.lac, hosts.lab.build,
                   lns={"west": keel2tpd.lns(hosts.lac, LAC, local="10.8.0.1", pool="10.8.0.0/24")},
                   lac={"east": keel2tpd.lac(hosts.lac, LNS)})
    other = Keel2tpd(hosts.lns, hosts.lab.build, lns={"east": keel2tpd.lns(hosts.lns, LNS)},
                     lac={"west": keel2tpd.lac(hosts.lns, LAC, routes=["10.8.0.0/16"])})
    one.wait_up("lac/east")
    other.wait_up("lac/west")
    for daemon in (one, other):
        daemon.wait_settled(2, sas=2)
    ping(hosts.lac, INNER_LNS)
    ping(hosts.lns, "10.8.0.1")
