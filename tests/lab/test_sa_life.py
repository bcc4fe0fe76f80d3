"""The life of an SA: renewed by either side, ended, lost; the session in it lives on, or comes back by itself."""

import re
import time
from pathlib import Path

import pytest

from lablib import traffic
from lablib.charon import swanctl_conf
from lablib.hosts import INNER_LNS, LNS, ping
from lablib.traffic import Traffic
from lablib.wait import PATIENCE, wait_for
from lablib.xl2tpd import Xl2tpdClient

NAMES = {"lac": "keel2tp-lac.branch", "lns": "keel2tp-lns.office"}
NO_HELLO = 2 * PATIENCE  # seconds: who notices in time did not by silence
# Packets of one renewal. A peer may delete the old SA a moment before the other end has the new one; where IKEv2
# reauthenticates, charon ends all that there was before it begins anew.
FEW, BREAK = 60, 400


def ike_sas(node) -> set[str]:
    """The ids of the IKE_SAs that stand."""
    return set(re.findall(r"^\S+: #(\d+), ESTABLISHED", node.run("swanctl", "--list-sas", "--noblock"), re.MULTILINE))


def spis(*daemons) -> set[str]:
    return {sa[key] for daemon in daemons for sa in daemon.show().sas for key in ("spi_in", "spi_out")}


def ids(daemon) -> list[int]:
    return [session["id"] for session in daemon.show().sessions]


def start(hosts, ike: int):
    """Without PFS at the server: with IKEv1 charon would offer nothing else when it is the server that renews."""
    server = hosts.start_lns(ike=ike, hello=NO_HELLO, ipsec={"esp-proposals": ["aes128gcm16"]})
    client = hosts.start_lac(ike=ike, hello=NO_HELLO)
    client.wait_settled(sas=1)
    server.wait_settled(sas=1)
    return server, client


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_renewed_by_either_side_under_traffic(hosts, ike, record_property):
    server, client = start(hosts, ike)
    sessions = ids(client), ids(server)
    for side in ("lac", "lns"):
        for what, *options in (("child",), ("ike",), ("ike", "--reauth")):
            node = getattr(hosts, side)
            before, ikes = spis(client, server), ike_sas(node)
            load = Traffic(hosts.lac)
            node.run("swanctl", "--rekey", f"--{what}", NAMES[side], *options)
            if what == "child":
                wait_for("both ends to have the new SA and no other", lambda: len(new := spis(client, server)) == 2
                         and not new & before)
            else:
                wait_for("the old IKE_SA to be replaced", lambda: (now := ike_sas(node)) and not now & ikes)
            load.flows()
            sent, lost = load.stop()
            record_property(" ".join((what, *options, "by the", side)), f"{lost} of {sent} lost")
            assert lost <= (BREAK if ike == 2 and options else FEW)
            assert (ids(client), ids(server)) == sessions, "the session was lost"
    client.wait_settled(sas=1)
    server.wait_settled(sas=1)


def test_both_ends_renew_at_once(hosts, record_property):
    """IKEv1 knows no collision: both new SAs stand under one mark, and either may go first."""
    server, client = start(hosts, 1)
    sessions = ids(client), ids(server)
    load = Traffic(hosts.lac)
    for _ in range(3):
        before = spis(client, server)
        started = [getattr(hosts, side).start(f"rekey-{side}", "swanctl", "--rekey", "--child", NAMES[side])
                   for side in ("lac", "lns")]
        for process in started:
            process.wait()
        wait_for("new SAs", lambda: not spis(client, server) & before)
        load.flows()
    for name in re.findall(r"#(\d+), reqid \d+, INSTALLED", hosts.lac_charon.sas())[1:]:
        hosts.lac.run("swanctl", "--terminate", "--child-id", name)
        load.flows()
    record_property("sent, lost", load.stop())
    assert (ids(client), ids(server)) == sessions


def foreign_client(hosts) -> Xl2tpdClient:
    hosts.lac_charon.load(swanctl_conf(ike=1, psk="example", remote=LNS))
    client = Xl2tpdClient(hosts.lac, LNS, "alice", "wonderland")
    client.connect()
    return client


def crash(hosts, client: Xl2tpdClient) -> None:
    client.process.kill()
    for pid in hosts.lac.pids("pppd"):
        hosts.lac.run("kill", "-KILL", str(pid), check=False)
    wait_for("the client's pppd to be gone", lambda: not hosts.lac.pids("pppd"))
    Path(hosts.lac.path("/run/lab/xl2tpd.pid")).unlink(missing_ok=True)


def replaced(server, old: list[dict]) -> None:
    server.wait_show("the old tunnel to be replaced", lambda show: len(show.running_sessions) == len(show.sessions) == 1
                     and [one["id"] for one in show.tunnels] != [old[0]["id"]] and len(show.tunnels) == 1)


def test_a_crashed_client_comes_back_on_its_sa(hosts):
    """First its L2TP alone; then the whole host: charon sees that as a renewal of the SA that it knows."""
    server = hosts.start_lns(ike="any", hello=NO_HELLO)
    client = foreign_client(hosts)
    old = server.wait_settled(sas=1).tunnels
    crash(hosts, client)
    client = foreign_client(hosts)
    replaced(server, old)
    ping(hosts.lac, INNER_LNS)

    old = server.show().tunnels
    crash(hosts, client)
    hosts.lac_charon.kill()
    hosts.lac.run("ip", "xfrm", "state", "flush")
    hosts.lac.run("ip", "xfrm", "policy", "flush")
    hosts.lac_charon.start()
    foreign_client(hosts)
    replaced(server, old)
    ping(hosts.lac, INNER_LNS)
    server.wait_settled(sas=1)


def test_the_tunnel_goes_with_its_sa(hosts):
    """Deleted by a client that says nothing in L2TP; by the server's administrator; expired in the kernel."""
    client, server = hosts.start_both(hello=NO_HELLO)
    (old,) = server.show().tunnels
    hosts.lac.run("swanctl", "--terminate", "--ike", NAMES["lac"])
    client.wait_show("the client to have noticed", lambda show: "SA" in client.log() and show.state("lac/branch") != "up")
    server.wait_show("another tunnel", lambda show: len(show.running_sessions) == 1 and show.tunnels
                     and show.tunnels[0]["id"] != old["id"])
    client.wait_settled(sas=1)

    (old,) = server.wait_settled(sas=1).tunnels
    expire_all(hosts.lns)
    server.wait_show("another tunnel", lambda show: len(show.running_sessions) == 1 and show.tunnels
                     and show.tunnels[0]["id"] != old["id"])
    client.wait_settled(sas=1)
    ping(hosts.lac, INNER_LNS)


def expire_all(node) -> None:
    """Hard, as after the last second of an SA's life_time."""
    script = Path(traffic.__file__).with_name("expire_sa.py")
    for source, destination, spi in re.findall(r"^src (\S+) dst (\S+)\n\tproto esp spi (\S+)",
                                               node.run("ip", "xfrm", "state"), re.MULTILINE):
        node.run("/usr/bin/python3", script, destination, spi)


def test_a_dead_peer_is_found_by_ike(hosts, record_property):
    """DPD is the first to notice where HELLO and LCP's echo are far away; charon's retransmissions are made short."""
    for charon in (hosts.lac_charon, hosts.lns_charon):
        charon.stop()
        charon.node.overlay("/etc/strongswan.conf", charon.node.path("/etc/strongswan.conf").read_text()
                            .replace("charon {\n", "charon {\n  retransmit_tries = 1\n  retransmit_timeout = 2\n", 1))
        charon.start()
    client, server = hosts.start_both(ike=2, hello=NO_HELLO)
    cut = time.monotonic()
    hosts.net.cut(hosts.lac)
    client.wait_show("the client to notice", lambda show: show.state("lac/branch") != "up")
    record_property("noticed after", f"{time.monotonic() - cut:.1f} s")
    assert "SA" in client.show().why("lac/branch")["message"] or "answer" in client.show().why("lac/branch")["message"]
    server.wait_show("the server to notice", lambda show: not show.tunnels and not show.sas)
    hosts.net.mend(hosts.lac)
    client.wait_up("lac/branch")
    server.wait_settled(sas=1)
