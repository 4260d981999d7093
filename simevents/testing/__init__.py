"""For people who test their own handlers of system events.

With pytest: the fixture `ecs_fake` (`plugin`). Without: `fake_cloud`. Recorded
exchanges: `cassettes`. Everything heavy is imported when it is first used, for pytest
imports this package in every run of everybody who has it installed.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cloud import ApiCall, CloudEvent, FakeCloud, fake_cloud
    from .expectations import Expectation

__all__ = ["ApiCall", "CloudEvent", "Expectation", "FakeCloud", "fake_cloud"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import cloud, expectations

    return getattr(expectations if name == "Expectation" else cloud, name)
