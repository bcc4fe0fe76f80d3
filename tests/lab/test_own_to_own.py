"""Our LAC to our LNS: the whole way up, and where the packets go."""

import pytest

from lablib.hosts import INNER_LNS, LNS, iperf, ping, serve_iperf
from lablib.net import in_clear

STAGES = ["resolve", "ike", "esp", "tunnel", "session", "ppp", "routes"]


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_connects(hosts, ike):
    wire = hosts.net.capture(hosts.lac)
    client, server = hosts.start_both(ike=ike)

    shown = client.show()
    assert shown.connection("lac/branch")["peer"] == LNS
    assert [sa["ike_version"] for sa in shown.sas] == [ike]
    (session,) = shown.running_sessions
    assert session["remote"] == INNER_LNS
    assert [step["stage"] for step in shown.timeline("lac/branch")]== STAGES
    ping(hosts.lac, INNER_LNS)
    assert "10.9.0.0/16 dev ppp" in hosts.lac.run("ip", "route")

    (served,) = server.show().running_sessions
    assert served["user"] == "alice"
    assert served["remote"] == session["local"]
    assert served["mtu"] == session["mtu"]
    ping(hosts.lns, served["remote"])

    seen = wire.stop()
    assert any("ESP(spi=" in packet for packet in seen)
    assert not in_clear(seen), "L2TP was on the wire in clear"


def test_data_never_passes_through_the_daemon(hosts):
    client, server = hosts.start_both(ike=2, hello=3600)
    serve_iperf(hosts.lns)
    before = [daemon.show() for daemon in (client, server)]
    ping(hosts.lac, INNER_LNS, 120)
    iperf(hosts.lac, 3)
    after = [daemon.show() for daemon in (client, server)]

    for old, new in zip(before, after):
        # A retransmission may fall into the time; thousands of packets passed meanwhile.
        assert new.datagrams_received - old.datagrams_received <= 4
        assert new.sas[0]["in"]["packets"] > old.sas[0]["in"]["packets"] + 100
        assert new.sas[0]["out"]["packets"] > old.sas[0]["out"]["packets"] + 100
        assert new.guard["cleartext_out"] == 0
        (session,) = new.running_sessions
        assert session["rx_packets"] > 100 and session["tx_packets"] > 100


def test_full_size_packets_pass_without_fragments(hosts):
    client, _ = hosts.start_both(ike=1)
    (session,) = client.show().running_sessions
    wire = hosts.net.capture(hosts.lac, "ip[6:2] & 0x3fff != 0")
    # 28: IPv4 and ICMP header
    hosts.lac.run("ping", "-q", "-c", "2", "-W", "5", "-M", "do", "-s", str(session["mtu"] - 28), INNER_LNS)
    assert wire.stop() == [], "the tunnel's packets were fragmented"
    assert not hosts.lac.succeeds("ping", "-q", "-c", "1", "-W", "2", "-M", "do", "-s", str(session["mtu"] - 27),
                                  INNER_LNS)
