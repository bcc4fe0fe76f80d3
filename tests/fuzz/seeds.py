#!/usr/bin/python3
"""Writes the seed corpora, corpus/TARGET/*: vectors of the unit tests and scripts that reach deep states; l2tp.dict.

usage: tests/fuzz/seeds.py        then commit what changed
"""

import hashlib
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent


def octets(text: str) -> bytes:
    return bytes.fromhex(text)


def avp(kind: int, value: bytes, flags: int = 0x8000) -> bytes:
    """RFC 2661 4.1, vendor 0."""
    return (flags | 6 + len(value)).to_bytes(2, "big") + bytes(2) + kind.to_bytes(2, "big") + value


def u16(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def u32(value: int) -> bytes:
    return value.to_bytes(4, "big")


# ---- L2TP: each AVP that RFC 2661 4.4 defines, as it stands in a message

AVPS = {
    1: u16(2, 6) + b"because", 2: u16(0x0100), 3: u32(3), 4: u32(2), 5: octets("0102030405060708"), 6: u16(0x0690),
    7: b"lac", 8: b"vendor", 9: u16(77), 10: u16(4), 11: octets("abcdef0123456789"), 12: u16(16) + b"\x45advice",
    13: bytes(range(16)), 14: u16(5), 15: u32(7), 16: u32(9600), 17: u32(64000), 18: u32(1), 19: u32(1), 21: b"5551",
    22: b"5552", 23: b"sub", 24: u32(1000000), 25: u32(1), 26: octets("0104 05dc"), 27: octets("0104 05dc"),
    28: octets("0104 05dc"), 29: u16(2), 30: b"alice", 31: bytes(16), 32: u16(1), 33: bytes(16), 34: bytes(26),
    35: bytes(10), 36: octets("00112233"), 37: b"group", 38: u32(2000000), 39: b"",
    # RFC 3301, 3145, 3308, 3437, 3573, 4951, 5515
    40: u32(1), 41: u32(2), 42: u16(1), 43: b"service", 44: bytes(20), 45: u32(0x00010020),
    46: u16(16, 0xC223) + b"\x01denied", 47: u16(0xB800), 48: u16(0xB800),
    49: octets("0104 05dc"), 50: octets("0104 05dc"), 51: octets("0104 05dc"),
    52: octets("0104 05dc"), 53: b"", 54: u16(0x8001), 76: u16(3) + u32(60000), 77: u16(0, 0, 0, 1, 2),
    78: u16(0, 5, 6),
    79: u16(0, 0, 5, 0, 6), 97: u16(0, 5) + u32(1000) + u32(2000), 98: b"",
}
ADSL_FORUM = {1: b"circuit", 2: b"remote", 129: bytes(8), 134: bytes(8), 139: bytes(4), 144: b"\x01\x01\x00",
              145: u32(5), 254: u32(0)}
SECRET = b"fuzz"  # tunnel_secret.hpp
VECTOR = bytes(range(16))


def hidden(kind: int, value: bytes) -> bytes:
    """RFC 2661 4.3, by SECRET and VECTOR; the padding is zeroes."""
    text = len(value).to_bytes(2, "big") + value
    text += bytes(-len(text) % 16)
    key, cipher = hashlib.md5(u16(kind) + SECRET + VECTOR).digest(), b""
    for at in range(0, len(text), 16):
        block = bytes(a ^ b for a, b in zip(text[at:at + 16], key))
        key, cipher = hashlib.md5(SECRET + block).digest(), cipher + block
    return avp(kind, cipher, 0xC000)


MESSAGES = {
    "sccrq": (1, [2, 7, 3, 9, 4, 10, 11, 5, 6, 8, 47, 53, 76]),
    "sccrp": (2, [2, 7, 3, 9, 4, 6, 8, 10, 11, 13]), "scccn": (3, [13]),
    "stopccn": (4, [9, 1]), "hello": (6, []), "ocrq": (7, [14, 15, 16, 17, 18, 19, 21, 23]),
    "ocrp": (8, [14, 25]), "occn": (9, [24, 19, 38, 39]),
    "icrq": (10, [14, 15, 18, 25, 22, 21, 23, 42, 43, 44, 45, 48, 98]),
    "icrp": (11, [14]), "iccn": (12, [24, 19, 26, 27, 28, 29, 30, 31, 32, 33, 37, 38, 39]),
    "cdn": (14, [1, 14, 12, 46]),
    "wen": (15, [34]), "sli": (16, [35]), "mdmst": (17, [54]), "fsq": (21, [79, 79]), "fsr": (22, [79]),
    "csun": (28, [97]), "csurq": (29, [97]), "unknown": (99, []), "unassigned": (5, []),
}


def body(name: str) -> bytes:
    kind, avps = MESSAGES[name]
    return avp(0, u16(kind)) + b"".join(avp(each, AVPS[each]) for each in avps)


def control(avps: bytes, tunnel: int = 0, session: int = 0, ns: int = 0, nr: int = 0) -> bytes:
    return u16(0xC802, 12 + len(avps), tunnel, session, ns, nr) + avps


def l2tp_avp() -> dict[str, bytes]:
    seeds = {f"avp-{kind:02}": avp(kind, value) for kind, value in AVPS.items()}
    seeds["all"] = b"".join(avp(kind, value) for kind, value in AVPS.items())
    seeds["hidden-readable"] = avp(36, VECTOR) + b"".join(hidden(kind, AVPS[kind]) for kind in (5, 8, 9, 11, 14, 21))
    seeds["hidden"] = avp(36, octets("00112233")) + avp(7, bytes(18), 0xC000)
    seeds["reserved-bits"] = avp(9, u16(1), 0xBC00)
    seeds["access-line"] = b"".join(
        avp(kind, value, 0)[:2] + u16(3561) + avp(kind, value)[4:] for kind, value in ADSL_FORUM.items())
    seeds["vendor-nine"] = octets("0008 0009 0007 0001")
    seeds["length-below-header"] = octets("8005 0000 0007")
    seeds["length-beyond-end"] = octets("8009 0000 0007 6c61")
    seeds["unknown-with-m"] = avp(999, u16(1))
    seeds["longest"] = avp(8, b"v" * 1017)
    return seeds


def l2tp_message() -> dict[str, bytes]:
    seeds = {name: control(body(name), 0x1234, 0, 5, 6) for name in MESSAGES}
    seeds |= {f"{name}-body": body(name) for name in MESSAGES}
    seeds["zlb"] = control(b"", 0x1234, 0, 5, 6)
    seeds["behind-length"] = seeds["zlb"] + b"\xff\xff"
    avps = ((hidden if kind in (3, 4, 6, 8, 9) else avp)(kind, AVPS[kind]) for kind in MESSAGES["sccrq"][1])
    seeds["hidden"] = control(body("sccrq")[:8] + avp(36, VECTOR) + b"".join(avps))
    seeds["ignored-without-m"] = octets("0008 0000 0000 0015 8008 8026 001e 8480")
    seeds["data"] = octets("0002 1234 0001 ff03")
    seeds["l2tpv3"] = octets("c803 0014 0000 0000 0000 0000")
    seeds["twice"] = control(body("sccrq") + avp(9, u16(1)))
    return seeds


# ---- the script of l2tp_endpoint: two octets of choices, then steps; a step's octet is argument << 4 | op

RAW, AVPS_TO, MESSAGE, MOVED, NS_OFF, NR_OFF, SCCRQ, REPLAY, MILLISECONDS, SECONDS, TIMER, ACK, OPEN, TUNNEL, \
    OPEN_CALL, CALL = range(16)
PLAIN = bytes([1, 32])
ACCEPT_TUNNEL, REJECT_TUNNEL, CLOSE_TUNNEL, ABANDON = (bytes([TUNNEL, choice]) for choice in (0, 9, 26, 3))
ACCEPT_CALL, ACCEPT_MARKED, REJECT_CALL, CLOSE_CALL, CLOSE_PPP, ANSWERED, ERRORS, LINK = (
    bytes([CALL, choice]) for choice in range(8))
# peer_words.hpp: the kinds in order; what `how` adds to a message
KINDS = {name: number for number, name in enumerate((
    "sccrq", "sccrp", "scccn", "stopccn", "hello", "fsq", "fsr", "csun", "csurq", "icrq", "icrp", "iccn", "ocrq",
    "ocrp", "occn", "cdn", "wen", "sli", "mdmst", "zlb", "unknown"))}
CHALLENGES, ANSWERS, HIDDEN, MARKED, POOR, STRICT = 4, 8, 16, 32, 64, 128
SECURE = 4  # a path with a secret, and TunnelOptions with it
OPTION_SECRET, OPTION_HIDE, OPTION_DSCP = 1, 2, 8


def says(name: str, how: int = 0, session: int = 0) -> bytes:
    return bytes([MESSAGE, KINDS[name], how, session])


def offered(path: int = 0, how: int = 0) -> bytes:
    return bytes([SCCRQ | path << 4, how])


def dial(path: int = 0, options: int = 0) -> bytes:
    return bytes([OPEN | path << 4, options])


UP = PLAIN + offered() + ACCEPT_TUNNEL + says("scccn")
DIALLED = PLAIN + dial() + says("sccrp")
ASKED, ASKED_OUT = bytes([OPEN_CALL, 0]), bytes([OPEN_CALL, 1 | 8 | 16])


def l2tp_endpoint() -> dict[str, bytes]:
    call_in = says("icrq") + ACCEPT_CALL + says("iccn")
    call_out = ASKED + says("icrp")
    placed = says("ocrq", MARKED) + ACCEPT_MARKED + ANSWERED
    dialled_by_peer = ASKED_OUT + says("ocrp") + says("occn", STRICT)
    seeds = {
        "server-up": UP, "server-refuses": PLAIN + offered() + REJECT_TUNNEL + says("zlb"),
        "client-up": DIALLED, "client-times-out": PLAIN + dial() + bytes([TIMER]) * 8,
        "call-in": UP + call_in, "call-out": DIALLED + call_out,
        "call-in-refused": UP + says("icrq") + REJECT_CALL + says("zlb"),
        "call-ended-by-us": UP + call_in + CLOSE_CALL + says("zlb"), "call-ended-ppp": UP + call_in + CLOSE_PPP,
        "call-ended-by-peer": UP + call_in + says("cdn", MARKED),
        "tunnel-ended-by-us": UP + call_in + CLOSE_TUNNEL + says("zlb"),
        "tunnel-ended-by-peer": UP + call_in + says("stopccn") + bytes([SECONDS, 40]),
        "abandoned": DIALLED + call_out + ABANDON, "hello-unanswered": UP + bytes([SECONDS, 61]) + bytes([TIMER]) * 8,
        "hello-answered": UP + bytes([SECONDS, 61, ACK, SECONDS, 61]),
        "repeated": UP + bytes([REPLAY, 0, REPLAY, 1, REPLAY | 0x90, 1]) + call_in + bytes([REPLAY, 2]),
        "out-of-order": UP + bytes([NS_OFF, 4, 0, 0, 2, NS_OFF, 9, 0, 0, 1]) + says("hello") +
        bytes([NR_OFF, 4, 0, 0, 0xF0]),
        "many": bytes([2, 3]) + b"".join(offered(path, path & 3) for path in range(8)),
        "stray-call": UP + says("iccn") + says("ocrq", POOR) + says("occn") + says("unknown", STRICT),
        "both-ways": UP + call_in + call_out, "moved": PLAIN + dial() + bytes([MOVED, 1, 0, 0]),
        "server-up-secret": PLAIN + offered(SECURE, CHALLENGES) + ACCEPT_TUNNEL + says("scccn", ANSWERS),
        "server-up-hidden": PLAIN + offered(SECURE, CHALLENGES | HIDDEN) + bytes([TUNNEL, OPTION_HIDE << 2]) +
        says("scccn", ANSWERS | HIDDEN) + says("icrq", HIDDEN) + ACCEPT_CALL + says("iccn", HIDDEN),
        "server-up-wrong": PLAIN + offered(SECURE, CHALLENGES) + ACCEPT_TUNNEL + says("scccn"),
        "client-up-secret": PLAIN + dial(SECURE, OPTION_SECRET | OPTION_HIDE) +
        says("sccrp", CHALLENGES | ANSWERS | HIDDEN),
        "marked": PLAIN + offered(0, MARKED) + bytes([TUNNEL, OPTION_DSCP << 2]) + says("scccn") +
        says("icrq", MARKED) + ACCEPT_MARKED + says("iccn") + bytes([OPEN_CALL, 4]) + says("icrp", MARKED),
        "collision": PLAIN + dial(1) + offered(1, MARKED) + ACCEPT_TUNNEL,
        "placed": UP + placed + says("zlb") + CLOSE_CALL, "placed-and-ended": UP + placed + says("cdn"),
        "dialled-by-peer": DIALLED + dialled_by_peer + says("cdn"), "not-able": PLAIN + dial() + says("sccrp", POOR) +
        ASKED_OUT, "reports": UP + call_in + ERRORS + LINK + says("wen") + says("sli") + says("mdmst"),
        "speeds": UP + call_in + says("csun") + says("csurq") + says("fsq") + says("fsr"),
        "window-one": bytes([1, 40]) + offered(0, STRICT) + ACCEPT_TUNNEL + says("scccn") + ASKED * 4 + says("icrp"),
        "lenient": bytes([1, 96]) + offered() + ACCEPT_TUNNEL + says("scccn") + says("unknown", STRICT) +
        bytes([NS_OFF, KINDS["hello"], 0, 0, 20]), "sparing": bytes([1, 160]) + offered() + ACCEPT_TUNNEL +
        says("scccn") + ASKED * 3 + says("icrp"), "quirks-dialled": PLAIN + dial(0, 192) + says("sccrp") + call_in,
        "raw-sccrq": PLAIN + bytes([RAW | 4 << 4, len(control(body("sccrq")))]) + control(body("sccrq")),
    }
    for name in ("scccn", "icrq", "iccn", "ocrq", "ocrp", "occn", "cdn", "wen", "sli", "csun", "unknown"):
        avps = body(name)
        seeds[f"avps-{name}"] = UP + bytes([AVPS_TO, 0, min(len(avps), 255)]) + avps[:255]
    return seeds


# ---- the script of l2tp_pair: a choice for each end, then steps; 128 marks those of the second

def l2tp_pair() -> dict[str, bytes]:
    opened, command, call, of_call, passed, again, lost, damaged, ms, secs, timer, cleared, all_ = range(13)
    second = 128
    start, sound = bytes([0, 0]), bytes([all_])

    def tunnel(options: int = 0, path: int = 0, accept: int = 0) -> bytes:
        return bytes([opened | path << 4, options]) + sound + bytes([command | second, accept]) + sound

    up = start + tunnel()
    session = bytes([call, 0]) + sound + bytes([of_call | second, 0]) + sound
    out = bytes([call | second, 1]) + sound + bytes([of_call, 0]) + sound + bytes([of_call, 5]) + sound
    return {
        "up": up, "call": up + session, "call-out": up + out, "secret": start + tunnel(3, 1, 2 << 2) + session,
        "wrong-secret": start + tunnel(1, 0), "marked": start + tunnel(8, 0, 8 << 2),
        "closed-by-both": up + session + bytes([command, 26, command | second, 26]) + sound,
        "crossing": start + bytes([opened, 0, opened | second, 0]) + sound + bytes([command | second, 0]) + sound,
        "lost": start + bytes([opened, 0, lost, timer]) + sound + bytes([command | second, 0, lost | second, timer]) +
        sound, "repeated": up + bytes([call, 0, again, again, passed]) + sound,
        "overtaken": up + bytes([call, 0, call, 0, passed | 16, passed]) + sound,
        "damaged": up + bytes([call, 0, damaged, 9, 1]) + sound + bytes([timer]) + sound,
        "silent": up + session + bytes([cleared, secs, 61, cleared] + [timer, cleared] * 12),
        "came-back": up + bytes([command, 3, opened, 0]) + sound + bytes([command | 16 | second, 0]) + sound,
        "reports": up + session + bytes([of_call, 6, of_call | second, 7]) + sound, "window-one": bytes([2, 2]) +
        tunnel() + bytes([call, 0]) * 6 + sound, "lenient": bytes([64, 192]) + tunnel(192) + session, "refused": up + bytes([call, 0]) + sound +
        bytes([of_call | second, 2]) + sound + bytes([ms, 60]),
    }


# ---- the control socket

def control_call() -> dict[str, bytes]:
    def call(method: str, **more: object) -> bytes:
        return json.dumps({"method": method, **more}).encode() + b"\0"

    def keel(method: str, **parameters: object) -> bytes:
        return call(f"org.keel2tp.{method}", parameters=parameters)

    info = "org.varlink.service.GetInterfaceDescription"
    methods = {
        "ipsec": keel("Ipsec"), "users": keel("Users", connection="lns/office"), "get-config": keel("GetConfig"),
        "plan": keel("Plan", config="{}"),
        "apply": keel("Apply", config="{}", confirm_timeout_ms=60000, if_hash="a", save=True),
        "apply-wrong": keel("Apply", config={}, confirm_timeout_ms=-1, save="yes", other=1),
        "confirm": keel("Confirm", save=True), "rollback": keel("Rollback"), "save": keel("Save"),
        "up": keel("Up", name="office"), "down": keel("Down", name="office"), "restart": keel("Restart", name="office"),
        "drop": keel("Drop", session=12, user="bob", connection=None), "drop-nobody": keel("Drop"),
        "trace": keel("Trace", name="office"), "metrics": keel("Metrics"), "get-log": keel("GetLog"),
        "set-log": keel("SetLog", area="ppp", level="default"), "set-log-all": keel("SetLog", level="debug"),
        "monitor": call("org.keel2tp.Monitor", more=True,
                        parameters={"ids": ["session.*", "ipsec.failed"], "connection": "office", "level": "debug"}),
        "monitor-once": keel("Monitor"),
    }
    return methods | {
        "show": call("org.keel2tp.Show"), "info": call("org.varlink.service.GetInfo", parameters={}),
        "description": call(info, parameters={"interface": "org.keel2tp"}),
        "no-such-interface": call(info, parameters={"interface": "org.example"}), "no-interface": call(info),
        "not-a-name": call(info, parameters={"interface": 7}), "no-such-method": call("org.keel2tp.Nothing"),
        "other-interface": call("org.example.Nothing"), "no-dot": call("x"),
        "oneway": call("org.keel2tp.Show", oneway=True),
        "more": call("org.keel2tp.Show", more=True), "two": call("org.keel2tp.Show") * 2, "cut": call("x")[:-5],
        "parameters-list": call("org.keel2tp.Show", parameters=[]), "no-object": b"[1]\0", "empty": b"\0",
        "number": b'{"method": 1e999}\0', "deep": b"[" * 500 + b"\0", "bad-utf8": b'{"method": "\xc3\x28"}\0',
        "surrogate": b'{"method": "\\ud83d"}\0', "twice": b'{"method": "x", "method": "org.keel2tp.Show"}\0',
    }


# ---- vici

VICI = {
    "every-kind": "03 04 6b657931 0006 76616c756531 01 08 73656374696f6e31 01 0b 7375622d73656374696f6e"
                  "03 04 6b657932 0006 76616c756532 02 04 05 6c69737431 05 0005 6974656d31 05 0005 6974656d32 06 02",
    "version": "03066461656d6f6e0006636861726f6e030776657273696f6e0005352e392e38",
    "binary": "03 04 64617461 0004 6100ff0a", "deepest": "01 00" * 16 + "02" * 16, "too-deep": "01 00" * 17 + "02" * 17,
    "list-in-list": "04 01 6c 04 01 6c 06 06", "unbalanced": "02", "cut": "03 ff 6b", "value-cut": "03 01 6b ffff 00",
}


def vici_section(content: dict) -> bytes:
    out = b""
    for name, value in content.items():
        head = bytes([len(name)]) + name.encode()
        if isinstance(value, dict):
            out += b"\x01" + head + vici_section(value) + b"\x02"
        elif isinstance(value, list):
            out += b"\x04" + head + b"".join(b"\x05" + u16(len(item)) + item.encode() for item in value) + b"\x06"
        else:
            out += b"\x03" + head + u16(len(value)) + value.encode()
    return out


CHILD = {"name": "l2tp", "uniqueid": "7", "reqid": "3", "state": "INSTALLED", "encap": "yes", "spi-in": "c0ffee01",
         "spi-out": "c0ffee02", "mark-in": "0000002a", "mark-out": "0000002a", "encr-alg": "AES_GCM_16",
         "encr-keysize": "128"}
SA = {"uniqueid": "1", "version": "1", "state": "ESTABLISHED", "local-host": "192.0.2.1", "local-port": "4500",
      "remote-host": "192.0.2.2", "remote-port": "4500", "local-id": "gw", "remote-id": "peer",
      "child-sas": {"l2tp-7": CHILD}}


def vici_message() -> dict[str, bytes]:
    seeds = {name: octets(text) for name, text in VICI.items()}
    seeds["list-sa"] = vici_section({"office": SA})
    seeds["child-updown"] = vici_section({"up": "yes", "office": SA})
    seeds["child-rekey"] = vici_section({"office": SA | {"child-sas": {"l2tp": {"old": CHILD, "new": CHILD}}}})
    seeds["log"] = vici_section({"group": "IKE", "level": "1", "thread": "9", "ikesa-name": "office",
                                 "ikesa-uniqueid": "1", "msg": "no proposal chosen"})
    seeds["conns"] = vici_section({"conns": ["a", "b"]})
    seeds["shared"] = vici_section({"keys": ["a", "b"]})
    seeds["refused"] = vici_section({"success": "no", "errmsg": "unable to load"})
    seeds["stats"] = vici_section({"uptime": {"running": "1 s", "since": "Nov 20 16:14:34 2026"}, "plugins": ["aes"]})
    return seeds


def vici_session() -> dict[str, bytes]:
    def packet(content: bytes, split: int = 0) -> bytes:
        return bytes([7, split, len(content)]) + content

    request, register, unregister = bytes([0]), bytes([1 | 3 << 3 | 32]), bytes([2 | 3 << 3 | 32])
    version, confirm = b"\x01" + octets(VICI["version"]), b"\x05"
    listed = b"\x07\x07list-sa" + vici_section({"office": {"uniqueid": "1"}})
    return {
        "answered": request + packet(version), "split": request + packet(version, 1),
        "registered": register + packet(confirm) + packet(listed) + unregister + packet(confirm),
        "streamed": register + packet(confirm) + bytes([32]) + packet(listed) + packet(version),
        "held-back": bytes([64 | 8, 8]) + packet(version) + packet(version),
        "unknown-command": request + packet(b"\x02"), "unknown-event": register + packet(b"\x06"),
        "late": request + bytes([4, 9]), "unasked": packet(version), "wrong-kind": request + packet(confirm),
        "empty-segment": request + bytes([5, 4]) + bytes(4), "huge-segment": request + bytes([5, 4]) + b"\xff" * 4,
        "no-such-type": packet(b"\x09"), "event-name-cut": packet(b"\x07\x09list"), "nameless": bytes([16]),
        "broken-event": packet(b"\x07\x01x\x02"), "behind-confirm": register + packet(b"\x05x"),
    }


# ---- the pppd plugin

def tlv(tag: int, value: bytes) -> bytes:
    return u16(tag, len(value)) + value


def frame(kind: int, *tlvs: bytes, request: int = 0) -> bytes:
    content = b"".join(tlvs)
    return bytes([1, kind]) + u16(len(content)) + u32(request) + content


def plugin_wire() -> dict[str, bytes]:
    user, chap = tlv(2, b"alice"), tlv(1, b"\x01")
    return {
        "hello": frame(1, tlv(1, b"2.4.9"), tlv(2, u32(99)), request=1),
        "work": frame(2, tlv(1, b"\x01"), tlv(2, b"\x02\x00"), tlv(5, u16(1400)), tlv(6, u16(1400)),
                      tlv(7, octets("0a090001")), tlv(10, u16(30)), tlv(11, u16(4)), tlv(12, u32(1)), request=1),
        "work-client": frame(2, tlv(1, b"\x00"), tlv(3, b"alice"), tlv(4, b"wonder"), tlv(5, u16(1400)),
                             tlv(6, u16(1400)), tlv(12, u32(2)), request=1),
        "login-pap": frame(3, tlv(1, b"\x00"), user, tlv(3, b"wonder"), request=2),
        "login-chap": frame(3, chap, user, tlv(4, b"\x07"), tlv(5, bytes(20)), tlv(6, bytes(16)), request=2),
        "login-mschap": frame(3, tlv(1, b"\x02"), user, tlv(4, b"\x07"), tlv(5, bytes(16)), tlv(6, bytes(49)),
                              request=2),
        "verdict": frame(4, tlv(1, b"\x01"), tlv(2, b"welcome"), tlv(3, octets("0a090007")), request=2),
        "address-request": frame(5, request=9), "address": frame(6, tlv(1, octets("0a090007")), request=9),
        "phase": frame(7, tlv(1, b"\x03")), "ip-down": frame(9),
        "ip-up": frame(8, tlv(1, b"ppp0"), tlv(2, octets("0a090001")), tlv(3, octets("0a090007")), tlv(6, u16(1400))),
        "exit": frame(10, tlv(1, b"\x13"), tlv(2, b"\x02"), tlv(3, b"who are you?")),
        "unknown-tlv": frame(7, tlv(1, b"\x03"), tlv(900, b"new")), "twice": frame(7, tlv(1, b"\x03"), tlv(1, b"\x03")),
        "tag-zero": frame(9, bytes(4)), "length-wrong": octets("0107 0006 00000000 0001 0001 03"),
        "longest-names": frame(3, tlv(1, b"\x00"), tlv(2, b"u" * 255), tlv(3, b"p" * 255)),
    }


def plugin_snoop() -> dict[str, bytes]:
    def ppp(protocol: int, code: int, data: bytes, identifier: int = 0) -> bytes:
        return octets("ff03") + u16(protocol) + bytes([code, identifier]) + u16(4 + len(data)) + data

    def step(content: bytes, op: int = 0) -> bytes:
        return bytes([op, len(content)]) + content

    pap = ppp(0xC023, 1, b"\x05alice\x06wonder")
    chap = ppp(0xC223, 2, b"\x10" + bytes(16) + b"alice")
    return {
        "pap": step(pap), "pap-refused": step(ppp(0xC023, 3, b"\x02no")), "chap": step(chap),
        "chap-success": step(ppp(0xC223, 3, b"S=0123")), "forgotten": step(pap, 0x80) + step(chap),
        "chap-failure": step(ppp(0xC223, 4, b"E=691 R=0 C=00 V=3 M=denied")),
        "bare-failure": step(ppp(0xC223, 4, b"E=691")),
        "terminate": step(ppp(0xC021, 5, b"bye")), "terminate-closing": step(ppp(0xC021, 5, b"bye"), 1),
        "pap-cut": step(ppp(0xC023, 1, b"\x05ali")), "length-beyond": step(octets("ff03c023 01000020 05")),
        "long": bytes([2]) + u16(1608) + ppp(0xC223, 2, bytes(1600)), "short": step(octets("ff03c0")),
    }


# ---- the configuration

def config_text() -> dict[str, bytes]:
    examples = HERE.parents[1] / "schemas" / "examples"
    seeds = {path.stem: path.read_bytes() for path in sorted(examples.glob("*.json"))}
    seeds |= {
        "empty-object": b"{}", "empty": b"", "not-json": b"{\n  \"lns\": }", "key-twice": b'{"lns": {}, "lns": {}}',
        "too-deep": b"[" * 40 + b"]" * 40, "array": b"[]", "number": b"1e5", "string": b'"\\u0000\\ud83d\\ude00"',
        "bad-utf8": b'{"host-name": "\xc3\x28"}', "lone-surrogate": b'{"host-name": "\\ud83d"}',
        "bom": b"\xef\xbb\xbf{}",
        "unknown-key": b'{"lnz": {}}', "pointer-escapes": b'{"lns": {"a/b~c": 1}}',
        "faults": json.dumps({"lns": {"office": {"listen": "192.0.2.2", "ipsec": {"psk": "x", "ike": 3}, "uesrs": {}}},
                              "lac": {"b": {"server": "x", "ppp": {"user": "u"}}}}).encode(),
    }
    return seeds


def config_edits() -> dict[str, bytes]:
    seeds = {"unedited": b""}
    for section in range(1, 8):
        for child in range(1, 4):
            seeds[f"replace-{section}-{child}"] = bytes([section, child, 1, 0, 0, 3 * section + child])
    seeds["add-key"] = bytes([0, 3, 5, 14])
    seeds["own-key"] = bytes([4, 0, 12, 3]) + b"a/~" + bytes([1])
    seeds["push"] = bytes([5, 1, 2, 1, 0, 5, 30])
    seeds["erase"] = bytes([5, 1, 0, 6, 0])
    return seeds


def write_l2tp_dictionary() -> None:
    words = {f"avp_{kind:02}": avp(kind, value) for kind, value in AVPS.items()}
    words |= {f"line_{kind:03}": avp(kind, value, 0)[:2] + u16(3561) + avp(kind, value)[4:]
              for kind, value in ADSL_FORUM.items()}
    words |= {f"hidden_{kind:02}": hidden(kind, AVPS[kind]) for kind in (8, 9, 14)} | {"vector": avp(36, VECTOR)}
    words |= {f"type_{name}": avp(0, u16(kind)) for name, (kind, _) in MESSAGES.items()}
    lines = ["# AVPs of vendor 0, and Message Types; from seeds.py."]
    lines += [f'{name}="' + "".join(f"\\x{octet:02x}" for octet in content) + '"' for name, content in words.items()]
    (HERE / "l2tp.dict").write_text("\n".join(lines) + "\n")


def main() -> None:
    write_l2tp_dictionary()
    for make in (l2tp_avp, l2tp_message, l2tp_endpoint, l2tp_pair, control_call, vici_message, vici_session,
                 plugin_wire, plugin_snoop, config_text, config_edits):
        folder = HERE / "corpus" / make.__name__
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if not old.name.startswith("found-"):  # by a long run
                old.unlink()
        seeds = make()
        for name, content in seeds.items():
            (folder / name).write_bytes(content)
        print(f"{make.__name__}: {len(seeds)}")


if __name__ == "__main__":
    main()
