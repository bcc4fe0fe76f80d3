"""L2TPv2 messages made by hand (RFC 2661), for what no honest peer would send."""

import struct

SCCRQ, STOP_CCN = 1, 4


def avp(kind: int, value: bytes) -> bytes:
    return struct.pack("!HHH", 0x8000 | (6 + len(value)), 0, kind) + value


def control(tunnel: int, ns: int, nr: int, *avps: bytes) -> bytes:
    body = b"".join(avps)
    return struct.pack("!HHHHHH", 0xC802, 12 + len(body), tunnel, 0, ns, nr) + body


def message_type(value: int) -> bytes:
    return avp(0, struct.pack("!H", value))


def sccrq(assigned: int = 4711) -> bytes:
    return control(0, 0, 0, message_type(SCCRQ), avp(2, b"\x01\x00"), avp(3, struct.pack("!I", 3)),
                   avp(7, b"stranger"), avp(9, struct.pack("!H", assigned)), avp(10, struct.pack("!H", 4)))


def stop_ccn(tunnel: int, ns: int, nr: int, assigned: int) -> bytes:
    return control(tunnel, ns, nr, message_type(STOP_CCN), avp(9, struct.pack("!H", assigned)),
                   avp(1, struct.pack("!H", 6)))
