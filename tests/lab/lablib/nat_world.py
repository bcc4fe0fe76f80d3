"""Several foreign clients behind one NAT, each with a session and a stream of its own; the server is ours, behind a
stateful firewall of its host."""

import re
from concurrent.futures import ThreadPoolExecutor

from .keel2tpd import Show
from .nat import NatHosts
from .nat_clients import NatClient, users
from .pattern import RATE, Stream, wait_all_flowing

OURS = "keel2tp-lns.office"  # what charon calls the server's connection

# What a careful administrator has on a server; nothing in it knows of keel2tpd and its ports.
FIREWALL = """
table inet firewall {
 chain input {
  type filter hook input priority 0; policy drop;
  ct state established,related accept
  ct state invalid drop
  iifname { "lo", "ppp*" } accept
  meta l4proto { icmp, ipv6-icmp, esp } accept
  udp dport { 500, 4500 } accept
  %s meta ipsec exists accept
 }
 chain nat { type nat hook postrouting priority 100; oifname "eth0" masquerade; }
}
"""


class World:
    def __init__(self, hosts: NatHosts, ports: tuple[int, ...], launcher: tuple = (), hello: int = 20,
                 rate: float = RATE, let_in: str = "udp dport 1701", **client):
        """`ports`: one client each, with this source port of L2TP; `rate`: of each stream's directions, a second;
        `let_in`: what the firewall accepts of what came under an SA; `client`: more of NatClient."""
        self.rate = rate
        self.hosts = hosts
        hosts.lns.run("nft", "-f", hosts.lns.write("/run/lab/firewall.nft", FIREWALL % let_in))
        self.server = hosts.start_lns(launcher=launcher, users=users(len(ports)), hello=hello)
        nodes = hosts.add_clients(len(ports))
        self.clients = [NatClient(hosts, node, f"user{number}", port, **client)
                        for number, (node, port) in enumerate(zip(nodes, ports), 1)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(NatClient.connect, self.clients))
        self.server.wait_settled(len(ports), sas=len(ports))
        self.streams = {client.user: self.stream(client) for client in self.clients}
        wait_all_flowing(list(self.streams.values()))

    def stream(self, client: NatClient) -> Stream:
        """Of the client's present session; one that it left without goodbye may still be there."""
        client.wait_up()
        inner = client.inner_address()
        shown = self.server.wait_show(f"{client.user}'s session", lambda show: self.sessions(show, inner))
        (session,) = self.sessions(shown, inner)
        assert session["user"] == client.user
        return Stream(client.user, client.node, self.hosts.lns, session, rate=self.rate)

    @staticmethod
    def sessions(show: Show, inner: str) -> list[dict]:
        return [session for session in show.running_sessions if session["remote"] == inner]

    def others(self, client: NatClient) -> list[Stream]:
        return [stream for user, stream in self.streams.items() if user != client.user]

    def returns(self, client: NatClient) -> None:
        """It is back, and its octets are its own again; the others have gone on meanwhile."""
        self.streams[client.user] = self.stream(client)
        wait_all_flowing(list(self.streams.values()))

    def spis(self) -> set[str]:
        return {sa["spi_in"] for sa in self.server.show().sas}

    def ike_ids(self) -> set[str]:
        """charon's numbers of the established IKE_SAs at the server."""
        return set(re.findall(rf"^{OURS}: #(\d+), ESTABLISHED", self.hosts.lns_charon.sas(), re.MULTILINE))

    def nat_port(self, client: NatClient) -> int:
        """From which its ESP leaves the router."""
        ports = [one["mapped"] for one in self.hosts.nat.mappings()
                 if (one["inside"], one["sport"]) == (self.hosts.address(client.node), 4500)]
        return ports[0]
