"""SendDryRunSystemEvent: a message as if an event had happened, for the rules that match it.

Source: the API page. The caller's JSON is laid over the message that CloudMonitor sends.
"""

import json
import re
from typing import Any

from ..delivery import cloudmonitor_bodies, event_names
from ..protocol.call import AnswerMembers, Call
from ..state.catalog import DEFAULT_REGION
from ..state.cloud import Cloud
from .cms_action import cms_action, success
from .matching import CloudMonitorChannel, Occasion

_MOST_LEVELS = 32
_INSTANCE = re.compile(r"acs:ecs:[^:]*:[^:]*:instance/(?P<id>[\w-]{1,64})")
_GENERATED = ("ver", "id", "userId", "eventTime", "name", "ruleName")
"""Members that the caller cannot set."""


@cms_action("SendDryRunSystemEvent", honours="RegionId Product EventName GroupId EventContent")
def send_dry_run_system_event(cloud: Cloud, call: Call) -> AnswerMembers:
    """Deliver the caller's event to the targets of the rules that match; ECS has no event then."""
    product, name = call.required("Product"), call.required("EventName")
    given = _given(call)
    listed = {event.name: event for event in event_names.listed()}.get(name)
    level = str(given.get("level") or (listed.level if listed else event_names.INFO))
    region = str(given.get("regionId") or call.text("RegionId") or DEFAULT_REGION)
    base: dict[str, Any] = {
        "ver": "1.0",
        "id": cloud.new_request_id().lower(),
        "product": product.upper() if product.lower() == "ecs" else product,
        "serviceType": product.upper() if product.lower() == "ecs" else product,
        "resourceId": "",
        "resource": "",
        "instanceName": "",
        "groupId": call.text("GroupId"),
        "level": level,
        "curLevel": level,
        "status": event_names.NORMAL,
        "name": name,
        "eventRealname": listed.title if listed else name,
        "eventRealnameEn": name,
        "eventType": listed.event_class if listed else event_names.NOTIFICATION,
        "ruleName": "",
        "userId": cloud.store.account_id,
        "regionId": region,
        "regionName": region,
        "eventTime": cloudmonitor_bodies.event_time(cloud.now()),
        "content": {},
    }
    message = base | {member: v for member, v in given.items() if member not in _GENERATED}
    occasion = _occasion(cloud, message)
    wanted = CloudMonitorChannel(cloud).deliveries(message, occasion)
    cloud.store.outbox.add(wanted, cloud.switches.delivery_delay)
    return success() | {"Success": "true"}


def _occasion(cloud: Cloud, message: dict[str, Any]) -> Occasion:
    content = message["content"]
    members = content if isinstance(content, dict) else {}
    instance = _INSTANCE.fullmatch(str(message["resourceId"]))
    return Occasion(
        notice_id=message["id"],
        at=cloud.now(),
        region=str(message["regionId"]),
        instance_id=instance["id"] if instance else "",
        event_id="",
        name=message["name"],
        status=str(members.get("eventStatus") or message["status"]),
    )


def _given(call: Call) -> dict[str, Any]:
    """The caller's members. Raises ApiError if they are no JSON object."""
    text = call.text("EventContent")
    if not text:
        return {}
    try:
        members = json.loads(text)
        json.dumps(members, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict) or _levels(members) > _MOST_LEVELS:
        raise call.refusal("EventContent", f"not a JSON object of at most {_MOST_LEVELS} levels")
    return members


def _levels(value: Any) -> int:
    levels, inside = 0, [value]
    while inside := [each for each in inside if isinstance(each, dict | list)]:
        levels += 1
        inside = [
            item for each in inside for item in (each.values() if isinstance(each, dict) else each)
        ]
    return levels
