"""The JSON bodies of the control requests about deliveries."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from ..delivery.outbox.http_sender import BadTarget, split
from ..delivery.outbox.subscriptions import CLOUDMONITOR, EVENTBRIDGE, Subscription
from .bodies import BadBody, Body
from .fields import Flag, Number, Text

Via = Annotated[
    Literal["cloudmonitor", "eventbridge"],
    Meta(description='"cloudmonitor" or "eventbridge"'),
]
Kind = Annotated[
    Literal["webhook", "queue", "function", "in_process"],
    Meta(description='"webhook", "queue", "function" or "in_process"'),
]


class NewSubscription(Body, frozen=True):
    """Who wants to be told of what, and how."""

    kind: Kind
    address: Text
    name: Text | UnsetType = UNSET
    region: Text | UnsetType = UNSET
    """Of a queue."""
    via: Via = "cloudmonitor"
    names: (
        Annotated[list[str], Meta(min_length=1, max_length=500, description="a list of names")]
        | UnsetType
        | None
    ) = UNSET
    pattern: Annotated[dict[str, Any], Meta(description="an object")] | UnsetType | None = UNSET

    with_states: Flag = False

    def subscription(self, name: str, region: str) -> Subscription:
        """The subscription, called *name*; a queue is one of *region*. Raises BadBody."""
        if self.names and self.via != CLOUDMONITOR:
            raise BadBody('"names" are those of CloudMonitor; with "eventbridge" use "pattern"')
        if self.pattern and self.via != EVENTBRIDGE:
            raise BadBody('"pattern" is one of EventBridge; with "cloudmonitor" use "names"')
        if self.kind == "webhook":
            try:
                split(self.address)
            except BadTarget as error:
                raise BadBody(f'"address": {error}') from None
        return Subscription(
            name=name,
            via=self.via,
            kind=self.kind,
            address=self.address,
            names=self.names or None,
            pattern=self.pattern or None,
            with_states=self.with_states,
            settings={"region": region} if self.kind == "queue" else {},
        )


class NewFunction(Body, frozen=True):
    """Where a function is served."""

    service: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,128}$", description="the name of a service")
    ]
    function: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_-]{1,128}$", description="the name of a function")
    ]
    url: Text | UnsetType = UNSET
    in_process: Text | UnsetType = UNSET


class Wait(Body, frozen=True):
    seconds: Number = 10.0
