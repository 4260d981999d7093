"""Cancelling until nothing is open, whatever the first answer was.

Used when a resource is deleted or changed and when something that was half done is
undone. What cannot be cancelled is named in the error, with the command that does it.
"""

import logging
import tempfile
from collections.abc import Sequence

from ..api.client import SystemEvents
from ..errors import LeftOpen, listed
from ..models import RETENTION_DAYS, format_time
from .intent import Intent, matches

NAMED_IDS = 10
"""So many ids are written out in an error; more go into a file."""

log = logging.getLogger("simevents")


def clear(
    api: SystemEvents,
    intent: Intent,
    instance_ids: Sequence[str],
    event_ids: Sequence[str],
    *,
    wait_for_late: bool = False,
    just_made: bool = False,
) -> None:
    """Cancel *event_ids* and what matches *intent* on *instance_ids*, until none is open.

    With *wait_for_late*, events that an unanswered call may have made are waited for
    through the settling time. Events that were *just_made* exist, whether the cloud
    shows them or not. Raises LeftOpen when something stays open, or may.
    """
    known = list(dict.fromkeys(event_ids))
    outcome = api.cancel(known)
    real, unknown = set(outcome.real), set(outcome.unknown)
    remaining: list[str] = []
    for _ in api.patience.settling():
        # An id that is not known yet, or no longer: the settling time tells which.
        unknown = set(api.cancel(sorted(unknown)).unknown)
        found = [*api.describe(known), *matches(api, intent, instance_ids)]
        remaining = sorted({event.event_id for event in found if event.is_open} - real)
        real |= set(api.cancel(remaining).real)
        if not remaining and not unknown and not wait_for_late:
            break
    if unknown and just_made:
        raise LeftOpen(
            f"{len(unknown)} events were made and cannot be found to be cancelled: "
            f"{listed(sorted(unknown))}."
        )
    _warn(intent, unknown, real)
    still_open = set(remaining) - real
    if still_open:
        _require_closed(api, sorted(still_open))


def _require_closed(api: SystemEvents, event_ids: list[str]) -> None:
    """The last cancel of a loop has not been looked at yet."""
    left = [event.event_id for event in api.describe(event_ids) if event.is_open]
    if left:
        raise LeftOpen(
            f"{len(left)} events are still open: {listed(left)}. Cancel them: "
            f"{sweep_command(api, left)}"
        )


def _warn(intent: Intent, unknown: set[str], real: set[str]) -> None:
    if unknown:
        log.warning(
            "The cloud does not know %s in %s of account %s: finished more than %s days ago, or "
            "gone with another cloud.",
            listed(sorted(unknown)),
            intent.region,
            intent.account_id,
            RETENTION_DAYS,
        )
    if real:
        log.warning("%s is no simulated event and is left alone.", listed(sorted(real)))


def sweep_command(api: SystemEvents, event_ids: Sequence[str]) -> str:
    """The command that cancels these events by hand; many ids go into a file that it names."""
    words = [*_sweep(api)]
    if len(event_ids) > NAMED_IDS:
        words += ["--events-from", _written(event_ids)]
    else:
        words += [word for id in event_ids for word in ("--event", id)]
    return " ".join(words)


def sweep_command_for(api: SystemEvents, intent: Intent, instance_ids: Sequence[str]) -> str:
    """The command that cancels what matches *intent* on these instances, whatever its ids are."""
    words = [*_sweep(api), "--type", intent.event_type]
    words += ["--not-before", format_time(intent.not_before)]
    if len(instance_ids) > NAMED_IDS:
        words += ["--instances-from", _written(instance_ids)]
    else:
        words += [word for id in instance_ids for word in ("--instance", id)]
    return " ".join(words)


def _sweep(api: SystemEvents) -> list[str]:
    where = ["--endpoint", api.settings.endpoint] if api.settings.endpoint else []
    return ["simevents", "sweep", "--region", api.settings.region, *where]


def _written(ids: Sequence[str]) -> str:
    """A file that holds the ids, one a line, and stays."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="simevents-left-open-", suffix=".txt", delete=False
    ) as kept:
        kept.write("".join(f"{id}\n" for id in ids))
    return kept.name
