"""From behind the same NAT: one that speaks in clear, and a client that uses its SA for what is not its own."""

import re
from pathlib import Path

import pytest

from lablib import l2tp
from lablib.nat import make_nat_hosts
from lablib.nat_clients import WINDOWS_PORT
from lablib.nat_world import World
from lablib.pattern import assert_lossless, wait_all_flowing
from lablib.wait import wait_for

SEND_UDP = Path(l2tp.__file__).with_name("send_udp.py")
COPIES = 5  # of each datagram that must not come in


@pytest.fixture
def world(lab):
    return World(make_nat_hosts(lab, random_ports=True), (WINDOWS_PORT,) * 2, hello=600)


def send(node, sport: int, to: str, dport: int, payload: bytes) -> None:
    node.run("/usr/bin/python3", SEND_UDP, "0.0.0.0", str(sport), to, str(dport), *[payload.hex()] * COPIES)


def tunnel_port(world: World, user: str) -> int:
    """Where the kernel's tunnel of this user's session has its socket."""
    (tunnel,) = {session["tunnel"] for session in world.server.show().sessions if session["user"] == user}
    shown = world.hosts.lns.run("ip", "l2tp", "show", "tunnel")
    return int(re.search(rf"^Tunnel {tunnel},.*?ports: (\d+)/", shown, re.DOTALL | re.MULTILINE)[1])


def data(tunnel: int, session: int) -> bytes:
    """A PPP frame (an LCP Terminate-Request, which would end the session) as a data message."""
    return bytes.fromhex(f"0002{tunnel:04x}{session:04x}ff03c02105010004")


def test_cleartext_from_the_nats_address(world):
    hosts = world.hosts
    (cheat,) = hosts.add_clients(1)
    (session,) = [one for one in world.server.show().sessions if one["user"] == "user1"]
    before = world.server.show()
    aims = {1701: (l2tp.sccrq(), l2tp.stop_ccn(session["tunnel"], 4, 3, 1), data(session["tunnel"], session["id"])),
            tunnel_port(world, "user1"): (data(session["tunnel"], session["id"]),)}
    sent = 0
    for dport, payloads in aims.items():
        for payload in payloads:
            send(cheat, 1701, hosts.lns_address, dport, payload)
            sent += COPIES
    after = world.server.wait_show("all of it to be counted",
                                   lambda show: show.guard["cleartext_in"] >= before.guard["cleartext_in"] + sent)
    assert after.guard["cleartext_in"] == before.guard["cleartext_in"] + sent
    # What xl2tpd says of its own in the time is a few.
    assert after.datagrams_received - before.datagrams_received < COPIES, "some of it has reached the daemon"
    assert len(after.tunnels) == len(before.tunnels)
    assert [one["id"] for one in after.sessions] == [one["id"] for one in before.sessions]
    wait_all_flowing(list(world.streams.values()))
    assert_lossless(list(world.streams.values()))


def test_an_sa_is_for_its_own_tunnel_alone(world):
    """Other ports, another client's port, another client's ids: all under the cheat's own good SA."""
    hosts, (cheat, victim) = world.hosts, world.clients
    own, lns = hosts.address(cheat.node), hosts.lns_address
    reqid = cheat.node.run("sh", "-c", f"ip xfrm state list src {own} | grep -o 'reqid [0-9]*' | head -1").split()[1]
    # Its charon would protect port 1701 alone.
    cheat.node.run("ip", "xfrm", "policy", "add", "dir", "out", "src", own, "dst", lns, "proto", "udp", "priority", "1",
                   "tmpl", "src", own, "dst", lns, "proto", "esp", "reqid", reqid, "mode", "transport")
    (session,) = [one for one in world.server.show().sessions if one["user"] == victim.user]
    before = world.server.show()
    ports = (9999, 22, tunnel_port(world, victim.user), tunnel_port(world, cheat.user))
    for port in ports:
        send(cheat.node, 1702, lns, port, data(session["tunnel"], session["id"]))
    after = world.server.wait_show("all of it to be counted", lambda show: show.guard["foreign_in"] >=
                                   before.guard["foreign_in"] + COPIES * len(ports))
    assert after.guard["foreign_in"] == before.guard["foreign_in"] + COPIES * len(ports)

    # To port 1701 with the victim's ids: led to the cheat's own tunnel, which has no such session.
    for payload in (data(session["tunnel"], session["id"]), l2tp.stop_ccn(session["tunnel"], 4, 3, 1)):
        send(cheat.node, 1702, lns, 1701, payload)
    wait_all_flowing(list(world.streams.values()))
    assert [one["id"] for one in world.server.show().sessions] == [one["id"] for one in before.sessions]
    assert_lossless(list(world.streams.values()))


def mismatches(node) -> int:
    """Packets that came under an SA that is not their socket's."""
    return int(node.run("sh", "-c", "grep XfrmInTmplMismatch /proc/net/xfrm_stat").split()[1])


def test_what_is_led_astray_reaches_nobody(world):
    """The map of marks is a way, not a permission: each socket takes what came under its own SA alone."""
    lns = world.hosts.lns
    listed = lns.run("nft", "list", "map", "inet", "keel2tp", "ports")
    (one, one_port), (other, other_port) = re.findall(r"(0x\w+) : (\d+)", listed)

    def lead(was: tuple[str, str], now: tuple[str, str]) -> None:
        for what, ports in (("delete", was), ("add", now)):
            elements = f"{{ {one} : {ports[0]}, {other} : {ports[1]} }}"
            lns.run("nft", what, "element", "inet", "keel2tp", "ports", elements)

    before, right, wrong = mismatches(lns), (one_port, other_port), (other_port, one_port)
    lead(right, wrong)
    wait_for("the sockets to refuse", lambda: mismatches(lns) >= before + 20)
    for stream in world.streams.values():
        stream.counts()
    lead(wrong, right)
    wait_all_flowing(list(world.streams.values()))
    assert all(stream.stop() for stream in world.streams.values()), "nothing was refused"
