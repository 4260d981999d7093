"""The console with 1,000 instances and 5,000 events: until it is usable, a zoom, and at rest.

    python benchmarks/console.py

It needs Chromium. All figures are of this machine as it is busy now; run it on an idle one.
"""

import random
import shutil
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from simevents.fake.control.client import Control
from simevents.models import format_time

INSTANCES, EVENTS = 1_000, 5_000
RUNS = 5
ZOOMS = 21
REST_SECONDS = 20

_ZOOM = """async (factor) => {
    const { echarts } = await import("nicegui-echart");
    const chart = echarts.getInstanceByDom(document.querySelector(".chart"));
    const { start, end } = chart.getOption().dataZoom[0];
    const width = Math.min(Math.max((end - start) * factor, 1), 100);
    const from = Math.min((start + end) / 2 - width / 2, 100 - width);
    const begun = performance.now();
    chart.dispatchAction({type: "dataZoom", start: Math.max(from, 0), end: from + width});
    chart.getZr().flush();
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - begun;
}"""


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed; as root: apt-get install chromium")
    with Served("fake", "--port", "0") as fake, Control(fake.address) as control:
        _fill(control)
        words = ("--endpoint", fake.address, "--port", "0")
        with Served("console", *words) as console, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            usable = []
            for _ in range(RUNS):
                page = browser.new_context().new_page()
                begun = time.monotonic()
                page.goto(console.address)
                _wait_until_usable(page)
                usable.append(time.monotonic() - begun)
                if len(usable) < RUNS:
                    page.context.close()
            zooms = [page.evaluate(_ZOOM, 0.7 if i % 14 < 7 else 1.4) for i in range(ZOOMS)]
            page.evaluate(_ZOOM, 1000)
            processes = {"fake": fake.pid, "console": console.pid}
            before = {name: _cpu_seconds(pid) for name, pid in processes.items()}
            metrics = page.context.new_cdp_session(page)
            metrics.send("Performance.enable")
            busy_before = _task_seconds(metrics)
            page.wait_for_timeout(REST_SECONDS * 1_000)
            rest = {
                name: (_cpu_seconds(pid) - before[name]) / REST_SECONDS
                for name, pid in processes.items()
            }
            rest["page"] = (_task_seconds(metrics) - busy_before) / REST_SECONDS
            browser.close()
    print(f"{INSTANCES:,} instances, {EVENTS:,} events")
    first, others = usable[0], statistics.median(usable[1:])
    print(f"usable after {first:.2f} s the first time, {others:.2f} s after that (median)")
    print(f"zoom redrawn in {statistics.median(zooms):.0f} ms (median), {max(zooms):.0f} ms (most)")
    print("at rest: " + ", ".join(f"{name} {part:.1%} of a core" for name, part in rest.items()))


def _wait_until_usable(page: Page) -> None:
    """Bars are drawn, the list is filled, and a button answers."""
    page.wait_for_function("() => Number(document.querySelector('.chart')?.dataset.bars) > 0")
    page.get_by_role("button", name="History of").first.wait_for()
    page.get_by_role("button", name="Next page").first.click()
    page.get_by_text("11 to 20 of 5,000").wait_for()


def _fill(control: Control) -> None:
    chosen = random.Random(0)
    ids = control.post("instances", count=INSTANCES)["instance_ids"]
    now = control.get("clock")["epoch"]
    for _ in range(EVENTS // 100):
        due = datetime.fromtimestamp(now + chosen.uniform(600, 86_400), UTC)
        control.post(
            "events",
            instance_ids=chosen.sample(ids, 100),
            event_type=chosen.choice(["SystemMaintenance.Reboot", "SystemFailure.Stop"]),
            not_before=format_time(due),
            simulated=True,
        )
    control.post("clock", advance="12h")


class Served:
    """A command of ours that serves; its address is the first line that it prints."""

    def __init__(self, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "simevents", *words], stdout=subprocess.PIPE, text=True
        )
        self.pid = self._process.pid
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip().removeprefix("console: ")

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(15)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _task_seconds(session: object) -> float:
    found = session.send("Performance.getMetrics")["metrics"]  # type: ignore[attr-defined]
    return float(next(each["value"] for each in found if each["name"] == "TaskDuration"))


if __name__ == "__main__":
    main()
