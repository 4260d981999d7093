"""Answers the look-ups of names inside: Alibaba's have an address there, no other name exists.

So a program that obeys no proxy variable is led to the fake as well, and a look-up of another
name fails at once instead of after a time limit. RFC 1035 has the format.
"""

import socket
import struct

from ...hosts import is_alibaba

ADDRESS = "127.0.0.1"
"""Where it answers, at port 53: programs ask this machine when no server is configured."""

VENDOR_ADDRESS = "198.51.100.1"
"""What all of Alibaba's names resolve to; nobody has it, as it is for documentation (RFC 5737)."""

_HEAD = struct.Struct("!HHHHHH")
_QUESTION = struct.Struct("!HH")
_ADDRESS_OF_NAME = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(VENDOR_ADDRESS)
"""The name of the question, type A, class IN, 60 seconds."""

_IS_ANSWER, _RECURSION_ASKED, _RECURSION_OFFERED = 0x8000, 0x0100, 0x0080
_OPCODE = 0x7800
_NO_SUCH_NAME = 3


def answer(query: bytes) -> bytes | None:
    """The answer to a datagram; None if it is not a question."""
    try:
        id, flags, questions, *_ = _HEAD.unpack_from(query)
        name, end = _name(query, _HEAD.size)
        kind, group = _QUESTION.unpack_from(query, end)
    except (struct.error, IndexError):
        return None
    if flags & (_IS_ANSWER | _OPCODE) or questions != 1:
        return None
    is_known = is_alibaba(name)
    found = _ADDRESS_OF_NAME if is_known and (kind, group) == (1, 1) else b""
    said = _IS_ANSWER | _RECURSION_OFFERED | flags & _RECURSION_ASKED
    head = _HEAD.pack(id, said | (0 if is_known else _NO_SUCH_NAME), 1, 1 if found else 0, 0, 0)
    return head + query[_HEAD.size : end + _QUESTION.size] + found


def _name(query: bytes, start: int) -> tuple[str, int]:
    """The name at *start*, and where it ends."""
    labels = []
    while length := query[start]:
        labels.append(query[start + 1 : start + 1 + length].decode("latin-1"))
        start += 1 + length
    return ".".join(labels), start + 1
