"""Waking those who wait for something in the cloud to change."""

from simevents.fake.state.wakeups import Wakeups


def test_only_those_who_wait_for_it_are_woken_and_nobody_after_the_wait() -> None:
    wakeups = Wakeups()
    woken: list[str] = []
    with wakeups.waiting("a", lambda: woken.append("first")):
        with (
            wakeups.waiting("a", lambda: woken.append("second")),
            wakeups.waiting("b", lambda: woken.append("other")),
        ):
            wakeups.wake("a")
            wakeups.wake("c")
        wakeups.wake_all()
    wakeups.wake("a")
    wakeups.wake_all()

    assert woken == ["first", "second", "first"]
