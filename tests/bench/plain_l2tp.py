"""One L2TPv2 tunnel and session with no control protocol: the kernel's objects, and pppd on top.

usage, on a node: plain_l2tp.py LOCAL PEER LOCAL_TUNNEL PEER_TUNNEL lac|lns PPPD_OPTION…
This is the floor that the benchmarks compare with: the sockets are made, then this program sleeps until pppd ends.
"""

import ctypes
import os
import socket
import struct
import subprocess
import sys

AF_PPPOX, PX_PROTO_OL2TP = 24, 1
SO_NO_CHECK = 11
SESSION = 1


def connect_pppox(udp: socket.socket, tunnel: int, peer_tunnel: int, session: int) -> socket.socket:
    """Session 0 makes the tunnel itself; another makes a session in it."""
    pppox = socket.socket(AF_PPPOX, socket.SOCK_DGRAM, PX_PROTO_OL2TP)
    # struct sockaddr_pppol2tp is packed; the address in it is not used for a socket that is connected.
    address = struct.pack("=HIii16sHHHH", AF_PPPOX, PX_PROTO_OL2TP, 0, udp.fileno(), bytes(16),
                          tunnel, session, peer_tunnel, session)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.connect(pppox.fileno(), address, len(address)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"PPPoL2TP connect: {os.strerror(error)}")
    return pppox


def main() -> int:
    local, peer, tunnel, peer_tunnel, role = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)  # ESP authenticates every packet
    udp.bind((local, 1701))
    udp.connect((peer, 1701))
    tunnel_socket = connect_pppox(udp, tunnel, peer_tunnel, 0)
    session = connect_pppox(udp, tunnel, peer_tunnel, SESSION)
    lns_mode = ["pppol2tp_lns_mode", "pppol2tp_tunnel_id", str(tunnel), "pppol2tp_session_id", str(SESSION)]
    pppd = ["pppd", "plugin", "pppol2tp.so", "pppol2tp", str(session.fileno()), *(lns_mode if role == "lns" else []),
            "nodetach", *sys.argv[6:]]
    code = subprocess.run(pppd, pass_fds=[session.fileno()]).returncode
    tunnel_socket.close()
    return code


if __name__ == "__main__":
    sys.exit(main())
