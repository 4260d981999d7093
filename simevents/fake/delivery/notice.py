"""A change of the cloud as CloudMonitor and EventBridge know it, before any rule has matched."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..state.clock import Epoch


@dataclass(frozen=True, slots=True)
class Notice:
    """One publication, change of a status, or other occurrence."""

    id: str
    """A UUID in lower case; the same for every rule."""
    at: Epoch
    """The cloud's time of the change."""
    region: str
    account_id: str
    instance_id: str
    instance_name: str
    event_id: str
    """Empty for a change that is not one of a system event."""
    name: str
    """CloudMonitor's, such as ``Instance:SystemMaintenance.Reboot:Scheduled``; empty where
    CloudMonitor sends nothing."""
    level: str
    """CRITICAL, WARN or INFO."""
    event_class: str
    """CloudMonitor's event type: Maintenance, Exception or StatusNotification."""
    title: str
    """What CloudMonitor calls the change in its list of events."""
    bus_type: str
    """On EventBridge, such as ``ecs:Instance:SystemMaintenance.Reboot``."""
    status: str
    """The status of the event, or the state of the instance."""
    content: Mapping[str, Any]
    """CloudMonitor's content, which is EventBridge's data."""
