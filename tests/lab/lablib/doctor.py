"""keel2tp doctor on a node."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .node import Node
from .wait import PATIENCE

EXIT_CODES = {"ok": 0, "note": 0, "warning": 1, "error": 2}


@dataclass
class Diagnosis:
    code: int
    data: dict[str, Any]
    text: str

    def ids(self, *severities: str) -> set[str]:
        return {one["id"] for one in self.data["findings"] if not severities or one["severity"] in severities}

    def serious(self) -> dict[str, str]:
        """What is worse than a note: id -> all that is said."""
        return {one["id"]: json.dumps(one) for one in self.data["findings"] if one["severity"] in ("warning", "error")}

    def finding(self, identity: str) -> dict[str, str]:
        found = [one for one in self.data["findings"] if one["id"] == identity]
        assert found, f"{identity} was not found:\n{self.text}"
        return found[0]

    def said(self, identity: str) -> str:
        return json.dumps(self.finding(identity))


def write_config(node: Node, build: Path, *, lns: dict | None = None, lac: dict | None = None, **more: Any) -> str:
    """A configuration file with the build's own plugin."""
    config = {"pppd": {"plugin": str(build / "pppd-plugin/keel2tp.so")}, "lns": lns or {}, "lac": lac or {}, **more}
    return node.write("/run/lab/doctor.json", json.dumps(config), 0o600)


def examine(node: Node, build: Path, config: str, uid: int = 0) -> Diagnosis:
    """Runs it, and checks what holds always: the exit code follows the worst finding, each has its remedy."""
    command = [build / "orchestrator/cli/keel2tp", "doctor", "--json", "--config", config]
    if uid:
        command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--", *command]
    done = subprocess.run(node.inside(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=PATIENCE)
    code, text = done.returncode, done.stdout + done.stderr
    assert text.startswith("{"), f"{code} and no JSON:\n{text}"
    data = json.loads(done.stdout)
    assert code == EXIT_CODES[data["worst"]], f"{code} for:\n{text}"
    for one in data["findings"]:
        assert (one["severity"] == "ok") == (one["remedy"] == ""), one
        assert "\n" not in one["what"] + one["where"] + one["remedy"], one
    return Diagnosis(code, data, text)
