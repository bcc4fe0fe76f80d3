"""Twenty thousand hostile datagrams: who is connected does not notice. tests/bench/run flood measures more of them."""

import pytest

from lablib import keel2tpd
from lablib.flood import flood
from lablib.hosts import INNER_LNS, LNS, ping
from lablib.keel2tpd import Keel2tpd, unprotected

COUNT, RATE = 20_000, 2_000
MAX_GROWTH = 16 * 1024  # KiB: 1,024 tunnels may be half open


def connect(hosts, protected: bool) -> tuple[Keel2tpd, Keel2tpd]:
    """(LAC, LNS)."""
    if protected:
        return hosts.start_both()
    server = Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": unprotected(keel2tpd.lns(hosts.lns, LNS))})
    client = Keel2tpd(hosts.lac, hosts.lab.build, lac={"branch": unprotected(keel2tpd.lac(hosts.lac, LNS))})
    client.wait_up("lac/branch")
    server.wait_settled()
    return client, server


@pytest.mark.parametrize("protected", [True, False], ids=["ipsec", "clear"])
def test_a_flood_disturbs_nobody(hosts, protected):
    attacker = hosts.stranger()
    client, server = connect(hosts, protected)
    ping(hosts.lac, INNER_LNS)
    (session,) = server.show().running_sessions

    seen = flood(attacker, hosts.lab.build, server, hosts.lac, COUNT, RATE)

    assert seen.answered == seen.pings > 0
    assert seen.rss_after - seen.rss_before < MAX_GROWTH
    assert session["id"] in [one["id"] for one in seen.after.running_sessions]
    if protected:
        # The guard drops them before anything of ours sees them.
        assert seen.after.guard["cleartext_in"] - seen.before.guard["cleartext_in"] >= COUNT
        assert len(seen.after.tunnels) == 1
    else:
        # What it does not read in time the kernel drops, at the end of the socket's queue.
        assert seen.read > COUNT / 20
    # Half-open tunnels end by themselves; the one that was up is still there, and still moves.
    shown = server.wait_settled()
    assert shown.running_sessions[0]["id"] == session["id"]
    assert client.show().state("lac/branch") == "up"
    ping(hosts.lac, INNER_LNS)
