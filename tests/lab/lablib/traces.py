"""What a node has of tunnels, sockets, links, SAs and configuration: to compare before and after a daemon's life."""

import re
import socket

from .charon import VICI
from .node import Node
from .vici_query import names
from .wait import wait_for

PROGRAMS = ("pppd", "keel2tpd", "xl2tpd")


def snapshot(node: Node) -> dict[str, list[str]]:
    """Everything that an L2TP/IPsec daemon could leave behind, by kind; counters and lifetimes are left out."""
    found = {
        "l2tp tunnels": _lines(node, "ip", "l2tp", "show", "tunnel"),
        "l2tp sessions": _lines(node, "ip", "l2tp", "show", "session"),
        "UDP sockets": sorted({line.split()[3] for line in _lines(node, "ss", "-Huan")}),
        "links": re.findall(r"^\d+: ([^:@]+)", node.run("ip", "-o", "link"), re.MULTILINE),
        "processes": [f"{program} {pid}" for program in PROGRAMS for pid in node.pids(program)],
        "SAs": re.findall(r"^src .*\n.*spi \S+", node.run("ip", "xfrm", "state"), re.MULTILINE),
        "policies": [line for line in _lines(node, "ip", "xfrm", "policy") if line.startswith(("src", "dir"))],
        "routes": _lines(node, "ip", "-4", "route", "show", "table", "all"),
        "nft tables": _lines(node, "nft", "list", "tables"),
        "runtime files": _lines(node, "find", "/run/keel2tp", "!", "-type", "d"),
    }
    if node.path(VICI).exists():
        try:
            found["charon's connections"] = names(node.path(VICI), "get-conns", "conns")
            found["charon's secrets"] = names(node.path(VICI), "get-shared", "keys")
            found["charon's keys"] = names(node.path(VICI), "get-keys", "keys")
            found["charon's authorities"] = names(node.path(VICI), "get-authorities", "authorities")
            found["charon's certificates"] = _lines(node, "swanctl", "--list-certs")
        except (ConnectionError, socket.timeout) as error:
            found["charon's connections"] = [f"charon does not answer: {error}"]
    return found


def _lines(node: Node, *command: str) -> list[str]:
    return [line.strip() for line in node.run(*command, check=False).splitlines()
            if line.strip() and "No such file" not in line]


def left_behind(node: Node, before: dict[str, list[str]]) -> dict[str, list[str]]:
    """What is there now and was not there before, by kind."""
    now = snapshot(node)
    extra = {kind: [one for one in now[kind] if one not in before.get(kind, [])] for kind in now}
    return {kind: some for kind, some in extra.items() if some}


def assert_nothing_left(node: Node, before: dict[str, list[str]], seconds: float = 30) -> None:
    """Nothing but `before` may be left; `seconds` are for what the kernel and charon end asynchronously."""
    seen: list[dict] = []

    def clean() -> bool:
        seen[:] = [left_behind(node, before)]
        return not seen[0]

    try:
        wait_for(f"{node.name} to be clean", clean, seconds, 0.3)
    except AssertionError:
        raise AssertionError(f"left behind on {node.name}: {seen[0]}") from None
