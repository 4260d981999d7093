"""Tries to reach what listens outside, and prints how that went. It changes nothing.

Words: the port of listeners outside, the name of an abstract socket outside, and addresses. Of
the standard library only, since it runs in other Pythons and as other users too.
"""

import errno
import json
import socket
import sys
from collections.abc import Callable
from functools import partial

PORT, ABSTRACT, ADDRESSES = int(sys.argv[1]), sys.argv[2], sys.argv[3:]


def tried(way: Callable[[], object]) -> str:
    try:
        way()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "REACHED"


def tcp(address: str) -> None:
    socket.create_connection((address, PORT), timeout=5).close()


def udp(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as out:
        out.settimeout(5)
        out.connect((address, PORT))
        out.send(b"out")
        # The error of a refused datagram comes with the next call.
        out.recv(1)


def abstract() -> None:
    with socket.socket(socket.AF_UNIX) as out:
        out.connect(f"\0{ABSTRACT}")


print(
    json.dumps(
        {
            **{f"tcp {address}": tried(partial(tcp, address)) for address in ADDRESSES},
            **{f"udp {address}": tried(partial(udp, address)) for address in ADDRESSES},
            "abstract socket": tried(abstract),
        }
    )
)
