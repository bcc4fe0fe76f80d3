"""Sends UDP datagrams, if need be with somebody else's source address, and prints what is answered (hex).

usage, on a node: send_udp.py SOURCE SOURCE_PORT DESTINATION DESTINATION_PORT HEX…
The source 0.0.0.0 is the node's own; only then answers are awaited, for a second.
"""

import socket
import struct
import sys


def forge(source: str, sport: int, destination: str, dport: int, payload: bytes) -> bytes:
    """An IPv4 packet; the kernel fills in the IP checksum, and UDP may do without."""
    udp = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0,
                       socket.inet_aton(source), socket.inet_aton(destination)) + udp


def main() -> None:
    source, sport, destination, dport = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    payloads = [bytes.fromhex(text) for text in sys.argv[5:]]
    if source == "0.0.0.0":
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.bind(("", sport))
        own.settimeout(1)
        for payload in payloads:
            own.sendto(payload, (destination, dport))
        try:
            while True:
                print(own.recv(65535).hex())
        except (TimeoutError, ConnectionRefusedError):
            return
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for payload in payloads:
        raw.sendto(forge(source, sport, destination, dport, payload), (destination, 0))


if __name__ == "__main__":
    main()
