"""A browser, a fake cloud and a console, each a process of its own, for these tests."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.clients.toolchains import ENVIRONMENT, build, run
from tests.conftest import Cloud
from tests.console import processes

PATIENCE_SECONDS = 10
READY = "[data-ready]"
LARGE = (1280, 900)

INSTALL = "Chromium is not installed; as root: apt-get install --no-install-recommends chromium"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A real Chromium. Without one the tests fail in CI, and are left out elsewhere."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if ENVIRONMENT.get("CI"):
            pytest.fail(INSTALL)
        pytest.skip(INSTALL)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="package")
def fake_url() -> Iterator[str]:
    with processes.started("fake", "--port", "0") as (_, url):
        yield url


@pytest.fixture(scope="package")
def console_url(fake_url: str) -> Iterator[str]:
    with processes.console("--endpoint", fake_url) as address:
        yield address


@pytest.fixture
def fake(fake_url: str) -> Iterator[Cloud]:
    """The record of the fake, fresh."""
    with Cloud(fake_url) as control:
        control.post("reset")
        yield control


class Contexts:
    """Browsers of different people: each with cookies of its own. *problems* is what they said."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._opened: list[BrowserContext] = []
        self.problems: list[str] = []
        self.requests: list[str] = []

    def open(self, address: str, size: tuple[int, int] = LARGE, *, is_dark: bool = False) -> Page:
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if is_dark else "light",
        )
        self._opened.append(context)
        context.set_default_timeout(PATIENCE_SECONDS * 1_000)
        page = context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(address)
        page.wait_for_selector(READY)
        return page

    def _said(self, message: object) -> None:
        if getattr(message, "type", "") in ("error", "warning"):
            self.problems.append(str(getattr(message, "text", "")))

    def close(self) -> None:
        for context in self._opened:
            context.close()


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Contexts]:
    made = Contexts(browser)
    yield made
    made.close()
    assert made.problems == []


@pytest.fixture
def page(contexts: Contexts, fake: Cloud, console_url: str) -> Page:
    """A page of the console. Make what it should find before, or wait for it."""
    return contexts.open(console_url)


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe, which finds what keeps people out."""

    def make(folder: Path) -> None:
        run("npm", "ci", "--silent", "--no-audit", "--no-fund", folder=folder)

    built = build(Path(__file__).parent / "axe", ["npm"], make)
    return (built / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture
def in_an_hour(fake: Cloud) -> Callable[..., str]:
    """Inject an event on an instance, due in an hour; returns its id."""
    from datetime import UTC, datetime

    from simevents.models import format_time

    def inject(instance_id: str, **more: object) -> str:
        due = fake.get("clock")["epoch"] + 3600
        body: dict[str, object] = {
            "instance_ids": [instance_id],
            "event_type": "SystemMaintenance.Reboot",
            "simulated": True,
            "not_before": format_time(datetime.fromtimestamp(due, UTC)),
        }
        return str(fake.post("events", **(body | more))[0]["event_id"])

    return inject
