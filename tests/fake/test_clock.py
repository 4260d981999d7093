"""The cloud's clock: it goes forward, whatever the wall clock does."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from simevents.fake.server import FakeServer
from simevents.fake.state.clock import END_OF_TIME, Clock, iso_minute, iso_time
from simevents.models import format_time
from tests.conftest import Cloud
from tests.fake.requests import signed


class Wall:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("rate", [0, 1, 60])
def test_a_wall_clock_that_is_set_back_does_not_turn_the_cloud_back(rate: float) -> None:
    wall = Wall()
    clock = Clock(wall)
    clock.run_at(rate)
    wall.now += 10
    before = clock.now()
    wall.now -= 3600
    back = clock.now()
    wall.now += 5

    assert back == before
    assert clock.now() == before + 5 * rate


def test_a_clock_that_is_told_to_goes_back() -> None:
    clock = Clock(Wall())
    clock.now()
    clock.set(datetime(2018, 1, 1, tzinfo=UTC))

    assert iso_time(clock.now()) == "2018-01-01T00:00:00Z"


def test_each_turn_of_the_clock_is_told_and_a_wall_clock_that_is_set_back_is_none() -> None:
    wall = Wall()
    clock = Clock(wall)
    turns: list[str] = []
    clock.on_turn(lambda: turns.append(f"{clock.setting.rate} {iso_time(clock.setting.fake)}"))
    clock.set(datetime(2018, 1, 1, tzinfo=UTC))
    clock.advance(60)
    clock.run_at(0)
    wall.now -= 3600
    clock.now()
    clock.restart()

    assert turns == [
        "1.0 2018-01-01T00:00:00Z",
        "1.0 2018-01-01T00:01:00Z",
        "0 2018-01-01T00:01:00Z",
        "1.0 2027-01-15T07:00:00Z",
    ]


@pytest.mark.parametrize(
    ("rate", "moment", "expected"),
    [
        (1, 90, 90.0),
        (60, 90, 1.5),
        (0, 90, None),
        (0, 0, 0.0),
        (0, -90, 0.0),
        (1, END_OF_TIME, None),
    ],
)
def test_how_long_the_cloud_takes_to_reach_a_moment(
    rate: float, moment: float, expected: float | None
) -> None:
    clock = Clock(Wall())
    clock.run_at(rate)

    assert clock.wall_seconds_until(Wall.now + moment) == expected


def test_an_event_stays_visible_when_the_wall_clock_is_set_back(tmp_path: Path) -> None:
    wall = Wall()
    seen = []
    for step in (0, -2, -3600):
        wall.now += step
        with FakeServer(data=tmp_path / "cloud.db", wall=wall) as server:
            cloud = Cloud(server.url)
            common = {
                "RegionId": "cn-hangzhou",
                "Timestamp": format_time(datetime.fromtimestamp(wall.now, UTC)),
            }
            if step == 0:
                cloud.post("instances", instance_ids=["i-a"])
                create = common | {
                    "Action": "CreateSimulatedSystemEvents",
                    "EventType": "SystemMaintenance.Reboot",
                    "NotBefore": "2099-01-01T00:00:00Z",
                    "InstanceId.1": "i-a",
                }
                httpx.post(server.url, data=signed("POST", **create)).raise_for_status()
            read = common | {
                "Action": "DescribeInstanceHistoryEvents",
                "InstanceEventCycleStatus.1": "Scheduled",
            }
            answer = httpx.post(server.url, data=signed("POST", **read))
            seen.append(answer.json()["TotalCount"])
            cloud.close()

    assert seen == [1, 1, 1]


def test_a_time_that_was_set_survives_a_restart_and_a_reset_forgets_it(tmp_path: Path) -> None:
    data = tmp_path / "cloud.db"
    with FakeServer(data=data) as server:
        cloud = Cloud(server.url)
        cloud.post("clock", set="2199-01-01T00:00:00Z")
        cloud.post("clock", set="2018-01-01T00:00:00Z")
        cloud.close()
    with FakeServer(data=data) as server:
        cloud = Cloud(server.url)
        kept = cloud.get("clock")["now"]
        cloud.post("clock", set="2199-01-01T00:00:00Z")
        cloud.post("reset")
        cloud.close()
    with FakeServer(data=data) as server:
        cloud = Cloud(server.url)
        after = cloud.get("clock")["now"]
        cloud.close()

    assert kept.startswith("2018-01-01T00:0")
    assert after < "2199"


def test_the_first_and_the_last_year_have_four_digits() -> None:
    first = datetime(1, 1, 1, tzinfo=UTC).timestamp()

    assert (iso_time(first), iso_minute(first)) == ("0001-01-01T00:00:00Z", "0001-01-01T00:00Z")
    assert iso_time(END_OF_TIME + 86_400) == "9999-12-31T23:59:59Z"
    assert iso_time(first - 86_400) == "0001-01-01T00:00:00Z"
