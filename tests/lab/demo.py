"""The demo, run inside the lab by tests/demo: two hosts, keel2tpd at both ends.

usage: demo.py BUILD_DIR
"""

import os
import sys
import time
from pathlib import Path

from lablib.hosts import INNER_LNS, LAC, LNS, iperf, make_hosts, serve_iperf
from lablib.keel2tpd import Show
from lablib.lab import Lab

SECONDS = 5
BOLD, PLAIN = ("\033[1m", "\033[0m") if os.environ.get("KEEL2TP_COLOUR") == "1" else ("", "")
STAGES = {"resolve": "the server's address", "ike": "IKE_SA, by strongSwan", "esp": "CHILD_SA: ESP in transport mode",
          "tunnel": "L2TP control connection", "session": "L2TP session, in the kernel",
          "ppp": "LCP, login, addresses, by pppd", "routes": "routes through the tunnel"}


def title(text: str) -> None:
    print(f"\n{BOLD}{text}{PLAIN}")


def indented(text: str) -> None:
    for line in text.rstrip().splitlines():
        print(f"  {line}".rstrip())


def timeline(show: Show) -> None:
    total = 0.0
    print(f"  {'stage':<10}{'took ms':>10}{'after ms':>10}")
    for step in show.timeline("lac/branch"):
        total += step["ms"]
        print(f"  {step['stage']:<10}{step['ms']:>10.1f}{total:>10.1f}   {STAGES.get(step['stage'], '')}")


def esp_counters(show: Show) -> str:
    (sa,) = show.sas
    return (f"in {sa['in']['packets']:>8} packets {sa['in']['bytes']:>12} bytes    "
            f"out {sa['out']['packets']:>8} packets {sa['out']['bytes']:>12} bytes")


def show_transfer(hosts, client, server) -> None:
    title(f"iperf3 through the tunnel, {SECONDS} s")
    serve_iperf(hosts.lns)
    before = {"LAC": client.show(), "LNS": server.show()}
    end = iperf(hosts.lac, SECONDS)
    after = {"LAC": client.show(), "LNS": server.show()}
    received = end["sum_received"]
    print(f"  {received['bits_per_second'] / 1e6:.1f} Mbit/s, {received['bytes'] / 1e6:.1f} MB received")
    title("The ESP counters of the tunnel's SAs, before and after")
    for end_name in before:
        print(f"  {end_name} before  {esp_counters(before[end_name])}")
        print(f"  {end_name} after   {esp_counters(after[end_name])}")
    title("What the two controllers did meanwhile")
    for end_name in before:
        datagrams = after[end_name].datagrams_received - before[end_name].datagrams_received
        cpu = after[end_name].cpu_seconds - before[end_name].cpu_seconds
        packets = after[end_name].sas[0]["in"]["packets"] - before[end_name].sas[0]["in"]["packets"]
        print(f"  {end_name} keel2tpd: {datagrams} datagrams received of {packets} that came, {cpu * 1000:.0f} ms of "
              f"CPU time (two calls of `keel2tp show` included)")
    print("  The data never passed through keel2tpd: it went from ppp to L2TP to ESP inside the kernel.")


def demo(lab: Lab) -> None:
    where = "Debian's kernel in QEMU's emulation: slow, but real" if os.environ.get("KEEL2TP_LAB_VM") else "this host"
    print(f"{BOLD}keel2tp: L2TP/IPsec between two hosts{PLAIN}\n"
          f"  LAC {LAC} <-- ESP --> {LNS} LNS     kernel {os.uname().release} ({where})")
    began = time.monotonic()
    hosts = make_hosts(lab)
    server = hosts.start_lns()
    print(f"  two network namespaces, strongSwan in both, keel2tpd as LNS: {time.monotonic() - began:.1f} s")
    client = hosts.start_lac()
    shown = client.wait_up("lac/branch")
    client.wait_settled(sas=1)
    server.wait_settled(sas=1)
    title("keel2tpd on the LAC brought its connection up, stage by stage")
    timeline(shown)
    title("keel2tp show, on the LAC")
    indented(client.show_text())
    title("keel2tp show, on the LNS")
    indented(server.show_text())
    title(f"ping {INNER_LNS}, the LNS's address inside the tunnel")
    indented(hosts.lac.run("ping", "-c", "4", "-i", "0.3", INNER_LNS))
    show_transfer(hosts, client, server)
    title("SIGTERM to both: the peer is told, everything is undone")
    began = time.monotonic()
    client.stop()
    server.stop()
    left = [line for node in (hosts.lac, hosts.lns) for line in
            (node.run("ip", "l2tp", "show", "tunnel") + node.run("ip", "xfrm", "state")).splitlines()]
    print(f"  done in {time.monotonic() - began:.1f} s; tunnels and SAs left: {len(left)}")


def main() -> int:
    lab = Lab("demo", Path(sys.argv[1]).resolve())
    try:
        demo(lab)
    except AssertionError as error:
        print(f"\nthe demo failed: {error}", file=sys.stderr)
        for name, text in lab.log_tails():
            print(f"\n--- log of {name}\n{text}", file=sys.stderr)
        return 1
    finally:
        lab.destroy()
        lab.forget_logs()
    return 0


if __name__ == "__main__":
    sys.exit(main())
