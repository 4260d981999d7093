"""The ECS actions that start, stop, reboot and redeploy one or several instances.

Sources: the API pages of StartInstance, StopInstance, RebootInstance, their plural
forms and RedeployInstance. The page of CreateSimulatedSystemEvents defines the effect of
a reboot on pending events.
"""

from collections.abc import Callable, Iterable
from functools import partial

from ...models import EventCycleStatus
from ..protocol import api_errors
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state import lifecycle
from ..state.cloud import Cloud
from ..state.event_table import EventFilter
from ..state.store import Resource
from .instance_status import become, status_of

_ECS = ("Ecs", "2014-05-26")

Operation = Callable[[Cloud, Resource], None]


@action(*_ECS, "StartInstance", honours="InstanceId DryRun")
def start_instance(cloud: Cloud, call: Call) -> AnswerMembers:
    return _one(cloud, call, _start)


@action(*_ECS, "StopInstance", honours="InstanceId StoppedMode DryRun")
def stop_instance(cloud: Cloud, call: Call) -> AnswerMembers:
    return _one(cloud, call, partial(_stop, mode=_stopped_mode(call)))


@action(*_ECS, "RebootInstance", honours="InstanceId DryRun")
def reboot_instance(cloud: Cloud, call: Call) -> AnswerMembers:
    """A pending SystemMaintenance.Reboot event of the instance becomes Avoided."""
    return _one(cloud, call, _reboot)


@action(*_ECS, "StartInstances", honours="RegionId InstanceId DryRun BatchOptimization")
def start_instances(cloud: Cloud, call: Call) -> AnswerMembers:
    return _many(cloud, call, _start)


@action(*_ECS, "StopInstances", honours="RegionId InstanceId StoppedMode DryRun BatchOptimization")
def stop_instances(cloud: Cloud, call: Call) -> AnswerMembers:
    return _many(cloud, call, partial(_stop, mode=_stopped_mode(call)))


@action(*_ECS, "RebootInstances", honours="RegionId InstanceId DryRun BatchOptimization")
def reboot_instances(cloud: Cloud, call: Call) -> AnswerMembers:
    avoids = cloud.switches.reboot_instances_avoids
    return _many(cloud, call, _reboot if avoids else _restart)


@action(*_ECS, "RedeployInstance", honours="InstanceId")
def redeploy_instance(cloud: Cloud, call: Call) -> AnswerMembers:
    """Responds to real events only; simulated events do not permit this action.

    A pending event becomes Avoided; an executing one becomes Executed. This result is not
    documented: it is our choice.
    """
    instance = named_instance(cloud, call)
    status = status_of(instance, cloud.now())
    if status not in ("Running", "Stopped"):
        raise ApiError(api_errors.INSTANCE_STATUS)
    events = [
        event
        for event in cloud.store.events.find(EventFilter(instance_ids=[instance.id]))
        if not event.simulated and event.status in lifecycle.REDEPLOYED.get(event.event_type, ())
    ]
    if not events and cloud.switches.redeploy_without_real_event == "refuse":
        raise ApiError(api_errors.REDEPLOY_REFUSED)
    become(cloud, instance, "Running", "Stopping" if status == "Running" else "Starting")
    for event in events:
        is_pending = event.status in lifecycle.PENDING
        answered = EventCycleStatus.AVOIDED if is_pending else EventCycleStatus.EXECUTED
        cloud.store.events.move([event.event_id], answered, cloud.now())
    return {"TaskId": cloud.new_id("t")}


def named_instance(cloud: Cloud, call: Call) -> Resource:
    """The instance with the call's InstanceId. Raises ApiError if it does not exist."""
    instance = cloud.store.get("instance", call.required("InstanceId"))
    if instance is None:
        raise ApiError(api_errors.INSTANCE_NOT_FOUND)
    return instance


def _one(cloud: Cloud, call: Call, operate: Operation) -> AnswerMembers:
    instance = named_instance(cloud, call)
    operate(cloud, instance)
    _stop_dry_run(call)
    return {}


def _many(cloud: Cloud, call: Call, operate: Operation) -> AnswerMembers:
    """Operate on all instances or none.

    With BatchOptimization=SuccessFirst, operate on those instances whose status permits it.
    """
    region = call.region
    ids = call.listed("InstanceId", most=100)
    if not ids:
        raise call.missing("InstanceId.N")
    batch = call.text("BatchOptimization", "AllTogether")
    if batch not in ("AllTogether", "SuccessFirst"):
        raise call.refusal("BatchOptimization", "neither AllTogether nor SuccessFirst")
    instances = [i for i in cloud.store.get_all("instance", ids) if i.region == region]
    if len(instances) < len(set(ids)):
        raise ApiError(api_errors.INSTANCE_NOT_FOUND)
    responses = []
    for instance in instances:
        response = {
            "InstanceId": instance.id,
            "PreviousStatus": status_of(instance, cloud.now()),
            "Code": "200",
            "Message": "success",
        }
        try:
            operate(cloud, instance)
        except ApiError as refused:
            if batch == "AllTogether":
                raise
            response |= {"Code": refused.code, "Message": refused.text}
        after = cloud.store.get("instance", instance.id) or instance
        responses.append(response | {"CurrentStatus": status_of(after, cloud.now())})
    _stop_dry_run(call)
    return {"InstanceResponses": {"InstanceResponse": responses}}


def _stop_dry_run(call: Call) -> None:
    """Raise ApiError for a dry run that would succeed; the error undoes all changes."""
    if call.boolean("DryRun"):
        raise ApiError(api_errors.DRY_RUN)


def _start(cloud: Cloud, instance: Resource) -> None:
    _require(cloud, instance, "Stopped")
    become(cloud, instance, "Running", "Starting")


def _stopped_mode(call: Call) -> str:
    mode = call.text("StoppedMode", "KeepCharging")
    if mode not in ("KeepCharging", "StopCharging"):
        raise call.refusal("StoppedMode", "neither KeepCharging nor StopCharging")
    return mode


def _stop(cloud: Cloud, instance: Resource, mode: str) -> None:
    _require(cloud, instance, "Running")
    become(cloud, instance, "Stopped", "Stopping", StoppedMode=mode)
    if cloud.switches.stop_avoids:
        _avoid(cloud, instance, lifecycle.AVOIDED_BY_STOP)


def _restart(cloud: Cloud, instance: Resource) -> None:
    _require(cloud, instance, "Running")
    become(cloud, instance, "Running", "Starting", through=("Stopping", "Starting"))


def _reboot(cloud: Cloud, instance: Resource) -> None:
    _restart(cloud, instance)
    _avoid(cloud, instance, lifecycle.AVOIDED_BY_RESTART)


def _require(cloud: Cloud, instance: Resource, status: str) -> None:
    if status_of(instance, cloud.now()) != status:
        raise ApiError(api_errors.INSTANCE_STATUS)


def _avoid(cloud: Cloud, instance: Resource, event_types: Iterable[str]) -> None:
    pending = EventFilter(
        instance_ids=[instance.id], event_types=list(event_types), statuses=lifecycle.PENDING
    )
    avoided = [event.event_id for event in cloud.store.events.find(pending)]
    cloud.store.events.move(avoided, EventCycleStatus.AVOIDED, cloud.now())
