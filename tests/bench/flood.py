"""A flood of hostile datagrams at an LNS with a session up: in clear at one that takes L2TP without IPsec, so that
they reach the daemon, and at one behind IPsec, whose guard drops them. Run in the lab by tests/bench/run.

usage: flood.py BUILD_DIR PACKETS
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lab"))

from lablib.flood import Flood, flood  # noqa: E402
from lablib.hosts import INNER_LNS, make_hosts, ping  # noqa: E402
from lablib.lab import Lab  # noqa: E402
from test_hostile import connect  # noqa: E402

ROWS = (
    ("datagrams sent", lambda seen: f"{seen.sent:,}"),
    ("seconds", lambda seen: f"{seen.seconds:.1f}"),
    ("dropped by the guard", lambda seen: f"{dropped(seen):,}"),
    ("read by the daemon", lambda seen: f"{seen.read:,}"),
    ("the daemon's CPU, s", lambda seen: f"{seen.cpu:.2f}"),
    ("its CPU, us/datagram read", lambda seen: f"{1e6 * seen.cpu / seen.read:.1f}" if seen.read > 1000 else "-"),
    ("its RSS before, KiB", lambda seen: f"{seen.rss_before:,}"),
    ("its RSS after, KiB", lambda seen: f"{seen.rss_after:,}"),
    ("its RSS at most since start, KiB", lambda seen: f"{seen.rss_peak:,}"),
    ("written to its log, KiB", lambda seen: f"{seen.log_octets / 1024:,.0f}"),
    ("pings through the session", lambda seen: f"{seen.pings}"),
    ("of these lost", lambda seen: f"{seen.pings - seen.answered}"),
    ("sessions before, after", lambda seen: f"{len(seen.before.running_sessions)}, {len(seen.after.running_sessions)}"),
    ("tunnels, half-open ones too", lambda seen: f"{len(seen.before.tunnels)}, {len(seen.after.tunnels)}"),
)


def dropped(seen: Flood) -> int:
    if not seen.after.guard:
        return 0
    return seen.after.guard["cleartext_in"] - seen.before.guard["cleartext_in"]


def measure(build: Path, packets: int, protected: bool) -> Flood:
    lab = Lab("flood", build)
    try:
        hosts = make_hosts(lab)
        attacker = hosts.stranger()
        _, server = connect(hosts, protected)
        ping(hosts.lac, INNER_LNS)
        return flood(attacker, build, server, hosts.lac, packets)
    except AssertionError:
        for name, text in lab.log_tails(40):
            print(f"\n--- log of {name}\n{text}", file=sys.stderr)
        raise
    finally:
        lab.destroy()
        lab.forget_logs()


def main() -> None:
    build, packets = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    print(f"flood: kernel {os.uname().release}; every kind in turn, as fast as they go")
    ways = {"in clear": measure(build, packets, False), "IPsec": measure(build, packets, True)}
    print(f"{'':<34}" + "".join(f"{way:>14}" for way in ways))
    for title, cell in ROWS:
        print(f"{title:<34}" + "".join(f"{cell(seen):>14}" for seen in ways.values()))


if __name__ == "__main__":
    main()
