"""Files that say how names are looked up: inside they lead to `name_server`, and nowhere else.

A socket with a path is reached from any network. Two of them look up names for other programs,
so inside there is an empty file in the place of each.
"""

import os
from pathlib import Path

from . import kernel
from .name_server import ADDRESS

_RESOLVER = Path("/etc/resolv.conf")
_SERVICES = Path("/etc/nsswitch.conf")
_SOCKETS = ("/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve")

_LOCAL_SERVICES = ("files", "myhostname", "dns")

_STAGE = "/tmp"  # noqa: S108 - covered by a folder of our own while it is used


def replace() -> None:
    """Put the files in place for this process and its children.

    It needs a mount namespace of its own. Raises OSError if the kernel refuses.
    """
    contents = {_RESOLVER: f"nameserver {ADDRESS}\n"}
    if _SERVICES.exists():
        contents[_SERVICES] = local_services(_SERVICES.read_text("utf-8", "surrogateescape"))
    contents |= {Path(each): "" for each in _SOCKETS}
    kernel.mount_memory(_STAGE)
    for number, (place, content) in enumerate(contents.items()):
        # Without the first, programs ask the same server.
        if place.exists():
            file = Path(_STAGE, str(number))
            file.write_text(content, "utf-8", "surrogateescape")
            file.chmod(0o444)
            kernel.mount_file(os.fspath(file), os.fspath(place))
    kernel.detach(_STAGE)


def local_services(text: str) -> str:
    """The content of nsswitch.conf without the services that ask others for names of hosts."""
    return "".join(map(_local, text.splitlines(keepends=True)))


def _local(line: str) -> str:
    database, colon, services = line.partition(":")
    if database.strip() != "hosts" or not colon:
        return line
    kept = [each for each in services.split() if each in _LOCAL_SERVICES and each != "dns"]
    return f"hosts: {' '.join([*kept, 'dns'])}\n"
