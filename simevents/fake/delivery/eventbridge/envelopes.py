"""The CloudEvent that EventBridge makes of a change in ECS.

Sources: the vendor's pages "ECS events" and "Event overview" of EventBridge, and the sample of an
event of ECS on the page about Cloud Assistant's events. No sample of a maintenance event is
published: that its data are CloudMonitor's content is an assumption.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from ...state.clock import END_OF_TIME, START_OF_TIME, Epoch, iso_time
from ..notice import Notice

SOURCE = "acs.ecs"
DEFAULT_BUS = "default"
"""The bus that carries the events of all the vendor's products."""
CONTENT_TYPE = "application/json;charset=utf-8"
PUBLISH_ADDRESS = "172.25.0.1"
"""Stands for the address of the vendor's server that published the event."""

_BEIJING = timezone(timedelta(hours=8))


def cloud_event(
    notice: Notice, *, subject_form: str = "plain", time_form: str = "offset"
) -> dict[str, Any]:
    """The event that the bus ``default`` carries for *notice*.

    *subject_form* is ``plain`` (``acs.ecs:REGION:ACCOUNT:INSTANCE``) or ``arn``; *time_form* is
    ``offset`` (Beijing time with ``+08:00``) or ``utc`` (with ``Z``).
    """
    return {
        "id": notice.id,
        "source": SOURCE,
        "specversion": "1.0",
        "type": notice.bus_type,
        "subject": _subject(notice, subject_form),
        "time": time_text(notice.at, time_form),
        "datacontenttype": CONTENT_TYPE,
        **extensions(notice.account_id, notice.region, DEFAULT_BUS, notice.at),
        "data": dict(notice.content),
    }


def extensions(account_id: str, region: str, bus: str, published_at: Epoch) -> dict[str, str]:
    """The attributes that the bus adds to every event."""
    return {
        "aliyunaccountid": account_id,
        "aliyunpublishtime": iso_time(published_at),
        "aliyuneventbusname": bus,
        "aliyunregionid": region,
        "aliyunpublishaddr": PUBLISH_ADDRESS,
    }


def _subject(notice: Notice, form: str) -> str:
    if form == "arn":
        return f"acs:ecs:{notice.region}:{notice.account_id}:instance/{notice.instance_id}"
    return f"{SOURCE}:{notice.region}:{notice.account_id}:{notice.instance_id}"


def time_text(moment: Epoch, form: str = "offset") -> str:
    """*moment* in whole seconds, with the offset of Beijing, or in UTC with ``Z``."""
    if form == "utc":
        return iso_time(moment)
    # In the last hours of the year 9999, Beijing is in a year that cannot be written.
    latest = END_OF_TIME - _BEIJING.utcoffset(None).total_seconds()
    whole = datetime.fromtimestamp(min(max(moment, START_OF_TIME), latest), UTC)
    return whole.astimezone(_BEIJING).replace(microsecond=0).isoformat()
