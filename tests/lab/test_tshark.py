"""The decoder against tshark's, field by field, on captures of L2TP without IPsec and on one of all that we can write."""

import json
import subprocess
from pathlib import Path

from lablib import keel2tpd, tshark
from lablib.hosts import INNER_LNS, LNS, ping
from lablib.keel2tpd import Keel2tpd, unprotected
from lablib.wait import PATIENCE, wait_for
from lablib.xl2tpd import Xl2tpdClient, Xl2tpdServer

CONTROL = "udp port 1701 and udp[8] & 0x80 != 0"
SCCRQ, SCCRP, SCCCN, STOPCCN, HELLO, ICRQ, ICRP, ICCN, CDN, ZLB = 1, 2, 3, 4, 6, 10, 11, 12, 14, None
ALL_TYPES = {*range(1, 5), *range(6, 13), *range(14, 18), 21, 22, 28, 29, ZLB}


def l2tp_pcap(lab, verb: str, capture: Path) -> subprocess.CompletedProcess:
    return subprocess.run([lab.build / "tests/lab/tools/l2tp_pcap", verb, capture], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, timeout=PATIENCE)


def read(lab, capture: Path) -> list[dict]:
    done = l2tp_pcap(lab, "read", capture)
    assert done.returncode == 0
    return json.loads(done.stdout)


def types_in(lab, capture: Path) -> list:
    """The types of the messages so far, by our own decoder; none while the last packet is half written."""
    done = l2tp_pcap(lab, "read", capture)
    return [message.get("type") for message in json.loads(done.stdout)] if done.returncode == 0 else []


def check(lab, capture: Path, wanted: set) -> list[dict]:
    """Compares the two decoders on all that was captured, in which each wanted type must be."""
    ours, theirs = read(lab, capture), tshark.dissect(capture)
    assert not tshark.differences(ours, theirs)
    assert wanted <= {message["type"] for message in theirs}
    avps = {(avp["vendor"], avp["type"]) for message in theirs for avp in message["avps"]}
    print(f"{len(theirs)} messages and {len(avps)} kinds of AVP read alike")
    return theirs


def start_lns(hosts, **options) -> Keel2tpd:
    return Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": unprotected(keel2tpd.lns(hosts.lns, LNS, **options))})


def start_lac(hosts, **options) -> Keel2tpd:
    return Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": unprotected(keel2tpd.lac(hosts.lac, LNS, **options))})


def end_ppp(lab, server, capture: Path) -> None:
    """Ends the server's pppd, and returns when the client has called again."""
    calls = types_in(lab, capture).count(ICCN)
    server.run("pkill", "-TERM", "-x", "pppd")
    wait_for("a CDN", lambda: CDN in types_in(lab, capture))
    wait_for("the client to call again", lambda: types_in(lab, capture).count(ICCN) > calls)


def test_all_that_we_can_write(lab):
    """Each message with all its AVPs, with the least, and with what may be hidden hidden."""
    capture = lab.logs / "all.pcap"
    assert l2tp_pcap(lab, "write", capture).returncode == 0
    theirs = check(lab, capture, ALL_TYPES)
    assert any(avp["hidden"] for message in theirs for avp in message["avps"])
    ours = read(lab, capture)
    ours[0]["values"][0]["value"] += 1
    ours[1]["avps"][2]["length"] += 1
    ours[2]["nr"] += 1
    assert len(tshark.differences(ours, theirs)) == 3, "the comparison does not see what differs"


def test_our_lac_and_our_lns(hosts):
    """Set-up, HELLO, a session that the server ends, and a client that ends."""
    lab, capture = hosts.lab, hosts.lab.logs / "own.pcap"
    wire = hosts.net.record(hosts.lac, capture, CONTROL)
    server, client = start_lns(hosts, hello=2), start_lac(hosts, hello=2)
    client.wait_up("lac/branch")
    server.wait_settled()
    wait_for("a HELLO and its ZLB", lambda: {HELLO, ZLB} <= set(types_in(lab, capture)))
    end_ppp(lab, hosts.lns, capture)
    client.wait_up("lac/branch")
    client.stop()
    wire.stop()
    check(lab, capture, {SCCRQ, SCCRP, SCCCN, STOPCCN, HELLO, ICRQ, ICRP, ICCN, CDN, ZLB})


def test_with_xl2tpd(hosts):
    """xl2tpd as our server, then as our client."""
    lab, capture = hosts.lab, hosts.lab.logs / "xl2tpd.pcap"
    wire = hosts.net.record(hosts.lac, capture, CONTROL)
    foreign = Xl2tpdServer(hosts.lns, INNER_LNS, "10.9.0.2-10.9.0.9", {"alice": "wonderland"})
    client = start_lac(hosts)
    client.wait_up("lac/branch")
    ping(hosts.lac, INNER_LNS)
    end_ppp(lab, hosts.lns, capture)
    client.wait_up("lac/branch")
    client.stop()
    foreign.stop()

    server = start_lns(hosts)
    caller = Xl2tpdClient(hosts.lac, LNS, "alice", "wonderland")
    caller.connect()
    server.wait_settled()
    caller.disconnect()
    server.wait_show("no session", lambda show: not show.sessions)
    wire.stop()
    check(lab, capture, {SCCRQ, SCCRP, SCCCN, STOPCCN, ICRQ, ICRP, ICCN, CDN, ZLB})
