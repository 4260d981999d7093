"""A fake cloud in use by this process: its calls are led there, and it has the fake's keys."""

import os
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from urllib.parse import urlsplit

from ..fake.protocol.dispatch import VERSIONS
from ..fake.server import FakeServer
from ..way_in.credentials import is_identity
from .cloud import DEFAULT_REGION, FakeCloud
from .network.guard import Policy, enforced, is_enforced, keep_environment, permits, restore
from .network.origins import current, running
from .network.redirect import redirected
from .programs.way_in import authority

# pytest shows the line of the test that went wrong, not ours.
__tracebackhide__ = True


@contextmanager
def fake_cloud(
    *, region: str = DEFAULT_REGION, redirect: bool = True, allow_hosts: Iterable[str] = ()
) -> Iterator[FakeCloud]:
    """A fake cloud for unittest, notebooks and scripts; with pytest use `ecs_fake`.

    Within the block Alibaba's Python SDKs reach it unchanged, unless *redirect* is off, and
    nothing but this machine and *allow_hosts* can be reached. At its end AssertionError tells of
    calls that the fake does not know, and what a handler has raised on the worker is raised.
    """
    # Within a test, what starts in the block belongs to the test.
    origin = running("the block of fake_cloud()") if current() is None else nullcontext()
    with (
        FakeServer(accept_any_key=True, authority=authority(), allowed=permits) as server,
        origin,
        in_use(FakeCloud(server, region, allow_hosts), redirect=redirect) as cloud,
    ):
        yield cloud
        cloud.started.end()
        failures = cloud.end_deliveries()
        if failures:
            raise failures[0]
        cloud.no_unexpected_calls()


@contextmanager
def in_use(cloud: FakeCloud, *, redirect: bool = True) -> Iterator[FakeCloud]:
    """Lead this process to *cloud*, give it the fake's keys, and let nothing else out."""
    policy = Policy(
        refused=cloud.refused.append,
        allowed=cloud.allowed_hosts,
        host_refused=cloud.hosts_refused.append,
        fake=urlsplit(cloud.url).netloc,
    )
    with ExitStack() as active:
        if redirect:
            active.enter_context(redirected(cloud.url, VERSIONS, cloud.is_taught))
        if redirect or not is_enforced():
            active.enter_context(_environment(cloud.env))
        active.enter_context(enforced(policy))
        active.callback(cloud.started.end)
        active.callback(cloud.end_deliveries)
        active.enter_context(cloud.allowed_hosts.noting_addresses())
        yield cloud


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """*variables* set. `mock.patch.dict` would set all others again.

    The fake's keys stay afterwards, until the process ends: a thread that outlives its test
    must not find the user's own.
    """
    before = {name: os.environ.get(name) for name in variables if not is_identity(name)}
    during = {name: variables[name] for name in before}
    keys = {name: text for name, text in variables.items() if is_identity(name)}
    restore(during)
    keep_environment(keys)
    had_opener = urllib.request._opener is not None  # type: ignore[attr-defined] # noqa: SLF001
    try:
        yield
    finally:
        # What somebody else has set meanwhile, or set back, stays.
        restore({n: t for n, t in before.items() if os.environ.get(n) == during[n]})
        keep_environment(keys)
        if not had_opener:
            # The one that urlopen makes at its first call keeps the proxies of that moment.
            urllib.request.install_opener(None)
