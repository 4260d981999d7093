"""What a target in this process is to the code that calls it."""

from dataclasses import dataclass
from typing import Protocol

from ...fake.state.delivery_records import Delivery


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target has answered."""

    is_delivered: bool
    http_status: int = 0
    text: str = ""


class Target(Protocol):
    """A handler in this process. What it raises fails the test."""

    @property
    def description(self) -> str: ...

    def call(self, delivery: Delivery) -> Answer:
        """Hand over one message; returns when the handler has."""
        ...
