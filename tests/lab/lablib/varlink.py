"""Calls a method over varlink, independently of keel2tp's own client."""

import json
import socket
from pathlib import Path
from typing import Any


def call(path: Path, method: str, parameters: dict[str, Any], seconds: float = 20) -> dict[str, Any]:
    """The reply, whole: {"parameters"} and, of a refusal, {"error"}. AssertionError: there is none."""
    reply = b""
    try:
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(seconds)
            stream.connect(str(path))
            stream.sendall(json.dumps({"method": method, "parameters": parameters}).encode() + b"\0")
            while not reply.endswith(b"\0"):
                part = stream.recv(65536)
                assert part, f"{method}: hung up on after {reply[-200:]!r}"
                reply += part
    except OSError as error:
        raise AssertionError(f"{method} at {path}: {error}") from None
    return json.loads(reply[:-1])
