"""One end of a stream of patterned UDP datagrams over a PPP link, both ways at once; every octet is checked.

usage, on a node: pattern_peer.py DEVICE PEER NAME SIDE RATE
NAME is the client's, SIDE is "client" or "server": together they make the pattern that this end sends. All that comes
out of DEVICE is read, whatever its destination, so that another's packet is seen and not dropped by the IP layer.
SIGUSR2 begins the sending, when the other end is ready too, and another ends it. SIGUSR1 has the counts printed, one
JSON object a line.
"""

import hashlib
import json
import select
import signal
import socket
import struct
import sys
import time

PORT = 7001
HEADER = struct.Struct("!4s24sQ")  # magic, name and side, number
MAGIC = b"keel"
ETH_P_IP = 0x0800
OUTGOING = 4
SO_RCVBUFFORCE = 33
OTHER = {"client": "server", "server": "client"}


def datagram(sender: bytes, number: int) -> bytes:
    """Between an octet and 1,200 of a pattern that only this sender has, and only in this datagram."""
    pattern = hashlib.shake_128(sender + struct.pack("!Q", number))
    return HEADER.pack(MAGIC, sender, number) + pattern.digest(1 + number * 397 % 1200)


class Peer:
    def __init__(self, device: str, peer: str, name: str, side: str, rate: float):
        self._own, self._expected = f"{name}/{side}".encode(), f"{name}/{OTHER[side]}".encode()
        self._interval = 1 / rate
        self._out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        self._out.bind(("", PORT))  # so that nobody answers that the port is unreachable
        self._to = (peer, PORT)
        # With a protocol it would hear all interfaces until it is bound to one.
        self._in = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self._in.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 23)
        self._in.bind((device, ETH_P_IP))
        self._in.setblocking(False)
        self._seen: set[int] = set()
        self._sending, self._asked = False, False
        self.counts = {"sent": 0, "received": 0, "repeated": 0, "corrupt": 0, "foreign": [], "unsent": 0}
        signal.signal(signal.SIGUSR1, self._on_signal)
        signal.signal(signal.SIGUSR2, self._on_signal)
        print("ready", flush=True)

    def _on_signal(self, number: int, _) -> None:
        if number == signal.SIGUSR1:
            self._asked = True
        else:
            self._sending = not self._sending

    def run(self) -> None:
        due = time.monotonic()
        while True:
            if self._asked:
                self._asked = False
                print(json.dumps(self.counts), flush=True)
            wait = min(0.1, max(0.0, due - time.monotonic())) if self._sending else 0.1
            select.select([self._in], [], [], wait)
            self._receive()
            if self._sending and time.monotonic() >= due:
                # What a starved machine owes is sent slowly, not in a burst that fills queues.
                due = max(due + self._interval, time.monotonic())
                self._send()

    def _send(self) -> None:
        try:
            self._out.sendto(datagram(self._own, self.counts["sent"]), self._to)
            self.counts["sent"] += 1
        except OSError:
            self.counts["unsent"] += 1

    def _receive(self) -> None:
        while True:
            try:
                packet, address = self._in.recvfrom(65535)
            except BlockingIOError:
                return
            if address[2] != OUTGOING:
                self._check(packet)

    def _check(self, packet: bytes) -> None:
        at = (packet[0] & 15) * 4 + 8
        # Anything else on the link is no datagram of ours: somebody's ping.
        if packet[9] != socket.IPPROTO_UDP or struct.unpack_from("!H", packet, at - 6)[0] != PORT:
            return
        content = packet[at:]
        magic, sender, number = HEADER.unpack_from(content.ljust(HEADER.size, b"\0"))
        sender = sender.rstrip(b"\0")
        if magic == MAGIC and sender != self._expected:
            self.counts["foreign"] = [*self.counts["foreign"], sender.decode(errors="replace")][:10]
        elif content != datagram(self._expected, number):
            self.counts["corrupt"] += 1
        elif number in self._seen:
            self.counts["repeated"] += 1
        else:
            self._seen.add(number)
            self.counts["received"] += 1


if __name__ == "__main__":
    Peer(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], float(sys.argv[5])).run()
