"""Whether the engine that started this process is still there."""

import re
import socket
from collections.abc import Sequence

_ENGINE = re.compile(r"127\.0\.0\.1:(\d+)")


def engine_listens(arguments: Sequence[str]) -> bool:
    """Whether the engine named in *arguments*, those of a plugin's process, still listens.

    A killed command line leaves the plugin running. Without an address among the arguments
    its end cannot be noticed.
    """
    addresses = [match for word in arguments if (match := _ENGINE.fullmatch(word))]
    if not addresses:
        return True
    try:
        socket.create_connection(("127.0.0.1", int(addresses[0][1])), timeout=2).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
    return True
