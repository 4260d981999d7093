"""Decides which hosts this process may reach, and keeps what was refused.

While a test uses a fake, only loopback and the hosts that the test allows can be reached. From
the first use of a fake until the process ends, Alibaba's hosts stay refused, because a thread
of the program under test may outlive its test. `hooks` calls `check` at each way out.
"""

import atexit
import os
import socket
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ...errors import HostRefused, OutsideFake, SimulatedEventsError
from ...hosts import is_alibaba, is_loopback, is_metadata, is_unspecified, plain
from . import hooks
from .allowed_hosts import AllowedHosts
from .origins import left_behind_by

__tracebackhide__ = True


@dataclass(frozen=True)
class Policy:
    """What may be reached while a block runs, and what is called for a refusal."""

    refused: Callable[[OutsideFake], None]
    """Called for each refusal that fails the test: a host of Alibaba's, or a signed call."""
    allowed: AllowedHosts | None = None
    """The hosts besides loopback; None for all but Alibaba's."""
    host_refused: Callable[[HostRefused], None] = lambda _: None
    """Called for each refusal of another host."""
    fake: str = ""
    """Host and port of the fake."""


REPLAY = Policy(refused=lambda _: None)
"""For the replay of a cassette: Alibaba's hosts are refused, and the test gets the error."""


@dataclass
class _Run:
    """What one run of tests has used and refused. A run within a run has its own."""

    used_fake: bool = False
    policies: list[Policy] = field(default_factory=list)
    fakes: set[str] = field(default_factory=set)
    """Host and port of each fake."""
    escapes: list[str] = field(default_factory=list)
    reported: int = 0
    """How many of the escapes are in the report of the run."""
    environment: dict[str, str | None] = field(default_factory=dict)
    """The variables that the fake's keys replaced, with what the user had."""


_runs = [_Run()]
_process = os.getpid()

_LOCAL_NAMES = frozenset({"localhost.localdomain", "ip6-localhost", "ip6-loopback"})


def used_fake() -> bool:
    """Whether this process has used a fake."""
    return _runs[-1].used_fake


def is_enforced() -> bool:
    """Whether a policy is enforced now."""
    return bool(_runs[-1].policies)


def fakes_in_use() -> Collection[str]:
    """Host and port of each fake of this run."""
    return _runs[-1].fakes


def escapes() -> list[str]:
    """What was refused outside the test that it belongs to, in words."""
    run = _runs[-1]
    run.reported = len(run.escapes)
    return list(run.escapes)


@atexit.register
def _report_late_escapes() -> None:
    """A thread that is still running after the report of the run is named here."""
    for line in dict.fromkeys(_runs[-1].escapes[_runs[-1].reported :]):
        print(f"simevents: {line}", file=sys.stderr)


@contextmanager
def enforced(policy: Policy) -> Iterator[None]:
    """Enforce *policy* within the block. If it has a fake, Alibaba's hosts stay refused."""
    hooks.install(hooks.Checks(check, check_connection, check_proxied, check_process))
    run = _runs[-1]
    if policy.fake:
        run.used_fake = True
        run.fakes.add(policy.fake)
    run.policies.append(policy)
    try:
        yield
    finally:
        run.policies.remove(policy)


def keep_environment(variables: Mapping[str, str]) -> None:
    """Set *variables* until this run of tests ends; may be called again."""
    kept = _runs[-1].environment
    for name in variables:
        kept.setdefault(name, os.environ.get(name))
    os.environ.update(variables)


def begin_inner_run() -> None:
    """A run of tests begins within a run: it starts with a state of its own."""
    _runs.append(_Run())


def end_inner_run() -> None:
    """Give the outer run its state back. Threads that the inner one left stay refused."""
    restore(_runs.pop().environment)
    if not _runs:
        # The inner run was the first to use this module.
        _runs.append(_Run())


def restore(variables: Mapping[str, str | None]) -> None:
    """Set environment variables to what they were; None for those that were not set."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def check(host: str, what: str = "a page") -> None:
    """Raise OutsideFake or HostRefused if *host* must not be reached now."""
    run, is_left_behind = _runs[-1], left_behind_by() is not None
    if not host or _is_here(host):
        return
    policy = run.policies[-1] if run.policies else None
    if is_alibaba(host):
        if run.used_fake or policy is not None or is_left_behind:
            raise refusal("the metadata service" if is_metadata(host) else what, host)
    elif is_left_behind:
        raise refusal(what, host)
    elif policy is not None and policy.allowed is not None and not policy.allowed.permits(host):
        refused = HostRefused(host)
        policy.host_refused(refused)
        raise refused


def permits(host: str) -> bool:
    """Whether the test that runs now allows *host*, which is not of this machine."""
    policy = _runs[-1].policies[-1] if _runs[-1].policies else None
    return policy is not None and policy.allowed is not None and policy.allowed.permits(host)


def check_connection(host: str, port: int) -> None:
    """Like `check`, for an address. Code that outlived its test does not reach a later fake."""
    if left_behind_by() and _is_here(host):
        ports = {fake.rpartition(":")[2] for fake in _runs[-1].fakes}
        if str(port) in ports:
            raise refusal("the fake cloud of another test", f"{host}:{port}")
    check(host)


def check_proxied(url: str, proxy: str) -> None:
    """Like `check`, for a request through *proxy*; the fake itself decides on Alibaba's hosts."""
    host = urlsplit(url).hostname or ""
    is_to_fake = any(policy.fake == proxy for policy in _runs[-1].policies)
    if not (is_to_fake and is_alibaba(host) and not left_behind_by()):
        check(host)


def check_process(command: str) -> None:
    """Code that outlived its test starts no process, since that would not be guarded."""
    test = left_behind_by()
    if test:
        _runs[-1].escapes.append(f"code that {test} left behind started {command}; it was refused")
        raise SimulatedEventsError(
            f"{command} was not started: the code that starts it belongs to {test}, which has "
            "ended. Stop that code at the end of its test."
        )


def refusal(what: str, host: str) -> OutsideFake:
    """The error for a refused call, reported to its test or kept as an escape."""
    run, test = _runs[-1], left_behind_by()
    is_in_test = test is None and bool(run.policies)
    error = OutsideFake(what, host, in_test=is_in_test, served_by_proxy=is_metadata(host))
    if is_in_test:
        run.policies[-1].refused(error)
        if os.getpid() != _process:
            _pass_on(run.policies[-1].fake, host)
    else:
        whose = f"code that {test} left behind" if test else "code that ran outside its test"
        run.escapes.append(f"{whose} called {what} of {host}; nothing was sent")
    return error


def _pass_on(fake: str, host: str) -> None:
    """Let the fake refuse *host* too: its test cannot see what a forked process keeps."""
    name, _, port = fake.rpartition(":")
    with (
        suppress(OSError, ValueError),
        socket.create_connection((name, int(port)), timeout=5) as connection,
    ):
        # It serves no pages of Alibaba's, and no tunnel to the metadata service.
        asked = f"CONNECT {host}:443" if is_metadata(host) else f"GET http://{host}/"
        connection.sendall(f"{asked} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        connection.recv(1)


def _is_here(host: str) -> bool:
    """Whether *host* is loopback, or a name that means it."""
    name = plain(host)
    is_local_name = name in _LOCAL_NAMES or name.endswith(".localhost")
    return is_local_name or is_loopback(host) or is_unspecified(host)
