"""What ``--isolate`` says where the kernel forbids it; the command does not run then."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simevents.running.isolation import command_in_isolation, refusals, why_not

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="--isolate is for Linux"),
]

NO_ROOM = (
    "--isolate is not possible here: a user, a network and a mount namespace of its own: No space "
    "left on device: user namespaces are turned off; set user.max_user_namespaces=1000 with sysctl."
)
IN_A_CONTAINER = (
    "if this is a container, its profiles forbid it; start it with --privileged, or with "
    "--security-opt seccomp=unconfined --security-opt apparmor=unconfined"
)
WITHOUT_ROOM = (
    "unshare",
    "--map-root-user",
    "sh",
    "-c",
    'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"',
    "sh",
)
"""Executes words in a user namespace whose limit of further ones is 0."""


def test_nothing_is_wrong_here() -> None:
    assert why_not() is None


def test_the_reason_is_given_without_a_command() -> None:
    program = "from simevents.running.isolation import why_not; print(why_not())"
    words = [*WITHOUT_ROOM, sys.executable, "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)

    assert (done.stdout, done.stderr) == (f"{NO_ROOM}\n", "")


def test_a_command_that_cannot_be_isolated_is_not_executed() -> None:
    words = [*WITHOUT_ROOM, *command_in_isolation(["echo", "executed"], 4)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (125, "")
    assert done.stderr == f"simevents run: {NO_ROOM}\n"


def test_another_system_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert why_not() == "--isolate needs Linux, and this is darwin; leave it out."


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "AppArmor forbids it; set kernel.apparmor_restrict_unprivileged_userns=0 with sysctl",
        ),
        (
            "kernel/unprivileged_userns_clone",
            "0",
            "only root may; set kernel.unprivileged_userns_clone=1 with sysctl",
        ),
        (
            "user/max_net_namespaces",
            "0",
            "network namespaces are turned off; set user.max_net_namespaces=1000 with sysctl",
        ),
        (
            "user/max_net_namespaces",
            "100",
            IN_A_CONTAINER,
        ),
    ],
)
def test_a_setting_of_the_kernel_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, reason: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (tmp_path / setting).parent.mkdir()
    (tmp_path / setting).write_text(f"{value}\n")
    error = OSError(errno.EPERM, os.strerror(errno.EPERM))

    assert refusals.text("a namespace", error, tmp_path) == (
        f"--isolate is not possible here: a namespace: Operation not permitted: {reason}."
    )


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.EINVAL, "this kernel lacks one of these kinds of namespaces"),
        (errno.ENOSYS, "it needs Linux 5.3 or newer"),
        (errno.ENOSPC, "there are too many namespaces, or they are nested too deeply"),
        (errno.EIO, "the kernel says no more"),
    ],
)
def test_an_error_of_the_kernel_is_explained(tmp_path: Path, number: int, reason: str) -> None:
    error = OSError(number, "Text")

    assert refusals.text("a namespace", error, tmp_path) == (
        f"--isolate is not possible here: a namespace: Text: {reason}."
    )
