"""The status of an instance, computed from the clock, and the telling of its changes.

The attributes of an instance contain the final status, the status during the transition,
and the time at which the transition ends. What is told has the states that the page "Instance event
notification" documents: a new instance is Created, one that restarts is Stopping and Starting.
"""

from collections.abc import Iterable, Sequence

from ..state.clock import Epoch
from ..state.cloud import Cloud
from ..state.occurrence_table import Transition
from ..state.occurrences import StateChange
from ..state.store import Resource


def status_of(instance: Resource, now: Epoch) -> str:
    """Pending, Running, Starting, Stopping or Stopped."""
    attributes = instance.attributes
    if now < attributes.get("SettlesAt", 0):
        return str(attributes["Meanwhile"])
    return str(attributes["Status"])


def become(
    cloud: Cloud,
    instance: Resource,
    status: str,
    meanwhile: str,
    through: Sequence[str] = (),
    **attributes: str,
) -> None:
    """Change *instance* to *status*; during the transition its status is *meanwhile*.

    *through* are the states that are told when the transition begins, if there are others than
    *meanwhile*. *attributes* are changed too.
    """
    settles_at = cloud.now() + cloud.switches.instance_transition_seconds
    cloud.store.modify(
        instance, Status=status, Meanwhile=meanwhile, SettlesAt=settles_at, **attributes
    )
    tell(cloud, [instance], through or (meanwhile,), status)


def tell(
    cloud: Cloud, instances: Iterable[Resource], states: Sequence[str], final: str = ""
) -> None:
    """Tell that *instances* have the *states* now, and *final* when their transition ends."""
    now, seconds = cloud.now(), cloud.switches.instance_transition_seconds
    at_once = (*states, final) if final and not seconds else tuple(states)
    is_any_under_way = cloud.store.transitions.next_due() is not None
    changes = []
    for instance in instances:
        changes += [StateChange(instance.id, instance.region, state, now) for state in at_once]
        if final and seconds:
            cloud.store.transitions.put(
                Transition(instance.id, instance.region, final, now + seconds)
            )
        elif is_any_under_way:
            cloud.store.transitions.drop(instance.id)
    cloud.happened(changes)
