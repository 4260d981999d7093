"""The faults of the fake cloud, as a test injects them."""

from typing import Any

from ..errors import InvalidInput
from ..fake.control.client import Control, ControlError

# pytest shows the line of the test that went wrong, not ours.
__tracebackhide__ = True


class CloudFaults:
    """Faults that are injected on purpose."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def add(self, action: str = "*", **fault: Any) -> None:
        """Let calls of *action* fail; *fault* as ``POST /_fake/faults`` takes it.

        For example ``add("DescribeInstanceHistoryEvents", error="Throttling", times=2)``.
        """
        try:
            self._control.post("faults", action=action, **fault)
        except ControlError as error:
            raise InvalidInput("fault", str(error)) from None

    def clear(self) -> None:
        self._control.delete("faults")
