"""What an administrator can get wrong before anything is up: each a clear message."""

import json

from lablib import keel2tpd
from lablib.charon import Charon
from lablib.hosts import LAC, LNS
from lablib.keel2tpd import Keel2tpd
from lablib.wait import wait_for


def check(node, build, config) -> tuple[int, str]:
    path = node.write("/run/lab/check.json", config if isinstance(config, str) else json.dumps(config), 0o600)
    process = node.start("check", build / "orchestrator/keel2tpd", "--check", "--config", path)
    return process.wait(), process.text()


def test_check_accepts_a_good_file(lab):
    node = lab.node("host")
    code, said = check(node, lab.build, {"lns": {"office": keel2tpd.lns(node, LNS)},
                                         "lac": {"branch": keel2tpd.lac(node, "vpn.example.net")}})
    assert code == 0, said


def test_check_names_every_fault(lab):
    node = lab.node("host")
    office = keel2tpd.lns(node, "not-an-address")
    office["ppp"]["auth"] = ["telepathy"]
    branch = keel2tpd.lac(node, LNS)
    branch["hello-interval"] = "often"
    del branch["ppp"]["user"]
    branch["rotues"] = []
    code, said = check(node, lab.build, {"lns": {"office": office}, "lac": {"branch": branch}})
    assert code == 1
    for pointer in ("/lns/office/listen/0", "/lns/office/ppp/auth/0", "/lac/branch/hello-interval",
                    "/lac/branch/ppp"):
        assert pointer in said
    assert '/lac/branch/rotues: is not known here; did you mean "routes"?' in said


def test_check_tells_where_json_is_broken(lab):
    code, said = check(lab.node("host"), lab.build, '{ "lns": {\n  "office": [ }\n}\n')
    assert code == 1
    assert "/run/lab/check.json:2:15: " in said


def test_no_strongswan(lab):
    node = lab.node("lac")
    lab.network().attach(node, LAC)
    client = Keel2tpd(node, lab.build, lac={"branch": keel2tpd.lac(node, LNS)})
    shown = client.wait_show("charon to be missed", lambda show: show.charon_state == "unavailable"
                             and show.why("lac/branch"))
    assert "strongSwan" in shown.charon_why + shown.why_text("lac/branch")
    assert shown.why("lac/branch")["stage"] == "ike" and shown.why("lac/branch")["remedy"]
    Charon(node)
    client.wait_show("charon to be found once it runs", lambda show: show.charon_state == "ready")
    client.stop()


def test_port_1701_is_taken(lab):
    node = lab.node("lns")
    lab.network().attach(node, LNS)
    Charon(node)
    node.write("/run/lab/empty.conf", "[global]\n")
    node.start("xl2tpd", "xl2tpd", "-D", "-c", "/run/lab/empty.conf", "-p", "/run/lab/x.pid", "-C", "/run/lab/x.ctl")
    wait_for("xl2tpd to listen", lambda: ":1701" in node.run("ss", "-Hulna"))
    server = Keel2tpd(node, lab.build, lns={"office": keel2tpd.lns(node, LNS)})
    shown = server.wait_show("the fault to be shown", lambda show: show.why("lns/office"))
    why = shown.why("lns/office")
    assert "1701" in why["message"] and "xl2tpd" in why["message"]
    assert why["remedy"]
    assert shown.state("lns/office") == "down"
    assert why["stage"] == "tunnel"
    assert any(one["state"] == "down" and one["why"]["message"] == why["message"] for one in shown.history("lns/office"))
    assert why["message"] in server.show_text()


def test_a_name_that_does_not_resolve_is_tried_again(hosts):
    hosts.lac.overlay("/etc/resolv.conf", "nameserver 127.0.0.1\noptions attempts:1 timeout:1\n")
    hosts.lac.overlay("/etc/hosts", "127.0.0.1 localhost\n")
    hosts.start_lns()
    client = hosts.start_lac(server="vpn.example.net")
    shown = client.wait_show("the failure and another try", lambda show: show.attempts("lac/branch") >= 2
                             and show.why("lac/branch").get("stage") == "resolve")
    assert "vpn.example.net" in shown.why("lac/branch")["message"]
    assert shown.why("lac/branch")["remedy"]
    hosts.lac.write("/run/lab/overlay/etc/hosts", f"127.0.0.1 localhost\n{LNS} vpn.example.net\n")
    client.wait_up("lac/branch")
