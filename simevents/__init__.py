"""Alibaba Cloud ECS simulated system events as a resource that a Pulumi stack owns."""

import importlib
from typing import TYPE_CHECKING, Any

from .errors import SimulatedEventsError
from .models import EventCycleStatus, EventType, SystemEvent

if TYPE_CHECKING:
    from . import alicloud, testing
    from .resource import SimulatedSystemEvent

__version__ = "0.1.0"

__all__ = [
    "EventCycleStatus",
    "EventType",
    "SimulatedEventsError",
    "SimulatedSystemEvent",
    "SystemEvent",
    "alicloud",
    "testing",
]


def __getattr__(name: str) -> Any:
    # Pulumi takes a quarter of a second to import, which the command line need not pay.
    if name == "SimulatedSystemEvent":
        from .resource import SimulatedSystemEvent

        return SimulatedSystemEvent
    if name in ("alicloud", "testing"):
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
