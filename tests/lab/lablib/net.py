"""Wires: networks of the lab, each a switch in a namespace of its own, so that a cut leaves carriers alone."""

import ipaddress
import re
import signal
import subprocess
from pathlib import Path

from .node import Node, Process
from .wait import wait_for


class Network:
    """One Ethernet with one prefix, of IPv4 or IPv6."""

    def __init__(self, switch: Node, prefix: str):
        self.switch = switch
        self.prefix = ipaddress.ip_network(prefix)
        self._ports: dict[Node, str] = {}
        switch.run("ip", "link", "add", "br0", "type", "bridge")
        switch.run("ip", "link", "set", "br0", "up")

    def attach(self, node: Node, address: str, interface: str = "eth0") -> None:
        assert ipaddress.ip_address(address) in self.prefix
        port = f"p{len(self._ports)}"
        self._ports[node] = port
        # Made in the tests' own namespace: only there a pid means the same to `ip` as to us.
        subprocess.run(["ip", "link", "add", port, "netns", str(self.switch.init), "type", "veth", "peer", "name",
                        interface, "netns", str(node.init)], check=True)
        self.switch.run("ip", "link", "set", port, "master", "br0", "up")
        v6 = self.prefix.version == 6
        # Nobody else has the address, so it is there at once; nodes have no IPv6 where they need none.
        own = "nodad" if v6 else ""
        node.run("sh", "-c", f"sysctl -qw net.ipv6.conf.{interface}.disable_ipv6={0 if v6 else 1} && "
                             f"ip addr add {address}/{self.prefix.prefixlen} dev {interface} {own} && "
                             f"ip link set {interface} up")

    def cut(self, node: Node) -> None:
        """Nothing passes any more to or from the node, and neither end is told."""
        self.switch.run("ip", "link", "set", self._ports[node], "nomaster")

    def mend(self, node: Node) -> None:
        self.switch.run("ip", "link", "set", self._ports[node], "master", "br0")

    def carrier(self, node: Node, on: bool) -> None:
        """Takes the node's carrier away, or gives it back."""
        self.switch.run("ip", "link", "set", self._ports[node], "up" if on else "down")

    def capture(self, node: Node, expression: str = "") -> "Capture":
        """What passes between the node and the rest."""
        return Capture(self.switch, self._ports[node], *expression.split())

    def record(self, node: Node, target: Path, expression: str = "") -> "Capture":
        """The same into a pcap file; `target` is the tests' own path."""
        return Capture(self.switch, self._ports[node], "--relinquish-privileges=root", "-U", "-w", target,
                       *expression.split())


STATISTICS = re.compile(r"(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped")

# An end of a datagram as tcpdump writes it; a time or another port may begin with the same digits.
L2TP_PORT = re.compile(r"\.1701(?: >|:)")


def in_clear(packets: list[str]) -> list[str]:
    """Of a capture's lines those of L2TP that is readable on the wire."""
    return [packet for packet in packets if L2TP_PORT.search(packet)]


class Capture:
    """tcpdump at a switch's port: what really is on the wire, from start to `stop()`."""

    def __init__(self, switch: Node, port: str, *options: str | Path):
        self._process: Process = switch.start(f"tcpdump-{len(switch.processes)}", "tcpdump", "-l", "-n", "-p",
                                              "--immediate-mode", "-i", port, *options)
        wait_for("tcpdump to listen", lambda: "listening on" in self._process.text())

    def packets(self) -> list[str]:
        """Those seen so far, one line each."""
        return re.findall(r"^\d\d:\d\d:.*$", self._process.text(), re.MULTILINE)

    def stop(self) -> list[str]:
        """Ends the capture when tcpdump has read all that has passed; all the packets."""
        wait_for("tcpdump to have read all packets", self._has_read_all)
        self._process.stop()
        return self.packets()

    def _has_read_all(self) -> bool:
        before = len(STATISTICS.findall(self._process.text()))
        self._process.signal(signal.SIGUSR1)
        told = wait_for("tcpdump to tell its counts",
                        lambda: STATISTICS.findall(self._process.text())[before:], every=0.02)
        captured, received, dropped = map(int, told[-1])
        return captured + dropped >= received
