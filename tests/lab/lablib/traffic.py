"""A user who uses the link all the time: pings without a pause, counted at the end."""

import re
import signal

from .hosts import INNER_LNS
from .node import Node, Process
from .wait import wait_for

EVERY = 0.05  # seconds


class Traffic:
    """From start to `stop()`; a link that is not there costs packets, never the program."""

    def __init__(self, node: Node, address: str = INNER_LNS):
        self._process: Process = node.start(f"traffic-{len(node.processes)}", "ping", "-n", "-O", "-i", str(EVERY), address)
        self.flows()

    def answers(self) -> int:
        return self._process.text().count("bytes from")

    def flows(self, more: int = 10) -> None:
        """Waits until so many more packets have come back."""
        before = self.answers()
        wait_for(f"{self._process.name}: {more} more answers", lambda: self.answers() >= before + more)

    def stop(self) -> tuple[int, int]:
        """(sent, lost). Of the packets on the way now the last may count as lost."""
        self._process.signal(signal.SIGINT)
        self._process.wait()
        sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", self._process.text()).groups())
        return sent, max(0, sent - received - 1)
