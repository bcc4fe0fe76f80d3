"""Asks charon for names over vici, independently of keel2tp's own vici library."""

import socket
import struct
from pathlib import Path

CMD_REQUEST, CMD_RESPONSE = 0, 1
LIST_START, LIST_ITEM, LIST_END = 4, 5, 6


def names(path: Path, command: str, list_name: str) -> list[str]:
    """The items of one list in the answer to a command without arguments, such as get-conns or get-shared."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as vici:
        vici.settimeout(20)
        vici.connect(str(path))
        request = struct.pack("!BB", CMD_REQUEST, len(command)) + command.encode()
        vici.sendall(struct.pack("!I", len(request)) + request)
        (length,) = struct.unpack("!I", _exactly(vici, 4))
        answer = _exactly(vici, length)
    if answer[0] != CMD_RESPONSE:
        raise ConnectionError(f"charon does not know the command {command}")
    return _list_items(answer[1:], list_name)


def answers(path: Path) -> bool:
    try:
        names(path, "get-conns", "conns")
    except OSError:
        return False
    return True


def _exactly(stream: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        chunk = stream.recv(length - len(data))
        if not chunk:
            raise ConnectionError("charon closed the connection")
        data += chunk
    return data


def _list_items(message: bytes, wanted: str) -> list[str]:
    """The answers in question consist of lists only."""
    items: list[str] = []
    current, at = "", 0
    while at < len(message):
        kind = message[at]
        at += 1
        if kind == LIST_START:
            length = message[at]
            current = message[at + 1:at + 1 + length].decode()
            at += 1 + length
        elif kind == LIST_ITEM:
            (length,) = struct.unpack_from("!H", message, at)
            if current == wanted:
                items.append(message[at + 2:at + 2 + length].decode(errors="replace"))
            at += 2 + length
        elif kind != LIST_END:
            raise ConnectionError(f"unexpected element {kind} in charon's answer")
    return items
