"""A real Chromium, with the network refused."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.clients.toolchains import ENVIRONMENT

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass
class Opened:
    """A page that a browser shows, and what it has said and asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    """On its console, errors and all."""
    asked: list[str] = field(default_factory=list)
    """Addresses besides the one of the page."""


def chromium() -> str:
    """The program; a test without it is skipped, and fails in CI."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    reason = "Chromium is not installed; on Debian: apt-get install chromium"
    if ENVIRONMENT.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def opened(file: Path, scheme: Literal["light", "dark"], width: int = 1280) -> Iterator[Opened]:
    """*file* as Chromium shows it; nothing else can be loaded."""
    with sync_playwright() as playwright:
        # Its sandbox needs rights that root in a container does not have.
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        shown = Opened(context.new_page())
        shown.page.on("console", lambda message: shown.said.append(message.text))
        shown.page.on("pageerror", lambda error: shown.said.append(str(error)))
        shown.page.on("dialog", lambda dialog: shown.said.append(f"dialog {dialog.message}"))
        shown.page.on("request", lambda request: shown.asked.append(request.url))
        shown.page.goto(file.as_uri())
        shown.asked.remove(file.as_uri())
        yield shown
        browser.close()
