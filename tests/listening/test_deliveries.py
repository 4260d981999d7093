"""fake --deliver, and what deliveries shows of it, as processes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import REGION
from tests.fake.delivery.receiver import Receiver, Reply
from tests.listening.commands import REBOOT, line_of, simevents, started

pytestmark = pytest.mark.slow


@pytest.fixture
def handler() -> Iterator[Receiver]:
    with Receiver(lambda _: Reply(200, b'{"code": 0}\nmore')) as made:
        yield made


@contextmanager
def fake(*words: str) -> Iterator[str]:
    with started("fake", "--port", "0", "--instance", "i-a", *words) as running:
        yield line_of(running)


def create(url: str) -> None:
    words = ("--type", REBOOT, "--not-before", "+2h", "--instance", "i-a")
    made = simevents("create", "--endpoint", url, "--region", REGION, *words)
    assert made.returncode == 0


def test_a_fake_delivers_to_each_url_and_the_list_fits_into_80_columns(handler: Receiver) -> None:
    words = ("--deliver", f"{handler.url}/a", "--deliver", f"{handler.url}/b")
    with fake(*words, "--deliver-via", "eventbridge") as url:
        create(url)
        paths = {handler.next().path for _ in range(2)}
        httpx.post(f"{url}/_fake/deliveries/wait", json={"seconds": 20}, timeout=30)
        listed = simevents("deliveries", "--endpoint", url)
        wide = simevents("deliveries", "list", "--endpoint", url, "--rule", "deliver-2", "--wide")
        none = simevents("deliveries", "--endpoint", url, "--state", "failed", "--json")
        other = simevents("deliveries", "--endpoint", url, "--instance", "i-b", "--json")

    assert paths == {"/a", "/b"}
    heading, *rows = listed.stdout.splitlines()
    assert heading.split() == ["id", "instance", "status", "state", "answer", "at", "rule"]
    assert [row.split()[:5] for row in rows] == [
        [id, "i-a", "Scheduled", "delivered", "200"] for id in ("1", "2")
    ]
    assert max(map(len, listed.stdout.splitlines())) <= 80
    assert len(wide.stdout.splitlines()) == 2
    assert f"ecs:Instance:{REBOOT}" in wide.stdout
    assert f"webhook {handler.url}/b" in wide.stdout
    assert (json.loads(none.stdout), json.loads(other.stdout)) == ([], [])


def test_a_delivery_is_shown_and_sent_again() -> None:
    with (
        Receiver(lambda number: Reply((200, 500)[number == 1], b"said")) as handler,
        fake("--deliver", handler.url) as url,
    ):
        # No retries of its own: they come when the cloud's time does.
        httpx.post(f"{url}/_fake/clock", json={"freeze": True})
        create(url)
        first = handler.next()
        httpx.post(f"{url}/_fake/deliveries/wait", json={"seconds": 20}, timeout=30)
        failed = simevents("deliveries", "send", "1", "--endpoint", url)
        sent = simevents("deliveries", "send", "1", "--endpoint", url)
        shown = simevents("deliveries", "show", "1", "--endpoint", url)
        as_json = simevents("deliveries", "show", "1", "--endpoint", url, "--json")
        unknown = simevents("deliveries", "show", "7", "--endpoint", url)
    attempts = json.loads(as_json.stdout)["attempts"]

    assert (failed.returncode, failed.stderr) == (1, "error: delivery 1 was not acknowledged\n")
    assert (sent.returncode, sent.stderr) == (0, "")
    assert "delivered (repeated)  200 in " in sent.stdout
    assert sent.stdout.endswith(" ms  said\n")
    assert f"name:         Instance:{REBOOT}:Scheduled" in shown.stdout
    assert f'    "name": "Instance:{REBOOT}:Scheduled",' in shown.stdout
    assert json.loads(json.loads(as_json.stdout)["body"]) == first.json
    assert [each["http_status"] for each in attempts] == [200, 500, 200]
    assert [each["is_repeat"] for each in attempts] == [False, True, True]
    assert (unknown.returncode, unknown.stderr) == (
        2,
        (
            "error: there is no delivery 7; simevents deliveries, or GET /_fake/deliveries, lists "
            "them\n"
        ),
    )


def test_a_detached_fake_delivers_and_forgets_at_a_start_without_the_option(
    handler: Receiver, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path / "cloud.db"))
    words = ("fake", "--port", "0", *data, "--instance", "i-a")
    told = ("--deliver", handler.url, "--function", f"drills/drain={handler.url}/invoke")
    try:
        url = simevents(*words, *told, "--detach").stdout.strip()
        create(url)
        name = handler.next().json["name"]
        functions = httpx.get(f"{url}/_fake/functions").json()
        simevents("fake", *data, "--stop")
        url = simevents(*words, "--detach").stdout.strip()
        subscriptions = httpx.get(f"{url}/_fake/subscriptions").json()
    finally:
        simevents("fake", *data, "--stop")

    assert name == f"Instance:{REBOOT}:Scheduled"
    assert [(each["service"], each["name"], each["url"]) for each in functions] == [
        ("drills", "drain", f"{handler.url}/invoke")
    ]
    assert subscriptions == []
