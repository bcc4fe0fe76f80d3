"""Provisioning under traffic: plan, apply, confirm, rollback, save; who is not concerned notices nothing."""

import json
import re
import signal
from dataclasses import dataclass

import pytest

from lablib import keel2tpd
from lablib.charon import Charon
from lablib.hosts import INNER_LNS, LNS, ping
from lablib.keel2tpd import Keel2tpd, write_secret
from lablib.lab import Lab
from lablib.net import Network
from lablib.node import Node
from lablib.provision import CHANGES, ERROR, NOTHING, Steering
from lablib.traffic import Traffic
from lablib.wait import wait_for

SECOND = "192.0.2.12"
USERS = {"alice": "wonderland", "bob": "builder"}


@dataclass
class World:
    lab: Lab
    server: Steering
    clients: dict[str, Steering]

    def sessions(self) -> dict[str, int]:
        """The server's session of each user."""
        return {session["user"]: session["id"] for session in self.server.daemon.show().running_sessions}

    def traffic(self, *users: str) -> dict[str, Traffic]:
        return {user: Traffic(self.clients[user].node) for user in users or USERS}

    def wait_both(self) -> dict[str, int]:
        self.server.daemon.wait_settled(len(USERS))
        for client in self.clients.values():
            client.daemon.wait_up("lac/branch")
        return self.sessions()


def host(lab: Lab, net: Network, name: str, address: str) -> Node:
    node = lab.node(name)
    net.attach(node, address)
    Charon(node)
    return node


@pytest.fixture
def world(lab) -> World:
    """Three daemons that know nothing; an LNS with two users and their two clients come by `keel2tp apply`."""
    net = lab.network("192.0.2.0/24")
    node = host(lab, net, "lns", LNS)
    node.run("ip", "address", "add", f"{SECOND}/24", "dev", "eth0")
    server = Steering(Keel2tpd(node, lab.build), {"lns": {"office": keel2tpd.lns(node, LNS, users=USERS)}})
    server.applied()
    server.daemon.wait_state("lns/office", "listening")
    server.daemon.wait_loaded("lns/office")
    clients = {}
    for number, (user, password) in enumerate(USERS.items()):
        node = host(lab, net, user, f"192.0.2.{20 + number}")
        clients[user] = Steering(Keel2tpd(node, lab.build), {
            "lac": {"branch": keel2tpd.lac(node, LNS, user=user, password=password)}})
        clients[user].applied()
    world = World(lab, server, clients)
    world.wait_both()
    return world


def office(server: Steering) -> dict:
    return server.wanted["lns"]["office"]


def test_what_concerns_others_is_not_noticed(world):
    server, before = world.server, world.sessions()
    traffic = world.traffic()

    # A user's password, a new user, a DNS server, a second server: each by itself, all planned first.
    office(server)["users"]["bob"] = {"password": write_secret(server.node, "user.bob.new", "architect")}
    assert_harmless(server, {"lns/office/users/bob": ("changed", "next")})
    office(server)["users"]["carol"] = {"password": write_secret(server.node, "user.carol", "singer")}
    assert_harmless(server, {"lns/office/users/carol": ("added", "now")})
    office(server)["ppp"]["dns"] = ["10.9.0.53"]
    assert_harmless(server, {"lns/office": ("changed", "next")})
    server.wanted["lns"]["second"] = keel2tpd.lns(server.node, SECOND, users={"dave": "dove"}, pool="10.8.0.0/24",
                                                  local="10.8.0.1")
    assert_harmless(server, {"lns/second": ("added", "now")})
    server.daemon.wait_state("lns/second", "listening")
    assert server.plan().code == NOTHING

    for user, link in traffic.items():
        link.flows()
        sent, lost = link.stop()
        assert lost == 0, f"{user}: {lost} of {sent} pings lost"
    assert world.sessions() == before

    # The new password is the one that counts now.
    client = world.clients["bob"]
    client.call("restart", "branch")
    client.daemon.wait_show("the old password to be refused", lambda show: show.why("lac/branch"))
    client.wanted["lac"]["branch"]["ppp"]["password"] = write_secret(client.node, "new.password", "architect")
    client.applied()
    client.daemon.wait_up("lac/branch")
    assert world.sessions()["alice"] == before["alice"]


def test_a_new_psk_leaves_sessions_alone(world):
    server, before = world.server, world.sessions()
    traffic = world.traffic()
    office(server)["ipsec"]["psk"] = write_secret(server.node, "lns.psk.new", "another")
    assert_harmless(server, {"lns/office": ("changed", "next")})
    for link in traffic.values():
        link.flows()
        assert link.stop()[1] == 0
    assert world.sessions() == before

    # Who comes anew must have the new one.
    client = world.clients["bob"]
    client.call("restart", "branch")
    client.daemon.wait_show("the old PSK to be refused", lambda show: show.why("lac/branch").get("stage") == "ike")
    client.wanted["lac"]["branch"]["ipsec"]["psk"] = write_secret(client.node, "lac.psk.new", "another")
    client.applied()
    client.daemon.wait_up("lac/branch")
    assert world.sessions()["alice"] == before["alice"]


def assert_harmless(server: Steering, changes: dict[str, tuple[str, str]]) -> None:
    """The plan names these changes and no session; then it is applied."""
    planned = server.plan()
    assert planned.code == CHANGES, planned.text
    plan = planned.data.get("plan", planned.data)
    assert {one["object"]: (one["change"], one["effect"]) for one in plan["changes"]} == changes
    assert plan["drops"] == 0
    server.applied()


def test_a_removed_user_goes_and_nobody_else(world):
    server, before = world.server, world.sessions()
    traffic = world.traffic("alice")
    del office(server)["users"]["bob"]
    assert server.drops() == ["bob"]
    assert "bob" in server.call("plan", "-", text=server.document()).out
    server.applied()
    server.daemon.wait_show("bob to be gone", lambda show: [one["user"] for one in show.running_sessions] == ["alice"])
    world.clients["bob"].daemon.wait_show("bob to be told", lambda show: show.why("lac/branch"))
    traffic["alice"].flows()
    assert traffic["alice"].stop()[1] == 0
    assert world.sessions() == {"alice": before["alice"]}


def test_a_bad_file_changes_nothing(world):
    server, before, config = world.server, world.sessions(), world.server.running()
    good = server.document()
    for bad, expected in (
            (good.replace('"listen"', '"lisen"'), "listen"),
            (good.replace('"10.9.0.1"', '"10.9.0.256"', 1), "10.9.0.256|not an IP address"),
            (good[:-3], "JSON"),
    ):
        assert bad != good
        said = server.call("apply", "-", text=bad)
        assert said.code == ERROR and re.search(expected, said.text), said.text
        assert re.search(r":\d+:\d+:", said.text), "no line and column: " + said.text
    # Well-formed, but it cannot be had: the whole of it is taken back.
    server.wanted = json.loads(good)
    office(server)["ppp"]["dns"] = ["10.9.0.99"]
    server.wanted["lns"]["elsewhere"] = keel2tpd.lns(server.node, "192.0.2.99", users={"eve": "x"}, pool="10.7.0.0/24",
                                                     local="10.7.0.1")
    said = server.apply()
    assert said.code == ERROR and "192.0.2.99" in said.text, said.text
    assert server.running() == config
    assert "lns/elsewhere" not in [one["name"] for one in server.daemon.show().data["connections"]]
    assert world.sessions() == before


def test_without_confirmation_it_comes_back(world):
    server, before = world.server, world.sessions()
    traffic = world.traffic("alice")
    hash_before = server.running()["hash"]
    good = server.document()
    del office(server)["users"]["bob"]
    server.applied("--confirm-timeout", "6")
    assert server.running()["confirm_in_ms"] > 0
    again = server.apply()
    assert again.code == ERROR and "confirm" in again.text
    server.daemon.wait_show("bob to be gone", lambda show: [one["user"] for one in show.running_sessions] == ["alice"])
    wait_for("the old configuration to be back", lambda: server.running()["hash"] == hash_before)
    world.wait_both()
    traffic["alice"].flows()
    assert traffic["alice"].stop()[1] == 0
    assert world.sessions()["alice"] == before["alice"]

    # Confirmed, it stays; and rollback takes it back all the same.
    server.wanted = json.loads(good)
    office(server)["ppp"]["dns"] = ["10.9.0.54"]
    server.applied("--confirm-timeout", "60")
    assert server.call("confirm").code == 0
    assert server.running()["confirm_in_ms"] is None and server.running()["hash"] != hash_before
    assert server.call("rollback").code == 0
    assert server.running()["hash"] == hash_before


def test_what_is_saved_is_what_runs(world):
    server = world.server
    assert not server.running()["saved"]
    stale = server.apply("--if-hash", "0123456789abcdef")
    assert stale.code == ERROR and server.running()["hash"] in stale.text
    server.applied("--if-hash", server.running()["hash"], "--save")
    assert server.running()["saved"]
    assert json.loads(server.node.run("cat", server.daemon.config)) == server.wanted
    assert server.node.run("stat", "-c", "%a", server.daemon.config).strip() == "600"

    # SIGHUP applies the file; a file with faults is told and leaves what runs.
    office(server)["users"]["carol"] = {"password": "singer"}
    server.node.write(server.daemon.config, server.document(), 0o600)
    server.daemon.process.signal(signal.SIGHUP)
    wait_for("carol to be known", lambda: "carol" in server.call("show", "users").out)
    assert server.running()["saved"]
    assert "singer" not in server.call("show", "config").text + server.daemon.log()
    server.node.write(server.daemon.config, "{", 0o600)
    server.daemon.process.signal(signal.SIGHUP)
    wait_for("the fault to be told", lambda: "id=config.fault" in server.daemon.log())
    assert "carol" in server.call("show", "users").out

    # A shown configuration can be edited and applied again: its secrets stay.
    shown = server.running()["config"]
    assert shown["lns"]["office"]["users"]["carol"]["password"] == {"unchanged": True}
    shown["lns"]["office"]["ppp"]["dns"] = ["10.9.0.55"]
    server.wanted = shown
    server.applied("--save")
    assert '"singer"' in server.node.run("cat", server.daemon.config)


def test_steering_by_hand(world):
    server, client = world.server, world.clients["bob"]
    before = world.sessions()
    assert server.call("drop", "bob").code == 0
    server.daemon.wait_show("bob to come again", lambda show: (
        (now := {one["user"]: one["id"] for one in show.running_sessions}).keys() == USERS.keys()
        and now["bob"] != before["bob"]))
    world.wait_both()
    assert world.sessions()["alice"] == before["alice"]

    assert client.call("down", "branch").code == 0
    client.daemon.wait_state("lac/branch", "down")
    assert "up" in client.call("show").out
    server.daemon.wait_show("bob to be gone", lambda show: [one["user"] for one in show.running_sessions] == ["alice"])
    assert client.call("up", "branch").code == 0
    client.daemon.wait_up("lac/branch")
    ping(client.node, INNER_LNS)
    assert client.call("restart", "lac/branch").code == 0
    client.daemon.wait_show("the client to be up anew", lambda show: show.state("lac/branch") == "up"
                            and show.connection("lac/branch")["in_state_ms"] < 60_000)
    unknown = client.call("restart", "brunch")
    assert unknown.code == ERROR and "branch" in unknown.text

    # A server, too: its clients are told, and come back when it is up again.
    assert server.call("down", "office").code == 0
    server.daemon.wait_show("everybody to be gone", lambda show: not show.sessions and not show.tunnels)
    assert server.call("up", "office").code == 0
    server.daemon.wait_state("lns/office", "listening")
    world.wait_both()
