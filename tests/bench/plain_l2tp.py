"""One L2TPv2 tunnel and session with no control protocol: the kernel objects that keel2tpd makes, and pppd on top.

usage, on a node: plain_l2tp.py lac|lns LOCAL PORT PEER MARK REQID PPPD_OPTION…
PORT is the tunnel's own local port, MARK and REQID are the CHILD_SA's. The nftables table is not made here. This is
the floor that the benchmarks compare with: the objects are made, then this program sleeps until pppd ends.
"""

import ctypes
import os
import socket
import struct
import subprocess
import sys

AF_PPPOX, PX_PROTO_OL2TP = 24, 1
IP_PKTINFO, IP_XFRM_POLICY, SO_NO_CHECK, SO_ATTACH_FILTER, SO_RCVMARK = 8, 17, 11, 26, 75
POLICY_IN, POLICY_OUT = 0, 1
SOCKET_MARK = 0x4c000000  # by which the table knows a tunnel's packets on their way out
L2TP_PORT = 1701
TUNNEL_IDS = {"lac": 1, "lns": 2}
SESSION = 1

# <linux/genetlink.h> and <linux/l2tp.h>
NLM_F_REQUEST_ACK, NLMSG_ERROR = 0x5, 2
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
TUNNEL_CREATE, SESSION_CREATE = 1, 5
PW_TYPE, ENCAP_TYPE, PROTO_VERSION, CONN_ID, PEER_CONN_ID, SESSION_ID, PEER_SESSION_ID = 1, 2, 7, 9, 10, 11, 12
RECV_SEQ, SEND_SEQ, LNS_MODE, FD = 18, 19, 20, 23
PWTYPE_PPP, ENCAPTYPE_UDP = 7, 0


class Genl:
    """Generic netlink's family l2tp."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)  # NETLINK_GENERIC
        self._socket.bind((0, 0))
        answer = self._ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, (CTRL_ATTR_FAMILY_NAME, b"l2tp\0"))
        self._family = struct.unpack("=H", attributes(answer)[CTRL_ATTR_FAMILY_ID][:2])[0]

    def l2tp(self, command: int, *values: tuple[int, str, int]) -> None:
        """`values`: attribute, struct's format of its value, value."""
        self._ask(self._family, command, *((kind, struct.pack("=" + form, value)) for kind, form, value in values))

    def _ask(self, family: int, command: int, *values: tuple[int, bytes]) -> bytes:
        """The answer before the acknowledgement."""
        body = struct.pack("=BBH", command, 1, 0)
        for kind, value in values:
            body += struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
        self._socket.send(struct.pack("=IHHII", 16 + len(body), family, NLM_F_REQUEST_ACK, 0, 0) + body)
        answer = b""
        while True:
            message = self._socket.recv(65536)
            kind, = struct.unpack_from("=H", message, 4)
            if kind != NLMSG_ERROR:
                answer = message
                continue
            error, = struct.unpack_from("=i", message, 16)
            if error:
                raise OSError(-error, f"generic netlink, command {command}: {os.strerror(-error)}")
            return answer


def attributes(message: bytes) -> dict[int, bytes]:
    """Of a generic netlink message: after its two headers."""
    found, at = {}, 20
    while at + 4 <= len(message):
        size, kind = struct.unpack_from("=HH", message, at)
        found[kind] = message[at + 4:at + size]
        at += (size + 3) & ~3
    return found


def require_esp(udp: socket.socket, direction: int, reqid: int) -> None:
    """A socket policy: only under ESP in transport mode with this reqid (0: any)."""
    everything, unlimited = 0xffffffff, [0xffffffffffffffff] * 4
    policy = struct.pack("=40xH14x4Q72xBB6x", socket.AF_INET, *unlimited, direction, 0)  # struct xfrm_userpolicy_info
    template = struct.pack("=20xB3xH18xIB3x3I", socket.IPPROTO_ESP, socket.AF_INET, reqid, 0, *[everything] * 3)
    assert len(policy) == 168 and len(template) == 64
    udp.setsockopt(socket.IPPROTO_IP, IP_XFRM_POLICY, policy + template)


def keep_control_messages_only(udp: socket.socket) -> None:
    """The filter of keel2tpd's sockets: what has no T bit (RFC 2661 3.1) is not queued."""
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in (
        (0x30, 0, 0, 8), (0x45, 0, 1, 0x80), (0x06, 0, 0, 0xffffffff), (0x06, 0, 0, 0))))
    udp.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", 4, ctypes.addressof(code)))


def listener(local: str) -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    keep_control_messages_only(udp)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    udp.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    udp.setsockopt(socket.SOL_SOCKET, SO_RCVMARK, 1)
    require_esp(udp, POLICY_IN, 0)
    udp.bind((local, L2TP_PORT))
    return udp


def tunnel_socket(local: str, port: int, peer: str, mark: int, reqid: int) -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    keep_control_messages_only(udp)
    udp.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, SOCKET_MARK | mark)
    require_esp(udp, POLICY_OUT, reqid)
    require_esp(udp, POLICY_IN, reqid)
    udp.bind((local, port))
    udp.connect((peer, L2TP_PORT))
    return udp


def create_session(udp: socket.socket, tunnel: int, peer_tunnel: int, lns_mode: bool) -> socket.socket:
    """The kernel's tunnel and session; returns the session's PPPoX socket."""
    genl = Genl()
    genl.l2tp(TUNNEL_CREATE, (CONN_ID, "I", tunnel), (PEER_CONN_ID, "I", peer_tunnel), (PROTO_VERSION, "B", 2),
              (ENCAP_TYPE, "H", ENCAPTYPE_UDP), (FD, "I", udp.fileno()))
    genl.l2tp(SESSION_CREATE, (CONN_ID, "I", tunnel), (SESSION_ID, "I", SESSION), (PEER_SESSION_ID, "I", SESSION),
              (PW_TYPE, "H", PWTYPE_PPP), (LNS_MODE, "B", int(lns_mode)), (SEND_SEQ, "B", 0), (RECV_SEQ, "B", 0))
    pppox = socket.socket(AF_PPPOX, socket.SOCK_DGRAM, PX_PROTO_OL2TP)
    # struct sockaddr_pppol2tp is packed; descriptor -1: the tunnel is found by its id.
    address = struct.pack("=HIii16sHHHH", AF_PPPOX, PX_PROTO_OL2TP, 0, -1, bytes(16), tunnel, SESSION, peer_tunnel,
                          SESSION)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.connect(pppox.fileno(), address, len(address)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"PPPoL2TP connect: {os.strerror(error)}")
    return pppox


def main() -> int:
    role, local, port, peer, mark, reqid = sys.argv[1:7]
    lns = role == "lns"
    listening = listener(local) if lns else None
    udp = tunnel_socket(local, int(port), peer, int(mark), int(reqid))
    session = create_session(udp, TUNNEL_IDS[role], TUNNEL_IDS["lac" if lns else "lns"], lns)
    pppd = ["pppd", "plugin", "pppol2tp.so", "pppol2tp", str(session.fileno()), "nodetach", *sys.argv[7:]]
    code = subprocess.run(pppd, pass_fds=[session.fileno()]).returncode
    if listening:
        listening.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
