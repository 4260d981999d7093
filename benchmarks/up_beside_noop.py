"""How long the engine's commands take with our resource, beside one that does nothing.

The real engine runs one program twice: with one `SimulatedSystemEvent` over COUNT instances of the
fake, and with a dynamic resource whose only input is the same list and that does nothing. Both
take turns in the same run, each with a fresh cloud; the table has the medians and their ratio.

    python benchmarks/up_beside_noop.py [--rounds N] [COUNT ...]
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from simevents.fake import daemon

PROGRAM = Path(__file__).parent / "one_resource"
BIN = Path(sys.executable).parent
KINDS = ("nothing", "ours")
NO_QUESTIONS = ("--yes", "--skip-preview")
COMMANDS = {
    "up": ("up", *NO_QUESTIONS),
    "unchanged up": ("up", *NO_QUESTIONS),
    "preview": ("preview",),
    "destroy": ("destroy", *NO_QUESTIONS),
}
WANTED = {
    (1_000, "up"): 1.3,
    (10_000, "up"): 2.5,
    (10_000, "unchanged up"): 1.4,
}
"""The most that our resource may take, as a multiple of doing nothing."""

Seconds = dict[tuple[str, str], list[float]]
"""By kind of resource and command."""


class Stack:
    """One stack of the program, with the engine's state beside it."""

    def __init__(self, folder: Path, kind: str, instances: Path, url: str) -> None:
        self._folder = folder / kind
        shutil.copytree(PROGRAM, self._folder)
        (self._folder / "state").mkdir()
        self.run("stack", "init", "test")
        settings = {
            "resource": kind,
            "instances": str(instances),
            "simevents:endpoint": url,
            "simevents:region": "cn-hangzhou",
        }
        for name, value in settings.items():
            self.run("config", "set", name, value)

    def run(self, *arguments: str) -> float:
        """Seconds that the engine's command took; ends the benchmark when it fails."""
        started = time.monotonic()
        ended = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self._folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
        if ended.returncode != 0:
            sys.exit(ended.stdout)
        return seconds

    def _environment(self) -> dict[str, str]:
        kept = {n: v for n, v in os.environ.items() if not n.lower().endswith("_proxy")}
        # Users have compiled modules; without them each run compiles half of Pulumi.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return kept | {
            "PATH": os.pathsep.join([str(BIN), os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": f"file://{self._folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "benchmark",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }


def measure(folder: Path, url: str, count: int, rounds: int) -> Seconds:
    """Seconds of each command in each round; the two kinds take turns, and so does who is first."""
    control = httpx.Client(base_url=f"{url}/_fake", trust_env=False, timeout=60)
    control.post("/reset").raise_for_status()
    ids = control.post("/instances", json={"count": count}).json()["instance_ids"]
    instances = folder / "instances.txt"
    instances.write_text("\n".join(ids))
    stacks = {kind: Stack(folder, kind, instances, url) for kind in KINDS}
    seconds: Seconds = {(kind, name): [] for kind in KINDS for name in COMMANDS}
    for number in range(rounds):
        for kind in KINDS if number % 2 == 0 else KINDS[::-1]:
            control.post("/reset").raise_for_status()
            control.post("/instances", json={"instance_ids": ids}).raise_for_status()
            for name, arguments in COMMANDS.items():
                seconds[kind, name].append(stacks[kind].run(*arguments))
                _require_events(control, kind, name, count)
    control.close()
    return seconds


def _require_events(control: httpx.Client, kind: str, command: str, count: int) -> None:
    """One open event per instance while our resource stands, none otherwise."""
    expected = count if kind == "ours" and command != "destroy" else 0
    found = control.get("/health").json()["open_events"]
    if found != expected:
        sys.exit(f"{found} events are open after {command} with {kind}, not {expected}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("counts", nargs="*", type=int, default=[1_000, 10_000], metavar="COUNT")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    table = Table("instances", "command", "nothing (s)", "ours (s)", "ratio", "wanted")
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "cloud.db"
        url = daemon.start(data, 0).url
        try:
            for count in arguments.counts:
                folder = Path(name) / str(count)
                folder.mkdir()
                seconds = measure(folder, url, count, arguments.rounds)
                for command in COMMANDS:
                    nothing, ours = (statistics.median(seconds[kind, command]) for kind in KINDS)
                    wanted = WANTED.get((count, command))
                    table.add_row(
                        str(count),
                        command,
                        f"{nothing:.2f}",
                        f"{ours:.2f}",
                        f"{ours / nothing:.2f}",
                        f"≤ {wanted}" if wanted else "",
                    )
        finally:
            daemon.stop(data)
    Console().print(table)


if __name__ == "__main__":
    main()
