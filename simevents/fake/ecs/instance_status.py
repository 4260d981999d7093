"""The status of an instance, computed from the clock.

The attributes of an instance contain the final status, the status during the transition,
and the time at which the transition ends.
"""

from ..state.clock import Epoch
from ..state.cloud import Cloud
from ..state.store import Resource


def status_of(instance: Resource, now: Epoch) -> str:
    """Pending, Running, Starting, Stopping or Stopped."""
    attributes = instance.attributes
    if now < attributes.get("SettlesAt", 0):
        return str(attributes["Meanwhile"])
    return str(attributes["Status"])


def become(
    cloud: Cloud, instance: Resource, status: str, meanwhile: str, **attributes: str
) -> None:
    """Change *instance* to *status*; during the transition its status is *meanwhile*.

    *attributes* are changed too.
    """
    seconds = cloud.switches.instance_transition_seconds
    cloud.store.modify(
        instance, Status=status, Meanwhile=meanwhile, SettlesAt=cloud.now() + seconds, **attributes
    )
