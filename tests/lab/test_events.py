"""Monitor over the life of a session: one event a transition, each as events.schema.json describes it."""

import json
from pathlib import Path

from lablib.node import Node, Process
from lablib.wait import wait_for

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/events.schema.json").read_text())
READER = """
import json, socket, sys
control = socket.socket(socket.AF_UNIX)
control.connect("/run/keel2tp/control.sock")
control.sendall(json.dumps({"method": "org.keel2tp.Monitor", "more": True, "parameters": json.loads(sys.argv[1])}).encode() + b"\\0")
rest = b""
while got := control.recv(65536):
    *replies, rest = (rest + got).split(b"\\0")
    for reply in replies:
        print(json.dumps(json.loads(reply)["parameters"]["event"]), flush=True)
"""


def monitor(node: Node, **parameters) -> Process:
    reader = node.start("monitor", "python3", "-c", READER, json.dumps(parameters))
    wait_for("Monitor to begin", lambda: "monitor.started" in reader.text())
    return reader


def events(reader: Process) -> list[dict]:
    whole, _, _ = reader.text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()][1:]


def as_described(event: dict) -> bool:
    entry = SCHEMA["definitions"][event["id"]]
    fields = set(event) - {"time", "area"}
    return fields <= set(entry["properties"]) and set(entry.get("required", [])) <= fields \
        and event["level"] == entry["properties"]["level"]["const"]


def test_each_transition_is_told_once(hosts):
    server = hosts.start_lns()
    at_server = monitor(hosts.lns, ids=["connection", "ipsec", "tunnel", "session"], level="notice",
                        connection="office")
    client = hosts.start_lac()
    at_client = monitor(hosts.lac, level="notice", ids=["connection.up"])
    client.wait_up("lac/branch")
    server.wait_settled(sas=1)
    client.stop()
    ends = {"session.down", "tunnel.down", "ipsec.down"}
    wait_for("all ends to be told", lambda: ends <= {event["id"] for event in events(at_server)})

    seen = events(at_server)
    told = [event["id"] for event in seen]
    assert told[:3] == ["ipsec.up", "tunnel.up", "session.up"]
    assert sorted(told[3:]) == sorted(ends)  # pppd may end last
    assert {event["connection"] for event in seen} == {"lns/office"}
    assert all(as_described(event) for event in seen), seen
    up, down = seen[2], next(event for event in seen if event["id"] == "session.down")
    assert up["user"] == down["user"] == "alice"
    assert up["session"] == down["session"]
    assert down["why"]
    assert [event["id"] for event in events(at_client)] in (["connection.up"], [])  # it may have been up before
