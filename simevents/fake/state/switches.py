"""Switches: they set the fake's behaviour where the API's documentation is silent.

Each switch is a question that the documentation does not answer. Its default is the
safest for users. Its other values are for testing that a handler also works if the
real service behaves differently. The actions read the switches; this module only
defines them.
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
    """The fake's behaviour where it is not documented. All are keyword arguments."""

    # Creating.
    simulated_event_limit: int = _switch(
        0,
        "Maximum of open simulated events per region; more is SimulatedEventLimitExceeded. "
        "0: no limit.",
    )
    not_before_equal_to_now: str = _switch(
        "passed",
        "A NotBefore equal to the current second: it has passed, or it is accepted.",
        "accepted",
    )
    not_before_formats: str = _switch(
        "documented",
        "Whether NotBefore may have other ISO 8601 formats: without seconds, with fractions of a "
        "second, or with a UTC offset.",
        "iso8601",
    )
    longest_not_before_lead: float = _switch(
        0.0,
        "Maximum number of seconds between now and NotBefore; more is InvalidParameter. "
        "0: no limit.",
    )
    bad_instance_in_create: str = _switch(
        "refuse_all",
        "A create call with both valid and unknown instances: no events are created, or only those "
        "of the valid instances.",
        "create_others",
    )
    duplicate_events: str = _switch(
        "allow",
        "Whether a call may contain the same instance twice, and an instance may have two open "
        "events of one type; otherwise InvalidParameter.",
        "refuse",
    )
    event_id_order: str = _switch(
        "request",
        "The order of the event ids in the answer of CreateSimulatedSystemEvents.",
        "shuffled",
    )
    system_failure_redeploy_start: str = _switch(
        "Executing", "The first status of a simulated SystemFailure.Redeploy event.", "Scheduled"
    )
    trigger_real_ops: str = _switch(
        "refuse",
        "The result of TriggerRealOps=true, which would really stop or release instances.",
        "ignore",
    )
    simulated_reason: str = _switch(
        "A simulated event.", "The Reason of a simulated event; it may be empty."
    )
    visibility_delay: float = _switch(
        0.0, "Seconds of cloud time until a new event can be read and cancelled."
    )
    # The life cycle.
    executing_seconds: float = _switch(
        0.0, "Seconds that a maintenance event is Executing, from its NotBefore."
    )
    reboot_instances_avoids: bool = _switch(
        True,
        "Whether RebootInstances changes a pending SystemMaintenance.Reboot to Avoided, as "
        "RebootInstance does.",
    )
    stop_avoids: bool = _switch(
        False,
        "Whether stopping an instance changes its pending SystemMaintenance.Reboot and "
        "SystemMaintenance.Stop to Avoided.",
    )
    events_of_deleted_instance: str = _switch(
        "stay",
        "Open events of a deleted instance: their life cycle continues, or they become Canceled.",
        "cancel",
    )
    accepted_event_status: str = _switch(
        "Scheduled", "The status of an Inquiring event after it is accepted.", "Executing"
    )
    simulated_event_health: str = _switch(
        "Ok",
        "The HealthStatus of an instance that has a pending or executing simulated event.",
        "Warning",
        "Maintaining",
        "Impaired",
    )
    # Cancelling.
    cancel_finished_event: str = _switch(
        "not_found",
        "Cancelling a finished event: InvalidEventId.NotFound, or success without a change.",
        "ignore",
    )
    bad_event_in_cancel: str = _switch(
        "refuse_all",
        "A cancel call with both valid and invalid event ids: no event is cancelled, or the valid "
        "ones are cancelled before the error is returned.",
        "cancel_others",
    )
    # Reading.
    history_order: str = _switch(
        "newest_first",
        "The order of DescribeInstanceHistoryEvents, by publish time.",
        "oldest_first",
    )
    range_ends: str = _switch(
        "inclusive", "Whether a time range includes its start and end.", "exclusive"
    )
    stop_types_as_filter: str = _switch(
        "accept",
        "Whether events can be filtered by the *.Stop types, which are not among the documented "
        "filter values.",
        "refuse",
    )
    open_event_finish_time: str = _switch(
        "absent", "The EventFinishTime of an event that has not finished.", "empty"
    )
    full_status_instances: str = _switch(
        "matching",
        "DescribeInstancesFullStatus with an event filter returns only instances with a matching "
        "event, or all instances.",
        "all",
    )
    full_status_events: str = _switch(
        "pending",
        "DescribeInstancesFullStatus with a time range returns only pending events, or events of "
        "every status.",
        "all",
    )
    page_size_out_of_range: str = _switch(
        "refuse",
        "A PageSize outside 1 to 100, or a PageNumber below 1: InvalidParameter, or the nearest "
        "valid value is used.",
        "clamp",
    )
    # Commands.
    command_exit_code: int = _switch(
        0, "The exit code of commands on instances; other than 0 means that they failed."
    )
    command_output: str = _switch("", "The output of commands on instances.")
    command_seconds: float = _switch(0.0, "Seconds of cloud time that a command runs.")
    # Delivery.
    delivery_order: str = _switch(
        "in_order",
        "The order in which a target gets its messages: that of the changes, or another one.",
        "shuffled",
    )
    delivery_duplicates: int = _switch(
        0,
        "How many more times each message is delivered; the vendor promises at least once.",
        *(1, 2, 3, 5, 10),
    )
    delivery_delay: float = _switch(
        0.0, "Seconds of cloud time between a change and its first delivery."
    )
    # EventBridge.
    eventbridge_subject: str = _switch(
        "plain",
        "The subject of an event of ECS: acs.ecs, region, account and instance, or the ARN of the "
        "instance.",
        "arn",
    )
    eventbridge_time: str = _switch(
        "offset", "The time of an event of ECS: Beijing's with its offset, or UTC with Z.", "utc"
    )
    # CloudMonitor.
    cloudmonitor_body: str = _switch(
        "enriched",
        "The messages of CloudMonitor: with all members that were captured, or only with those "
        "that the page of ECS documents.",
        "documented",
    )
    cloudmonitor_status: str = _switch(
        "normal",
        "The status of a system event in messages of CloudMonitor and in its reads: Normal, or "
        "the status that CloudMonitor's list of events has for the name.",
        "event",
    )
    cloudmonitor_queue_encoding: str = _switch(
        "base64", "The messages that CloudMonitor sends to a queue: Base64 of JSON, or JSON.", "raw"
    )
    canceled_failure_event: str = _switch(
        "absent",
        "What CloudMonitor sends for a status that its list does not have for the type, such as a "
        "cancelled SystemFailure.Reboot: nothing, or an event with the name that would follow.",
        "invented",
    )
    silence_time: str = _switch(
        "none",
        "The effect of a rule's SilenceTime on system events: none, or no second message about the "
        "same name and resource within these seconds.",
        "suppress",
    )
    # All actions.
    unknown_parameter: str = _switch(
        "answer",
        "A parameter that the API does not document: it is ignored, or the call is refused with "
        "UnsupportedParameter. In both cases the journal marks the call as unexpected.",
        "refuse",
    )
    unknown_region: str = _switch(
        "refuse",
        "A RegionId that is not in the published list: InvalidRegionId.NotFound, or it is "
        "accepted.",
        "accept",
    )
    unknown_access_key_status: int = _switch(
        404, "The HTTP status of InvalidAccessKeyId.NotFound; the vendor's lists disagree.", 400
    )
    redeploy_without_real_event: str = _switch(
        "refuse",
        "RedeployInstance on an instance that has no real event for it: "
        "InvalidOperation.RedeployInstance, or the instance is redeployed.",
        "allow",
    )
    instance_transition_seconds: float = _switch(
        0.0,
        "Seconds of cloud time that an instance is Pending, Starting or Stopping.",
    )

    def changed(self, **values: Value) -> "Switches":
        """A copy of these switches with other *values*. Raises BadSwitch."""
        known = {switch.name: switch for switch in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise _unknown(name)
            _check(known[name], value)
        return replace(self, **values)  # type: ignore[arg-type]

    def differing(self) -> dict[str, Value]:
        """The switches that differ from their default, by name."""
        return {
            switch.name: value
            for switch in fields(self)
            if (value := getattr(self, switch.name)) != switch.default
        }


def parse(text: str) -> tuple[str, Value]:
    """Parse ``name=value`` from a command line. Raises BadSwitch."""
    name, equals, value = text.partition("=")
    defaults: dict[str, Any] = {switch.name: switch.default for switch in fields(Switches)}
    if not equals:
        raise BadSwitch(f"{text!r} is not a valid NAME=VALUE; use one such as stop_avoids=true")
    if name not in defaults:
        raise _unknown(name)
    kind = type(defaults[name])
    if kind is bool:
        if value not in ("true", "false"):
            raise BadSwitch(f"{value!r} is not a valid value of {name}; use true or false")
        return name, value == "true"
    try:
        return name, kind(value)
    except ValueError:
        raise BadSwitch(f"{value!r} is not a valid value of {name}; use a number") from None


def _unknown(name: str) -> BadSwitch:
    return BadSwitch(
        f"{name!r} is not a valid switch; use one that simevents fake --list-switches prints"
    )


def _check(switch: "Field[Any]", value: Value) -> None:
    default, allowed = switch.default, switch.metadata["values"]
    if len(allowed) > 1:
        if value not in allowed:
            raise BadSwitch(
                f"{value!r} is not a valid value of {switch.name}; use one of "
                f"{', '.join(map(str, allowed))}"
            )
    elif isinstance(default, bool):
        if not isinstance(value, bool):
            raise BadSwitch(f"{value!r} is not a valid value of {switch.name}; use true or false")
    elif isinstance(default, str):
        if not isinstance(value, str):
            raise BadSwitch(f"{value!r} is not a valid value of {switch.name}; use a text")
    elif isinstance(value, bool | str) or not 0 <= value <= 1e9:
        raise BadSwitch(
            f"{value!r} is not a valid value of {switch.name}; use a number from 0 to 1000000000"
        )
