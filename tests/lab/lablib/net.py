"""Wires: networks of the lab, each a switch in a namespace of its own, so that a cut leaves carriers alone."""

import ipaddress
import re
import subprocess

from .node import Node, Process
from .wait import wait_for


class Network:
    """One Ethernet with one IPv4 prefix."""

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
        node.run("sh", "-c", f"ip addr add {address}/{self.prefix.prefixlen} dev {interface} && "
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
        return Capture(self.switch, self._ports[node], expression)


class Capture:
    """tcpdump at a switch's port: what really is on the wire, from start to `lines()`."""

    def __init__(self, switch: Node, port: str, expression: str):
        self._process: Process = switch.start(f"tcpdump-{len(switch.processes)}", "tcpdump", "-l", "-n", "-p",
                                              "--immediate-mode", "-i", port, *expression.split())
        wait_for("tcpdump to listen", lambda: "listening on" in self._process.text())

    def packets(self) -> list[str]:
        """Those seen so far, one line each."""
        return re.findall(r"^\d\d:\d\d:.*$", self._process.text(), re.MULTILINE)

    def stop(self) -> list[str]:
        """Ends the capture; all the packets."""
        self._process.stop()
        return self.packets()
