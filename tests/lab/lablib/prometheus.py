"""A real Prometheus on a node, which scrapes keel2tpd there."""

import json
from typing import Any

from .node import Node
from .wait import wait_for

ADDRESS = "127.0.0.1:9090"
CONFIG = """
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: keel2tp
    static_configs: [ { targets: [ "%s" ] } ]
"""
ASK = """
import json, sys, urllib.error, urllib.parse, urllib.request
answers = {}
for query in json.load(sys.stdin):
    form = urllib.parse.urlencode({"query": query}).encode()
    try:
        with urllib.request.urlopen("http://%s/api/v1/query", form, timeout=120) as reply:
            answers[query] = json.load(reply)["data"]["result"]
    except urllib.error.HTTPError as error:
        answers[query] = error.read().decode()
json.dump(answers, sys.stdout)
""" % ADDRESS


class Prometheus:
    def __init__(self, node: Node, target: str):
        self._node = node
        config = node.write("/run/lab/prometheus.yml", CONFIG % target)
        node.start("prometheus", "prometheus", f"--config.file={config}", f"--web.listen-address={ADDRESS}",
                   "--storage.tsdb.path=/run/lab/prometheus", "--log.level=warn")
        wait_for("Prometheus to listen", lambda: f"{ADDRESS} " in node.run("ss", "-Hltn"))

    def ask(self, queries: list[str]) -> dict[str, Any]:
        """What each query gives now: a list of series, each with "metric" (its labels) and "value"; a text: refused."""
        path = self._node.write("/run/lab/queries.json", json.dumps(queries))
        return json.loads(self._node.run("sh", "-c", f'exec /usr/bin/python3 -c "$0" <{path}', ASK))
