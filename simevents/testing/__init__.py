"""For people who test their own handlers of system events.

With pytest: the fixture `ecs_fake` (`plugin`). Without: `fake_cloud`. Recorded
exchanges: `cassettes`. Heavy modules are imported on first use, since pytest
imports this package in every run where it is installed.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..fake.state.answers import TaughtCall
    from .cloud import FakeCloud
    from .expectations import Expectation
    from .in_process import fake_cloud
    from .records import ApiCall, CloudEvent, Delivery, Subscription

__all__ = [
    "ApiCall",
    "CloudEvent",
    "Delivery",
    "Expectation",
    "FakeCloud",
    "Subscription",
    "TaughtCall",
    "fake_cloud",
]


_MODULES = {
    "ApiCall": "records",
    "CloudEvent": "records",
    "Delivery": "records",
    "Expectation": "expectations",
    "FakeCloud": "cloud",
    "Subscription": "records",
    "TaughtCall": "taught_answers",
    "fake_cloud": "in_process",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{module}", __name__), name)
