"""The foreign peer: xl2tpd over a strongSwan that swanctl configures."""

from .node import Node, Process
from .wait import wait_for

PPP_COMMON = "noccp\nnovj\nnoipv6\nnodefaultroute\nmtu {mtu}\nmru {mtu}\ndebug\n"
CONTROL = "/run/lab/xl2tpd.control"


def authentication(node: Node, secret: str | None) -> tuple[str, str]:
    """Of [global] and of the peer's section: tunnel authentication both ways, if there is a secret."""
    if secret is None:
        return "", ""
    return f"auth file = {node.write('/run/lab/l2tp-secrets', f'* * {secret}', 0o600)}\n", "challenge = yes\n"


class Xl2tpd:
    def __init__(self, node: Node, config: str, ppp_options: str, port: int = 1701):
        self.node = node
        node.path(CONTROL).unlink(missing_ok=True)  # of one that ran here before
        self.options = node.write("/run/lab/xl2tpd.ppp", ppp_options, 0o600)
        path = node.write("/run/lab/xl2tpd.conf", config.replace("@PPP@", self.options), 0o600)
        self.process: Process = node.start("xl2tpd", "xl2tpd", "-D", "-c", path, "-p", "/run/lab/xl2tpd.pid",
                                           "-C", CONTROL)
        wait_for(f"{node.name}: xl2tpd to listen", lambda: f":{port}" in node.run("ss", "-Hulna"))
        # Made after the socket; what is written before would be an ordinary file.
        wait_for(f"{node.name}: xl2tpd to take commands", lambda: node.path(CONTROL).is_fifo())

    def log(self) -> str:
        return self.process.text()

    def ends_told(self) -> int:
        """How many tunnels and calls its peers have closed, and said so (StopCCN, CDN)."""
        return self.log().count("Connection closed")

    def stop(self) -> None:
        self.process.stop()


class Xl2tpdClient(Xl2tpd):
    """A LAC that dials when told, and again until the server has answered."""

    def __init__(self, node: Node, server: str, user: str, password: str, mtu: int = 1400, extra: str = "",
                 tunnel_secret: str | None = None, port: int = 1701, ppp: str = ""):
        """`extra` goes to xl2tpd's [global], `ppp` to pppd's options."""
        common, own = authentication(node, tunnel_secret)
        super().__init__(node, f"[global]\nport = {port}\n{common}{extra}[lac lns]\nlns = {server}\npppoptfile = @PPP@\n"
                         f"{own}require authentication = no\nlength bit = yes\nredial = yes\nredial timeout = 2\n",
                         PPP_COMMON.format(mtu=mtu) + f'noauth\nuser {user}\npassword "{password}"\n{ppp}', port)

    def connect(self) -> None:
        self.node.path(CONTROL).write_text("c lns\n")

    def disconnect(self) -> None:
        self.node.path(CONTROL).write_text("d lns\n")


class Xl2tpdServer(Xl2tpd):
    """An LNS that lets anybody in whom its chap-secrets know."""

    def __init__(self, node: Node, local: str, pool: str, users: dict[str, str], mtu: int = 1400, extra: str = "",
                 tunnel_secret: str | None = None, ppp: str = ""):
        """`extra` goes to xl2tpd's [global], `ppp` to pppd's options."""
        secrets = "".join(f'"{user}" * "{password}" *\n' for user, password in users.items())
        for name in ("chap-secrets", "pap-secrets"):
            node.overlay(f"/etc/ppp/{name}", secrets)
        common, own = authentication(node, tunnel_secret)
        super().__init__(node, f"[global]\nport = 1701\n{common}{extra}[lns default]\nip range = {pool}\nlocal ip = {local}\n"
                         f"{own}require authentication = yes\nrefuse pap = yes\nrequire chap = yes\npppoptfile = @PPP@\n"
                         "length bit = yes\nname = xl2tpd-lns\n",
                         PPP_COMMON.format(mtu=mtu) + "auth\nrequire-mschap-v2\n" + ppp)
