"""Has the kernel expire an SA, as if its life_time were over. usage, on a node: expire_sa.py DESTINATION SPI"""

import socket
import struct
import sys

NETLINK_XFRM, XFRM_MSG_EXPIRE, NLM_F_REQUEST_ACK = 6, 24, 5
ESP = 50


def main() -> None:
    destination, spi = socket.inet_aton(sys.argv[1]).ljust(16, b"\0"), int(sys.argv[2], 0)
    # struct xfrm_user_expire: an xfrm_usersa_info, of which only the id and the family count, and `hard`.
    identity = destination + struct.pack("!IB3x", spi, ESP)
    info = bytearray(224)
    info[56:56 + len(identity)] = identity
    struct.pack_into("=H", info, 212, socket.AF_INET)
    body = bytes(info) + struct.pack("=B7x", 1)
    message = struct.pack("=IHHII", 16 + len(body), XFRM_MSG_EXPIRE, NLM_F_REQUEST_ACK, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_XFRM) as netlink:
        netlink.bind((0, 0))
        netlink.send(message)
        (error,) = struct.unpack_from("=i", netlink.recv(4096), 16)
    if error not in (0, -2):  # ENOENT: its partner's end has taken it along
        sys.exit(f"the kernel says {error}")


if __name__ == "__main__":
    main()
