"""The backend of a test: the fake, a cassette, or a live account, by ``--ecs-target``.

The same test runs on all three if it takes its instances, its time and its credentials
from its `Target` and uses nothing else.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ...api.client import SystemEvents
from ...api.retry import Patience
from ...api.sdk import Sdk, default_chain
from ...errors import InvalidInput, WrongAccount, listed
from ...input_checks import check_event_type
from ...models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from ...schedule import parse, to_text
from ...settings import Credentials, Settings, find_credentials
from ..network.guard import REPLAY, enforced, used_fake
from ..recording.cassettes import recorded_at, recorded_instances
from ..recording.scrubbing import unrecorded
from .account import LiveAccount, cancel_new, live_settings

if TYPE_CHECKING:
    from vcr.cassette import Cassette

    from ..cloud import FakeCloud

__tracebackhide__ = True


@dataclass(frozen=True)
class Target:
    """One backend, as a test sees it."""

    kind: Literal["fake", "cassette", "live"]
    region: str
    endpoint: str
    """A URL; calls to it arrive, whatever the kind."""
    access_key_id: str
    access_key_secret: str
    security_token: str | None
    now: datetime
    """The cloud's time when the test began, UTC; that of the recording on replay."""
    _take_instances: Callable[[int], list[str]]

    def __repr__(self) -> str:
        return f"Target({self.kind!r}, {self.region!r})"

    def instances(self, count: int = 1) -> list[str]:
        """Ids of *count* instances that the test may use, others with each call."""
        return self._take_instances(count)

    def schedule(
        self,
        event_type: str,
        instances: str | Iterable[str],
        not_before: str | datetime | timedelta = "+1h",
    ) -> list[str]:
        """Schedule a simulated event on each instance; their ids, in the order of *instances*.

        These are calls of the API, so a cassette has them. Times as ``FakeCloud.schedule`` takes
        them, from `now`. Raises InvalidInput for a wrong type or time, Refused for what the cloud
        does not accept.
        """
        ids = [instances] if isinstance(instances, str) else list(instances)
        check_event_type(event_type)
        moment = parse(to_text(not_before)).resolve(self.now)
        endpoint = self.endpoint if self.kind == "live" else None
        key = Credentials(self.access_key_id, self.access_key_secret, self.security_token)
        where = Settings(self.region, endpoint)
        with SystemEvents(Sdk(where, key), where, Patience()) as api:
            return api.create(event_type, moment, ids)


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
                "and the test asks for more; record it again with --record-mode=rewrite",
            )
        taken = left[:count]
        del left[:count]
        return taken

    with enforced(REPLAY):
        yield _target("cassette", region, recorded_at(cassette, datetime.now(UTC)), take)


@contextmanager
def on_live(account: LiveAccount, cassette: "Cassette | None") -> Iterator[Target]:
    """A live account; every event that is created on its instances meanwhile is cancelled.

    With a *cassette* what the test exchanges is recorded.

    Raises WrongAccount when the credentials are those of another account than the one named.
    """
    where = live_settings(account)
    if used_fake() and not where.is_loopback:
        raise InvalidInput(
            "--ecs-target",
            "this run has used a fake cloud, so the real cloud stays closed in it; run the tests "
            "with the fixture ecs in a separate run, with --ecs-target=live",
        )
    key = find_credentials(where, os.environ, default_chain)
    with SystemEvents.connect(where, os.environ) as api:
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
            # Once here; events that become visible later are cancelled at the end of the run.
            with unrecorded():
                cancel_new(api.renewed(), account, before)


def _target(
    kind: Literal["fake", "cassette"], region: str, now: datetime, take: Callable[[int], list[str]]
) -> Target:
    """A target without an account: the fake's key pair, and the vendor's own address."""
    endpoint = f"https://ecs.{region}.aliyuncs.com"
    keys = (FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET, None)
    return Target(kind, region, endpoint, *keys, now, take)
