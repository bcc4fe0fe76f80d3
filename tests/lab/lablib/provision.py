"""`keel2tp plan`, `apply` and their kin on a node, as an administrator has them."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .keel2tpd import Keel2tpd
from .wait import PATIENCE

NOTHING, ERROR, CHANGES = 0, 1, 2  # exit codes of `keel2tp plan`


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def data(self) -> Any:
        return json.loads(self.out)


class Steering:
    """The command beside one daemon; `wanted` is the configuration that `apply()` sends next."""

    def __init__(self, daemon: Keel2tpd, wanted: dict[str, Any] | None = None):
        self.daemon, self.node = daemon, daemon.node
        self.command: Path = daemon.build / "orchestrator/cli/keel2tp"
        self.wanted: dict[str, Any] = wanted or {}

    def call(self, *arguments: str, text: str | None = None) -> Said:
        done = subprocess.run(self.node.inside([self.command, *arguments]), input=text or "", capture_output=True,
                              text=True, timeout=PATIENCE)
        return Said(done.returncode, done.stdout, done.stderr)

    def document(self) -> str:
        return json.dumps(self.wanted, indent=2)

    def plan(self) -> Said:
        return self.call("plan", "--json", "-", text=self.document())

    def apply(self, *options: str) -> Said:
        return self.call("apply", *options, "-", text=self.document())

    def applied(self, *options: str) -> None:
        said = self.apply(*options)
        assert said.code == 0, said.text

    def running(self) -> dict[str, Any]:
        """GetConfig's answer."""
        said = self.call("show", "config", "--json")
        assert said.code == 0, said.text
        return said.data

    def drops(self) -> list[str]:
        """The users whose sessions the wanted configuration would end."""
        plan = self.plan().data
        plan = plan.get("plan", plan)
        return sorted(session["user"] for change in plan["changes"] for session in change["sessions"])
