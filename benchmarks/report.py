"""How long a report takes, and how large it is: 1,000 instances, 5,000 events, as many calls.

Two drills: one in which all instances have the same few stories, and one in which each has its
own, so that nothing folds. The best of some rounds; the time does not hold that of the imports.
"""

import random
import sys
import time
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from simevents.models import EventType
from simevents.picture.drill import Attempt, Call, Delivery, Drill, Event, Instance, Step
from simevents.picture.page import page

INSTANCES, EVENTS_EACH = 1_000, 5
ROUNDS = 3
WANTED_SECONDS, WANTED_BYTES = 2.0, 3_000_000
START = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
ENDS = ("Executed", "Avoided", "Canceled", "Failed")


def main() -> None:
    table = Table("1,000 instances, 5,000 events", "seconds", "bytes", "wanted")
    are_met = True
    for name, chance in (("the same stories", None), ("a story each", random.Random(1))):
        drill = drilled(chance)
        seconds, size = measured(drill)
        are_met = are_met and seconds < WANTED_SECONDS and size < WANTED_BYTES
        wanted = f"< {WANTED_SECONDS} s, < {WANTED_BYTES:,}"
        table.add_row(name, f"{seconds:.2f}", f"{size:,}", wanted)
    Console().print(table)
    sys.exit(not are_met)


def measured(drill: Drill) -> tuple[float, int]:
    """The shortest time of some rounds, and the size."""
    best, text = float("inf"), ""
    for _ in range(ROUNDS):
        began = time.perf_counter()
        text = page(drill)
        best = min(best, time.perf_counter() - began)
    return best, len(text.encode())


def drilled(chance: random.Random | None) -> Drill:
    """A drill; with *chance*, types, ends and times are random."""
    types = [each.value for each in EventType]
    events, calls, deliveries, instances = [], [], [], []
    for number in range(INSTANCES):
        id = f"i-bp1{number:017}"
        instances.append(Instance(id, "cn-hangzhou", "Running"))
        for nth in range(EVENTS_EACH):
            at = START + timedelta(hours=3 * nth, seconds=number % 30)
            kind, end = types[nth], ENDS[number % 7 == 0]
            if chance is not None:
                at = START + timedelta(seconds=chance.randrange(60_000))
                kind, end = chance.choice(types), chance.choice(ENDS)
            done = at + timedelta(seconds=20 + number // 10)
            history = (Step(at, "Scheduled"), Step(done, end))
            event_id = f"e-bp1{number * 10 + nth:017}"
            due = at + timedelta(hours=2)
            events.append(Event(event_id, id, kind, at, due, history, "cn-hangzhou"))
            asked = {"RegionId": "cn-hangzhou", "InstanceId": id}
            calls.append(Call(done, "RebootInstance", asked))
            deliveries.append(
                Delivery(
                    *(number * 10 + nth, at, f"Instance:{kind}", "Scheduled", "delivered", id),
                    event_id=event_id,
                    kind="webhook",
                    address="http://127.0.0.1:8000/hook",
                    acknowledged_at=at,
                    attempts=(Attempt(1, at, "delivered", 200, "ok"),),
                )
            )
    return Drill(
        now=START + timedelta(hours=20),
        events=tuple(events),
        calls=tuple(sorted(calls, key=lambda each: each.at)),
        deliveries=tuple(deliveries),
        instances=tuple(instances),
    )


if __name__ == "__main__":
    main()
