"""The way with no daemon: the kernel objects of a running keel2tpd made again by swanctl, nft and plain_l2tp.py."""

import re
from pathlib import Path

from lablib.hosts import INNER_LNS, LAC, LNS, Hosts
from lablib.node import Node, Process
from lablib.wait import wait_for

HELPER = Path(__file__).with_name("plain_l2tp.py")
INNER_LAC = "10.9.0.2"
PORTS = {"lac": 20001, "lns": 20002}  # local ports of the tunnels, of the range that the table knows
TABLE = ("list", "table", "inet", "keel2tp")

# As orchestrator/linux/strongswan_recipe.cpp has them.
CONNECTION = """
connections {{ l2tp {{
  version = 1
  {addresses}
  proposals = {ike}
  unique = never
  fragmentation = yes
  mobike = no
  dpd_delay = 30s
  dpd_timeout = 150s
  rekey_time = {ike_rekey}
  local {{ auth = psk }}
  remote {{ auth = psk }}
  children {{ l2tp {{
    mode = transport
    policies = no
    local_ts = dynamic[17/1701]
    remote_ts = {remote_ts}
    mark_in = %unique/0x00ffffff
    set_mark_in = %same/0x00ffffff
    esp_proposals = {esp}
    replay_window = 128
    {times} }} }} }} }}
secrets {{ ike-1 {{ secret = example }} }}
"""


def _load_charon(hosts: Hosts, ike: str, esp: str) -> None:
    hosts.lns_charon.load(CONNECTION.format(
        addresses=f"local_addrs = {LNS}", ike=ike, esp=esp, ike_rekey="0s", remote_ts="dynamic[17]",
        times="rekey_time = 0s\n    rand_time = 0s\n    life_time = 4h"))
    hosts.lac_charon.load(CONNECTION.format(
        addresses=f"remote_addrs = {LNS}", ike=ike, esp=esp, ike_rekey="4h", remote_ts="dynamic[17/1701]",
        times="rekey_time = 1h"))
    hosts.lac.run("swanctl", "--initiate", "--child", "l2tp", "--timeout", "30")


def _binding(node: Node) -> tuple[int, int]:
    """The CHILD_SA's mark and reqid."""
    found = wait_for(f"{node.name}: a CHILD_SA", lambda: re.search(
        r"reqid=(\d+) state=INSTALLED.* mark-in=([0-9a-f]+)", node.run("swanctl", "--list-sas", "--raw")))
    return int(found[2], 16), int(found[1])


def _copy_table(example: Node, node: Node, mark: int, port: int) -> None:
    """The table of keel2tpd's node, with this node's port and mark for its one tunnel."""
    text = example.run("nft", "-s", *TABLE)
    text, ports = re.subn(r"( \. |: )\d+( })", rf"\g<1>{port}\2", text)
    text, marks = re.subn(r"{ 0x[0-9a-f]+ : ", f"{{ {mark:#010x} : ", text)
    assert (ports, marks) == (2, 1), f"{example.name}: not the table of one tunnel:\n{text}"
    node.run("nft", "-f", node.write("/run/lab/table.nft", text))


def _start(node: Node, example: Node, role: str, local: str, peer: str, *ppp: str) -> Process:
    mark, reqid = _binding(node)
    _copy_table(example, node, mark, PORTS[role])
    return node.start("plain", "/usr/bin/python3", HELPER, role, local, str(PORTS[role]), peer, str(mark), str(reqid),
                      *ppp)


def start(hosts: Hosts, example: Hosts, ike: str, esp: str, mtu: int) -> None:
    """`example`: hosts on which keel2tpd has made its tunnel."""
    _load_charon(hosts, ike, esp)
    ppp = ["noauth", "noccp", "novj", "noipv6", "noaccomp", "nopcomp", "nodefaultroute", "mtu", str(mtu), "mru",
           str(mtu)]
    helpers = [_start(hosts.lns, example.lns, "lns", LNS, LAC, *ppp, f"{INNER_LNS}:{INNER_LAC}"),
               _start(hosts.lac, example.lac, "lac", LAC, LNS, *ppp)]

    def has_way() -> bool:
        for helper in helpers:
            assert helper.running, f"{helper.name} has ended:\n{helper.text()}"
        return INNER_LNS in hosts.lac.run("ip", "route")

    wait_for("the LAC's way to the LNS's inner address", has_way, 60)
    hosts.lac.run("ip", "route", "add", "10.9.0.0/16", "dev", "ppp0", "proto", "76", "scope", "link")
