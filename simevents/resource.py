"""`SimulatedSystemEvent`: what people write in a Pulumi program.

A component of two dynamic resources. `_Intent` is recorded in the state before
`_Events` creates anything, so the next run accounts for everything that a killed run
leaves. Their logic is in `provider`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from . import alicloud, schedule
from .errors import InvalidInput
from .models import EventType
from .provider import EventsProvider, IntentProvider
from .state_text import from_text, to_text

alicloud.watch_resources()


class _Intent(Resource, module="simevents", name="Intent"):
    event_type: pulumi.Output[str]
    instance_ids: pulumi.Output[Sequence[str]]
    region: pulumi.Output[str]
    endpoint: pulumi.Output[str | None]
    account_id: pulumi.Output[str]
    not_before_at: pulumi.Output[str]
    declared_at: pulumi.Output[str]
    revision: pulumi.Output[str]

    def __init__(self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        # Outputs must be named among the inputs, as None, to be read back.
        outputs = dict.fromkeys(("account_id", "not_before_at", "declared_at", "revision"))
        super().__init__(IntentProvider(), name, outputs | inputs, opts)


class _Events(Resource, module="simevents", name="Events"):
    # Texts; mappings when an earlier version made the events.
    event_ids: pulumi.Output[Any]
    statuses: pulumi.Output[Any]

    def __init__(self, name: str, intent: _Intent, opts: pulumi.ResourceOptions) -> None:
        inputs = {
            "intent": intent.id,
            "event_type": intent.event_type,
            "not_before_at": intent.not_before_at,
            "instance_ids": intent.instance_ids.apply(to_text),
            "region": intent.region,
            "endpoint": intent.endpoint,
            "account_id": intent.account_id,
            "declared_at": intent.declared_at,
            "revision": intent.revision,
        }
        outputs = dict.fromkeys(("event_ids", "statuses"))
        super().__init__(EventsProvider(), name, outputs | inputs, opts)


class SimulatedSystemEvent(pulumi.ComponentResource):
    """Simulated ECS system events of one type at one time, one on each of some instances.

    Cancelled when the resource is deleted. Changing the type, the time, the region
    or *triggers* cancels the events and makes new ones; changing *instance_ids* adds
    and cancels for the instances that differ only.
    """

    event_ids: pulumi.Output[Mapping[str, str]]
    """Event id by instance id."""
    statuses: pulumi.Output[Mapping[str, str]]
    """Event cycle status by instance id, as of the last up or refresh."""
    not_before_at: pulumi.Output[str]
    """The time in UTC, resolved when it was given as a span."""
    account_id: pulumi.Output[str]
    region: pulumi.Output[str]
    endpoint: pulumi.Output[str | None]

    def __init__(
        self,
        name: str,
        event_type: pulumi.Input[str | EventType],
        instance_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        not_before: pulumi.Input[str | datetime | timedelta],
        region: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        triggers: pulumi.Input[Sequence[Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the events.

        :param event_type: One of `EventType`, such as ``SystemMaintenance.Reboot``.
        :param instance_ids: Instances of *region*, at least one, at most 10,000.
        :param not_before: When the event is due: a UTC time (``2027-01-31T09:30:00Z``
            or a datetime with a time zone) or a span from when the events are made
            (``+30m`` or a timedelta), resolved once by the cloud's clock.
        :param region: Where the instances are; default: the stack's ``simevents:region``,
            else its ``alicloud:region``.
        :param endpoint: URL of the cloud, for a local fake; default: the stack's
            ``simevents:endpoint``, else Alibaba Cloud.
        :param triggers: Any values; when one changes, the events are created again, and a
            relative time is resolved again. Use it to repeat a finished drill.
        :raises pulumi.RunError: the stack names no region, or *not_before* is not a valid time.
        """
        super().__init__("simevents:index:SimulatedSystemEvent", name, None, opts)
        endpoint = endpoint or alicloud.configured_endpoint()
        alicloud.watch_resources()
        # Runs after the program's own code, when it has declared all its resources.
        pulumi.Output.from_input(endpoint).apply(alicloud.warn_of_alibaba_cloud)
        inputs = {
            "event_type": event_type,
            "instance_ids": instance_ids,
            "not_before": pulumi.Output.from_input(not_before).apply(_time_text),
            "region": region or alicloud.configured_region(),
            "endpoint": endpoint,
            "triggers": triggers,
        }
        # The provider's own answer to a diff does not cover `pulumi up --replace`, and an
        # intent deleted after its successor's create would cancel the successor's events.
        child = pulumi.ResourceOptions(parent=self, delete_before_replace=True)
        intent = _Intent(f"{name}-intent", inputs, child)
        events = _Events(f"{name}-events", intent, child)
        self.event_ids = events.event_ids.apply(from_text)
        self.statuses = events.statuses.apply(from_text)
        self.not_before_at = intent.not_before_at
        self.account_id = intent.account_id
        self.region = intent.region
        self.endpoint = intent.endpoint
        # The others would be a second copy in the state, of thousands of values.
        self.register_outputs({"not_before_at": self.not_before_at})


def _time_text(not_before: object) -> str:
    if isinstance(not_before, str | datetime | timedelta):
        try:
            return schedule.to_text(not_before)
        except InvalidInput as invalid:
            raise pulumi.RunError(str(invalid)) from None
    raise pulumi.RunError(f"not_before: {not_before!r} is not a valid time; {schedule.EXPECTED}")
