"""strongSwan's charon on a node, as on a host of its own: /run/charon.vici and /etc/strongswan.conf are the node's."""

from . import vici_query
from .node import Node, Process
from .wait import wait_for

CHARON = "/usr/lib/ipsec/charon"
VICI = "/run/charon.vici"

# The plugins that L2TP/IPsec needs, with PSKs, certificates and raw keys, all in the packages of tests/packages: the
# same on every host, and charon starts several times faster than with all that a host may have.
PLUGINS = ("random nonce openssl aes sha1 sha2 hmac kdf gcm gmp pem pkcs1 pkcs8 x509 constraints revocation pubkey "
           "kernel-netlink socket-default vici updown")
CONFIG = """
charon {
  load = @PLUGINS@
  filelog { stderr { default = 1
    lib = 0
    ike_name = yes
    time_format = %H:%M:%S
    flush_line = yes } }
  plugins { vici { socket = unix:///run/charon.vici } }
}
"""


class Charon:
    def __init__(self, node: Node, wait: bool = True, plugins: str = PLUGINS):
        self.node = node
        node.overlay("/etc/strongswan.conf", CONFIG.replace("@PLUGINS@", plugins))
        self.start(wait)

    def start(self, wait: bool = True) -> None:
        self.node.path(VICI).unlink(missing_ok=True)
        # A pid file of a charon that was killed keeps the next one from starting.
        self.node.path("/run/charon.pid").unlink(missing_ok=True)
        self.process: Process = self.node.start("charon", CHARON)
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        wait_for(f"{self.node.name}: charon to answer",
                 lambda: self.node.path(VICI).exists() and vici_query.answers(self.node.path(VICI)))

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def load(self, swanctl_conf: str) -> None:
        """Loads connections and secrets, as an administrator would with swanctl."""
        path = self.node.write("/run/lab/swanctl.conf", swanctl_conf, 0o600)
        self.node.run("swanctl", "--load-all", "--noprompt", "--file", path)

    def sas(self) -> str:
        return self.node.run("swanctl", "--list-sas", "--noblock")


def swanctl_conf(*, ike: int, psk: str, remote: str | None = None, suite: str = "aes128gcm16",
                 proposal: str = "aes256-sha256-modp2048", ephemeral: bool = False) -> str:
    """L2TP/IPsec (RFC 3193) with a PSK: a client's when `remote` is given, otherwise a server's."""
    local_port = "" if ephemeral else "/1701"
    remote_ts = "dynamic[17/1701]" if remote else "dynamic[17]"
    return f"""
connections {{ l2tp {{
  version = {ike}
  {f"remote_addrs = {remote}" if remote else ""}
  proposals = {proposal}
  unique = never
  local {{ auth = psk }}
  remote {{ auth = psk }}
  children {{ l2tp {{
    mode = transport
    local_ts = dynamic[17{local_port}]
    remote_ts = {remote_ts}
    esp_proposals = {suite}
    start_action = {"trap" if remote else "none"} }} }} }} }}
secrets {{ ike-1 {{ secret = {psk} }} }}
"""
