"""Tries to get a way out by other means, and prints how that went. Only for inside.

Of the standard library only, since it runs in other Pythons and as other users too.
"""

import ctypes
import errno
import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
SIOCSIFFLAGS, SIOCSIFADDR, SIOCADDRT = 0x8914, 0x8916, 0x890B
RTF_UP = 1
PIDFD_GETFD, PTRACE_SEIZE = 438, 0x4206

if socket.if_nameindex() != [(1, "lo")]:
    sys.exit("this is not isolated; the machine's own network would be changed")

libc = ctypes.CDLL(None, use_errno=True)


def tried(way: Callable[[], object]) -> str:
    try:
        way()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "REACHED"


def checked(result: int) -> None:
    if result == -1:
        raise OSError(ctypes.get_errno(), "")


def raw_socket() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()


def packet_socket() -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()


def name() -> None:
    socket.getaddrinfo("simevents.example.com", 80)


def network_of_process_1() -> None:
    network = os.open("/proc/1/ns/net", os.O_RDONLY)
    checked(libc.setns(network, CLONE_NEWNET))


def network_of_the_parent() -> None:
    checked(libc.setns(os.pidfd_open(os.getppid()), CLONE_NEWNET))


def descriptor_of_the_parent() -> None:
    checked(libc.syscall(PIDFD_GETFD, os.pidfd_open(os.getppid()), 1, 0))


def memory_of_the_parent() -> None:
    checked(libc.ptrace(PTRACE_SEIZE, os.getppid(), None, None))


def sockaddr(address: str) -> bytes:
    return struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))


def ioctl(request: int, value: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, request, value)


def add_an_address() -> None:
    ioctl(SIOCSIFADDR, struct.pack("16s16s8x", b"lo:9", sockaddr("203.0.113.9")))


def add_a_route() -> None:
    to, via, mask = map(sockaddr, ("203.0.113.0", "127.0.0.1", "255.255.255.0"))
    ioctl(SIOCADDRT, struct.pack("8x16s16s16sH78x", to, via, mask, RTF_UP))


def take_the_interface_down() -> None:
    ioctl(SIOCSIFFLAGS, b"lo".ljust(40, b"\0"))


def new_network_of_its_own() -> None:
    """A new namespace gives all capabilities in it; its network has no ways."""
    in_namespaces(CLONE_NEWNET, "socket.create_connection(('100.100.100.200', 80), timeout=5)")


def file_behind_ours() -> None:
    in_namespaces(CLONE_NEWNS, "assert libc.umount2(b'/etc/resolv.conf', 2) == 0")


def in_namespaces(flags: int, way: str) -> None:
    program = (
        "import ctypes, socket; libc = ctypes.CDLL(None); "
        f"assert libc.unshare({CLONE_NEWUSER | flags}) == 0, 'unshare'; {way}"
    )
    words = [sys.executable, "-I", "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.splitlines()[-1])


WAYS = (
    raw_socket,
    packet_socket,
    name,
    network_of_process_1,
    network_of_the_parent,
    descriptor_of_the_parent,
    memory_of_the_parent,
    add_an_address,
    add_a_route,
    take_the_interface_down,
    new_network_of_its_own,
    file_behind_ours,
)

print(json.dumps({way.__name__: tried(way) for way in WAYS}))
