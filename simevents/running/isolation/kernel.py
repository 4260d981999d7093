"""What the launcher asks of the Linux kernel, where Python 3.11 has no function for it.

Each function raises OSError if the kernel refuses.
"""

import ctypes
import errno
import fcntl
import os
import socket
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

_PR_CAPBSET_DROP = 24
_MOST_CAPABILITIES = 64

_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_BIND = 0x2, 0x4, 0x8, 0x1000
_MNT_DETACH = 0x2

_SIOCSIFFLAGS = 0x8914
_SIOCSIFADDR = 0x8916
_SIOCSIFNETMASK = 0x891C
_IFF_UP = 0x1

_KEPT = {
    0: "CAP_CHOWN",
    1: "CAP_DAC_OVERRIDE",
    3: "CAP_FOWNER",
    4: "CAP_FSETID",
    5: "CAP_KILL",
    6: "CAP_SETGID",
    7: "CAP_SETUID",
    8: "CAP_SETPCAP",
    10: "CAP_NET_BIND_SERVICE",
    18: "CAP_SYS_CHROOT",
}
"""What a command that is run by root keeps: files, ids and low ports, as in a container."""

_libc = ctypes.CDLL(None, use_errno=True)


def unshare(flags: int) -> None:
    """Move this process to new namespaces."""
    _checked(_libc.unshare(ctypes.c_int(flags)))


def permitted_capabilities() -> int:
    """The capabilities of this process, as a bit mask."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:  # noqa: PTH123
        for line in status:
            name, _, value = line.partition(":")
            if name == "CapPrm":
                return int(value, 16)
    return 0


def limit_capabilities(before: int) -> None:
    """Let the next program have at most the `_KEPT` ones of the mask *before*.

    A user namespace gives all capabilities in it. The kernel takes them from a program of an
    ordinary user, and gives root what this bounding set has. No program can add to it.
    """
    for number in range(_MOST_CAPABILITIES):
        if number in _KEPT and before >> number & 1:
            continue
        try:
            _checked(_libc.prctl(_PR_CAPBSET_DROP, *map(ctypes.c_ulong, (number, 0, 0, 0))))
        except OSError as error:
            # The first number that this kernel does not have.
            if error.errno != errno.EINVAL:
                raise
            return


def bring_up_loopback(*addresses: str) -> None:
    """Bring up the loopback interface, with further *addresses* on it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP))
        for number, address in enumerate(addresses, 1):
            for request, value in (
                (_SIOCSIFADDR, address),
                # The kernel takes the whole network of the old class otherwise.
                (_SIOCSIFNETMASK, "255.255.255.255"),
            ):
                fcntl.ioctl(control, request, _address_of(f"lo:{number}", value))


def mount_memory(place: str) -> None:
    """Cover the folder *place* with an empty one in memory."""
    _mount("tmpfs", place, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "mode=755,size=1m")


def mount_file(file: str, place: str) -> None:
    """Let *file* be seen at *place*, instead of what is there."""
    _mount(file, place, "", _MS_BIND, "")


def detach(place: str) -> None:
    """Uncover *place*; its files stay where they were mounted besides."""
    _checked(_libc.umount2(os.fsencode(place), _MNT_DETACH))


def _mount(source: str, place: str, kind: str, flags: int, options: str) -> None:
    words = [os.fsencode(word) for word in (source, place, kind)]
    _checked(_libc.mount(*words, ctypes.c_ulong(flags), os.fsencode(options)))


def _address_of(interface: str, address: str) -> bytes:
    packed = socket.inet_aton(address)
    return struct.pack("16sHH4s16x", interface.encode(), socket.AF_INET, 0, packed)


def _checked(result: int) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
