"""What the pytest plugin costs: those who do not use it, and those who use it a thousand times.

Start-up is that of a run of one trivial test, the quickest of many with and without the plugin, by
turns; pytest-recording, which comes with it, is measured the same
way. Then 1,000 tests, each with a cloud, an instance, an event and an advance of the clock,
in one process. Other plugins of this environment are off.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

RECORDING, OURS = "pytest_recording.plugin", "simevents.testing.plugin"
PAIRS = 25
TESTS = 1_000

USING = f"""
import pytest

@pytest.mark.parametrize("n", range({TESTS}))
def test_it(ecs_fake, n):
    (instance,) = ecs_fake.run_instances()
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    ecs_fake.clock.advance("3h")
    ecs_fake.expect(instance).event_executed()
"""


def main() -> None:
    table = Table("what", "measured", "wanted")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        test = folder / "test_it.py"
        test.write_text("def test_it(): pass\n")
        recording = startup_cost(folder, RECORDING)
        table.add_row("start-up with pytest-recording alone", f"{recording:.1f} ms", "")
        ours = startup_cost(folder, OURS, RECORDING)
        table.add_row("what simevents adds to it", f"{ours:.1f} ms", "< 20 ms")
        test.write_text(USING)
        seconds = run(folder, RECORDING, OURS)
        table.add_row(f"{TESTS:,} tests with ecs_fake", f"{seconds:.1f} s", "< 10 s")
    Console(width=100).print(table)


def startup_cost(folder: Path, plugin: str, *needed: str) -> float:
    """Milliseconds: what the quickest of many runs takes longer with the plugin."""
    run(folder, *needed, plugin)
    pairs = [(run(folder, *needed, plugin), run(folder, *needed)) for _ in range(PAIRS)]
    return (min(with_it for with_it, _ in pairs) - min(without for _, without in pairs)) * 1e3


def run(folder: Path, *plugins: str) -> float:
    """Seconds of one run with these plugins alone, from the start of the process to its end."""
    loaded = [word for plugin in plugins for word in ("-p", plugin)]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *loaded]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    # pytest compiles plugins its own way and keeps the result, unless it is forbidden to.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started_at = time.perf_counter()
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise SystemExit(ended.stdout + ended.stderr)
    return time.perf_counter() - started_at


if __name__ == "__main__":
    main()
