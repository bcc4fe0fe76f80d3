"""One scenario's world: its nodes, its networks and their end."""

import shutil
import tempfile
from pathlib import Path

from .net import Network
from .node import Node


class Lab:
    def __init__(self, name: str, build: Path):
        self.name, self.build = name, build
        self.logs = Path(tempfile.mkdtemp(prefix="keel2tp-lab."))
        self.nodes: list[Node] = []

    def node(self, name: str) -> Node:
        node = Node(name, self.logs)
        self.nodes.append(node)
        return node

    def network(self, prefix: str = "192.0.2.0/24", name: str = "net") -> Network:
        return Network(self.node(name), prefix)

    def destroy(self) -> None:
        for node in self.nodes:
            node.destroy()

    def log_tails(self, lines: int = 80) -> list[tuple[str, str]]:
        """What every program said last: (name, text)."""
        return [(path.stem, "\n".join(path.read_text(errors="replace").splitlines()[-lines:]))
                for path in sorted(self.logs.glob("*.log")) if path.stat().st_size]

    def keep_logs(self, target: Path) -> None:
        shutil.copytree(self.logs, target, dirs_exist_ok=True)

    def forget_logs(self) -> None:
        shutil.rmtree(self.logs, ignore_errors=True)
