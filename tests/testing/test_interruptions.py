"""A handler that waits for the interruption of preemptible instances, in a test of a user."""

import urllib.request

from simevents.testing import FakeCloud

INTERRUPTION = "Instance:PreemptibleInstanceInterruption"
TERMINATION = "http://100.100.100.200/latest/meta-data/instance/spot/termination-time"


def test_an_interruption_happens_five_minutes_before_the_release(ecs_fake: FakeCloud) -> None:
    ecs_fake.clock.set("2030-01-01T00:00:00Z")
    ecs_fake.clock.freeze()
    (instance,) = ecs_fake.run_instances()

    assert ecs_fake.happen(INTERRUPTION, instance) == []
    assert ecs_fake.events == []
    with urllib.request.urlopen(TERMINATION) as answer:
        assert answer.read() == b"2030-01-01T00:05:00Z"


def test_an_interruption_may_be_near(ecs_fake: FakeCloud) -> None:
    ecs_fake.clock.set("2030-01-01T00:00:00Z")
    ecs_fake.clock.freeze()
    instance, other = ecs_fake.run_instances(2)
    ecs_fake.metadata(instance)
    ecs_fake.happen(INTERRUPTION, [instance, other], "+1m")

    with urllib.request.urlopen(TERMINATION) as answer:
        assert answer.read() == b"2030-01-01T00:01:00Z"
