"""Where the documentation is silent: what the fake does, and what else it can do.

Each switch is a question that the API's documentation leaves open. Its default is
what protects users best; its other values are for testing that a handler survives
what the real service might do instead. Nothing here acts: the actions ask.
"""

from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

Value = str | int | float | bool


class BadSwitch(ValueError):
    """An unknown switch, or an invalid value for one; its text says what is valid."""


def _switch(default: Any, question: str, *others: Any) -> Any:
    return field(default=default, metadata={"question": question, "values": (default, *others)})


@dataclass(frozen=True, slots=True)
class Switches:
    """How the fake answers what nobody has documented. All are keyword arguments."""

    # Creating.
    simulated_event_limit: int = _switch(
        0, "Most open simulated events per region before SimulatedEventLimitExceeded; 0: no limit."
    )
    not_before_equal_to_now: str = _switch(
        "passed", "A NotBefore that is this very second.", "accepted"
    )
    not_before_formats: str = _switch(
        "documented",
        "NotBefore in other ISO 8601 forms: without seconds, with fractions, with an offset.",
        "iso8601",
    )
    longest_not_before_lead: float = _switch(
        0.0, "Most seconds that NotBefore may lie ahead (InvalidParameter beyond); 0: no limit."
    )
    bad_instance_in_create: str = _switch(
        "refuse_all",
        "One unknown instance among good ones: nothing is made, or events for the good ones.",
        "create_others",
    )
    duplicate_events: str = _switch(
        "allow",
        "The same instance twice in a call, or a second open event of one type on an instance "
        "(refused with InvalidParameter).",
        "refuse",
    )
    event_id_order: str = _switch(
        "request", "The order of the ids that Create answers with.", "shuffled"
    )
    system_failure_redeploy_start: str = _switch(
        "Executing", "In which status a simulated SystemFailure.Redeploy is made.", "Scheduled"
    )
    trigger_real_ops: str = _switch(
        "refuse", "TriggerRealOps=true, which would really stop or release instances.", "ignore"
    )
    simulated_reason: str = _switch(
        "A simulated event.", "The Reason of a simulated event; may be empty."
    )
    visibility_delay: float = _switch(
        0.0, "Seconds of cloud time after which a new event can be seen and cancelled."
    )
    # Living on.
    executing_seconds: float = _switch(
        0.0, "How long a maintenance event is Executing from its NotBefore on."
    )
    reboot_instances_avoids: bool = _switch(
        True, "Whether RebootInstances avoids a SystemMaintenance.Reboot as RebootInstance does."
    )
    stop_avoids: bool = _switch(
        False,
        "Whether stopping an instance avoids its SystemMaintenance.Reboot and "
        "SystemMaintenance.Stop.",
    )
    events_of_deleted_instance: str = _switch(
        "stay",
        "Open events of an instance that is deleted: they run their course, or are Canceled.",
        "cancel",
    )
    accepted_event_status: str = _switch(
        "Scheduled", "What an Inquiring event becomes when it is accepted.", "Executing"
    )
    simulated_event_health: str = _switch(
        "Ok",
        "HealthStatus of an instance with a pending or executing simulated event.",
        "Warning",
        "Maintaining",
        "Impaired",
    )
    # Cancelling.
    cancel_finished_event: str = _switch(
        "not_found",
        "Cancelling an event that is over: InvalidEventId.NotFound, or silent success.",
        "ignore",
    )
    bad_event_in_cancel: str = _switch(
        "refuse_all",
        "One id that cannot be cancelled among good ones: nothing is cancelled, or the good ones "
        "are before the error.",
        "cancel_others",
    )
    # Reading.
    history_order: str = _switch(
        "newest_first", "Order of DescribeInstanceHistoryEvents, by publish time.", "oldest_first"
    )
    range_ends: str = _switch(
        "inclusive", "Whether the ends of a time range belong to it.", "exclusive"
    )
    stop_types_as_filter: str = _switch(
        "accept",
        "Filtering events by the *.Stop types, which the documented filter values lack.",
        "refuse",
    )
    open_event_finish_time: str = _switch(
        "absent", "EventFinishTime of an event that is not over.", "empty"
    )
    full_status_instances: str = _switch(
        "matching",
        "Under an event filter DescribeInstancesFullStatus lists instances with a match, or all.",
        "all",
    )
    full_status_events: str = _switch(
        "pending",
        "Under a time range DescribeInstancesFullStatus shows pending events, or finished too.",
        "all",
    )
    page_size_out_of_range: str = _switch(
        "refuse",
        "A PageSize outside 1 to 100, or a PageNumber below 1: InvalidParameter, or the nearest "
        "good one.",
        "clamp",
    )
    # Everything.
    unknown_region: str = _switch(
        "refuse", "A RegionId outside the published list: InvalidRegionId.NotFound.", "accept"
    )
    unknown_access_key_status: int = _switch(
        404, "HTTP status of InvalidAccessKeyId.NotFound; the vendor's lists disagree.", 400
    )
    redeploy_without_real_event: str = _switch(
        "refuse",
        "RedeployInstance on an instance without a real event to answer: "
        "InvalidOperation.RedeployInstance, or it is carried out.",
        "allow",
    )
    instance_transition_seconds: float = _switch(
        0.0,
        "How long an instance is Starting or Stopping, in cloud time.",
    )

    def changed(self, **values: Value) -> "Switches":
        """These switches with some set otherwise. Raises BadSwitch."""
        known = {switch.name: switch for switch in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise BadSwitch(f"there is no switch {name!r}; see docs/switches.md")
            _check(known[name], value)
        return replace(self, **values)  # type: ignore[arg-type]

    def differing(self) -> dict[str, Value]:
        """The switches that are not as they are by default."""
        return {
            switch.name: value
            for switch in fields(self)
            if (value := getattr(self, switch.name)) != switch.default
        }


def parse(text: str) -> tuple[str, Value]:
    """``name=value``, as written on a command line. Raises BadSwitch."""
    name, equals, value = text.partition("=")
    defaults: dict[str, Any] = {switch.name: switch.default for switch in fields(Switches)}
    if not equals or name not in defaults:
        raise BadSwitch(f"{text!r} is not NAME=VALUE with a switch of docs/switches.md")
    kind = type(defaults[name])
    if kind is bool:
        if value not in ("true", "false"):
            raise BadSwitch(f"{name} is true or false, not {value!r}")
        return name, value == "true"
    try:
        return name, kind(value)
    except ValueError:
        raise BadSwitch(f"{name} is a number, not {value!r}") from None


def _check(switch: "Field[Any]", value: Value) -> None:
    default, allowed = switch.default, switch.metadata["values"]
    if len(allowed) > 1:
        if value not in allowed:
            raise BadSwitch(
                f"{switch.name} is one of {', '.join(map(str, allowed))}, not {value!r}"
            )
    elif isinstance(default, bool):
        if not isinstance(value, bool):
            raise BadSwitch(f"{switch.name} is true or false, not {value!r}")
    elif isinstance(default, str):
        if not isinstance(value, str):
            raise BadSwitch(f"{switch.name} is a text, not {value!r}")
    elif isinstance(value, bool | str) or not 0 <= value <= 1e9:
        raise BadSwitch(f"{switch.name} is a number from 0 to 1000000000, not {value!r}")
