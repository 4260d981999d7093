"""Events as the API shows them, for tests."""

from datetime import UTC, datetime, timedelta

from simevents.models import SystemEvent, event_status

PUBLISHED = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
REBOOT = "SystemMaintenance.Reboot"


def event(
    status: str,
    event_type: str = REBOOT,
    *,
    finished: datetime | None = None,
    event_id: str = "e-1",
) -> SystemEvent:
    """Published at `PUBLISHED`, due two hours later."""
    return SystemEvent(
        event_id,
        "i-a",
        event_type,
        event_status(status),
        PUBLISHED + 2 * HOUR,
        PUBLISHED,
        finished,
    )
