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
    """An instance was created, has started, stopped and so on.

    *state* is one that the vendor documents for ``Instance:StateChange``: Created, Starting,
    Running, Stopping, Stopped or Deleted.
    """

    instance_id: str
    region: str
    state: str
    at: Epoch
    number: int = 0
    """In the order of what happened; `Cloud.happened` assigns it."""


@dataclass(frozen=True, slots=True)
class Interruption:
    """A preemptible instance will be released within minutes."""

    instance_id: str
    region: str
    at: Epoch
    action: str = "delete"
    number: int = 0
    """In the order of what happened; `Cloud.happened` assigns it."""


Occurrence = EventChange | StateChange | Interruption
