"""Sends a life cycle that is made up, one message after the other."""

from collections.abc import Callable, Iterator
from datetime import datetime

from ..fake.delivery.event_names import INTERRUPTION, STATE_CHANGE
from .forwarder import Answer, Forwarder
from .life_cycles import LifeCycle, course


def sent(
    forwarder: Forwarder,
    life: LifeCycle,
    instance_id: str,
    now: Callable[[], datetime],
    pause: Callable[[], None],
) -> Iterator[Answer]:
    """Send the messages of *life* about *instance_id*, with a *pause* between two of them.

    *now* is the time, UTC, at which an event is published or an instance changes.
    """
    forwarder.name_instance(instance_id, instance_id)
    for number, send in enumerate(_steps(forwarder, life, instance_id, now)):
        if number:
            pause()
        answer = send()
        assert answer is not None  # `life_cycles.parse` lets only statuses with a message pass
        yield answer


def _steps(
    forwarder: Forwarder, life: LifeCycle, instance_id: str, now: Callable[[], datetime]
) -> Iterator[Callable[[], Answer | None]]:
    if life.event_type == INTERRUPTION:
        yield lambda: forwarder.forward_interruption(instance_id, now())
    elif life.event_type == STATE_CHANGE:
        for state in life.statuses:
            yield lambda state=state: forwarder.forward_state(instance_id, state, now())  # type: ignore[misc]
    else:
        event_id = forwarder.cloud.new_id("e")
        for change in course(life, instance_id, event_id, now()):
            yield lambda change=change: forwarder.forward(change)  # type: ignore[misc]
