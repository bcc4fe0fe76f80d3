"""Certificates and raw keys by openssl, made on the lab's own disk and written to the nodes that need them."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .node import Node


def openssl(*args: str, text: str = "") -> str:
    done = subprocess.run(["openssl", *map(str, args)], input=text, capture_output=True, text=True)
    assert done.returncode == 0, f"openssl {' '.join(map(str, args))}: {done.stderr}"
    return done.stdout


def new_key(rsa: bool = False) -> str:
    if rsa:
        return openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    return openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")


def public_key(key: str) -> str:
    return openssl("pkey", "-pubout", text=key)


@dataclass
class Issued:
    key: str   # PEM
    cert: str  # PEM; its intermediates may follow


class Authority:
    """A CA of its own. Names are subjects: "/O=Example/CN=Lab CA"."""

    def __init__(self, subject: str = "/O=Example/CN=Lab CA", parent: "Authority | None" = None, rsa: bool = False):
        self.rsa = rsa
        extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
        self.own = issue(subject, extensions, parent.own if parent else None, rsa=rsa)

    @property
    def cert(self) -> str:
        return self.own.cert

    def issue(self, subject: str, names: str = "", start: str = "", end: str = "") -> Issued:
        """A certificate for "DNS:vpn.example.net,email:...", from and until ("20200101000000Z"; "": ten years)."""
        extensions = "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n"
        return issue(subject, extensions + (f"subjectAltName={names}\n" if names else ""), self.own, start, end, self.rsa)


def issue(subject: str, extensions: str, by: Issued | None, start: str = "", end: str = "",
          rsa: bool = False) -> Issued:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        at = Path(directory)
        key = new_key(rsa)
        (at / "key").write_text(key)
        (at / "ext").write_text(f"[own]\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n{extensions}")
        openssl("req", "-new", "-key", at / "key", "-subj", subject, "-out", at / "csr")
        (at / "ca.key").write_text(by.key if by else key)
        if by:
            (at / "ca.crt").write_text(by.cert)
        (at / "index").write_text("")
        (at / "ca.conf").write_text(f"[ca]\ndefault_ca=it\n[it]\ndatabase={at}/index\nnew_certs_dir={at}\n"
                                    "default_md=sha256\npolicy=any\nrand_serial=yes\nunique_subject=no\n"
                                    "[any]\norganizationName=optional\ncommonName=optional\n")
        signer = ["-cert", at / "ca.crt", "-keyfile", at / "ca.key"] if by else ["-selfsign", "-keyfile", at / "ca.key"]
        openssl("ca", "-batch", "-notext", "-config", at / "ca.conf", *signer, "-in", at / "csr", "-out", at / "crt",
                "-extfile", at / "ext", "-extensions", "own", "-startdate", start or "20200101000000Z",
                "-enddate", end or "20491231235959Z")
        return Issued(key, (at / "crt").read_text())


def certificate(node: Node, ca: str, own: Issued, **more) -> dict:
    """"certificate" of a server or a client, with its files on the node."""
    put(node, own)
    return {"cacerts": [node.write("/run/lab/x509/ca.pem", ca)], "cert": "/run/lab/x509/own.pem",
            "private-key": {"file": "/run/lab/x509/own.key"}, **more}


def put(node: Node, own: Issued) -> None:
    """The node's certificate and key, over those that it may have."""
    node.write("/run/lab/x509/own.pem", own.cert)
    node.write("/run/lab/x509/own.key", own.key, 0o600)


def raw_key(node: Node, key: str, *peers: str) -> dict:
    """"public-key" with our private key and the peers' public ones, all PEM."""
    return {"private-key": {"file": node.write("/run/lab/raw/own.key", key, 0o600)},
            "pubkeys": [node.write(f"/run/lab/raw/{number}.pem", peer) for number, peer in enumerate(peers)]}
