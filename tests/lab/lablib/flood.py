"""A flood of hostile datagrams at an LNS, and what it does to the daemon and to a session that is up."""

import json
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .hosts import INNER_LNS, LNS, STRANGER
from .keel2tpd import Keel2tpd, Show
from .node import Node

SOURCES = "198.18.0.0"  # for benchmarks, RFC 2544: 256 addresses that are nobody's


@dataclass
class Flood:
    """What was seen; memory in KiB, CPU in seconds of the daemon."""

    sent: int = 0
    seconds: float = 0
    before: Show | None = None
    after: Show | None = None
    rss_before: int = 0
    rss_after: int = 0
    rss_peak: int = 0
    cpu: float = 0
    pings: int = 0
    answered: int = 0
    log_octets: int = 0

    @property
    def read(self) -> int:
        """Datagrams that reached the daemon."""
        return self.after.datagrams_received - self.before.datagrams_received


@dataclass
class Pinger:
    """Pings through the session until it is told to stop."""

    node: Node
    sent: int = 0
    answered: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Pinger":
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            said = self.node.run("ping", "-q", "-c", "20", "-i", "0.1", "-W", "30", INNER_LNS, check=False)
            if counted := re.search(r"(\d+) packets transmitted, (\d+) received", said):
                self.sent += int(counted[1])
                self.answered += int(counted[2])


def memory(daemon: Keel2tpd, field_name: str = "VmRSS") -> int:
    """KiB of the running daemon."""
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(rf"{field_name}:\s+(\d+)", status)[1])


def flood(attacker: Node, build: Path, server: Keel2tpd, client: Node, count: int, rate: int = 0) -> Flood:
    """`count` datagrams from `attacker`, `rate` a second (0: as many as go), beside pings of `client`.

    The server can answer the forged addresses: the answers go to the attacker, who throws them away."""
    server.node.run("ip", "route", "replace", f"{SOURCES}/24", "via", STRANGER)
    seen = Flood(before=server.show(), rss_before=memory(server))
    cpu, logged = seen.before.cpu_seconds, len(server.log())
    (tunnel, *_) = seen.before.tunnels
    with Pinger(client) as pinger:
        said = attacker.run(build / "tests/bench/hostile/bench_flood", LNS, SOURCES, str(count), str(rate),
                            str(tunnel["id"]), seconds=1800)
        time.sleep(1)  # what is in the socket's queue
    sent = json.loads(said.splitlines()[-1])
    seen.sent, seen.seconds = sent["sent"], sent["seconds"]
    seen.pings, seen.answered = pinger.sent, pinger.answered
    seen.after = server.show()
    seen.rss_after, seen.rss_peak = memory(server), memory(server, "VmHWM")
    seen.cpu = seen.after.cpu_seconds - cpu
    seen.log_octets = len(server.log()) - logged
    return seen
