"""What happens to the cloud of a run: at its start, and while the command runs."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..errors import InvalidInput
from ..fake.control.client import Control
from ..fake.metadata.service import path_of_keys
from ..models import format_time
from .words import Publication, Wanted

DEFAULT_WITHIN = 30.0
"""Seconds for expectations to hold."""

_LONGEST_PAUSE = 0.1
"""Seconds: somebody else may turn the clock of the cloud meanwhile."""


@dataclass(frozen=True)
class Drill:
    """What the options of a run say about the cloud."""

    region: str
    instance_ids: Sequence[str] = ()
    count: int = 0
    as_instance: str | None = None
    clock: datetime | None = None
    rate: float | None = None
    faults: Sequence[dict[str, Any]] = ()
    publications: Sequence[Publication] = ()
    wanted: Sequence[Wanted] = ()
    within: float = DEFAULT_WITHIN
    answers: Sequence[dict[str, Any]] = field(default=(), repr=False)
    """Bodies of answers, which are checked already; so are faults."""

    def check(self, *, is_own_cloud: bool) -> None:
        """Raises InvalidInput when options do not go together."""
        named = [("--at", each.instance_id) for each in self.publications]
        named += [("--expect", each.instance_id) for each in self.wanted]
        known = {*self.instance_ids, self.as_instance}
        for option, instance_id in named:
            if is_own_cloud and instance_id is not None and instance_id not in known:
                raise InvalidInput(
                    option,
                    f"{instance_id} is not an instance of this run; add --instance {instance_id}",
                )
        is_for_all = any(each.instance_id is None for each in self.publications)
        if is_own_cloud and is_for_all and not (known - {None} or self.count):
            raise InvalidInput(
                "--at", "the run has no instance for the event; add --instance ID or --instances N"
            )


class Stage:
    """The cloud of one run, prepared as the *drill* says. Raises InvalidInput."""

    def __init__(self, control: Control, drill: Drill, *, is_own_cloud: bool) -> None:
        self._control = control
        self._is_own_cloud = is_own_cloud
        self._drill = drill
        self.instance_ids: tuple[str, ...] = ()
        """Those that expectations and events without an instance are about."""
        self.role_path = ""
        """Where the metadata service has keys; empty when it speaks for no instance."""
        self._pending: list[Publication] = []
        self._began = 0.0

    def prepare(self) -> None:
        """Make what the drill needs. The clock stands, if the drill says anything about it."""
        drill = self._drill
        if drill.clock is not None or drill.rate is not None:
            self._control.post("clock", freeze=True)
        if drill.clock is not None:
            self._control.post("clock", set=format_time(drill.clock))
        self._make_instances()
        for fault in drill.faults:
            self._control.post("faults", **fault)
        for answer in drill.answers:
            self._control.post("answers", **answer)
        self._choose_metadata()

    def begin(self) -> None:
        """Let time run: the command starts now."""
        drill = self._drill
        self._pending = sorted(drill.publications, key=lambda each: each.after)
        if self._pending:
            # Read before time runs: at a high rate, what this takes would be seconds.
            self._began = float(self._control.get("clock")["epoch"])
        if drill.clock is not None or drill.rate is not None:
            self._control.post("clock", rate=1.0 if drill.rate is None else drill.rate)

    @property
    def has_pending(self) -> bool:
        return bool(self._pending)

    def publish_due(self, say: Callable[[str], object]) -> float:
        """Publish the events whose time has come; in how many seconds to look again."""
        if not self._pending:
            return math.inf
        clock = self._control.get("clock")
        now, rate = float(clock["epoch"]), float(clock["rate"])
        while self._pending and self._began + self._pending[0].after <= now:
            self._publish(self._pending.pop(0), say)
        if not self._pending:
            return math.inf
        left = self._began + self._pending[0].after - now
        return min(left / rate if rate else math.inf, _LONGEST_PAUSE)

    def _publish(self, publication: Publication, say: Callable[[str], object]) -> None:
        published = datetime.fromtimestamp(self._began + publication.after, UTC)
        ids = [publication.instance_id] if publication.instance_id else self._all_instances()
        by_region: dict[str, list[str]] = defaultdict(list)
        regions = {e["instance_id"]: e["region"] for e in self._control.get("instances")}
        for id in ids:
            # One that is gone has no region of its own; its event is published all the same.
            by_region[regions.get(id, self._drill.region)].append(id)
        for region, those in by_region.items():
            made = self._control.post(
                "events",
                instance_ids=those,
                region=region,
                event_type=publication.event_type,
                publish_time=format_time(published),
                not_before=format_time(publication.due.resolve(published)),
                simulated=True,
            )
            for event in made:
                say(
                    f"{event['publish_time']}  {event['event_type']} {event['event_id']} published "
                    f"on {event['instance_id']}, due {event['not_before']}"
                )

    def _make_instances(self) -> None:
        drill = self._drill
        wanted = list(dict.fromkeys([*drill.instance_ids, *filter(None, [drill.as_instance])]))
        named = [each.instance_id for each in drill.publications]
        named += [each.instance_id for each in drill.wanted]
        if not (wanted or drill.count or named):
            return
        existing = {entry["instance_id"] for entry in self._control.get("instances")}
        missing = [id for id in wanted if id not in existing]
        made: list[str] = []
        if missing:
            made += self._instances(instance_ids=missing)
        if drill.count:
            made += self._instances(count=drill.count)
        self.instance_ids = tuple(dict.fromkeys([*wanted, *made]))
        absent = [id for id in named if id and id not in {*existing, *made}]
        if absent:
            raise InvalidInput(
                "--instance",
                f"there is no {absent[0]} in the fake cloud; add --instance {absent[0]}",
            )
        if any(each.instance_id is None for each in drill.publications):
            self._all_instances()

    def _instances(self, **body: Any) -> list[str]:
        found = self._control.post("instances", region=self._drill.region, **body)
        return [str(id) for id in found["instance_ids"]]

    def _all_instances(self) -> list[str]:
        """Those of the run; of a cloud that was there before, all, if the run names none."""
        if self.instance_ids:
            return list(self.instance_ids)
        found = [str(entry["instance_id"]) for entry in self._control.get("instances")]
        if not found:
            raise InvalidInput(
                "--at", "the fake cloud has no instance for the event; add --instance ID"
            )
        return found

    def _choose_metadata(self) -> None:
        if self._drill.as_instance is not None:
            chosen = self._control.post("metadata", instance_id=self._drill.as_instance)
        elif self._is_own_cloud:
            return
        else:
            chosen = self._control.get("metadata")
        if chosen["instance_id"]:
            self.role_path = path_of_keys(chosen["role_name"])
