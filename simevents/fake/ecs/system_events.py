"""The ECS actions that change system events: create and cancel simulated ones, accept.

Sources: the API pages of CreateSimulatedSystemEvents, CancelSimulatedSystemEvents and
AcceptInquiredSystemEvent. Where they do not define the behaviour, `switches` does. The
actions that read events are in `event_reads`.
"""

from datetime import UTC, datetime

from ...models import OPEN_STATUSES, EventCycleStatus, EventType
from ..protocol import api_errors
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action, event_action
from ..state import lifecycle
from ..state.clock import Epoch
from ..state.cloud import Cloud
from ..state.event_table import EventFilter, EventRow
from ..state.limits import MOST_IDS_PER_CALL


@event_action(
    "CreateSimulatedSystemEvents",
    honours="RegionId EventType NotBefore InstanceId TriggerRealOps",
)
def create_simulated_system_events(cloud: Cloud, call: Call) -> AnswerMembers:
    """Checks the parameters first, then the time, the instances and the quota."""
    region = call.region
    event_type = call.required("EventType")
    call.required("NotBefore")
    instance_ids = call.listed("InstanceId")
    if not instance_ids:
        raise call.missing("InstanceId.N")
    if event_type not in set(EventType):
        raise call.refusal("EventType", f"{event_type} is not a type to simulate")
    not_before = _not_before(cloud, call)
    if call.boolean("TriggerRealOps") and cloud.switches.trigger_real_ops == "refuse":
        raise ApiError(api_errors.REAL_OPS_REFUSED)
    if len(instance_ids) > MOST_IDS_PER_CALL:
        raise ApiError(api_errors.INSTANCE_ID_LIMIT)
    _check_lead(cloud, call, not_before)
    existing = cloud.store.existing("instance", instance_ids, region)
    affected = [id for id in instance_ids if id in existing]
    if len(affected) < len(instance_ids) and (
        cloud.switches.bad_instance_in_create == "refuse_all" or not affected
    ):
        raise ApiError(api_errors.EVENT_INSTANCE_NOT_FOUND)
    _check_duplicates(cloud, call, event_type, affected)
    limit = cloud.switches.simulated_event_limit
    if limit and cloud.store.events.count_open(region, simulated=True) + len(affected) > limit:
        raise ApiError(api_errors.EVENT_LIMIT)
    events = [
        _simulated(cloud, call, event_type, instance_id, not_before) for instance_id in affected
    ]
    cloud.store.events.add(events, cloud.switches.executing_seconds)
    ids = [event.event_id for event in events]
    if cloud.switches.event_id_order == "shuffled":
        cloud.random.shuffle(ids)
    return {"EventIdSet": {"EventId": ids}}


def _simulated(
    cloud: Cloud, call: Call, event_type: str, instance_id: str, not_before: Epoch
) -> EventRow:
    now = cloud.now()
    status = lifecycle.start_status(event_type)
    if event_type == EventType.SYSTEM_FAILURE_REDEPLOY:
        status = EventCycleStatus(cloud.switches.system_failure_redeploy_start)
    return EventRow(
        event_id=cloud.new_id("e"),
        region=call.region,
        instance_id=instance_id,
        event_type=event_type,
        status=status,
        published_at=now,
        not_before=not_before,
        finished_at=None,
        simulated=True,
        reason=cloud.switches.simulated_reason,
        visible_at=now + call.visibility_delay,
    )


def _not_before(cloud: Cloud, call: Call) -> Epoch:
    if cloud.switches.not_before_formats == "documented":
        return call.time("NotBefore") or 0.0
    try:
        moment = datetime.fromisoformat(call.text("NotBefore"))
    except ValueError:
        raise call.refusal("NotBefore", "not a time as ISO 8601 writes it") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _check_lead(cloud: Cloud, call: Call, not_before: Epoch) -> None:
    # Times in requests have whole seconds, so "equal to now" means the current second.
    now = int(cloud.now())
    is_passed = (
        not_before <= cloud.now()
        if cloud.switches.not_before_equal_to_now == "passed"
        else not_before < now
    )
    if is_passed:
        raise ApiError(api_errors.NOT_BEFORE_PASSED)
    longest = cloud.switches.longest_not_before_lead
    if longest and not_before > now + longest:
        raise call.refusal("NotBefore", f"more than {longest:g} s ahead")


def _check_duplicates(cloud: Cloud, call: Call, event_type: str, affected: list[str]) -> None:
    if cloud.switches.duplicate_events == "allow":
        return
    open_ones = EventFilter(
        region=call.region,
        instance_ids=affected,
        event_types=[event_type],
        statuses=OPEN_STATUSES,
    )
    if len(set(affected)) < len(affected) or cloud.store.events.count(open_ones):
        raise call.refusal("InstanceId.N", f"an instance has an open {event_type} already")


@event_action("CancelSimulatedSystemEvents", honours="RegionId EventId")
def cancel_simulated_system_events(cloud: Cloud, call: Call) -> AnswerMembers:
    region = call.region
    event_ids = call.listed("EventId")
    if not event_ids:
        raise call.missing("EventId.N")
    if len(event_ids) > MOST_IDS_PER_CALL:
        raise ApiError(api_errors.CANCEL_EVENT_ID_LIMIT)
    visible = EventFilter(region=region, event_ids=event_ids, visible_at=cloud.now())
    found = {event.event_id: event for event in cloud.store.events.find(visible)}
    refusals = [_refusal(cloud, found.get(event_id)) for event_id in event_ids]
    # If there are both errors, the one for an unknown id is returned.
    worst = [
        code
        for code in (api_errors.EVENT_NOT_FOUND, api_errors.EVENT_NOT_SIMULATED)
        if code in refusals
    ]
    if not worst or cloud.switches.bad_event_in_cancel == "cancel_others":
        good = [
            event_id
            for event_id, refusal in zip(event_ids, refusals, strict=True)
            if refusal is None and found[event_id].status in OPEN_STATUSES
        ]
        cloud.store.events.move(dict.fromkeys(good), EventCycleStatus.CANCELED, cloud.now())
    if worst:
        raise ApiError(worst[0], keeps_changes=True)
    return {}


def _refusal(cloud: Cloud, event: EventRow | None) -> api_errors.Code | None:
    if event is None:
        return api_errors.EVENT_NOT_FOUND
    if not event.simulated:
        return api_errors.EVENT_NOT_SIMULATED
    is_over = event.status not in OPEN_STATUSES
    if is_over and cloud.switches.cancel_finished_event == "not_found":
        return api_errors.EVENT_NOT_FOUND
    return None


@action(
    "Ecs",
    "2014-05-26",
    "AcceptInquiredSystemEvent",
    honours="RegionId EventId",
)
def accept_inquired_system_event(cloud: Cloud, call: Call) -> AnswerMembers:
    region, event_id = call.region, call.required("EventId")
    inquiring = EventFilter(
        region=region,
        event_ids=[event_id],
        statuses=[EventCycleStatus.INQUIRING],
        visible_at=cloud.now(),
    )
    if not cloud.store.events.count(inquiring):
        raise ApiError(api_errors.NO_INQUIRING_EVENT)
    switches = cloud.switches
    cloud.store.events.move(
        [event_id],
        EventCycleStatus(switches.accepted_event_status),
        cloud.now(),
        switches.executing_seconds,
    )
    # The NotBefore of the event may have passed already.
    cloud.settle()
    return {}
