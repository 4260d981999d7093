"""The actions on events: programs put their own events on a bus, and try patterns.

Source: the specification of CloudEvents 1.0, whose attributes the API writes in capitals.
"""

import base64
import binascii
from typing import Any

from ..delivery.eventbridge import envelopes, json_text, patterns
from ..protocol.api_errors import ApiError
from ..protocol.call import AnswerMembers, Call
from ..protocol.registry import action
from ..state.cloud import Cloud
from . import buses, errors, matching, target_members
from .answers import PRODUCT, region, shown, success
from .deliveries import Occasion

_REQUIRED = ("id", "source", "type")
_OPTIONAL = ("subject", "dataschema")
_OF_DATA = frozenset({"data", "data_base64"})
_LONGEST_ATTRIBUTE = 1_024


class _BadEvent(ValueError):
    """An event of a call is not valid; the others are taken."""


@action(*PRODUCT, "PutEvents", honours="EventBusName EventList RegionId")
def put_events(cloud: Cloud, call: Call) -> AnswerMembers:
    listed = target_members.objects(call.required("EventList"), "EventList")
    bus = buses.get(cloud, _bus_name(call, listed)).id
    answers, taken = [], []
    for each in listed:
        try:
            event = _event(cloud, call, bus, each)
        except _BadEvent as bad:
            answers.append(_refused(each, str(bad)))
            continue
        occasion = Occasion(event["id"], cloud.now(), event["aliyunregionid"], event["type"])
        taken.append((event, occasion))
        answers.append({"EventId": event["id"], "TraceId": cloud.new_request_id()})
    cloud.store.outbox.add(matching.on_bus(cloud, bus, taken))
    failed = sum("ErrorCode" in answer for answer in answers)
    return success({"FailedEntryCount": failed, "EntryList": answers})


# It answers a question about its own parameters.
@action(*PRODUCT, "TestEventPattern", honours="Event EventPattern RegionId", is_read=True)
def test_event_pattern(cloud: Cloud, call: Call) -> AnswerMembers:  # noqa: ARG001
    try:
        event = json_text.read(call.required("Event"))
    except json_text.BadJson as bad:
        raise ApiError(errors.JSON_INVALID, member="Event", reason=str(bad)) from None
    if not isinstance(event, dict):
        raise ApiError(errors.JSON_INVALID, member="Event", reason="it isn't an object")
    try:
        pattern = patterns.parse(call.required("EventPattern"))
    except patterns.PatternError as bad:
        raise ApiError(errors.PATTERN_INVALID, reason=str(bad)) from None
    return success({"Result": pattern.matches(event)})


def _bus_name(call: Call, listed: list[Any]) -> str:
    """The bus of the call: a parameter, or as an attribute in each of the events."""
    named = call.text("EventBusName")
    if named:
        return named
    in_events = {
        str(_lower(each).get("aliyuneventbusname", "")) for each in listed if isinstance(each, dict)
    }
    if len(in_events) > 1:
        raise ApiError(errors.MORE_BUSES, buses=shown(", ".join(sorted(in_events))))
    if not in_events or "" in in_events:
        raise call.missing("EventBusName")
    return in_events.pop()


def _event(cloud: Cloud, call: Call, bus: str, given: Any) -> dict[str, Any]:
    """The CloudEvent that *given* describes, as the bus carries it. Raises _BadEvent."""
    if not isinstance(given, dict):
        raise _BadEvent("an event must be an object")
    named = _lower(given)
    event: dict[str, Any] = {name: _attribute(named, name) for name in _REQUIRED}
    for name, text in event.items():
        if not text:
            raise _BadEvent(f"the attribute {name} is mandatory")
    now = cloud.now()
    content_type = _attribute(named, "datacontenttype") or envelopes.CONTENT_TYPE
    order = ("id", "source", "specversion", "type", "subject", "time", "datacontenttype")
    event |= {
        "specversion": _attribute(named, "specversion") or "1.0",
        "time": _attribute(named, "time") or envelopes.time_text(now),
        "datacontenttype": content_type,
    }
    event |= {name: text for name in _OPTIONAL if (text := _attribute(named, name))}
    event = {name: event[name] for name in (*order, "dataschema") if name in event}
    extra = named.keys() - event.keys() - _OF_DATA
    event |= {name: _attribute(named, name) for name in named if name in extra}
    event |= envelopes.extensions(cloud.store.account_id, region(call), bus, now)
    if not named.keys().isdisjoint(_OF_DATA):
        event["data"] = _data(named, content_type)
    return event


def _lower(given: dict[str, Any]) -> dict[str, Any]:
    """The members by the names of CloudEvents, without those that are null."""
    return {name.lower(): value for name, value in given.items() if value is not None}


def _attribute(named: dict[str, Any], name: str) -> str:
    value = named.get(name, "")
    if isinstance(value, dict | list):
        raise _BadEvent(f"the attribute {shown(name)} must be a text")
    text = value if isinstance(value, str) else json_text.write(value)
    if len(name) + len(text) > _LONGEST_ATTRIBUTE:
        raise _BadEvent(
            f"the attribute {shown(name)} has more than {_LONGEST_ATTRIBUTE} characters"
        )
    return text


def _data(named: dict[str, Any], content_type: str) -> Any:
    """The data; a text of JSON becomes what it describes, if the event says that it is JSON."""
    data = named.get("data")
    if "data_base64" in named:
        try:
            data = base64.b64decode(str(named["data_base64"]), validate=True).decode()
        except (binascii.Error, ValueError):
            raise _BadEvent("the attribute data_base64 must be Base64 of a text") from None
    if isinstance(data, str) and "json" in content_type.lower():
        try:
            return json_text.read(data)
        except json_text.BadJson:
            return data
    return data


def _refused(given: Any, reason: str) -> AnswerMembers:
    id = _lower(given).get("id", "") if isinstance(given, dict) else ""
    code = errors.JSON_INVALID
    return {
        "EventId": shown(id) if isinstance(id, str) else "",
        "ErrorCode": code.code,
        "ErrorMessage": code.text.format(member="EventList", reason=reason),
    }
