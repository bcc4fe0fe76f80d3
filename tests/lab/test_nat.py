"""Behind a NAT router: one of our own LACs, and what the router's ways do to it."""

import pytest

from lablib.hosts import INNER_LNS, ping
from lablib.nat import make_nat_hosts
from lablib.net import in_clear


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_our_lac_behind_a_nat(lab, ike):
    hosts = make_nat_hosts(lab)
    (node,) = hosts.add_clients(1)
    wire = hosts.outside.capture(hosts.lns)
    server = hosts.start_lns(ike=ike)
    client = hosts.start_lac(node, ike=ike)
    client.wait_up("lac/branch")
    shown = server.wait_settled(sas=1)
    (sa,) = shown.sas
    assert sa["encap"] and sa["remote"].startswith(hosts.nat.outside_address)
    ping(node, INNER_LNS)
    ping(hosts.lns, shown.running_sessions[0]["remote"])
    seen = wire.stop()
    assert any("UDP-encap: ESP" in packet for packet in seen)
    assert not in_clear(seen), "L2TP was on the wire in clear"
