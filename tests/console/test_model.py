"""What is known of the cloud, and what pages are told."""

from simevents.console.model import Missed, Model, News, Part, Reading


def event(id: str, status: str) -> dict[str, str]:
    return {"event_id": id, "status": status}


def reading(run: str = "a", epoch: float = 100.0, rate: float = 1.0, **parts: Part) -> Reading:
    return Reading(run, epoch, rate, **parts)  # type: ignore[arg-type]


def test_tells_only_what_differs() -> None:
    model = Model(clock=lambda: 0.0)
    first = model.take(
        reading(events=Part([event("e-1", "Scheduled"), event("e-2", "Scheduled")], is_all=True))
    )
    assert first.is_reset
    again = model.take(
        reading(events=Part([event("e-1", "Executed"), event("e-2", "Scheduled")], is_all=True))
    )
    assert again == News(
        events=[event("e-1", "Executed")], calls=[], deliveries=[], instances=[], gone_instances=[]
    )
    assert not model.take(reading()).is_any


def test_forgets_everything_of_another_run() -> None:
    model = Model(clock=lambda: 0.0)
    model.take(reading(events=Part([event("e-1", "Scheduled")])))
    news = model.take(reading(run="b"))
    assert (news.is_reset, model.events) == (True, {})


def test_each_call_comes_once() -> None:
    model = Model(clock=lambda: 0.0)
    model.take(reading(calls=Part([{"number": 1}, {"number": 2}])))
    news = model.take(reading(calls=Part([{"number": 2}, {"number": 3}])))
    assert list(news.calls) == [{"number": 3}]
    assert [call["number"] for call in model.calls] == [1, 2, 3]


def test_an_instance_that_is_gone_is_told_of() -> None:
    model = Model(clock=lambda: 0.0)
    both = [{"instance_id": "i-a"}, {"instance_id": "i-b"}, {"instance_id": "i-c"}]
    model.take(reading(instances=Part(both, is_all=True)))
    assert list(model.take(reading(instances=Part(gone=["i-a"]))).gone_instances) == ["i-a"]
    news = model.take(reading(instances=Part([{"instance_id": "i-b"}], is_all=True)))
    assert list(news.gone_instances) == ["i-c"]


def test_the_clock_is_told_of_when_it_was_turned_and_not_when_it_ran() -> None:
    real = [0.0]
    model = Model(clock=lambda: real[0])
    assert model.take(reading(epoch=1000.0)).has_clock
    real[0] = 5.0
    assert not model.take(reading(epoch=1005.1)).has_clock
    assert model.take(reading(epoch=2000.0)).has_clock
    assert model.now() == 2000.0
    assert model.take(reading(epoch=2000.0, rate=60.0)).has_clock
    real[0] = 6.0
    assert model.now() == 2060.0


def test_the_clock_stops_where_that_of_the_fake_does() -> None:
    real = [0.0]
    model = Model(clock=lambda: real[0])
    model.take(reading(epoch=253_402_300_000.0, rate=1e6))
    real[0] = 60.0
    assert model.now() == 253_402_300_799.0


def test_a_paused_page_keeps_only_so_much() -> None:
    first, second, third, everything = (News(gone_instances=[id]) for id in "123*")
    missed = Missed(2)
    missed.add(first)
    missed.add(second)
    assert missed.take(lambda: everything) == [first, second]
    assert missed.take(lambda: everything) == []
    for each in (first, second, third, first):
        missed.add(each)
    assert missed.take(lambda: everything) == [everything]
    missed.add(third)
    assert missed.take(lambda: everything) == [third]
