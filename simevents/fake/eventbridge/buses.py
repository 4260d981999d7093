"""The buses. The bus ``default`` exists always; it carries the events of all products."""

import re

from ..delivery.eventbridge.envelopes import DEFAULT_BUS
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from ..state.store import Resource
from . import errors, rule_table
from .answers import PRODUCT, arn, page, shown, success

KIND = "event_bus"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,126}")
_DEFAULT = Resource(KIND, DEFAULT_BUS, "", 0.0, {"Description": ""})


def get(cloud: Cloud, name: str) -> Resource:
    """The bus *name*. Raises ApiError if there is none."""
    found = cloud.store.get(KIND, name)
    if found is None and name == DEFAULT_BUS:
        return _DEFAULT
    if found is None:
        raise ApiError(errors.BUS_NOT_FOUND, bus=shown(name))
    return found


def of_call(cloud: Cloud, call: Call) -> str:
    """The name of the bus that the call is about. Raises ApiError if there is none."""
    return get(cloud, call.required("EventBusName")).id


@action(*PRODUCT, "CreateEventBus", honours="EventBusName Description ClientToken RegionId")
def create_event_bus(cloud: Cloud, call: Call) -> AnswerMembers:
    name = call.required("EventBusName")
    if not _NAME.fullmatch(name):
        raise ApiError(errors.BUS_NAME_INVALID, bus=shown(name))
    if name == DEFAULT_BUS or cloud.store.get(KIND, name) is not None:
        raise ApiError(errors.BUS_EXISTS, bus=name)
    described = {"Description": call.text("Description")}
    cloud.store.put(Resource(KIND, name, "", cloud.now(), described))
    return success({"EventBusARN": _arn(cloud, call, name)})


@action(*PRODUCT, "GetEventBus", honours="EventBusName RegionId")
def get_event_bus(cloud: Cloud, call: Call) -> AnswerMembers:
    return success(_entry(cloud, call, get(cloud, call.required("EventBusName"))))


@action(*PRODUCT, "ListEventBuses", honours="NamePrefix Limit NextToken RegionId")
def list_event_buses(cloud: Cloud, call: Call) -> AnswerMembers:
    prefix = call.text("NamePrefix")
    buses = {bus.id: bus for bus in (_DEFAULT, *cloud.store.find(KIND))}
    entries = [
        _entry(cloud, call, bus) for name, bus in sorted(buses.items()) if name.startswith(prefix)
    ]
    return page(call, "EventBuses", entries)


@action(*PRODUCT, "UpdateEventBus", honours="EventBusName Description RegionId")
def update_event_bus(cloud: Cloud, call: Call) -> AnswerMembers:
    bus = get(cloud, call.required("EventBusName"))
    cloud.store.modify(bus, Description=call.text("Description"))
    return success()


@action(*PRODUCT, "DeleteEventBus", honours="EventBusName ClientToken RegionId")
def delete_event_bus(cloud: Cloud, call: Call) -> AnswerMembers:
    bus = of_call(cloud, call)
    if bus == DEFAULT_BUS:
        raise ApiError(errors.BUS_IS_DEFAULT)
    if rule_table.of_bus(cloud, bus):
        raise ApiError(errors.BUS_HAS_RULES, bus=bus)
    cloud.store.delete(KIND, bus)
    return success(True)


def _entry(cloud: Cloud, call: Call, bus: Resource) -> AnswerMembers:
    return {
        "EventBusName": bus.id,
        "EventBusARN": _arn(cloud, call, bus.id),
        "Description": bus.attributes["Description"],
        "CreateTimestamp": int(bus.created_at * 1000),
    }


def _arn(cloud: Cloud, call: Call, bus: str) -> str:
    return arn(cloud, call, f"eventbus/{bus}")
