"""Where a test's calls go: to the fake, to a cassette, or to a live account.

One text of a test runs against all three, by ``--ecs-target``, if it takes its instances,
its time and its credentials from here and touches nothing else.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from ...api.client import SystemEvents
from ...api.retry import Patience
from ...api.sdk import Sdk, default_chain
from ...errors import CloudError, InvalidInput, LeftOpen, WrongAccount, listed
from ...models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from ...settings import ENDPOINT_VARIABLE, Credentials, Settings, credentials, settings
from ..recording.cassettes import recorded_at, recorded_instances
from ..recording.scrubbing import unrecorded
from ..redirect import guarded

if TYPE_CHECKING:
    from vcr.cassette import Cassette

    from ..cloud import FakeCloud

__tracebackhide__ = True


@dataclass(frozen=True)
class Target:
    """One far side, as a test sees it."""

    kind: Literal["fake", "cassette", "live"]
    region: str
    endpoint: str
    """A URL; calls to it arrive, whatever the kind."""
    access_key_id: str
    access_key_secret: str
    security_token: str | None
    now: datetime
    """The cloud's time when the test began, UTC; that of the recording on replay."""
    _take: Callable[[int], list[str]]

    def __repr__(self) -> str:
        return f"Target({self.kind!r}, {self.region!r})"

    def instances(self, count: int = 1) -> list[str]:
        """Ids of *count* instances that the test may use, others with each call."""
        return self._take(count)


@dataclass(frozen=True)
class LiveAccount:
    """The account that a person has named for live tests, and the instances kept for them."""

    account_id: str
    region: str
    instance_ids: tuple[str, ...]


def on_fake(cloud: "FakeCloud", cassette: "Cassette | None") -> Target:
    """The fake; with a *cassette* what is exchanged is recorded."""
    now = cloud.clock.now
    used: list[str] = []
    if cassette is not None:
        now = recorded_at(cassette, now)
        used = recorded_instances(cassette)

    def take(count: int) -> list[str]:
        made = cloud.run_instances(count)
        used.extend(made)
        return made

    return _target("fake", cloud.region, now, take)


@contextmanager
def on_cassette(cassette: "Cassette", region: str) -> Iterator[Target]:
    """What was recorded, and nothing else: any other way to Alibaba Cloud is refused."""
    left = list(recorded_instances(cassette))

    def take(count: int) -> list[str]:
        if count > len(left):
            raise InvalidInput(
                "cassette",
                f"{cassette.path} was recorded with {len(recorded_instances(cassette))} instances, "
                "and the test asks for more; record it anew with --record-mode=rewrite",
            )
        taken = left[:count]
        del left[:count]
        return taken

    with guarded():
        yield _target("cassette", region, recorded_at(cassette, datetime.now(UTC)), take)


@contextmanager
def on_live(account: LiveAccount, cassette: "Cassette | None") -> Iterator[Target]:
    """A live account; every event that is made on its instances meanwhile is cancelled.

    With a *cassette* what the test exchanges is recorded.

    Raises WrongAccount when the credentials are those of another account than the one named.
    """
    where = settings(account.region, os.environ.get(ENDPOINT_VARIABLE), os.environ)
    key = credentials(where, os.environ, default_chain)
    with _client(where, key) as api:
        with unrecorded():
            if api.account_id() != account.account_id:
                raise WrongAccount(account.account_id, api.account_id())
            before = {event.event_id for event in api.find(account.instance_ids) if event.is_open}
            now = api.now()
        left = list(account.instance_ids)
        if cassette is not None:
            recorded_at(cassette, now)
            recorded_instances(cassette).extend(left)

        def take(count: int) -> list[str]:
            if count > len(left):
                raise InvalidInput(
                    "--ecs-live-instances",
                    f"the test asks for {count} more instances, and {len(left)} are left of "
                    f"{listed(account.instance_ids)}",
                )
            taken = left[:count]
            del left[:count]
            return taken

        try:
            yield Target(
                "live",
                account.region,
                where.endpoint or f"https://ecs.{account.region}.aliyuncs.com",
                key.access_key_id,
                key.access_key_secret,
                key.security_token,
                now,
                take,
            )
        finally:
            # Once here; what shows up late is cancelled at the end of the run.
            with unrecorded():
                cancel_new(api.renewed(), account, before)


def cancel_new(api: SystemEvents, account: LiveAccount, before: set[str]) -> None:
    """Cancel what is open on the account's instances and was not *before*."""
    made = [
        event.event_id
        for event in api.find(account.instance_ids)
        if event.is_open and event.event_id not in before
    ]
    if not made:
        return
    real = api.cancel(made).real
    left = [e.event_id for e in api.describe(made) if e.is_open and e.event_id not in real]
    if left:
        raise LeftOpen(
            f"The test left {len(left)} events open: {listed(left)}. Cancel them: simevents sweep "
            f"--region {account.region} --event {' --event '.join(left)}"
        )


@contextmanager
def watched(account: LiveAccount) -> Iterator[None]:
    """A process of its own that cancels what is left when this one dies, however it dies."""
    arguments = [account.account_id, account.region, *account.instance_ids]
    watchdog = subprocess.Popen(
        [sys.executable, "-m", "simevents.testing.live.watchdog", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Whatever ends this process's group or terminal must not end that one.
        start_new_session=True,
    )
    assert watchdog.stdin is not None
    assert watchdog.stdout is not None
    try:
        if watchdog.stdout.readline() != "watching\n":
            raise CloudError(
                "The process that cleans up after a killed run could not start; what it said is "
                "above. No live test was run."
            )
        yield
    finally:
        watchdog.stdin.close()
        failed = watchdog.wait()
        watchdog.stdout.close()
    if failed:
        raise LeftOpen(
            f"Whether events are left open on {listed(account.instance_ids)} could not be seen; "
            f"what went wrong is above. Look: simevents list --region {account.region}"
        )


def _target(
    kind: Literal["fake", "cassette"], region: str, now: datetime, take: Callable[[int], list[str]]
) -> Target:
    """One without an account: the fake's key pair, and the vendor's own address."""
    endpoint = f"https://ecs.{region}.aliyuncs.com"
    keys = (FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET, None)
    return Target(kind, region, endpoint, *keys, now, take)


def _client(where: Settings, key: Credentials) -> SystemEvents:
    return SystemEvents(Sdk(where, key), where, Patience())
