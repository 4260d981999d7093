"""``--isolate``: a command in a network of its own, with one way out, to the proxy (Linux).

The words that `command_in_isolation` returns start a launcher, in a Python process that reads
nothing of the environment. The launcher makes the namespaces and then *becomes* the command, so
signals and exit codes need nobody to pass them on. `way_out` is the process outside that
carries connections to the proxy; it ends with the command.

The launcher uses the standard library only, and little of it, since its start-up is waited for.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]

# -I and -S: a PYTHONPATH, a sitecustomize and .pth files are for the command, not for this.
_START = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from simevents.running.isolation.launcher import main; main(sys.argv[2:])"
)

PREFIX = "simevents run: "
"""Before what the launcher says."""

_CHECK_SECONDS = 30


def command_in_isolation(command: Sequence[str], proxy_port: int) -> list[str]:
    """The words to execute instead of *command*, so that it reaches nothing but the proxy.

    *proxy_port* is the proxy's port at 127.0.0.1, outside and inside. The metadata service is at
    its own address, port 80. The process that executes the words becomes *command*. It exits with
    127 if *command* does not exist, 126 if it cannot be executed, and 125 if the kernel refuses
    the isolation; *command* is then not executed. The reason is on stderr.
    """
    return [*_launcher(proxy_port), *command]


def why_not() -> str | None:
    """Why a command cannot be isolated on this machine; None if it can.

    It tries, in a process of its own, which takes about 0.1 s.
    """
    if sys.platform != "linux":
        return f"--isolate needs Linux, and this is {sys.platform}; leave it out."
    import subprocess

    tried = subprocess.run(
        _launcher(0),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_CHECK_SECONDS,
        check=False,
    )
    if tried.returncode == 0:
        return None
    said = tried.stderr.removeprefix(PREFIX).strip()
    return said or f"--isolate: the launcher failed with {tried.returncode}."


def _launcher(proxy_port: int) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _START, str(_ROOT), str(proxy_port), "--"]
