"""`keel2tp ipsec`: what it says, beside what swanctl and `ip -s xfrm state` say of the same SAs."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from lablib.hosts import INNER_LNS, ping
from lablib.nat import make_nat_hosts
from lablib.wait import wait_for

SEND_UDP = Path(__file__).parent / "lablib/send_udp.py"


@dataclass
class Xfrm:
    """One SA of the kernel's, as `ip -s xfrm state` lists it."""
    bytes: int
    packets: int
    too_old: int
    replay: int
    failed: int


def kernel_sas(node) -> dict[str, Xfrm]:
    """By SPI."""
    found = {}
    for block in re.split(r"\n(?=src )", node.run("ip", "-s", "xfrm", "state")):
        spi = re.search(r"spi 0x([0-9a-f]{8})", block)
        current = re.search(r"lifetime current:\s+(\d+)\(bytes\), (\d+)\(packets\)", block)
        errors = re.search(r"stats:\s+replay-window (\d+) replay (\d+) failed (\d+)", block)
        if spi and current and errors:
            found[spi[1]] = Xfrm(*map(int, current.groups()), *map(int, errors.groups()))
    return found


def charon_sas(node) -> list[dict[str, str]]:
    """Each IKE_SA's own values, those of its children by the way; a key that stands twice keeps its first value."""
    raw = node.run("swanctl", "--list-sas", "--raw")
    peers = []
    for line in raw.splitlines():
        if not line.startswith("list-sa event"):
            continue
        values: dict[str, str] = {}
        for key, value in re.findall(r"([a-z-]+)=(\S+?)(?=[ }\]])", line):
            values.setdefault(key, value)
        peers.append(values)
    return peers


class View:
    def __init__(self, daemon):
        self.daemon = daemon

    def run(self, *arguments: str) -> str:
        return self.daemon.node.run(self.daemon.build / "orchestrator/cli/keel2tp", "ipsec", *arguments)

    def json(self) -> dict:
        return json.loads(self.run("--json"))

    def peer(self, version: int) -> dict:
        (peer,) = [one for one in self.json()["peers"] if one["ike_version"] == version]
        return peer

    def sa(self, version: int) -> dict:
        return next(sa for sa in self.peer(version)["sas"] if sa["state"] == "INSTALLED")


@pytest.fixture
def world(lab):
    """An old client by IKEv1 and one by IKEv2, behind one NAT."""
    hosts = make_nat_hosts(lab, random_ports=True)
    nodes = hosts.add_clients(2)
    server = hosts.start_lns(users={"alice": "wonderland", "bob": "builder"})
    clients = [hosts.start_lac(nodes[0], ike=1),
               hosts.start_lac(nodes[1], ike=2, user="bob", password="builder")]
    server.wait_settled(2, sas=2)
    for node in nodes:
        ping(node, INNER_LNS)
    return hosts, nodes, clients, server


def test_the_view_agrees_with_charon_and_kernel(world):
    hosts, nodes, clients, server = world
    view = View(server)
    kernel_before, charon_before = kernel_sas(hosts.lns), charon_sas(hosts.lns)
    shown = view.json()
    kernel_after, charon_after = kernel_sas(hosts.lns), charon_sas(hosts.lns)

    assert shown["charon"]["state"] == "ready" and shown["why"] is None
    assert sorted(peer["ike_version"] for peer in shown["peers"]) == [1, 2]
    for peer in shown["peers"]:
        earlier, later = (next(one for one in sas if one["uniqueid"] == str(peer["ike_id"]))
                          for sas in (charon_before, charon_after))
        assert earlier["version"] == str(peer["ike_version"])
        assert peer["remote"] == f"{earlier['remote-host']}:{earlier['remote-port']}"
        assert peer["remote_id"] == earlier["remote-id"]
        assert peer["nat"]["remote"] and peer["nat"]["encap"] and not peer["nat"]["local"]
        assert peer["suite"].startswith(f"{earlier['encr-alg']}-{earlier['encr-keysize']}/")
        assert peer["suite"].endswith(earlier["dh-group"])
        assert int(earlier["established"]) <= peer["established_ms"] / 1000 <= int(later["established"])
        (sa,) = peer["sas"]
        assert (sa["spi_in"], sa["spi_out"]) == (earlier["spi-in"], earlier["spi-out"])
        assert int(later["life-time"]) <= sa["dies_in_ms"] / 1000 <= int(earlier["life-time"])
        for direction, spi in (("in", sa["spi_in"]), ("out", sa["spi_out"])):
            counted = sa[direction]
            assert kernel_before[spi].packets <= counted["packets"] <= kernel_after[spi].packets
            assert kernel_before[spi].bytes <= counted["bytes"] <= kernel_after[spi].bytes
            assert counted["packets"] > 0
            assert counted["replay_errors"] == counted["integrity_errors"] == 0
    # Nothing of a key is shown: not even the words for one.
    assert "key" not in json.dumps(shown).replace("_rekey", "").replace("rekey", "")

    text = view.run()
    for peer in shown["peers"]:
        assert peer["remote"] in text and peer["sas"][0]["spi_in"] in text


def test_forged_and_replayed_packets_are_counted(world):
    hosts, nodes, clients, server = world
    view = View(server)
    nodes[0].run("ping", "-q", "-f", "-c", "300", INNER_LNS)  # beyond the replay window
    spi = view.sa(1)["spi_in"]
    rubbish = "5a" * 64
    # Sequence numbers: far ahead; older than the window; one that came a moment ago.
    last = kernel_sas(hosts.lns)[spi].packets
    forged, old, again = (f"{spi}{number:08x}{rubbish}" for number in (0xfffff, 1, last - 5))
    hosts.nat.node.run("/usr/bin/python3", SEND_UDP, "0.0.0.0", "0", hosts.lns_address, "4500", forged, forged, old, again)
    wait_for("the kernel to have judged",
             lambda: (seen := kernel_sas(hosts.lns)[spi]).failed == 2 and seen.too_old + seen.replay == 2)
    counted = view.sa(1)["in"]
    assert (counted["integrity_errors"], counted["replay_errors"]) == (2, 2)
    assert view.sa(2)["in"]["integrity_errors"] == 0
    assert "2 replayed, 2 broken or forged" in view.run()


def test_who_needs_ikev1_and_whose_mapping_moved(world):
    hosts, nodes, clients, server = world
    view = View(server)
    assert view.peer(1)["nat"]["moved"] == 0
    port = view.peer(1)["remote"]
    hosts.nat.forget_mappings(hosts.address(nodes[0]))
    nodes[0].run("ping", "-q", "-c", "3", INNER_LNS, check=False)
    wait_for("the mapping to have moved", lambda: view.peer(1)["nat"]["moved"] == 1)
    assert view.peer(1)["remote"] != port
    assert view.peer(2)["nat"]["moved"] == 0
    assert "peer, moved once" in view.run()

    needed = view.json()["ikev1"]["needed_by"]
    assert [(one["identity"], one["connected"]) for one in needed] == [(hosts.address(nodes[0]), True)]
    clients[0].stop()
    server.wait_settled(1, sas=1)
    needed = view.json()["ikev1"]["needed_by"]
    assert [(one["identity"], one["connected"]) for one in needed] == [(hosts.address(nodes[0]), False)]
    assert "0 of 1 connected" in view.run()

    # charon is gone: what is known is said all the same, and why there is no more.
    hosts.lns_charon.stop()
    wait_for("charon's end to be noticed", lambda: view.json()["charon"]["state"] == "unavailable")
    shown = view.json()
    assert shown["peers"] == [] and "vici" in shown["why"]
    assert [one["identity"] for one in shown["ikev1"]["needed_by"]] == [hosts.address(nodes[0])]
