"""The kernel objects that a data packet meets on a node, as text in which nothing is left that differs by chance."""

import difflib
import re

from lablib.hosts import Hosts
from lablib.node import Node


def _blocks(text: str) -> str:
    """Entries that begin at the left margin, sorted: the kernel lists them in no certain order."""
    return "\n".join(sorted(block.strip() for block in re.split(r"\n(?=\S)", text.strip())))


def _associations(text: str) -> str:
    """Without keys, and without how far the sequence numbers have come."""
    text = re.sub(r"^\t(anti-replay context:.*| seq-hi.*| [0-9a-f]{8} .*)\n", "", text, flags=re.MULTILINE)
    return _blocks(re.sub(r"(spi|aead \S+) 0x[0-9a-f]+", r"\1 …", text))


def _rules(text: str) -> str:
    """nft's listing together with each rule as the kernel runs it; without handles."""
    text = re.sub(r"^\telement .*\n", "", text, flags=re.MULTILINE)  # a second time, in hexadecimal
    return re.sub(r"^(inet \S+ \S+) \d+( \d+)?", r"\1", text, flags=re.MULTILINE)


def _sockets(text: str) -> str:
    lines = [re.sub(r"^(\S+)\s+\d+\s+\d+\s+|\b(ino|sk|cgroup):\S+", r"\1 ", line) for line in text.splitlines()]
    return "\n".join(sorted(" ".join(line.split()) for line in lines if not line.startswith("Failed")))


def _tunnel(text: str) -> str:
    text = re.sub(r"(?i)((?:peer )?(?:tunnel|session)) \d+", r"\1 …", text)
    return re.sub(r"interface name: \S+", "interface name: …", text)


def _pppox(text: str) -> str:
    """MTU, MRU, sequence numbers received and sent, role."""
    return "\n".join(re.findall(r"\d+/\d+/[-RS]/[-RS]/\w+", text))


def _links(text: str) -> str:
    return re.sub(r"(link/ether) \S+|@if\d+|link-netnsid \d+", r"\1", text)


KINDS = [
    ("nftables", _rules, ("nft", "-s", "--debug=netlink", "list", "ruleset")),
    ("SAs", _associations, ("ip", "xfrm", "state")),
    ("XFRM policies", _blocks, ("ip", "xfrm", "policy")),
    ("UDP sockets", _sockets, ("ss", "-H", "-u", "-a", "-n", "-e")),
    ("L2TP tunnels", _tunnel, ("ip", "l2tp", "show", "tunnel")),
    ("L2TP sessions", _tunnel, ("ip", "l2tp", "show", "session")),
    ("PPPoX", _pppox, ("cat", "/proc/net/pppol2tp")),
    ("interfaces", _links, ("ip", "-details", "link")),
    ("routes", str, ("ip", "route", "show", "table", "all")),
]


def _found(what: str, pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, f"no {what} in:\n{text}"
    return match[1]


def _named(node: Node) -> dict[str, str]:
    """kind -> text in which the tunnel's port, mark and reqid have names, so that they must agree everywhere."""
    raw = {kind: node.run(*command) for kind, _, command in KINDS}
    mark = int(_found("mark", r"output-mark (0x[0-9a-f]+)/", raw["SAs"]), 16)
    reqid = _found("reqid", r"reqid (\d+)", raw["SAs"])
    port = _found("port", r"elements = { \S+ \. (\d+) }", raw["nftables"])
    names = [(rf"\b{port}\b", "PORT"), (rf"\breqid {reqid}\b", "reqid REQID"),
             (rf"\boutput-mark {mark:#x}/", "output-mark MARK/"), (rf"\bfwmark:0x4c{mark:06x}\b", "fwmark:0x4c,MARK"),
             (rf"\b{mark:#010x} : ", "MARK : ")]
    named = {}
    for kind, normal, _ in KINDS:
        text = normal(raw[kind])
        for pattern, name in names:
            text = re.sub(pattern, name, text)
        named[kind] = text
    return named


def must_be_alike(one: Hosts, other: Hosts) -> None:
    """Fails, and says where, when the two ways' nodes differ in any kind of object."""
    for name in ("lac", "lns"):
        mine, theirs = _named(getattr(one, name)), _named(getattr(other, name))
        for kind in mine:
            assert mine[kind].strip(), f"{name}: no {kind}"
            difference = "\n".join(difflib.unified_diff(mine[kind].splitlines(), theirs[kind].splitlines(),
                                                        "keel2tpd", "no daemon", lineterm=""))
            assert not difference, f"not the same kernel objects: the {name}'s {kind} differ:\n{difference}"
        rules = len(re.findall(r"^inet keel2tp [^@]", mine["nftables"], re.MULTILINE))
        print(f"  {name}: alike in {', '.join(mine)}; {rules} rules, {mine['SAs'].count('proto esp')} SAs, "
              f"{mine['XFRM policies'].count('proto esp')} ESP socket policies")
