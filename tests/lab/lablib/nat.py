"""A NAT router between two networks, and the usual layout with one: clients inside, an LNS outside."""

import ipaddress
import json
from dataclasses import dataclass, field
from pathlib import Path

from . import keel2tpd
from .charon import Charon
from .keel2tpd import Keel2tpd
from .lab import Lab
from .net import Network
from .node import Node

CONNTRACK = Path(__file__).with_name("conntrack.py")
IKE_PORTS = (500, 4500)

# What comes from outside and belongs to nothing gets no answer, as with most routers: an ICMP error would tell more.
RULES = """
table inet router {{
 map forwarded {{ type inet_service : {address}; }}
 chain input {{ type filter hook input priority 0; policy accept; iifname "out" meta l4proto udp ct state new drop; }}
 chain in {{ type nat hook prerouting priority -100; iifname "out" dnat {family} to udp dport map @forwarded; }}
 chain out {{ type nat hook postrouting priority 100; oifname "out" masquerade {ports}; }}
}}
"""


class NatRouter:
    """Masquerades what goes from `inside` to `outside`, IPv4 or IPv6 (NAT66), whichever the networks are.

    A client's port is kept where it is free, as Linux routers do; with `random_ports` every mapping gets one by
    chance, so that a forgotten mapping comes back as another."""

    def __init__(self, lab: Lab, inside: Network, outside: Network, inside_address: str, outside_address: str, *,
                 random_ports: bool = False, name: str = "nat"):
        self.node = lab.node(name)
        self.inside_address, self.outside_address = inside_address, outside_address
        self._v6 = ipaddress.ip_address(outside_address).version == 6
        inside.attach(self.node, inside_address, "in")
        outside.attach(self.node, outside_address, "out")
        self.node.run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1" if self._v6 else "net.ipv4.ip_forward=1")
        rules = RULES.format(address="ipv6_addr" if self._v6 else "ipv4_addr", family="ip6" if self._v6 else "ip",
                             ports="random" if random_ports else "")
        self.node.run("nft", "-f", self.node.write("/run/lab/nat.nft", rules))

    def serve(self, node: Node) -> None:
        """The router is the way to everywhere for a node inside."""
        node.run("ip", "-6" if self._v6 else "-4", "route", "replace", "default", "via", self.inside_address)

    def forward(self, port: int, to: str) -> None:
        """What comes from outside to this UDP port goes to a host inside."""
        self.node.run("nft", "add", "element", "inet", "router", "forwarded", f"{{ {port} : {to} }}")

    def forget_mappings(self, inside: str | None = None) -> None:
        """Of one host inside, or all, as a router does that restarts or is short of memory."""
        self.node.run("/usr/bin/python3", CONNTRACK, "forget", *([inside] if inside else []))

    def mappings(self) -> list[dict]:
        """[{"inside", "sport", "to", "dport", "outside", "mapped", "protocol"}]"""
        return json.loads(self.node.run("/usr/bin/python3", CONNTRACK, "list"))


@dataclass
class NatHosts:
    """Clients in `inside` behind `nat`; in `outside` an LNS with a charon."""

    lab: Lab
    inside: Network
    outside: Network
    nat: NatRouter
    lns: Node
    lns_address: str
    lns_charon: Charon
    clients: list[Node] = field(default_factory=list)
    charons: dict[Node, Charon] = field(default_factory=dict)

    def address(self, node: Node) -> str:
        """A client's own, behind the NAT."""
        return str(self.inside.prefix.network_address + 101 + self.clients.index(node))

    def add_clients(self, count: int) -> list[Node]:
        """So many more hosts inside, each with a charon that nobody has configured."""
        for _ in range(count):
            node = self.lab.node(f"client{len(self.clients) + 1}")
            self.clients.append(node)
            self.inside.attach(node, self.address(node))
            self.nat.serve(node)
        added = self.clients[-count:]
        self.charons.update((node, Charon(node, wait=False)) for node in added)
        for node in added:
            self.charons[node].wait_ready()
        return added

    def start_lns(self, launcher: tuple = (), **options) -> Keel2tpd:
        """keel2tpd with "lns/office"; `launcher` is a command that starts it."""
        office = keel2tpd.lns(self.lns, self.lns_address, **options)
        daemon = Keel2tpd(self.lns, self.lab.build, lns={"office": office}, launcher=launcher)
        daemon.wait_state("lns/office", "listening")
        daemon.wait_loaded("lns/office")
        return daemon

    def start_lac(self, node: Node, **options) -> Keel2tpd:
        """keel2tpd with "lac/branch"."""
        return Keel2tpd(node, self.lab.build, lac={"branch": keel2tpd.lac(node, self.lns_address, **options)})


def make_nat_hosts(lab: Lab, *, v6: bool = False, random_ports: bool = False) -> NatHosts:
    prefixes = ("fd00:77::/64", "2001:db8::/64") if v6 else ("192.168.77.0/24", "192.0.2.0/24")
    inside, outside = lab.network(prefixes[0], "inside"), lab.network(prefixes[1], "outside")
    nat = NatRouter(lab, inside, outside, str(inside.prefix[1]), str(outside.prefix[10]), random_ports=random_ports)
    lns, lns_address = lab.node("lns"), str(outside.prefix[2])
    outside.attach(lns, lns_address)
    return NatHosts(lab, inside, outside, nat, lns, lns_address, Charon(lns))
