"""Running the lab on this host's own kernel."""

import os
import signal
import subprocess
import sys
from pathlib import Path

# What the lab cannot do without; a name is a module or built in.
MODULES = ("l2tp_ppp", "l2tp_netlink", "esp4", "xfrm_user", "veth", "bridge", "nf_tables")


def missing_modules() -> list[str]:
    """Which of the needed modules this kernel neither has loaded or built in nor can load."""
    return [name for name in MODULES if not _has_module(name)]


def _has_module(name: str) -> bool:
    if Path("/sys/module", name).exists():
        return True
    try:
        tried = subprocess.run(["modprobe", "-q", name], check=False)
    except FileNotFoundError:
        return False
    return tried.returncode == 0


def run(command: list[str], seconds: float) -> int:
    """Runs `command` in mount and network namespaces of its own, so that the host keeps nothing of it."""
    process = subprocess.Popen(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                                *command], stdin=subprocess.DEVNULL)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        print(f"tests/lab/run: not finished after {seconds:.0f} s", file=sys.stderr)
        return 3
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
