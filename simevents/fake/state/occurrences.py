"""What happens in the cloud that is delivered to those who subscribe to it.

`Cloud.happened` takes these, in the transaction of the change.
"""

from dataclasses import dataclass

from .clock import Epoch
from .event_table import EventRow


@dataclass(frozen=True, slots=True)
class EventChange:
    """A system event was published, or its status changed; `event.status` is the new one."""

    event: EventRow
    at: Epoch


@dataclass(frozen=True, slots=True)
class StateChange:
    """An instance has started, stopped and so on; *state* is a Status of the API."""

    instance_id: str
    region: str
    state: str
    at: Epoch


@dataclass(frozen=True, slots=True)
class Interruption:
    """A preemptible instance will be released within minutes."""

    instance_id: str
    region: str
    at: Epoch
    action: str = "delete"


Occurrence = EventChange | StateChange | Interruption
