"""keel2tpd on a node: its configuration, its life, and what `keel2tp show --json` says."""

import json
import re
from pathlib import Path
from typing import Any

from . import varlink
from .node import Node, Process
from .wait import PATIENCE, wait_for

# A dead peer is noticed when a HELLO, sent after so many seconds of silence, and its retransmissions (1 s, doubling
# to 8 s, five of them: RFC 2661 5.8) stay unanswered.
HELLO = 5
RETRANSMISSION = 1 + 2 + 4 + 8 + 8 + 8

CONTROL = "/run/keel2tp/control.sock"


def write_secret(node: Node, name: str, text: str) -> dict[str, str]:
    """A secret by reference, as the configuration has it."""
    return {"file": node.write(f"/run/lab/secrets/{name}", text, 0o600)}


def with_psk(node: Node, name: str, psk: str | None) -> dict[str, dict]:
    """Nothing where another authentication stands in `ipsec`."""
    return {} if psk is None else {"psk": write_secret(node, name, psk)}


def lns(node: Node, listen: str, *, psk: str | None = "example", ike: Any = "any", users: dict[str, str] | None = None,
        pool: str = "10.9.0.0/24", local: str = "10.9.0.1", hello: int = HELLO, ipsec: dict | None = None,
        ppp: dict | None = None, tunnel: dict | None = None) -> dict:
    """One entry of "lns"."""
    users = {"alice": "wonderland"} if users is None else users
    return {"listen": [listen], "hello-interval": hello, "tunnel": tunnel or {},
            "ipsec": {**with_psk(node, "lns.psk", psk), "ike": ike, **(ipsec or {})},
            "ppp": {"auth": ["mschapv2", "pap"], "local-address": local, "pool": [pool], "dns": [local], **(ppp or {})},
            "users": {user: {"password": write_secret(node, f"user.{user}", password)}
                      for user, password in users.items()}}


def lac(node: Node, server: str, *, psk: str | None = "example", ike: Any = 1, user: str = "alice",
        password: str = "wonderland", routes: list[str] | None = None, hello: int = HELLO,
        ipsec: dict | None = None, ppp: dict | None = None, tunnel: dict | None = None) -> dict:
    """One entry of "lac"."""
    return {"server": server, "hello-interval": hello, "tunnel": tunnel or {},
            "ipsec": {**with_psk(node, "lac.psk", psk), "ike": ike, **(ipsec or {})},
            "ppp": {"user": user, "password": write_secret(node, "lac.password", password), **(ppp or {})},
            "routes": ["10.9.0.0/16"] if routes is None else routes}


def unprotected(connection: dict) -> dict:
    """The same entry without IPsec."""
    return {key: value for key, value in connection.items() if key != "ipsec"} | {"unprotected": True}


def check(node: Node, build: Path, **config: Any) -> str:
    """What `keel2tpd --check` says of a configuration."""
    path = node.write("/run/lab/check.json", json.dumps(config), 0o600)
    return node.run(build / "orchestrator/keel2tpd", "--check", "--config", path, check=False)


class Show:
    """One answer of Show, as `keel2tp show --json` prints it; the only place that knows its fields."""

    def __init__(self, data: dict[str, Any]):
        self.data = data

    def connection(self, name: str) -> dict[str, Any]:
        return next((one for one in self.data["connections"] if one["name"] == name), {})

    def state(self, name: str) -> str:
        return self.connection(name).get("state", "")

    def why(self, name: str) -> dict[str, Any]:
        """{"stage", "message", "remedy"}, or nothing."""
        return self.connection(name).get("why") or {}

    def why_text(self, name: str) -> str:
        return " ".join(str(part) for part in self.why(name).values() if part)

    def history(self, name: str) -> list[dict[str, Any]]:
        """The transitions, the newest last: {"state", "stage", "why", "count", "ago_ms", "first_ago_ms"}."""
        return self.connection(name).get("history", [])

    def attempts(self, name: str) -> int:
        return self.connection(name).get("attempts", 0)

    def timeline(self, name: str) -> list[dict[str, Any]]:
        return self.connection(name).get("timeline", [])

    def refusals(self, name: str) -> list[dict[str, Any]]:
        return self.connection(name).get("refusals", [])

    def call(self, name: str) -> dict[str, Any]:
        """An outgoing call of whichever server has it."""
        return next((call for one in self.data["connections"] for call in one.get("calls", []) if call["name"] == name),
                    {})

    @property
    def tunnels(self) -> list[dict[str, Any]]:
        return self.data["tunnels"]

    @property
    def sessions(self) -> list[dict[str, Any]]:
        return self.data["sessions"]

    @property
    def running_sessions(self) -> list[dict[str, Any]]:
        return [session for session in self.sessions if session.get("interface") and session.get("remote")]

    @property
    def sas(self) -> list[dict[str, Any]]:
        return self.data["sas"]

    @property
    def guard(self) -> dict[str, int]:
        """Packets that the guard dropped: cleartext_in, cleartext_out, foreign_in."""
        return self.data["guard"]

    @property
    def datagrams_received(self) -> int:
        return self.data["daemon"]["datagrams"]["received"]

    @property
    def cpu_seconds(self) -> float:
        return self.data["daemon"]["cpu_seconds"]

    @property
    def kernel(self) -> dict[str, bool | None]:
        """What IPsec wants of the kernel, and whether that can do it."""
        return self.data["kernel"]

    @property
    def charon_state(self) -> str:
        return self.data["charon"]["state"]

    @property
    def charon_why(self) -> str:
        return json.dumps(self.data["charon"].get("why") or "")


class Keel2tpd:
    def __init__(self, node: Node, build: Path, *, lns: dict[str, dict] | None = None,
                 lac: dict[str, dict] | None = None, name: str = "keel2tpd", wait: bool = True,
                 launcher: tuple = (), more: dict | None = None):
        """`more`: other members of the configuration, as "metrics"."""
        self.node, self.build = node, build
        config: dict[str, Any] = dict(more or {})
        if lns:
            config["lns"] = lns
        if lac:
            config["lac"] = lac
        self.config = node.write(f"/run/lab/{name}.json", json.dumps(config, indent=1), 0o600)
        self.process: Process = node.start(name, *launcher, build / "orchestrator/keel2tpd", "--config", self.config,
                                           "--plugin", build / "pppd-plugin/keel2tp.so", "--log-level", "debug")
        if wait:
            wait_for(f"{node.name}: keel2tpd to answer", self.answers)

    def answers(self) -> bool:
        self._assert_running()
        try:
            return bool(self.call("Show"))
        except AssertionError:
            return False

    def _assert_running(self) -> None:
        assert self.process.running, f"keel2tpd ended with {self.process.wait(1)}:\n{self.log()[-3000:]}"

    def show(self) -> Show:
        """Asked by the interface itself: in an emulated machine a program takes a hundred times as long to start."""
        return Show(self.call("Show")["overview"])

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A method of the control interface by varlink itself, without the command: its reply's parameters."""
        reply = varlink.call(self.node.path(CONTROL), f"org.keel2tp.{method}", parameters)
        assert "error" not in reply, reply
        return reply["parameters"]

    def show_text(self) -> str:
        return self.node.run(self.build / "orchestrator/cli/keel2tp", "show")

    def wait_state(self, connection: str, state: str, seconds: float = PATIENCE) -> Show:
        """The first answer in which the connection has this state."""
        return self.wait_show(f"{connection} to be {state}", lambda show: show.state(connection) == state, seconds)

    def wait_up(self, connection: str, seconds: float = PATIENCE) -> Show:
        return self.wait_state(connection, "up", seconds)

    def wait_show(self, what: str, condition, seconds: float = PATIENCE) -> Show:
        """The first answer that fulfils `condition(show)`."""
        last: list[Show | AssertionError] = []

        def fulfilled() -> bool:
            self._assert_running()
            try:
                last[:] = [self.show()]
            except AssertionError as error:  # a starved daemon may let `keel2tp` wait for too long
                last[:] = [error]
                return False
            return bool(condition(last[0]))

        try:
            wait_for(f"{self.node.name}: {what}", fulfilled, seconds, 0.2)
        except AssertionError as error:
            said = json.dumps(last[0].data) if last and isinstance(last[0], Show) else str(last)
            raise AssertionError(f"{error}; shown: {said}") from None
        return last[0]

    def wait_settled(self, links: int = 1, *, sas: int | None = None, seconds: float = PATIENCE) -> Show:
        """The first answer in which PPP runs on `links` sessions, each in a tunnel of its own, and nothing else is left.

        The two ends of a link come up one after the other, and what an earlier try left may still be ending."""
        return self.wait_show(f"{links} sessions that run, and nothing else", lambda show: (
            len(show.running_sessions) == len(show.sessions) == len(show.tunnels) == links
            and sas in (None, len(show.sas))), seconds)

    def wait_loaded(self, connection: str) -> None:
        """Until charon knows the connection: before, it refuses the peer."""
        loaded = re.compile(rf'(?m)id=ipsec.loaded connection={re.escape(connection)}$')
        wait_for(f"{self.node.name}: charon to know {connection}", lambda: loaded.search(self.log()))

    def log(self) -> str:
        return self.process.text()

    def stop(self, seconds: float = PATIENCE) -> None:
        """SIGTERM; it must undo everything and end with 0."""
        code = self.process.stop(seconds)
        assert code == 0, f"{self.node.name}: keel2tpd ended with {code} on SIGTERM:\n{self.log()[-3000:]}"
