"""Lists a NAT router's mappings, or makes it forget them, over ctnetlink: conntrack(8) is not on every host.

usage, on a node: conntrack.py list | forget [ADDRESS]
`list` prints a JSON array; ADDRESS is that of the host behind the NAT whose mappings are meant, otherwise all go.
"""

import ipaddress
import json
import socket
import struct
import sys
from collections.abc import Iterator

NETLINK_NETFILTER, SUBSYSTEM = 12, 1
GET, DELETE = 1, 2
REQUEST, ACK, DUMP = 0x001, 0x004, 0x300
ERROR, DONE = 2, 3
NESTED = 0x8000
TUPLE_ORIGINAL, TUPLE_REPLY = 1, 2
TUPLE_IP, TUPLE_PROTO = 1, 2
SOURCES, DESTINATIONS = (1, 3), (2, 4)  # IPv4, IPv6
PROTO_NUMBER, PROTO_SOURCE, PROTO_DESTINATION = 1, 2, 3


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            return
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3:]


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def parse_tuple(data: bytes) -> dict:
    found: dict = {}
    for kind, value in attributes(data):
        for part, content in attributes(value):
            if kind == TUPLE_IP and part in SOURCES:
                found["source"] = str(ipaddress.ip_address(content))
            elif kind == TUPLE_IP and part in DESTINATIONS:
                found["destination"] = str(ipaddress.ip_address(content))
            elif kind == TUPLE_PROTO and part == PROTO_NUMBER:
                found["protocol"] = content[0]
            elif kind == TUPLE_PROTO and part in (PROTO_SOURCE, PROTO_DESTINATION):
                found["sport" if part == PROTO_SOURCE else "dport"] = struct.unpack("!H", content)[0]
    return found


class Conntrack:
    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self._socket.settimeout(60)

    def _ask(self, family: int, kind: int, flags: int, payload: bytes = b"") -> Iterator[bytes]:
        body = struct.pack("!BBH", family, 0, 0) + payload
        self._socket.send(struct.pack("=IHHII", 16 + len(body), SUBSYSTEM << 8 | kind, REQUEST | flags, 1, 0) + body)
        while True:
            data = self._socket.recv(1 << 20)
            while data:
                length, what = struct.unpack_from("=IH", data)
                if what == ERROR:
                    (error,) = struct.unpack_from("=i", data, 16)
                    if error and error != -2:  # ENOENT: it has gone by itself
                        raise OSError(-error, "ctnetlink")
                    return
                if what == DONE:
                    return
                yield data[16:length]
                data = data[(length + 3) & ~3:]

    def entries(self) -> Iterator[tuple[int, bytes, dict, dict]]:
        """(family, the tuple as it came, original direction, reply direction)."""
        for family in (socket.AF_INET, socket.AF_INET6):
            for message in list(self._ask(family, GET, DUMP)):
                found = dict(attributes(message[4:]))
                yield (family, found[TUPLE_ORIGINAL], parse_tuple(found[TUPLE_ORIGINAL]),
                       parse_tuple(found[TUPLE_REPLY]))

    def forget(self, address: str | None) -> None:
        for family, raw, original, _ in list(self.entries()):
            if address in (None, original.get("source")):
                for _ in self._ask(family, DELETE, ACK, attribute(TUPLE_ORIGINAL | NESTED, raw)):
                    pass


def main() -> None:
    table = Conntrack()
    if sys.argv[1] == "forget":
        table.forget(sys.argv[2] if len(sys.argv) > 2 else None)
    else:
        print(json.dumps([{"inside": original.get("source"), "sport": original.get("sport"),
                           "to": original.get("destination"), "dport": original.get("dport"),
                           "outside": reply.get("destination"), "mapped": reply.get("dport"),
                           "protocol": original.get("protocol")} for _, _, original, reply in table.entries()]))


if __name__ == "__main__":
    main()
