"""Certificates and raw keys between own nodes: who gets in, who does not and why, and how they are renewed."""

import re
import signal

import pytest

from lablib import keel2tpd
from lablib.certificates import Authority, certificate, new_key, public_key, put, raw_key
from lablib.charon import PLUGINS, Charon
from lablib.hosts import INNER_LNS, LAC, LNS, ping
from lablib.traces import assert_nothing_left, snapshot
from lablib.wait import wait_for

SERVER = "/O=Example/CN=vpn.example.net"
CLIENT = "/O=Example/CN=branch"
SERVER_ID = "O=Example, CN=vpn.example.net"


def server_ipsec(hosts, ca: str, own, **more) -> dict:
    return {"psk": None, "ipsec": {"certificate": certificate(hosts.lns, ca, own, **more)}}


def client_ipsec(hosts, ca: str, own, remote_id: str = SERVER_ID, **more) -> dict:
    return {"psk": None, "ipsec": {"certificate": certificate(hosts.lac, ca, own), "remote-id": remote_id, **more}}


def wait_why(client, *words: str):
    shown = client.wait_show(f"a failure that says {words}", lambda show: all(
        word in show.why_text("lac/branch") for word in words))
    assert shown.why("lac/branch")["stage"] in ("ike", "esp") and shown.why("lac/branch")["remedy"]
    return shown


def wait_refused(server, *words: str):
    return server.wait_show(f"a refusal that says {words}", lambda show: any(
        all(word in one["message"] for word in words) for one in show.refusals("lns/office")))


def connected(client, server) -> None:
    client.wait_up("lac/branch")
    client.wait_settled(sas=1)
    server.wait_settled(sas=1)


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_certificates(hosts, ike):
    """The server's chain has an intermediate; its rules admit the client by subject or by name."""
    before = {node: snapshot(node) for node in (hosts.lac, hosts.lns)}
    root = Authority()
    middle = Authority("/O=Example/CN=Lab Middle", root)
    own = middle.issue(SERVER, "DNS:vpn.example.net")
    own.cert += middle.cert
    rules = ["O=Example, OU=*, CN=*", "O=Example, CN=*"] if ike == 1 else ["*.nowhere.net", "*.example.net"]
    by_name = ike == 2  # by subject otherwise
    options = server_ipsec(hosts, root.cert, own, **{"remote-ids": rules})
    options["ipsec"]["local-id"] = "vpn.example.net" if by_name else ""
    server = hosts.start_lns(ike=ike, **options)
    client = hosts.start_lac(ike=ike, **client_ipsec(
        hosts, root.cert, root.issue(CLIENT, "DNS:branch7.example.net"),
        "vpn.example.net" if by_name else SERVER_ID, **{"local-id": "branch7.example.net" if by_name else ""}))
    connected(client, server)
    ping(hosts.lac, INNER_LNS)
    client.stop()
    server.stop()
    for node, was in before.items():
        assert_nothing_left(node, was)


def test_raw_keys(hosts):
    before = {node: snapshot(node) for node in (hosts.lac, hosts.lns)}
    lns_key, lac_key, other_key = new_key(), new_key(), new_key()
    server = hosts.start_lns(psk=None, ike=2, ipsec={
        "public-key": raw_key(hosts.lns, lns_key, public_key(other_key), public_key(lac_key))})
    client = hosts.start_lac(psk=None, ike=2, ipsec={"public-key": raw_key(hosts.lac, lac_key, public_key(lns_key))})
    connected(client, server)
    ping(hosts.lac, INNER_LNS)
    client.stop()
    # A key that the server does not know.
    stranger = hosts.start_lac(psk=None, ike=2, ipsec={
        "public-key": raw_key(hosts.lac, new_key(), public_key(lns_key))})
    wait_why(stranger, "identity")
    wait_refused(server, "no connection fits its identity")
    stranger.stop()
    server.stop()
    for node, was in before.items():
        assert_nothing_left(node, was)


@pytest.mark.parametrize("ike", [1, 2], ids=["ikev1", "ikev2"])
def test_who_is_not_admitted(hosts, ike):
    ca, other = Authority(), Authority("/O=Elsewhere/CN=Other CA")
    server = hosts.start_lns(ike=ike, **server_ipsec(hosts, ca.cert, ca.issue(SERVER),
                                                     **{"remote-ids": ["O=Example, CN=*"]}))
    # The other CA has signed it, and the client trusts both.
    client = hosts.start_lac(ike=ike, **client_ipsec(hosts, ca.cert + other.cert, other.issue(CLIENT)))
    wait_why(client, "certificate")
    wait_refused(server, "certificate is not trusted", "no issuer certificate found")
    client.stop()
    # The right CA, but a subject that no rule has.
    client = hosts.start_lac(ike=ike, **client_ipsec(hosts, ca.cert, ca.issue("/O=Guests/CN=branch")))
    wait_why(client, "identity")
    wait_refused(server, "no connection fits its identity")
    client.stop()
    # Admitted, but the server is not whom the client wants.
    client = hosts.start_lac(ike=ike, **client_ipsec(hosts, ca.cert, ca.issue(CLIENT), "O=Example, CN=else"))
    wait_why(client, "remote-id")
    client.stop()
    client = hosts.start_lac(ike=ike, **client_ipsec(hosts, ca.cert, ca.issue(CLIENT)))
    connected(client, server)


def test_files_that_cannot_be_used(hosts):
    """What never works is a fault of the configuration; what does not work today is the connection's."""
    ca = Authority()
    old = ca.issue(SERVER, end="20210101000000Z")
    good = ca.issue(SERVER)
    checked = keel2tpd.check(hosts.lns, hosts.lab.build, lns={"office": keel2tpd.lns(
        hosts.lns, LNS, **server_ipsec(hosts, ca.cert, old))})
    assert "expired on 2021-01-01" in checked and "is valid" in checked
    hosts.lns.write("/run/lab/x509/own.pem", good.cert)
    checked = keel2tpd.check(hosts.lns, hosts.lab.build, lns={"office": {**keel2tpd.lns(
        hosts.lns, LNS, psk=None, ipsec={"certificate": {
            "cacerts": ["/run/lab/x509/ca.pem"], "cert": "/run/lab/x509/own.pem",
            "private-key": {"file": "/run/lab/x509/own.key"}}})}})
    assert "own.key is not the key of the certificate" in checked and "1 fault" in checked

    put(hosts.lns, old)
    server = keel2tpd.Keel2tpd(hosts.lns, hosts.lab.build, lns={"office": keel2tpd.lns(
        hosts.lns, LNS, psk=None, ipsec={"certificate": {
            "cacerts": ["/run/lab/x509/ca.pem"], "cert": "/run/lab/x509/own.pem",
            "private-key": {"file": "/run/lab/x509/own.key"}}})})
    server.wait_show("the expired certificate to be named",
                     lambda show: "expired on 2021-01-01" in show.why_text("lns/office"))
    put(hosts.lns, good)
    client = hosts.start_lac(**client_ipsec(hosts, ca.cert, ca.issue(CLIENT)))
    connected(client, server)
    assert not server.show().why("lns/office")


def test_renewal_under_a_running_session(hosts):
    ca = Authority()
    server = hosts.start_lns(ike=2, **server_ipsec(hosts, ca.cert, ca.issue(SERVER)))
    client = hosts.start_lac(ike=2, **client_ipsec(hosts, ca.cert, ca.issue(CLIENT)))
    connected(client, server)
    (session,) = server.show().sessions
    keys = hosts.lns.run("swanctl", "--list-certs")

    # A file that is no certificate: the old one stays, and it is said.
    hosts.lns.write("/run/lab/x509/own.pem", "half a certificate\n")
    server.wait_show("the broken file to be named", lambda show: (
        "own.pem holds no certificate" in show.why_text("lns/office") and show.state("lns/office") == "listening"))
    # The new pair is taken by itself, and the session goes on.
    put(hosts.lns, ca.issue("/O=Example/CN=new.example.net"))
    server.wait_show("the new certificate to be taken", lambda show: not show.why("lns/office"))
    wait_for("charon to have it", lambda: "CN=new.example.net" in hosts.lns.run("swanctl", "--list-certs"))
    assert "CN=new.example.net" not in keys
    (still,) = server.show().sessions
    assert still["interface"] == session["interface"]
    ping(hosts.lac, INNER_LNS)
    client.stop()
    server.wait_show("the first session to end", lambda show: not show.sessions)

    client = hosts.start_lac(ike=2, **client_ipsec(hosts, ca.cert, ca.issue(CLIENT), "O=Example, CN=new.example.net"))
    connected(client, server)
    # SIGHUP takes new files at once, and does not end anything.
    put(hosts.lac, ca.issue("/O=Example/CN=branch renewed"))
    client.process.signal(signal.SIGHUP)
    wait_for("the client to have read them", lambda: "CN=branch renewed" in client.log())
    client.wait_settled(sas=1)
    ping(hosts.lac, INNER_LNS)


def test_others_unload_it(hosts):
    """What `swanctl --load-all` of somebody takes away, keys included, is back; and after charon's death too."""
    ca = Authority()
    server = hosts.start_lns(ike=2, **server_ipsec(hosts, ca.cert, ca.issue(SERVER)))
    loaded = server.log().count("loaded")
    hosts.lns_charon.load("connections { theirs { local { auth = psk } remote { auth = psk } } }\n")
    wait_for("ours to be loaded again", lambda: server.log().count("loaded") > loaded)
    client = hosts.start_lac(ike=2, **client_ipsec(hosts, ca.cert, ca.issue(CLIENT)))
    connected(client, server)
    hosts.lns_charon.kill()
    hosts.lns_charon.start()
    connected(client, server)
    ping(hosts.lac, INNER_LNS)


def test_a_charon_without_what_is_needed(lab):
    """The words of a charon that lacks plugins: what goes on without, and what cannot."""
    net = lab.network("192.0.2.0/24")
    node = lab.node("lns")
    net.attach(node, LNS)
    for address in (LAC, "192.0.2.9"):
        node.run("ip", "addr", "add", f"{address}/32", "dev", "lo")
    short = re.sub(r"\b(openssl|gcm|x509|constraints|revocation|pubkey) ", "", PLUGINS)
    charon = Charon(node, plugins=short)
    ca = Authority()
    server = keel2tpd.Keel2tpd(node, lab.build, lns={
        "office": keel2tpd.lns(node, LNS),
        "modern": keel2tpd.lns(node, LAC, pool="10.8.0.0/24", local="10.8.0.1",
                               ipsec={"ike-proposals": ["aes256-sha384-ecp384"]}),
        "certified": keel2tpd.lns(node, "192.0.2.9", pool="10.7.0.0/24", local="10.7.0.1", psk=None, ipsec={
            "certificate": certificate(node, ca.cert, ca.issue(SERVER))})})
    server.wait_show("what is lacking to be named", lambda show: (
        "charon cannot do" in show.why_text("lns/office") and "ECP_384" in show.why_text("lns/office")
        and "libstrongswan-standard-plugins" in show.why_text("lns/office")
        and "none of the 1 IKE proposals is left" in show.why_text("lns/modern")
        and "plugin x509, needed for certificates" in show.why_text("lns/certified")))
    assert charon
