"""The lab itself: foreign daemons only, so that a fault here is the lab's and never keel2tpd's."""

import signal

from lablib.charon import Charon, swanctl_conf
from lablib.hosts import ping
from lablib.net import in_clear
from lablib.pattern import End
from lablib.wait import wait_for
from lablib.xl2tpd import Xl2tpdClient, Xl2tpdServer


def test_xl2tpd_to_xl2tpd(lab):
    net = lab.network("192.0.2.0/24")
    lac, lns = lab.node("lac"), lab.node("lns")
    net.attach(lac, "192.0.2.1")
    net.attach(lns, "192.0.2.2")
    wire = net.capture(lac)
    Charon(lns).load(swanctl_conf(ike=1, psk="example"))
    Charon(lac).load(swanctl_conf(ike=1, psk="example", remote="192.0.2.2"))
    Xl2tpdServer(lns, "10.9.0.1", "10.9.0.2-10.9.0.9", {"alice": "wonderland"})
    client = Xl2tpdClient(lac, "192.0.2.2", "alice", "wonderland")
    client.connect()
    wait_for("ppp at the client", lambda: "10.9.0.1" in lac.run("ip", "-4", "addr"))
    ping(lac, "10.9.0.1")
    seen = wire.stop()
    assert any("ESP" in packet for packet in seen)
    assert not in_clear(seen)


def test_nothing_runs_after_a_node_is_destroyed(lab):
    node = lab.node("short-lived")
    sleeper = node.start("sleeper", "sleep", "1000")
    daemon = node.start("daemon", "setsid", "--fork", "sleep", "1000")
    daemon.wait()
    wait_for("the init's own sleep, and both", lambda: len(node.pids("sleep")) == 3)
    node.destroy()
    assert not sleeper.running


def test_a_stream_tells_anothers_octets(lab):
    net = lab.network()
    nodes = {name: lab.node(name) for name in ("alice", "mallory")}
    for number, node in enumerate(nodes.values(), 1):
        net.attach(node, f"192.0.2.{number}")
    expects_bob = End(nodes["alice"], "eth0", "192.0.2.2", "bob", "client", "20")
    is_mallory = End(nodes["mallory"], "eth0", "192.0.2.1", "mallory", "server", "20")
    is_mallory.signal(signal.SIGUSR2)
    wait_for("what is mallory's to be told", lambda: "mallory/server" in expects_bob.counts().foreign)
    assert expects_bob.counts().received == 0
