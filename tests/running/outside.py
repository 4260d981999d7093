"""What stands outside an isolated command: users to run it as, and listeners to be missed."""

import fcntl
import os
import selectors
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simevents.running.isolation import command_in_isolation

NOBODY = 65534
CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class User:
    """Somebody who runs isolated commands; *before* are the words that execute others as them."""

    uid: int
    gid: int
    before: tuple[str, ...] = ()

    def words(self, command: Sequence[str], port: int) -> list[str]:
        return [*self.before, *command_in_isolation(command, port)]

    def run(self, command: Sequence[str], port: int, **options: Any) -> Any:
        return subprocess.run(
            self.words(command, port), capture_output=True, timeout=60, check=False, **options
        )


def this_user() -> User:
    return User(os.geteuid(), os.getegid())


_AS_NOBODY = """
set -e
mount --bind "$PYTHON" "$STAGE/python"
mount --bind "$CHECKOUT" "$STAGE/checkout"
for folder in $CLOSED; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
mkdir -p "$PYTHON" "$CHECKOUT"
mount --bind "$STAGE/python" "$PYTHON"
mount --bind "$STAGE/checkout" "$CHECKOUT"
cd /
exec setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
"""


@contextmanager
def nobody() -> Iterator[User]:
    """Nobody, who can read this interpreter and checkout, also in a folder that only root enters.

    In a mount namespace, such a folder is replaced by one that has only these two. The process
    that is started becomes the command.
    """
    stage = Path(tempfile.mkdtemp(prefix="simevents-nobody-"))
    for name in ("python", "checkout"):
        (stage / name).mkdir()
    places = {"PYTHON": Path(sys.base_prefix), "CHECKOUT": CHECKOUT}
    above = {each for place in places.values() for each in place.parents}
    closed = {each for each in above if not each.stat().st_mode & 0o001}
    outermost = [str(each) for each in closed if closed.isdisjoint(each.parents)]
    settings = {**places, "STAGE": stage, "CLOSED": " ".join(outermost)}
    script = "".join(f"{name}='{value}'\n" for name, value in settings.items()) + _AS_NOBODY
    try:
        yield User(NOBODY, NOBODY, ("unshare", "--mount", "sh", "-c", script, "sh"))
    finally:
        shutil.rmtree(stage)


class Outside:
    """Listens as the real cloud, and whoever else is outside, would; records who comes."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        first = socket.create_server(("127.0.0.1", 0))
        self.port = first.getsockname()[1]
        self.abstract = f"simevents-test-{self.port}"
        self.addresses = ["127.0.0.1"]
        self._sockets = {"tcp 127.0.0.1": first, "udp 127.0.0.1": self._datagrams("127.0.0.1")}
        with suppress(OSError):
            server = socket.create_server(("::1", self.port), family=socket.AF_INET6)
            self._sockets |= {"tcp ::1": server, "udp ::1": self._datagrams("::1")}
            self.addresses.append("::1")
        unix = socket.socket(socket.AF_UNIX)
        unix.bind(f"\0{self.abstract}")
        unix.listen()
        self._sockets["abstract socket"] = unix
        self._ended, self._end = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _datagrams(self, address: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        made = socket.socket(family, socket.SOCK_DGRAM)
        made.bind((address, self.port))
        return made

    def _serve(self) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._ended, selectors.EVENT_READ, "")
            for name, each in self._sockets.items():
                waiting.register(each, selectors.EVENT_READ, name)
            while True:
                for key, _ in waiting.select():
                    if not key.data:
                        return
                    self.reached.append(key.data)
                    ours = self._sockets[key.data]
                    if ours.type == socket.SOCK_DGRAM:
                        ours.sendto(b"!", ours.recvfrom(10)[1])
                    else:
                        ours.accept()[0].close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end.close()
        self._thread.join(timeout=10)
        for each in (self._ended, *self._sockets.values()):
            each.close()


class Proxy:
    """A proxy of which *serve* has each connection, in a thread of its own."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._serve(connection)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._thread.join(timeout=10)

    def stop(self) -> None:
        """Listen no more; connections stay."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def addresses_of_the_machine() -> list[str]:
    """Its IPv4 addresses but loopback."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for _, name in socket.if_nameindex():
            with suppress(OSError):
                answer = fcntl.ioctl(control, 0x8915, struct.pack("40s", name.encode()))
                found.append(socket.inet_ntoa(answer[20:24]))
    return [address for address in found if not address.startswith("127.")]
