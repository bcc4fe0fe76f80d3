"""Foreign L2TP/IPsec clients behind a NAT: xl2tpd over a strongSwan that swanctl configures, one per host."""

import re

from .nat import NatHosts
from .node import Node
from .wait import wait_for
from .xl2tpd import Xl2tpdClient

WINDOWS_PORT = 1701  # its source port, whoever else is behind the same NAT
INNER_LNS = "10.9.0.1"

CONNECTION = """
connections {{ l2tp {{
  version = 1
  remote_addrs = {lns}
  proposals = aes256-sha256-modp2048
  unique = never
  rekey_time = 0s
  local {{ auth = psk }}
  remote {{ auth = psk }}
  children {{ l2tp {{
    mode = transport
    local_ts = dynamic[17/{port}]
    remote_ts = dynamic[17/1701]
    esp_proposals = {esp}
    rekey_time = 0s
    start_action = trap }} }} }} }}
secrets {{ ike-1 {{ secret = example }} }}
"""


class NatClient:
    """One user on one host inside; its own IKE, L2TP source port and PPP."""

    def __init__(self, hosts: NatHosts, node: Node, user: str, port: int = WINDOWS_PORT,
                 esp: str = "aes128gcm16"):
        self.hosts, self.node, self.user, self.port, self.esp = hosts, node, user, port, esp

    def connect(self) -> None:
        """As a user does who clicks: IKE and L2TP; does not wait."""
        connection = CONNECTION.format(lns=self.hosts.lns_address, port=self.port, esp=self.esp)
        self.hosts.charons[self.node].load(connection)
        self.l2tp = Xl2tpdClient(self.node, self.hosts.lns_address, self.user, password(self.user), port=self.port)
        self.l2tp.connect()

    def wait_up(self) -> None:
        wait_for(f"{self.user}: PPP to be up",
                 lambda: self.node.succeeds("ping", "-q", "-c", "1", "-W", "2", INNER_LNS))

    def inner_address(self) -> str:
        """What the LNS has given it; PPP is up."""
        return re.search(r"inet (\S+) peer", self.node.run("ip", "-4", "addr", "show", "dev", "ppp0"))[1]

    def leave(self) -> None:
        """With goodbye: CDN, StopCCN, and the SA is deleted."""
        self.l2tp.stop()
        wait_for(f"{self.user}: pppd to end", lambda: not self.node.pids("pppd"))
        self.node.run("swanctl", "--terminate", "--ike", "l2tp", check=False)

    def vanish(self) -> None:
        """Without goodbye: charon, xl2tpd and pppd are killed, and what the kernel has of them goes."""
        self.hosts.charons[self.node].kill()
        self.l2tp.process.kill()
        self.node.run("pkill", "-KILL", "-x", "pppd", check=False)
        wait_for(f"{self.user}: pppd to be gone", lambda: not self.node.pids("pppd"))
        for what in ("state", "policy"):
            self.node.run("ip", "xfrm", what, "flush")

    def come_back(self) -> None:
        """The host after a restart."""
        self.hosts.charons[self.node].start()
        self.connect()


def password(user: str) -> str:
    return f"secret of {user}"


def users(count: int) -> dict[str, str]:
    """user1, user2, ... for the LNS."""
    return {f"user{number}": password(f"user{number}") for number in range(1, count + 1)}
