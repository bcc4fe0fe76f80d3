"""Streams between clients and the LNS, each with a pattern of its own: what is lost, spoiled or another's is told."""

import json
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from .hosts import INNER_LNS
from .node import Node, Process
from .wait import wait_for

PROGRAM = Path(__file__).with_name("pattern_peer.py")
RATE = 20  # datagrams a second and direction: an emulated machine with five clients keeps up
QUIET = 3.0  # seconds without a datagram after which what has not come is lost


@dataclass(frozen=True)
class Counts:
    sent: int
    received: int
    repeated: int
    corrupt: int
    foreign: list[str]
    unsent: int


class End:
    """pattern_peer.py on a node."""

    def __init__(self, node: Node, *arguments: str):
        self._process: Process = node.start(f"pattern-{len(node.processes)}", "/usr/bin/python3", PROGRAM, *arguments)
        wait_for(f"{self._process.name} to be ready", lambda: self._lines() or not self._process.running)

    def _lines(self) -> list[str]:
        return self._process.text().splitlines()

    def counts(self) -> Counts:
        before = len(self._lines())
        self.signal(signal.SIGUSR1)
        wait_for(f"{self._process.name} to tell its counts", lambda: len(self._lines()) > before, every=0.02)
        return Counts(**json.loads(self._lines()[-1]))

    def signal(self, number: int) -> None:
        assert self._process.running, f"{self._process.name} has ended:\n{self._process.text()}"
        self._process.signal(number)

    def end(self) -> None:
        self._process.kill()


class Stream:
    """Both directions of one client's link, from now until an end of it is asked for."""

    def __init__(self, name: str, client: Node, lns: Node, session: dict, *, device: str = "ppp0", rate: float = RATE):
        """`session` is the LNS's, as shown; `device` the client's interface."""
        self.name = name
        self._client = End(client, device, INNER_LNS, name, "client", str(rate))
        self._server = End(lns, session["interface"], session["remote"], name, "server", str(rate))
        self._toggle()

    def _toggle(self) -> None:
        for end in (self._client, self._server):
            end.signal(signal.SIGUSR2)

    def counts(self) -> tuple[Counts, Counts]:
        """(client, server); none of it may be spoiled, repeated or another's."""
        both = self._client.counts(), self._server.counts()
        for end, seen in zip(("client", "server"), both):
            assert not seen.foreign, f"{self.name}: the {end} got what is {seen.foreign}'s"
            assert not seen.corrupt, f"{self.name}: the {end} got {seen.corrupt} spoiled datagrams"
            assert not seen.repeated, f"{self.name}: the {end} got {seen.repeated} datagrams twice"
        return both

    def stop(self) -> int:
        """Ends the sending; how many datagrams were lost, of both directions."""
        self._toggle()
        last, since = self.counts(), time.monotonic()
        while missing(last) > 0 and time.monotonic() - since < QUIET:
            time.sleep(0.3)
            now = self.counts()
            if now != last:
                last, since = now, time.monotonic()
        self.abandon()
        assert sum(seen.received for seen in last) > 0, f"{self.name}: nothing has come: {last}"
        return missing(last)

    def abandon(self) -> None:
        """Without asking: the link is about to go."""
        for end in (self._client, self._server):
            end.end()


def missing(counts: tuple[Counts, Counts]) -> int:
    client, server = counts
    return client.sent - server.received + server.sent - client.received


def wait_all_flowing(streams: list[Stream], more: int = RATE) -> None:
    """Until so many more datagrams have come at each end of each."""
    before = {stream: stream.counts() for stream in streams}
    for stream, old in before.items():
        wait_for(f"{stream.name}: {more} more datagrams both ways", lambda: all(
            new.received >= seen.received + more for new, seen in zip(stream.counts(), old)), every=0.5)


def assert_lossless(streams: list[Stream]) -> None:
    """Ends them; not a datagram may be missing."""
    lost = {stream.name: stream.stop() for stream in streams}
    assert not any(lost.values()), f"lost datagrams: {lost}"
