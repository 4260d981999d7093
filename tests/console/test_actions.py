"""Each action of the page once, seen in the fake's own record."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import Cloud
from tests.console import processes


def outcome(page: Page) -> Locator:
    return page.locator(".outcome")


def command(page: Page) -> str:
    return page.locator(".result code").inner_text()


@pytest.fixture
def repeat() -> Callable[[str], str]:
    """Run a command that the page shows."""

    def run(line: str) -> str:
        words = shlex.split(line)
        assert words[0] == "simevents"
        done = subprocess.run(
            [sys.executable, "-m", *words],
            env=processes.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout + done.stderr

    return run


def choose(page: Page, form: str, instance_id: str) -> None:
    within = page.get_by_role("form", name=form)
    within.get_by_label("Search, or an id").fill(instance_id)
    within.get_by_role("button", name=instance_id, exact=True).click()
    expect(within.get_by_text(f"1 chosen: {instance_id}")).to_be_visible()


def test_schedules_by_a_call_of_the_api(
    page: Page, fake: Cloud, repeat: Callable[[str], str]
) -> None:
    first, second = fake.instances(2)
    form = page.get_by_role("form", name="Schedule an event")
    choose(page, "Schedule an event", first)
    form.get_by_label("Type").select_option("SystemFailure.Reboot")
    form.get_by_label("When").fill("+3h")
    form.get_by_role("button", name="Schedule", exact=True).click()
    expect(outcome(page)).to_have_text("Scheduled SystemFailure.Reboot on 1 instance.")
    (event,) = fake.get("events")
    found = {name: event[name] for name in ("instance_id", "event_type", "status", "simulated")}
    assert found == {
        "instance_id": first,
        "event_type": "SystemFailure.Reboot",
        "status": "Executing",
        "simulated": True,
    }
    assert "CreateSimulatedSystemEvents" in fake.actions()
    assert second in repeat(command(page).replace(first, second))
    assert len(fake.get("events")) == 2


def test_a_refusal_shows_the_code_and_the_text(page: Page, fake: Cloud) -> None:
    (instance,) = fake.instances(1)
    fake.post("faults", action="CreateSimulatedSystemEvents", error="Forbidden.RAM", times=1)
    choose(page, "Schedule an event", instance)
    page.get_by_role("button", name="Schedule", exact=True).click()
    expect(outcome(page)).to_contain_text("Forbidden.RAM")
    expect(outcome(page)).to_have_class(re.compile("refused"))
    assert fake.get("events") == []


def test_injects_a_real_event(page: Page, fake: Cloud, repeat: Callable[[str], str]) -> None:
    (instance,) = fake.instances(1)
    page.get_by_role("heading", name="Inject a real event").click()
    choose(page, "Inject a real event", instance)
    form = page.get_by_role("form", name="Inject a real event")
    form.get_by_label("Status").select_option("Inquiring")
    form.get_by_label("Reason").fill("disk 'a' is worn; $(id)")
    form.get_by_role("button", name="Inject", exact=True).click()
    expect(outcome(page)).to_have_text("Injected SystemMaintenance.Reboot.")
    (event,) = fake.get("events")
    assert (event["instance_id"], event["status"], event["simulated"]) == (
        *(instance, "Inquiring"),
        False,
    )
    assert repeat(command(page)).startswith("e-")
    assert len(fake.get("events")) == 2


def test_cancels(
    page: Page, fake: Cloud, in_an_hour: Callable[..., str], repeat: Callable[[str], str]
) -> None:
    first, second = fake.instances(2)
    event_id, other = in_an_hour(first), in_an_hour(second)
    page.get_by_role("button", name=f"History of {event_id}").click()
    page.get_by_role("button", name="Cancel event").click()
    expect(outcome(page)).to_have_text(f"Cancelled {event_id}.")
    assert fake.statuses() == ["Canceled", "Scheduled"]
    assert "CancelSimulatedSystemEvents" in fake.actions()
    expect(page.get_by_role("button", name="Cancel event")).to_be_disabled()
    assert other in repeat(command(page).replace(event_id, other))
    assert fake.statuses() == ["Canceled", "Canceled"]


def test_accepts(
    page: Page, fake: Cloud, in_an_hour: Callable[..., str], repeat: Callable[[str], str]
) -> None:
    first, second = fake.instances(2)
    event_id = in_an_hour(first, status="Inquiring", simulated=False)
    other = in_an_hour(second, status="Inquiring", simulated=False)
    page.get_by_role("button", name=f"History of {event_id}").click()
    page.get_by_role("button", name="Accept event").click()
    expect(outcome(page)).to_have_text(f"Accepted {event_id}.")
    assert fake.statuses() == ["Inquiring", "Scheduled"]
    assert "AcceptInquiredSystemEvent" in fake.actions()
    assert repeat(command(page).replace(event_id, other)) == f"Accepted {other}.\n"
    assert fake.statuses() == ["Scheduled", "Scheduled"]


def test_turns_the_clock(
    page: Page, fake: Cloud, in_an_hour: Callable[..., str], repeat: Callable[[str], str]
) -> None:
    fake.post("switches", executing_seconds=600)
    in_an_hour(fake.instances(1)[0])
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("timer")).to_contain_text("frozen")
    before = fake.get("clock")
    assert before["rate"] == 0

    page.get_by_role("button", name="Next transition").click()
    expect(outcome(page)).to_have_text("The clock went to the next transition.")
    assert 3500 < fake.get("clock")["epoch"] - before["epoch"] <= 3600
    assert fake.statuses() == ["Executing"]
    assert "(frozen)" in repeat(command(page))
    assert fake.statuses() == ["Executed"]

    page.get_by_label("Advance by").fill("2h")
    page.get_by_role("button", name="Advance", exact=True).click()
    expect(outcome(page)).to_have_text("The clock was advanced by 2h.")
    assert fake.get("clock")["epoch"] - before["epoch"] > 7200
    assert command(page).startswith("simevents clock advance 2h ")

    page.get_by_role("combobox", name="Rate").select_option("60")
    page.get_by_role("button", name="Set rate").click()
    expect(page.get_by_role("timer")).to_contain_text("running ×60")
    assert fake.get("clock")["rate"] == 60
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("timer")).to_contain_text("running")
    expect(outcome(page)).to_have_text("The clock runs.")
    assert fake.get("clock")["rate"] == 1


def test_says_when_no_transition_is_due(page: Page, fake: Cloud) -> None:
    before = fake.get("clock")["epoch"]
    page.get_by_role("button", name="Next transition").click()
    expect(outcome(page)).to_contain_text("no change and no delivery is due")
    assert fake.get("clock")["epoch"] - before < 60


def test_a_span_that_is_none_is_refused_with_what_is_valid(page: Page, fake: Cloud) -> None:
    page.get_by_label("Advance by").fill("soon")
    page.get_by_role("button", name="Advance", exact=True).click()
    expect(outcome(page)).to_contain_text('"advance" must be a duration such as 30s, 15m or 2h')


def test_adds_and_clears_faults(page: Page, fake: Cloud, repeat: Callable[[str], str]) -> None:
    page.get_by_role("heading", name="Faults").click()
    form = page.get_by_role("form", name="Add a fault")
    form.get_by_label("Action").fill("DescribeInstances")
    form.get_by_label("What fails").select_option("cut after")
    form.get_by_label("Number of calls").fill("3")
    form.get_by_role("button", name="Add fault").click()
    expect(outcome(page)).to_have_text("Added the fault.")
    (fault,) = fake.get("faults")
    assert (fault["action"], fault["cut"], fault["times"]) == ("DescribeInstances", "after", 3)
    table = page.get_by_role("region", name="Faults that are set")
    expect(table).to_contain_text("DescribeInstances")
    repeat(command(page))
    assert len(fake.get("faults")) == 2
    page.get_by_role("button", name="Clear faults").click()
    expect(outcome(page)).to_have_text("No faults.")
    assert fake.get("faults") == []
    expect(table).to_contain_text("No faults.")


@pytest.fixture
def subscribed(fake: Cloud) -> Iterator[None]:
    """Everything that happens is delivered into a queue."""
    fake.post("subscriptions", kind="queue", address="events", name="all")
    yield
    fake.post("reset")


def test_sends_a_delivery_again(
    page: Page,
    fake: Cloud,
    subscribed: None,
    in_an_hour: Callable[..., str],
    repeat: Callable[[str], str],
) -> None:
    event_id = in_an_hour(fake.instances(1)[0])
    fake.post("deliveries/wait", seconds=5)
    (delivery,) = [each for each in fake.get("deliveries") if each["event_id"] == event_id]
    id = delivery["delivery_id"]
    page.get_by_role("tab", name="Deliveries").click()
    page.get_by_role("tabpanel").get_by_role("button", name=f"Send delivery {id} again").click()
    expect(outcome(page)).to_have_text(f"Delivery {id} is sent again.")
    fake.post("deliveries/wait", seconds=5)
    attempts = fake.get(f"deliveries/{id}")["attempts"]
    assert [attempt["number"] for attempt in attempts] == [1, 2]
    expect(page.get_by_role("tabpanel")).to_contain_text("2; last: delivered")
    line = command(page)
    assert line.startswith(f"simevents deliveries send {id} ")
    repeat(line)
    fake.post("deliveries/wait", seconds=5)
    assert len(fake.get(f"deliveries/{id}")["attempts"]) == 3
    page.get_by_role("button", name=f"History of {event_id}").click()
    expect(page.get_by_role("region", name="SystemMaintenance.Reboot on")).to_contain_text(
        "attempt 2: delivered"
    )
