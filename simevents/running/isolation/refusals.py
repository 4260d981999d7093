"""Why the kernel refuses the isolation, and what to do about it, in words."""

import errno
import os
from pathlib import Path

_OF_USERS = {
    "kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "AppArmor forbids it; set kernel.apparmor_restrict_unprivileged_userns=0 with sysctl",
    ),
    "kernel/unprivileged_userns_clone": (
        "0",
        "only root may; set kernel.unprivileged_userns_clone=1 with sysctl",
    ),
}
"""Settings below /proc/sys that concern ordinary users: the value that forbids, what to do."""

_OF_ALL = {
    "user/max_user_namespaces": (
        "0",
        "user namespaces are turned off; set user.max_user_namespaces=1000 with sysctl",
    ),
    "user/max_net_namespaces": (
        "0",
        "network namespaces are turned off; set user.max_net_namespaces=1000 with sysctl",
    ),
}

_IN_A_CONTAINER = (
    "if this is a container, its profiles forbid it; start it with --privileged, or with "
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined"
)
_OF_ERRORS = {
    errno.EPERM: _IN_A_CONTAINER,
    errno.EACCES: _IN_A_CONTAINER,
    errno.EROFS: _IN_A_CONTAINER,
    errno.ENOSPC: "there are too many namespaces, or they are nested too deeply",
    errno.EINVAL: "this kernel lacks one of these kinds of namespaces",
    errno.ENOSYS: "it needs Linux 5.3 or newer",
}


def text(step: str, error: OSError, settings: Path = Path("/proc/sys")) -> str:
    """What failed at *step*, why, and what to do. *settings* is where the kernel's are."""
    is_root = os.geteuid() == 0
    found = [
        advice
        for name, (forbids, advice) in (_OF_ALL if is_root else _OF_USERS | _OF_ALL).items()
        if _value(settings / name) == forbids
    ]
    reason = "; ".join(found) or _OF_ERRORS.get(error.errno or 0, "the kernel says no more")
    return f"--isolate is not possible here: {step}: {error.strerror or error}: {reason}."


def _value(setting: Path) -> str:
    try:
        return setting.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
