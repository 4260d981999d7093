"""Decides which hosts this process may reach, and keeps what was refused.

While a test uses a fake, only loopback and the hosts that the test allows can be reached. From
the first use of a fake until the process ends, Alibaba's hosts stay refused, because a thread
of the program under test may outlive its test. `hooks` calls `check` at each way out.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ...errors import HostRefused, OutsideFake
from ...hosts import is_alibaba, is_loopback, is_metadata, is_unspecified
from . import hooks
from .allowed_hosts import AllowedHosts
from .origins import current, left_behind_by

__tracebackhide__ = True


@dataclass(frozen=True)
class Policy:
    """What may be reached while a block runs, and who is told of what was refused."""

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
    fakes: dict[str, str] = field(default_factory=dict)
    """Host and port of each fake, and the test that it was for."""
    escapes: list[str] = field(default_factory=list)
    environment: dict[str, str | None] = field(default_factory=dict)
    """The variables that the fake's keys replaced, with what the user had."""


_runs = [_Run()]


def used_fake() -> bool:
    """Whether this process has used a fake."""
    return _runs[-1].used_fake


def is_enforced() -> bool:
    """Whether a policy is enforced now."""
    return bool(_runs[-1].policies)


def escapes() -> list[str]:
    """What was refused outside the test that it belongs to, in words."""
    return list(_runs[-1].escapes)


@contextmanager
def enforced(policy: Policy) -> Iterator[None]:
    """Enforce *policy* within the block. If it has a fake, Alibaba's hosts stay refused."""
    hooks.install(hooks.Checks(check, check_connection, check_proxied))
    run = _runs[-1]
    if policy.fake:
        run.used_fake = True
        test = current()
        run.fakes[policy.fake] = test.test if test else ""
    run.policies.append(policy)
    try:
        yield
    finally:
        run.policies.remove(policy)


def keep_environment(variables: Mapping[str, str]) -> None:
    """Set *variables* until this run of tests ends."""
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
    run = _runs[-1]
    if not host or is_loopback(host) or is_unspecified(host):
        return
    policy = run.policies[-1] if run.policies else None
    if is_alibaba(host):
        if run.used_fake or policy is not None or left_behind_by():
            raise refusal("the metadata service" if is_metadata(host) else what, host)
    elif policy is not None and policy.allowed is not None and not policy.allowed.permits(host):
        refused = HostRefused(host)
        policy.host_refused(refused)
        raise refused


def check_connection(host: str, port: int) -> None:
    """Like `check`, for an address. Code that outlived its test does not reach a later fake."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if address in _runs[-1].fakes and left_behind_by():
        raise refusal("the fake cloud of another test", address)
    check(host)


def check_proxied(url: str, proxy: str) -> None:
    """Like `check`, for a request through *proxy*; the fake itself decides on Alibaba's hosts."""
    host = urlsplit(url).hostname or ""
    is_to_fake = any(policy.fake == proxy for policy in _runs[-1].policies)
    if not (is_to_fake and is_alibaba(host) and not left_behind_by()):
        check(host)


def refusal(what: str, host: str) -> OutsideFake:
    """The error for a refused call, reported to its test or kept as an escape."""
    run, test = _runs[-1], left_behind_by()
    is_in_test = test is None and bool(run.policies)
    error = OutsideFake(what, host, in_test=is_in_test)
    if is_in_test:
        run.policies[-1].refused(error)
    else:
        whose = f"code that {test} left behind" if test else "code that ran outside its test"
        run.escapes.append(f"{whose} called {what} of {host}; nothing was sent")
    return error
