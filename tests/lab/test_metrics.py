"""Metrics of real sessions: by command, by HTTP and as a file; counters that move and never fall."""

import json
import re
from pathlib import Path

from lablib import keel2tpd
from lablib.hosts import INNER_LNS, LNS, ping
from lablib.keel2tpd import Keel2tpd
from lablib.prometheus import Prometheus
from lablib.traffic import Traffic
from lablib.wait import wait_for

LISTEN = "127.0.0.1:9465"
DASHBOARD = Path(__file__).parents[2] / "packaging/grafana/keel2tp.json"
TEXTFILE = "/run/lab/textfile/keel2tp.prom"
SAMPLE = re.compile(r'^([a-z0-9_]+(?:\{.*\})?) (\S+)$')
SCRAPE = """
import sys, urllib.request
with urllib.request.urlopen(f"http://{sys.argv[1]}/metrics", timeout=120) as reply:
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4"), reply.headers
    sys.stdout.write(reply.read().decode())
"""
IDLE = """
import socket, time
idle = []
for _ in range(40):
    s = socket.create_connection(("127.0.0.1", 9465))
    s.sendall(b"GET /metrics HTTP/1.1\\r\\n")
    idle.append(s)
print("held", flush=True)
time.sleep(3600)
"""


def samples(text: str) -> dict[str, float]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {(fit := SAMPLE.match(line)).group(1): float(fit.group(2)) for line in lines}


def start(hosts, **lns_options) -> Keel2tpd:
    hosts.lns.run("mkdir", "-p", "/run/lab/textfile")
    server = Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": keel2tpd.lns(hosts.lns, LNS, **lns_options)},
                      more={"metrics": {"listen": LISTEN, "textfile": TEXTFILE}})
    server.wait_state("lns/office", "listening")
    server.wait_loaded("lns/office")
    return server


def scraped(hosts) -> str:
    return hosts.lns.run("/usr/bin/python3", "-c", SCRAPE, LISTEN)


def check(node, text: str) -> None:
    path = node.write("/run/lab/metrics.txt", text)
    said = node.run("sh", "-c", f"promtool check metrics < {path} 2>&1", check=False)
    assert not said.strip(), said


def office(what: str, labels: str = "") -> str:
    return f'keel2tp_{what}{{connection="lns/office"{labels}}}'


def test_metrics_of_real_sessions(hosts):
    server = start(hosts)
    before = samples(scraped(hosts))
    assert before[office("sessions", ',state="up"')] == 0
    assert before["keel2tp_charon_up"] == 1

    client = hosts.start_lac()
    client.wait_up("lac/branch")
    server.wait_settled(sas=1)
    ping(hosts.lac, INNER_LNS, 100)
    text = scraped(hosts)
    check(hosts.lns, text)
    during = samples(text)
    assert during[office("sessions", ',state="up"')] == 1
    assert during[office("tunnels", ',state="up"')] == 1
    assert during[office("ipsec_sas")] == 1
    assert during[office("pool_addresses_used")] == 1
    assert during["keel2tp_pppd_processes"] == 1
    assert during[office("receive_packets_total")] >= 100
    assert during[office("transmit_bytes_total")] >= 100 * 84
    assert during[office("sessions_started_total")] == 1
    assert during["keel2tp_control_messages_received_total"] > before["keel2tp_control_messages_received_total"]
    for stage in ("l2tp", "lcp", "authentication", "ipcp"):
        assert during[f'keel2tp_setup_duration_seconds_count{{stage="{stage}"}}'] == 1, stage
    assert "alice" not in text and "192.0.2.1" not in text

    own = samples(client.call("Metrics")["text"])
    assert own['keel2tp_connection_up{connection="lac/branch",role="lac"}'] == 1
    assert own['keel2tp_setup_duration_seconds_count{stage="ike"}'] >= 1
    check(hosts.lac, hosts.lac.run(hosts.lab.build / "orchestrator/cli/keel2tp", "metrics"))

    # The session ends, and its octets are still there.
    client.stop()
    server.wait_show("the session to end", lambda show: not show.sessions and not show.tunnels)
    after = samples(scraped(hosts))
    assert after[office("sessions", ',state="up"')] == 0
    for name in ("receive_bytes_total", "receive_packets_total", "transmit_bytes_total"):
        assert after[office(name)] >= during[office(name)], name
    assert sum(value for name, value in after.items() if name.startswith("keel2tp_pppd_exits_total")) == 1


def test_failures_are_counted_by_cause(hosts):
    start(hosts)
    client = hosts.start_lac(password="mirror")
    client.wait_show("the failure", lambda show: show.why("lac/branch").get("stage") == "ppp"
                     and show.attempts("lac/branch") >= 2)
    text = scraped(hosts)
    check(hosts.lns, text)
    assert samples(text)['keel2tp_refusals_total{connection="lns/office",stage="ppp",cause="denied"}'] >= 1
    own = samples(client.call("Metrics")["text"])
    assert own['keel2tp_connection_failures_total{connection="lac/branch",stage="ppp",cause="denied"}'] >= 1
    assert own['keel2tp_connection_up{connection="lac/branch",role="lac"}'] == 0


def dashboard_queries() -> list[str]:
    """As Grafana sends them, with all hosts and connections chosen."""
    texts = [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"]
             for target in panel.get("targets", [])]
    return [text.replace("$__rate_interval", "5m").replace("$instance", ".*").replace("$connection", ".*")
            for text in texts]


def test_each_panel_of_the_dashboard_has_data_in_prometheus(hosts):
    start(hosts)
    prometheus = Prometheus(hosts.lns, LISTEN)
    sent = "keel2tp_control_messages_sent_total"
    wait_for("the first scrape", lambda: prometheus.ask([sent])[sent])
    client = hosts.start_lac()
    client.wait_up("lac/branch")
    traffic = Traffic(hosts.lac)
    up = 'keel2tp_sessions{connection="lns/office",state="up"} == 1'
    octets = "sum(rate(keel2tp_receive_bytes_total[5m])) > 0"
    wait_for("the session in Prometheus", lambda: all(prometheus.ask([up, octets]).values()), every=1)
    traffic.stop()
    queries = dashboard_queries()
    answers = prometheus.ask(queries)
    assert not (refused := {query: said for query, said in answers.items() if isinstance(said, str)}), refused
    # What counts failures has no series before the first; nothing else may be without.
    without = {query for query, series in answers.items() if not series}
    assert without == {query for query in queries if re.search("failures_total|refusals_total|pppd_exits_total", query)}
    (sessions,) = answers[queries[0]]
    assert sessions["value"][1] == "1"


def test_idle_readers_do_not_keep_prometheus_out(hosts):
    server = start(hosts)
    idle = hosts.lns.start("idle", "/usr/bin/python3", "-c", IDLE)
    wait_for("the idle readers", lambda: "held" in idle.text())
    # They are cut off in time; the control interface does not know of them.
    assert server.show().state("lns/office") == "listening"
    wait_for("a scrape", lambda: hosts.lns.succeeds("/usr/bin/python3", "-c", SCRAPE, LISTEN))


def test_the_textfile_follows_and_goes(hosts):
    server = start(hosts)
    hosts.start_lac().wait_up("lac/branch")
    path = hosts.lns.path(TEXTFILE)
    up = office("sessions", ',state="up"')
    # The first one is written before there are connections.
    wait_for("the file to tell the session", lambda: samples(path.read_text()).get(up) == 1)
    check(hosts.lns, path.read_text())
    server.stop()
    assert not path.exists()


def test_lost_echoes_are_counted(hosts):
    server = start(hosts, ppp={"echo-interval": 1})
    hosts.start_lac().wait_up("lac/branch")

    def echo(show) -> dict[str, int]:
        return show.sessions[0]["echo"] if show.sessions else {"sent": 0, "received": 0}

    server.wait_show("echoes to be answered", lambda show: echo(show)["received"] >= 3)
    hosts.net.cut(hosts.lac)
    lost = server.wait_show("echoes to be lost", lambda show: echo(show)["sent"] >= echo(show)["received"] + 3)
    told = samples(scraped(hosts))
    assert told[office("lcp_echo_requests_total")] >= echo(lost)["sent"]
    assert told[office("lcp_echo_replies_total")] == echo(lost)["received"]
