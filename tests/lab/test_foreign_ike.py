"""strongSwan by its own swanctl.conf as today's and yesterday's clients: what they offer, against our sets."""

import pytest

from lablib.certificates import Authority, certificate, put
from lablib.charon import swanctl_conf
from lablib.hosts import INNER_LNS, LNS, ping
from lablib.wait import wait_for
from lablib.xl2tpd import Xl2tpdClient


def dial(hosts, *, ike: list[str], esp: list[str], ephemeral: bool = False) -> Xl2tpdClient:
    """A client that offers these, best first; xl2tpd asks for the SA by its first packet."""
    # A refused try leaves a larval state in the kernel that keeps the next one from being asked for, for 165 s.
    hosts.lac.run("ip", "xfrm", "state", "flush")
    hosts.lac_charon.load(swanctl_conf(ike=1, psk="example", remote=LNS, proposal=",".join(ike), suite=",".join(esp),
                                       ephemeral=ephemeral))
    client = Xl2tpdClient(hosts.lac, LNS, "alice", "wonderland", port=54321 if ephemeral else 1701)
    client.connect()
    return client


def suite(server) -> str:
    (sa,) = server.show().sas
    return sa["suite"]


def comes_up(hosts, server) -> None:
    server.wait_settled(sas=1)
    wait_for("ppp at the client", lambda: INNER_LNS in hosts.lac.run("ip", "-4", "addr"))
    ping(hosts.lac, INNER_LNS)


def refused(server, *words: str) -> None:
    server.wait_show(f"a refusal that says {words}", lambda show: any(
        all(word in one["message"] for word in words) for one in show.refusals("lns/office")))


WINDOWS_IKE = ["aes256-sha1-ecp384", "aes128-sha1-ecp256", "aes256-sha1-modp2048"]
WINDOWS_ESP = ["aes256-sha1", "aes128-sha1"]


@pytest.mark.parametrize("ike", WINDOWS_IKE)
def test_windows(hosts, ike):
    """Quick mode without PFS, 1701 to 1701."""
    server = hosts.start_lns()
    dial(hosts, ike=[ike], esp=WINDOWS_ESP)
    comes_up(hosts, server)
    assert suite(server) == "AES_CBC-256/HMAC_SHA1_96"


def test_macos(hosts):
    """An ephemeral source port; the SA is for any port of the client's."""
    server = hosts.start_lns()
    dial(hosts, ike=["aes256-sha256-modp2048"], esp=["aes256-sha256", "aes256-sha1"], ephemeral=True)
    comes_up(hosts, server)
    assert suite(server) == "AES_CBC-256/HMAC_SHA2_256_128"


OLD_ANDROID = {"ike": ["aes256-sha384-modp1024", "aes256-sha256-modp1024"], "esp": ["aes256-sha256", "aes256-sha1"],
               "ephemeral": True}
OLD_MIKROTIK = {"ike": ["aes128-sha1-modp1024"], "esp": ["aes256-sha1-modp1024", "aes128-sha1-modp1024"]}


@pytest.mark.parametrize("offers, group", [(OLD_ANDROID, "MODP_1024"), (OLD_MIKROTIK, "MODP_1024")],
                         ids=["android", "mikrotik"])
def test_old_clients_need_legacy(hosts, offers, group):
    """Refused by default, in words that name the way out; admitted with it."""
    server = hosts.start_lns()
    client = dial(hosts, **offers)
    refused(server, "none of its IKE proposals is allowed", group, 'the proposal set "legacy" admits it')
    client.stop()
    server.stop()
    server = hosts.start_lns(ipsec={"proposals": "legacy"})
    dial(hosts, **offers)
    comes_up(hosts, server)


def test_mikrotik(hosts):
    """Its AES settings with modp2048; its PFS of modp1024 is refused by default."""
    server = hosts.start_lns()
    client = dial(hosts, ike=["aes128-sha1-modp2048"], esp=["aes128-sha1-modp1024"])
    refused(server, "none of its ESP proposals is allowed", "MODP_1024", 'the proposal set "legacy" admits it')
    client.stop()
    dial(hosts, ike=["aes128-sha1-modp2048"], esp=["aes256-sha1-modp2048", "aes128-sha1"])
    comes_up(hosts, server)


def test_certificates_of_a_foreign_client(hosts):
    """IKEv1 with RSA certificates, as Windows does: the server's subject is its identity."""
    ca = Authority(rsa=True)
    server = hosts.start_lns(psk=None, ipsec={"certificate": certificate(
        hosts.lns, ca.cert, ca.issue("/O=Example/CN=vpn.example.net", "DNS:vpn.example.net"),
        **{"remote-ids": ["O=Example, CN=*"]})})
    own = ca.issue("/O=Example/CN=laptop")
    put(hosts.lac, own)
    hosts.lac.write("/run/lab/private/own.key", own.key, 0o600)  # where swanctl looks, beside the file that it loads
    hosts.lac.write("/run/lab/x509/ca.pem", ca.cert)
    conf = swanctl_conf(ike=1, psk="unused", remote=LNS, proposal="aes256-sha1-modp2048", suite="aes256-sha1")
    conf = conf.replace("local { auth = psk }", "local { auth = pubkey\n certs = /run/lab/x509/own.pem }")
    conf = conf.replace("remote { auth = psk }", 'remote { auth = pubkey\n cacerts = /run/lab/x509/ca.pem\n'
                        ' id = "O=Example, CN=vpn.example.net" }')
    hosts.lac_charon.load(conf[:conf.index("secrets {")])
    Xl2tpdClient(hosts.lac, LNS, "alice", "wonderland").connect()
    comes_up(hosts, server)
    (sa,) = server.show().sas
    assert sa["remote_id"] == "O=Example, CN=laptop"
