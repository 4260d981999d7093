"""Leads programs to the real cloud, within what a person has named, and records it.

The programs sign with their own keys. Whose account it is, which instances it has and which
events are on them is asked with the keys of the person, as tests on a live account do.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..allow_list import shown_name
from ..api.client import SystemEvents
from ..errors import CloudError, InvalidInput, SimulatedEventsError, WrongAccount, listed
from ..fake.protocol.wire import Response
from ..hosts import is_alibaba
from ..models import is_instance_id
from ..reconcile.remedies import sweep_command
from ..settings import ENDPOINT_VARIABLE, Settings
from ..testing.live.account import LiveAccount, live_settings
from . import record
from .gate import Gate, host_of
from .live_rules import LiveRules, NotLetThrough, Targets
from .serving import Answering, Asked, error, serving
from .tape import RecordedTape
from .way_out import NoAnswerFromCloud, WayOut

_OPTIONS = ("--account", "--region", "--instance")
_MOST_KEPT = 1_000


@dataclass(frozen=True)
class Live:
    """The real cloud, as programs of the run reach it."""

    proxy_url: str
    certificate: bytes
    """The authority to trust, as PEM."""
    _account: "_Account" = field(repr=False)
    _application: "_Live" = field(repr=False)

    @property
    def has_failed(self) -> bool:
        """Whether a call was not let through."""
        return bool(self._application.refused)

    def report(self) -> list[str]:
        """What was not let through, and what the programs left open, in words."""
        lines = list(dict.fromkeys([*self._application.refused, *self._application.gate.refused]))
        return lines + self._account.left_open()


def announcement(file: Path | None, account: LiveAccount, *, rewrite: bool = False) -> list[str]:
    """What will be let through, for a person who can still stop it."""
    ids, region = ", ".join(account.instance_ids), account.region
    lines = [
        f"LIVE: this is the real cloud, account {account.account_id}, region {region}",
        f"let through: calls of ecs, sts and vpc in {region} that change nothing",
        f"let through: changes of {ids}, of any kind: restarts, stops, releases, events on them",
        "refused: everything else",
    ]
    return lines if file is None else [*lines, record.announcement(file, rewrite=rewrite)]


def named(account: str | None, region: str | None, instances: Sequence[str] | None) -> LiveAccount:
    """What a person has named. Raises InvalidInput unless it is all there and valid."""
    given = (account, region, instances)
    missing = [option for option, value in zip(_OPTIONS, given, strict=True) if not value]
    if missing or not account or not region or not instances:
        raise InvalidInput(
            "--live",
            f"the real cloud needs {', '.join(_OPTIONS)} besides; {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing",
        )
    if not (account.isascii() and account.isdecimal()):
        raise InvalidInput(
            "--account", f"{account!r} is not a valid account id; use its digits, without dashes"
        )
    Settings(region)
    for id in instances:
        if not is_instance_id(id):
            raise InvalidInput(
                "--instance", f"{id!r} is not a valid instance id; use one such as i-bp1a2b3c4d5e"
            )
    return LiveAccount(account, region, tuple(dict.fromkeys(instances)))


@contextmanager
def live(
    file: Path | None,
    *,
    account: str | None,
    region: str | None,
    instances: Sequence[str] | None,
    say: Callable[[str], object],
    rewrite: bool = False,
    allow: Iterable[str] = (),
    allowed: Callable[[str], bool] = lambda _: False,
    way_out: WayOut | None = None,
) -> Iterator[Live]:
    """Lead programs to the real cloud; with *file* record it there, at the end.

    *say* is told what will be let through before anything is sent. *allow* has entries of
    ``ecs_cassette_allow``; *allowed* says of a host outside whether programs may reach it.

    Raises InvalidInput for what is missing or wrong, WrongAccount if the person's keys are those
    of another account, and other errors of the API; then no program was led anywhere. Raises
    Unrecordable at the end when an exchange is not understood.
    """
    chosen = named(account, region, instances)
    if way_out is None and os.environ.get(ENDPOINT_VARIABLE):
        raise InvalidInput(
            "--live",
            f"{ENDPOINT_VARIABLE} is set, so it is not clear which cloud is meant; unset it",
        )
    tape = None if file is None else RecordedTape(file, allow, rewrite=rewrite)
    for line in announcement(file, chosen, rewrite=rewrite):
        say(line)
    with SystemEvents.connect(live_settings(chosen), os.environ) as api:
        cloud = _Account(api, chosen)
        application = _Live(cloud, chosen, way_out or WayOut(), tape, allowed)
        with serving(application) as (url, certificate):

            def write() -> None:
                if tape is not None:
                    tape.write(chosen.instance_ids, cloud.began)

            with record.written(write, say):
                yield Live(url, certificate, cloud, application)


class _Account:
    """The account that was named, as the person's own keys see it; one question at a time."""

    def __init__(self, api: SystemEvents, account: LiveAccount) -> None:
        """Raises WrongAccount, InvalidInput for an instance that it does not have."""
        self._api = api
        self._account = account
        self._one_at_a_time = threading.Lock()
        if api.account_id() != account.account_id:
            raise WrongAccount(account.account_id, api.account_id())
        missing = sorted(set(account.instance_ids) - api.existing(account.instance_ids))
        if missing:
            raise InvalidInput(
                "--instance",
                f"account {account.account_id} has no {listed(missing)} in {account.region}; name "
                "instances that it has",
            )
        self.began = api.now()
        self._before = self._open()

    def instances_of(self, event_ids: Iterable[str]) -> dict[str, str]:
        """The instance of each event that exists. Raises CloudError."""
        with self._one_at_a_time:
            events = self._api.renewed().describe(sorted(event_ids))
        return {event.event_id: event.instance_id for event in events}

    def left_open(self) -> list[str]:
        """Events that were not open on the instances when the run began, in words."""
        try:
            with self._one_at_a_time:
                left = sorted(self._open() - self._before)
        except CloudError as failed:
            return [f"whether events are left open could not be seen: {failed}"]
        if not left:
            return []
        cancel = sweep_command(self._api.settings, left)
        return [f"events are left open: {listed(left)}. To cancel them: {cancel}"]

    def _open(self) -> set[str]:
        found = self._api.renewed().find(self._account.instance_ids)
        return {event.event_id for event in found if event.is_open}


class _Live(Answering):
    def __init__(
        self,
        cloud: _Account,
        account: LiveAccount,
        way_out: WayOut,
        tape: RecordedTape | None,
        allowed: Callable[[str], bool],
    ) -> None:
        super().__init__(Gate("simevents run --live", allowed))
        self._cloud = cloud
        self._rules = LiveRules(account.region, account.instance_ids)
        self._way_out = way_out
        self._tape = tape
        self.refused: list[str] = []

    async def answer(self, asked: Asked) -> Response | None:
        if not is_alibaba(host_of(asked.netloc)):
            return None
        try:
            await self._check_events(self._rules.check(asked))
        except NotLetThrough as why:
            text = f"Refused by simevents run --live: {why}. Nothing was sent."
            if len(self.refused) < _MOST_KEPT:
                self.refused.append(text)
            return error(asked.request, 403, "NotLetThrough", text)
        try:
            answered = await self._way_out.send(asked)
        except NoAnswerFromCloud as why:
            return error(asked.request, 502, "NoAnswerFromCloud", f"{why}.")
        if self._tape is not None:
            self._tape.add(asked.url, asked.request, answered)
        return answered

    async def _check_events(self, targets: Targets) -> None:
        """Events may be changed that are on named instances. Raises NotLetThrough."""
        if not targets.event_ids:
            return
        try:
            found = await asyncio.to_thread(self._cloud.instances_of, targets.event_ids)
        except SimulatedEventsError as failed:
            raise NotLetThrough(f"the events could not be looked up ({failed})") from None
        unknown = targets.event_ids - found.keys()
        if unknown:
            ids = listed(map(shown_name, sorted(unknown)))
            raise NotLetThrough(f"the instance of event {ids} is not known")
        self._rules.check_instances("a change of an event", found.values())
