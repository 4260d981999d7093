"""In which status an instance is: computed from the clock, like everything that takes time.

An instance remembers what it is going to be, what it is until then, and until when.
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


def become(cloud: Cloud, instance: Resource, status: str, meanwhile: str) -> None:
    """Let *instance* go over to *status*; while that takes time it is *meanwhile*."""
    seconds = cloud.switches.instance_transition_seconds
    cloud.store.modify(
        instance, Status=status, Meanwhile=meanwhile, SettlesAt=cloud.now() + seconds
    )
