"""Everybody can use the page: by keyboard, on a small screen, with a screen reader."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Cloud
from tests.console.conftest import LARGE, Contexts

SMALL = (390, 844)
MOST_TABS = 80


@pytest.fixture
def busy(fake: Cloud, in_an_hour: Callable[..., str]) -> str:
    """A cloud in which things have happened; the id of an open event."""
    ids = fake.instances(12)
    fake.post("subscriptions", kind="queue", address="events", name="all")
    for id in ids[:4]:
        in_an_hour(id, event_type="SystemFailure.Redeploy")
    fake.post("clock", advance="90m")
    fake.cancel("cn-hangzhou", in_an_hour(ids[5]))
    in_an_hour(ids[6], status="Inquiring", simulated=False, reason="a worn disk")
    fake.post("faults", action="*", error="Throttling", times=2)
    fake.post("switches", executing_seconds=77)
    return in_an_hour(ids[7])


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the element with this name has the focus, which is visible."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "() => { const e = document.activeElement;"
            " return [e.getAttribute('aria-label') || e.name || e.textContent || '',"
            "   getComputedStyle(e).outlineStyle]; }"
        )
        if found[0] == words:
            assert found[1] != "none"
            return
    raise AssertionError(f"{words!r} is not reached")


def test_works_by_keyboard_alone(
    busy: str, fake: Cloud, contexts: Contexts, console_url: str
) -> None:
    page = contexts.open(console_url)
    expect(page.get_by_role("button", name=f"History of {busy}")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the events")).to_be_focused()
    tab_to(page, f"History of {busy}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="SystemMaintenance.Reboot on")).to_be_focused()
    tab_to(page, "Cancel event")
    page.keyboard.press("Space")
    expect(page.locator(".outcome")).to_have_text(f"Cancelled {busy}.")
    assert [e["status"] for e in fake.get("events") if e["event_id"] == busy] == ["Canceled"]
    tab_to(page, "Calls")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Deliveries")).to_be_focused()
    expect(page.get_by_role("tab", name="Deliveries")).to_have_attribute("aria-selected", "true")
    tab_to(page, "event_type")


@pytest.mark.parametrize("size", [LARGE, SMALL], ids=["1280", "390"])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_has_no_serious_finding_and_no_overflow(
    size: tuple[int, int],
    is_dark: bool,
    busy: str,
    contexts: Contexts,
    console_url: str,
    axe: str,
) -> None:
    page = contexts.open(console_url, size, is_dark=is_dark)
    page.get_by_role("button", name=f"History of {busy}").click()
    page.get_by_role("heading", name="Faults").click()
    page.get_by_role("heading", name="Inject a real event").click()
    page.get_by_label("Advance by").fill("soon")
    page.get_by_role("button", name="Advance", exact=True).click()
    expect(page.locator(".outcome")).to_contain_text("advance")
    for tab in ("Deliveries", "Instances", "Switches", "Calls"):
        page.get_by_role("tab", name=tab).click()
        width = page.evaluate("() => document.documentElement.scrollWidth")
        assert width <= size[0], tab
    assert overlapping(page) == []
    assert findings(page, axe) == []


def findings(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("() => axe.run(document)")
    return [
        f"{each['id']}: {json.dumps([node['html'][:200] for node in each['nodes'][:3]])}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def overlapping(page: Page) -> list[str]:
    """Pairs of controls that are over each other."""
    found: list[str] = page.evaluate(
        """() => {
            const shown = [...document.querySelectorAll('button, input, select')]
                .filter((e) => e.offsetParent && !e.closest('.rows, .found'))
                .map((e) => [e, e.getBoundingClientRect()])
                .filter(([, r]) => r.width > 1 && r.height > 1);
            const over = [];
            shown.forEach(([a, p], i) => shown.slice(i + 1).forEach(([b, q]) => {
                const x = Math.min(p.right, q.right) - Math.max(p.left, q.left);
                const y = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
                if (x > 1 && y > 1 && !a.closest('.result') && !b.closest('.result'))
                    over.push(`${a.outerHTML.slice(0, 90)} / ${b.outerHTML.slice(0, 90)}`);
            }));
            return over;
        }"""
    )
    return found
