"""The messages of CloudMonitor: what arrives in a queue, at a webhook or in a function.

The whole body is the one that `barryoo/aliyun-ops` has captured. The short one is that of the page
"Instance event notification" of ECS. The webhook's ``traceId`` is the first parameter of the page
"Configure callbacks for system event-triggered alerts" of CloudMonitor. How a callback by GET looks
is not documented.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from ..state.clock import END_OF_TIME, START_OF_TIME, Epoch
from . import event_names
from .notice import Notice

_CHINA = timezone(timedelta(hours=8))
_A_DAY = 86_400

_DOCUMENTED = (
    *("ver", "id", "product", "resourceId", "level", "name", "userId", "eventTime", "regionId"),
    "content",
)
_DOCUMENTED_CONTENT = (
    *("eventId", "publishTime", "notBefore", "instanceId", "eventType", "eventStatus"),
    *("executeStartTime", "executeFinishTime"),
)
"""The members of the content of a system event."""


def body(
    notice: Notice, rule: str = "", *, form: str = "enriched", status_form: str = "normal"
) -> dict[str, Any]:
    """The message about *notice* for *rule*: whole, or in the *form* ``documented`` the short one.

    With the *status_form* ``event`` the status is that of CloudMonitor's list of events.
    """
    message = {
        "ver": "1.0",
        "id": notice.id,
        "product": "ECS",
        "serviceType": "ECS",
        "resourceId": resource_arn(notice.region, notice.account_id, notice.instance_id),
        "resource": "",
        "instanceName": notice.instance_name,
        "groupId": "",
        "level": notice.level,
        "curLevel": notice.level,
        "status": monitor_status(notice, status_form),
        "name": notice.name,
        "eventRealname": notice.title,
        "eventRealnameEn": notice.name,
        "eventType": notice.event_class,
        "ruleName": rule,
        "userId": notice.account_id,
        "regionId": notice.region,
        "regionName": notice.region,
        "eventTime": event_time(notice.at),
        "content": dict(notice.content),
    }
    return documented_body(message) if form == "documented" else message


def documented_body(message: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a whole *message* that the page of ECS has, in its order."""
    short = {name: message[name] for name in _DOCUMENTED if name in message}
    content = message.get("content")
    if isinstance(content, Mapping):
        first = [name for name in _DOCUMENTED_CONTENT if name in content]
        short["content"] = {name: content[name] for name in dict.fromkeys((*first, *content))}
    return short


def webhook_body(message: Mapping[str, Any]) -> dict[str, Any]:
    """*message* as a webhook gets it: with the id for troubleshooting."""
    return {"traceId": message["id"], **message}


def get_address(url: str, message: bytes) -> str:
    """*url* for a callback by GET: with the members of *message* as parameters.

    An object among them is JSON text. The parameters that *url* has remain.
    """
    members = json.loads(message)
    parameters = urlencode(
        {
            name: value if isinstance(value, str) else dumped(value).decode()
            for name, value in members.items()
        }
    )
    parts = urlsplit(url)
    query = f"{parts.query}&{parameters}" if parts.query else parameters
    return urlunsplit(parts._replace(query=query, fragment=""))


def dumped(message: Any) -> bytes:
    """*message* as compact JSON in UTF-8."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def event_time(moment: Epoch) -> str:
    """*moment* in China's time, with milliseconds: ``20260102T110405.118+0800``."""
    bounded = min(max(moment, START_OF_TIME + _A_DAY), END_OF_TIME - _A_DAY)
    local = datetime.fromtimestamp(bounded, _CHINA)
    milliseconds = local.microsecond // 1_000
    return (
        f"{local.year:04d}{local.month:02d}{local.day:02d}"
        f"T{local.hour:02d}{local.minute:02d}{local.second:02d}.{milliseconds:03d}+0800"
    )


def resource_arn(region: str, account_id: str, instance_id: str) -> str:
    return f"acs:ecs:{region}:{account_id}:instance/{instance_id}"


def monitor_status(notice: Notice, status_form: str) -> str:
    """The member ``status``: Normal, or with the form ``event`` that of an event's life cycle."""
    return notice.status if status_form == "event" and notice.event_id else event_names.NORMAL
