"""Makes the pictures in docs/pictures/: the console and a report, light and dark.

    python tools/screenshots.py

It needs Chromium. The drill in them is the same each time; ids of events and addresses differ.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from simevents.api.client import SystemEvents
from simevents.fake.control.client import Control
from simevents.settings import Settings

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
REGION = "cn-hangzhou"
WIDE, SMALL = (1280, 1010), (390, 844)
START = "2026-11-29T09:00:00Z"

INSTANCES = [
    "i-bp1c4m9x2kqweb01",
    "i-bp1h7t3v8slweb02",
    "i-bp1n5r6y1zgweb03",
    "i-bp1d2j8w4bfdb01",
    "i-bp1u9e3a7pmdb02",
]


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed; as root: apt-get install chromium")
    PICTURES.mkdir(exist_ok=True)
    with _served("fake", "--port", "0") as url, Control(url) as control:
        _play(control, url)
        with (
            _served("console", "--endpoint", url, "--port", "0") as line,
            tempfile.TemporaryDirectory() as folder,
            sync_playwright() as playwright,
        ):
            report = Path(folder) / "drill.html"
            _run("report", "--endpoint", url, "--out", str(report))
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for scheme in ("light", "dark"):
                _console(browser, line.removeprefix("console: "), scheme, WIDE, "console")
                _report(browser, report, scheme)
            _console(browser, line.removeprefix("console: "), "light", SMALL, "console-small")
            browser.close()


def _play(control: Control, url: str) -> None:
    """A drill: events that are planned, accepted, missed and cancelled, and a handler's calls."""
    web1, web2, web3, db1, db2 = INSTANCES
    control.post("clock", set=START)
    control.post("clock", freeze=True)
    control.post("instances", instance_ids=INSTANCES)
    control.post("switches", executing_seconds=900)
    control.post("subscriptions", kind="queue", address="ops-events", name="ops")
    control.post("subscriptions", kind="webhook", address="http://127.0.0.1:9/hook", name="pager")

    def inject(instance: str, type: str, due: str, **more: object) -> None:
        control.post("events", instance_ids=[instance], event_type=type, not_before=due, **more)

    def advance(span: str) -> None:
        # What is under way belongs to the time before.
        control.post("deliveries/wait", seconds=10)
        control.post("clock", advance=span)

    inject(web1, "SystemMaintenance.Reboot", "2026-11-29T09:40:00Z", simulated=True)
    inject(web2, "SystemMaintenance.Reboot", "2026-11-29T10:10:00Z", simulated=True)
    advance("6m")
    inject(
        db1,
        "SystemFailure.Redeploy",
        "2026-11-29T10:30:00Z",
        status="Inquiring",
        reason="The local disk is about to fail.",
    )
    with SystemEvents.connect(Settings(REGION, url), {}) as api:
        advance("12m")
        api.find([web1])
        events = {event.instance_id: event for event in api.find(INSTANCES)}
        advance("10m")
        api.accept(events[db1].event_id)
        advance("14m")
        inject(web3, "InstanceFailure.Reboot", "2026-11-29T09:45:00Z", status="Executing")
        api.cancel([events[web2].event_id])
        advance("8m")
        inject(db2, "SystemMaintenance.Stop", "2026-11-29T11:00:00Z", simulated=True)
        api.find([web3, db2])
    advance("3m")
    advance("0s")


def _console(browser: Browser, address: str, scheme: str, size: tuple[int, int], name: str) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("[data-ready]")
    page.get_by_role("button", name="History of").first.wait_for()
    page.wait_for_function("() => Number(document.querySelector('.chart').dataset.bars) > 4")
    page.wait_for_timeout(300)
    page.screenshot(path=PICTURES / f"{name}-{scheme}.png")
    context.close()


def _report(browser: Browser, report: Path, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": 1100, "height": 640},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(report.as_uri())
    page.screenshot(path=PICTURES / f"report-{scheme}.png")
    context.close()


def _run(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "simevents", *words], check=True)


@contextmanager
def _served(*words: str) -> Iterator[str]:
    """The first line that a command of ours prints which serves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simevents", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(15)


if __name__ == "__main__":
    main()
