"""iperf3 goodput through tunnels that different hands have made. Run in the lab by tests/bench/run.

usage: datapath.py BUILD_DIR ROUNDS SECONDS
"""

import os
import re
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

from lablib.charon import swanctl_conf  # noqa: E402
from lablib.hosts import INNER_LNS, LNS, Hosts, iperf, make_hosts, pings, serve_iperf  # noqa: E402
from lablib.lab import Lab  # noqa: E402
from lablib.wait import wait_for  # noqa: E402
from lablib.xl2tpd import Xl2tpdClient, Xl2tpdServer  # noqa: E402

import no_daemon  # noqa: E402
from objects import must_be_alike  # noqa: E402

MTU = 1400
IKE, ESP = "aes256-sha256-modp2048", "aes128gcm16"


@dataclass
class Way:
    letter: str
    title: str
    hosts: Hosts


Made = dict[str, Hosts]  # by letter: what is up already


def keel2tpd(hosts: Hosts, _: Made) -> None:
    ipsec = {"ike-proposals": [IKE], "esp-proposals": [ESP]}
    hosts.start_lns(ike=1, hello=60, ipsec=ipsec, ppp={"mtu": MTU})
    client = hosts.start_lac(ike=1, hello=60, ipsec=ipsec, ppp={"mtu": MTU})
    client.wait_up("lac/branch")


def xl2tpd(hosts: Hosts, _: Made) -> None:
    hosts.lns_charon.load(swanctl_conf(ike=1, psk="example", proposal=IKE, suite=ESP))
    hosts.lac_charon.load(swanctl_conf(ike=1, psk="example", proposal=IKE, suite=ESP, remote=LNS))
    Xl2tpdServer(hosts.lns, INNER_LNS, "10.9.0.2-10.9.0.9", {"alice": "wonderland"}, mtu=MTU)
    client = Xl2tpdClient(hosts.lac, LNS, "alice", "wonderland", mtu=MTU)
    client.connect()


def no_daemon_at_all(hosts: Hosts, made: Made) -> None:
    no_daemon.start(hosts, made["a"], IKE, ESP, MTU)
    must_be_alike(made["a"], hosts)


WAYS: list[tuple[str, str, Callable[[Hosts, Made], None]]] = [
    ("a", "keel2tpd", keel2tpd), ("b", "xl2tpd", xl2tpd), ("c", "no daemon", no_daemon_at_all)]


def bring_up(labs: list[Lab], build: Path, ways: list[Way], letter: str, title: str,
             start: Callable[[Hosts, Made], None]) -> Way:
    lab = Lab(title, build)
    labs.append(lab)
    hosts = make_hosts(lab)
    start(hosts, {way.letter: way.hosts for way in ways})
    wait_for(f"{title}: a way through the tunnel", lambda: pings(hosts.lac, INNER_LNS), 60)
    suites = set(re.findall(r"ESP:(\S+)", hosts.lac.run("swanctl", "--list-sas")))
    mtus = set(re.findall(r"ppp\d+:.* mtu (\d+)", hosts.lac.run("ip", "-o", "link") + hosts.lns.run("ip", "-o", "link")))
    assert suites == {"AES_GCM_16-128"} and mtus == {str(MTU)}, f"{title} is not comparable: {suites}, MTU {mtus}"
    serve_iperf(hosts.lns)
    return Way(letter, title, hosts)


def goodput(way: Way, seconds: int) -> float:
    """Mbit/s as the receiver counts."""
    summary = iperf(way.hosts.lac, seconds, "--omit", "1")
    return summary["sum_received"]["bits_per_second"] / 1e6


def measure(ways: list[Way], rounds: int, seconds: int) -> dict[str, list[float]]:
    print(f"\nMbit/s, {seconds} s each, the order rotates\n{'round':<8}" + "".join(f"{way.title:>12}" for way in ways))
    figures: dict[str, list[float]] = {way.letter: [] for way in ways}
    for number in range(rounds):
        for way in ways[number % len(ways):] + ways[:number % len(ways)]:
            figures[way.letter].append(goodput(way, seconds))
        print(f"{number + 1:<8}" + "".join(f"{figures[way.letter][-1]:>12.1f}" for way in ways))
    return figures


def report(ways: list[Way], figures: dict[str, list[float]]) -> None:
    print(f"{'median':<8}" + "".join(f"{statistics.median(figures[way.letter]):>12.1f}" for way in ways))
    for one, other in (("a", "c"), ("a", "b"), ("b", "c")):
        if figures.get(one) and figures.get(other):
            of_medians = statistics.median(figures[one]) / statistics.median(figures[other])
            by_round = [mine / theirs for mine, theirs in zip(figures[one], figures[other])]
            print(f"{one}/{other}: {of_medians:.3f} of the medians; round by round {min(by_round):.3f} to "
                  f"{max(by_round):.3f}, median {statistics.median(by_round):.3f}")


def main() -> int:
    build, rounds, seconds = Path(sys.argv[1]).resolve(), int(sys.argv[2]), int(sys.argv[3])
    wanted = os.environ.get("KEEL2TP_BENCH_WAYS", "abc")
    print(f"datapath: kernel {os.uname().release}, IKEv1 {IKE}, ESP {ESP}, PPP MTU {MTU}, one TCP stream LAC to LNS")
    labs: list[Lab] = []
    ways: list[Way] = []
    try:
        for letter, title, start in WAYS:
            if letter in wanted:
                ways.append(bring_up(labs, build, ways, letter, title, start))
                print(f"  ({letter}) {title} is up")
        report(ways, measure(ways, rounds, seconds))
    except AssertionError as error:
        for name, text in labs[-1].log_tails(40) if labs else []:
            print(f"\n--- log of {name}\n{text}", file=sys.stderr)
        print(f"tests/bench: {error}", file=sys.stderr)
        return 1
    finally:
        for lab in labs:
            lab.destroy()
            lab.forget_logs()
    return 0


if __name__ == "__main__":
    sys.exit(main())
