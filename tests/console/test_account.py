"""The page of an account: the fake stands in for Alibaba Cloud, as a proxy with its certificate."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from simevents.models import FAKE_ACCESS_KEY_SECRET
from tests.conftest import Cloud
from tests.console import processes
from tests.console.conftest import Contexts

ONLY_FAKE = "Only a fake cloud can do this"


@pytest.fixture(scope="module")
def account_url() -> Iterator[str]:
    with processes.started("fake", "--port", "0", "--proxy") as (_, url):
        yield url


@pytest.fixture
def fake(account_url: str) -> Iterator[Cloud]:
    with Cloud(account_url) as control:
        control.post("reset")
        yield control


@pytest.fixture(scope="module")
def account_console(account_url: str) -> Iterator[str]:
    done = subprocess.run(
        [sys.executable, "-m", "simevents", "env", "--endpoint", account_url],
        env=processes.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    words = shlex.split(done.stdout)
    variables = dict(word.split("=", 1) for word in words if "=" in word)
    # So that it is the hosts of Alibaba Cloud that are asked, through the proxy.
    del variables["SIMEVENTS_ENDPOINT"]
    with processes.console("--region", "cn-hangzhou", extra=variables) as address:
        yield address


def test_reads_schedules_and_cancels_and_says_why_the_rest_is_greyed_out(
    fake: Cloud, account_console: str, contexts: Contexts, in_an_hour: Callable[..., str]
) -> None:
    first, second = fake.instances(2)
    event_id = in_an_hour(first)
    page = contexts.open(account_console)
    expect(page.get_by_text("Alibaba Cloud, cn-hangzhou")).to_be_visible()
    page.get_by_role("button", name=f"History of {event_id}").click()
    expect(page.get_by_text("simulated or real (the API does not tell)")).to_be_visible()
    page.get_by_role("button", name="Cancel event").click()
    expect(page.locator(".outcome")).to_have_text(f"Cancelled {event_id}.")
    expect(page.locator(".result code")).to_have_text(
        f"simevents cancel {event_id} --region cn-hangzhou"
    )
    form = page.get_by_role("form", name="Schedule an event")
    form.get_by_label("Search, or an id").fill(second)
    form.get_by_role("button", name=second, exact=True).click()
    form.get_by_role("button", name="Schedule", exact=True).click()
    expect(page.locator(".outcome")).to_contain_text("Scheduled SystemMaintenance.Reboot")
    assert fake.statuses() == ["Canceled", "Scheduled"]
    expect(page.locator(".chart")).to_have_attribute("data-bars", "2")

    expect(page.get_by_role("group", name="Clock").get_by_text(ONLY_FAKE)).to_be_visible()
    expect(page.get_by_role("button", name="Next transition")).to_be_disabled()
    page.get_by_role("heading", name="Faults").click()
    expect(page.get_by_role("button", name="Add fault")).to_be_disabled()
    page.get_by_role("heading", name="Inject a real event").click()
    expect(page.get_by_role("button", name="Inject", exact=True)).to_be_disabled()
    expect(page.get_by_role("tabpanel").get_by_text(ONLY_FAKE)).to_be_visible()
    assert FAKE_ACCESS_KEY_SECRET not in json.dumps(contexts.requests) + page.content()


def test_always_asks_for_its_token(account_console: str) -> None:
    plain = account_console.partition("?")[0]
    assert urlsplit(account_console).query.startswith("token=")
    assert httpx.get(plain).status_code == 403
