"""A host of the lab: network, mount, process and name namespaces of its own, with its own /run.

Everything that is started on a node is in its process namespace and dies with it, whatever it has become.
"""

import os
import shlex
import signal
import subprocess
from pathlib import Path

from .wait import PATIENCE, wait_for

INIT = """
hostname "$0"
mount -t tmpfs run /run && mkdir -p /run/lock /run/lab /run/xl2tpd && ip link set lo up || exit 1
sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
touch /run/lab/ready
sleep infinity & wait
"""


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


class Process:
    """A program that runs on a node until it ends or is ended; its output goes to `log`."""

    def __init__(self, node: "Node", name: str, command: list[str], log: Path, env: dict[str, str]):
        self.name, self.log = name, log
        with log.open("ab") as output:
            self._outer = subprocess.Popen(node.inside(command), stdin=subprocess.DEVNULL, stdout=output,
                                           stderr=subprocess.STDOUT, env={**os.environ, **env})

    @property
    def pid(self) -> int:
        """The program's pid as the tests see it: nsenter's only child."""
        inner = wait_for(f"{self.name} to start", lambda: children(self._outer.pid) or not self.running, every=0.02)
        assert isinstance(inner, list), f"{self.name} has ended with {self._outer.poll()}:\n{self.text()}"
        return inner[0]

    @property
    def running(self) -> bool:
        return self._outer.poll() is None

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def freeze(self) -> None:
        """It does nothing more until `thaw()`, but its sockets stay."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """nsenter has stopped along with its child, and passes this on to it."""
        self._outer.send_signal(signal.SIGCONT)

    def wait(self, seconds: float = PATIENCE) -> int:
        """The exit code, or the negative number of the signal that killed it."""
        try:
            code = self._outer.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name}: still running after {seconds:g} s") from None
        return code

    def stop(self, seconds: float = PATIENCE) -> int:
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self) -> int:
        self.signal(signal.SIGKILL)
        return self.wait()

    def text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Node:
    def __init__(self, name: str, logs: Path):
        self.name, self._logs = name, logs
        self.processes: list[Process] = []
        with (logs / f"{name}.log").open("ab") as log:
            self._outer = subprocess.Popen(
                ["unshare", "--net", "--mount", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc",
                 "--propagation", "private", "bash", "-c", INIT, name], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.init = wait_for(f"node {name}", lambda: children(self._outer.pid), every=0.02)[0]
        wait_for(f"node {name}", lambda: self.path("/run/lab/ready").exists(), every=0.02)

    def inside(self, command: list[str]) -> list[str]:
        return ["nsenter", "--target", str(self.init), "--mount", "--net", "--pid", "--uts", "--", *map(str, command)]

    def path(self, inner: str | Path) -> Path:
        """Where a file of the node is for the tests."""
        return Path(f"/proc/{self.init}/root{inner}")

    def write(self, inner: str, text: str, mode: int = 0o644) -> str:
        path = self.path(inner)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=mode)
        path.write_text(text)
        return inner

    def overlay(self, target: str, text: str) -> None:
        """Gives the node its own version of a system file."""
        own = self.write(f"/run/lab/overlay{target}", text)
        self.run("mount", "--bind", own, target)

    def run(self, *command: str | Path, check: bool = True, seconds: float = PATIENCE) -> str:
        """Runs a command to its end; returns its output, standard error included."""
        try:
            done = subprocess.run(self.inside(list(command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{self.name}: `{shlex.join(map(str, command))}` ran into its limit of {seconds:g} s:"
                                 f"\n{(error.stdout or b'').decode(errors='replace')}") from None
        assert not check or done.returncode == 0, (
            f"{self.name}: `{shlex.join(map(str, command))}` ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def succeeds(self, *command: str | Path, seconds: float = PATIENCE) -> bool:
        return subprocess.run(self.inside(list(command)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=seconds).returncode == 0

    def start(self, name: str, *command: str | Path, env: dict[str, str] | None = None) -> Process:
        process = Process(self, f"{self.name}/{name}", list(command), self._logs / f"{self.name}-{name}.log",
                          env or {})
        self.processes.append(process)
        return process

    def pids(self, program: str) -> list[int]:
        """The node's own pids of all running programs of that name."""
        found = self.run("pgrep", "-x", program, check=False)
        return [int(pid) for pid in found.split()]

    def destroy(self) -> None:
        """Kills the node's init, and with it every process of the node; returns when all are gone."""
        if self._outer.poll() is None:
            os.kill(self.init, signal.SIGKILL)
        self._outer.wait(PATIENCE)
        for process in self.processes:
            process.wait()
