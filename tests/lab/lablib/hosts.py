"""The usual layout: one network, an LNS at 192.0.2.2 and a LAC at 192.0.2.1, each with a charon of its own."""

import json
from dataclasses import dataclass

from . import keel2tpd
from .charon import Charon
from .keel2tpd import Keel2tpd
from .lab import Lab
from .net import Network
from .node import Node
from .wait import PATIENCE, wait_for

LAC, LNS, STRANGER = "192.0.2.1", "192.0.2.2", "192.0.2.3"
INNER_LNS = "10.9.0.1"


IPERF_PORT = 5201


@dataclass
class Hosts:
    lab: Lab
    net: Network
    lac: Node
    lns: Node
    lac_charon: Charon
    lns_charon: Charon

    def start_lns(self, **options) -> Keel2tpd:
        """keel2tpd with "lns/office"."""
        daemon = Keel2tpd(self.lns, self.lab.build, lns={"office": keel2tpd.lns(self.lns, LNS, **options)})
        daemon.wait_state("lns/office", "listening")
        daemon.wait_loaded("lns/office")
        return daemon

    def start_lac(self, server: str = LNS, **options) -> Keel2tpd:
        """keel2tpd with "lac/branch"."""
        return Keel2tpd(self.lac, self.lab.build, lac={"branch": keel2tpd.lac(self.lac, server, **options)})

    def start_both(self, *, ike: int = 1, hello: int = keel2tpd.HELLO, **lac_options) -> tuple[Keel2tpd, Keel2tpd]:
        """(LAC, LNS), connected: one session, one tunnel and one SA at both ends."""
        server = self.start_lns(ike=ike, hello=hello)
        client = self.start_lac(ike=ike, hello=hello, **lac_options)
        client.wait_up("lac/branch")
        client.wait_settled(sas=1)
        server.wait_settled(sas=1)
        return client, server

    def stranger(self) -> Node:
        node = self.lab.node("stranger")
        self.net.attach(node, STRANGER)
        return node


def make_hosts(lab: Lab) -> Hosts:
    net = lab.network("192.0.2.0/24")
    lac, lns = lab.node("lac"), lab.node("lns")
    net.attach(lac, LAC)
    net.attach(lns, LNS)
    lac_charon, lns_charon = Charon(lac, wait=False), Charon(lns, wait=False)
    lac_charon.wait_ready()
    lns_charon.wait_ready()
    return Hosts(lab, net, lac, lns, lac_charon, lns_charon)


def ping(node: Node, address: str, count: int = 3) -> None:
    """So many packets there and back. The other end may need a moment after this one is up."""
    wait_for(f"{address} to answer {node.name}", lambda: pings(node, address))
    node.run("ping", "-q", "-c", str(count), "-i", "0.05", "-W", "30", address)


def pings(node: Node, address: str) -> bool:
    return node.succeeds("ping", "-q", "-c", "1", "-W", "2", address)


def serve_iperf(node: Node, address: str = INNER_LNS) -> None:
    """iperf3 as a server, for as long as the node lives."""
    node.start("iperf3", "iperf3", "--server", "--bind", address)
    wait_for("iperf3 to listen", lambda: f"{address}:{IPERF_PORT}" in node.run("ss", "-Hltn"))


def iperf(node: Node, seconds: int, *options: str, address: str = INNER_LNS) -> dict:
    """One TCP transfer to a node that serves; iperf3's "end" summary."""
    said = node.run("iperf3", "--client", address, "--time", str(seconds), "--json", "--connect-timeout", "20000",
                    *options, seconds=seconds + PATIENCE)
    return json.loads(said)["end"]
