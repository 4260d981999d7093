"""How a console is started, and how it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.console import processes
from tests.console.conftest import Contexts

GONE_SECONDS = 10

WITHOUT_NICEGUI = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == "nicegui" else found(name)
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "nicegui":
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Without())
"""


def is_served(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.HTTPError:
        return False


def second_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGKILL])
def test_the_console_of_a_fake_ends_with_it(ended_by: signal.Signals, tmp_path: Path) -> None:
    words = ("fake", "--port", "0", "--console")
    with processes.started(*words, folder=tmp_path) as (fake, url):
        address = second_line(fake).removeprefix("console: ")
        assert url.startswith("http://127.0.0.1:")
        wait_until(lambda: is_served(address))
        os.kill(fake.pid, ended_by)
        wait_until(lambda: not is_served(address))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("way", [["--console"], ["--console", "--detach", "--data", "cloud.db"]])
def test_no_program_of_the_working_directory_is_run(way: list[str], tmp_path: Path) -> None:
    for name in ("nicegui", "uvicorn", "httpx"):
        (tmp_path / f"{name}.py").write_text("open('has_run', 'w')")
    simevents = [sys.executable, "-P", "-m", "simevents", "fake"]
    fake = subprocess.Popen(
        [*simevents, "--port", "0", *way],
        cwd=tmp_path,
        env=processes.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert fake.stdout is not None
    try:
        fake.stdout.readline()
        address = second_line(fake).removeprefix("console: ")
        wait_until(lambda: is_served(address))
    finally:
        stop = [*simevents, "--stop", "--data", "cloud.db"]
        subprocess.run(stop, cwd=tmp_path, check=True, timeout=60, env=processes.environment())
        fake.terminate()
        fake.wait(GONE_SECONDS)
        fake.stdout.close()
    wait_until(lambda: not is_served(address))
    assert not (tmp_path / "has_run").exists()


def test_a_detached_fake_prints_the_address_of_its_console(tmp_path: Path) -> None:
    def fake(*words: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-m", "simevents", "fake", "--data", "cloud.db", *words],
            cwd=tmp_path,
            env=processes.environment(),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.splitlines()

    url, line = fake("--detach", "--console", "--port", "0")
    try:
        address = line.removeprefix("console: ")
        assert is_served(address)
        assert fake("--detach", "--console", "--port", "0") == [url, line]
    finally:
        assert fake("--stop") == ["Stopped."]
    wait_until(lambda: not is_served(address))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GONE_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_fake_does_not_import_it() -> None:
    code = (
        "import sys; import simevents.cli.fake, simevents.fake.server, simevents.cli.console;"
        " import simevents.fake.control.routes;"
        " absent = {'nicegui', 'fastapi', 'simevents.console'};"
        " print(sorted(absent & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "words",
    [
        ("console", "--endpoint", "http://127.0.0.1:1", "--port", "0"),
        ("fake", "--port", "0", "--console"),
    ],
)
def test_without_the_extra_it_names_the_command(words: tuple[str, ...], tmp_path: Path) -> None:
    # An import that fails like that of a package which is not installed.
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_NICEGUI)
    done = subprocess.run(
        [sys.executable, "-m", "simevents", *words],
        env=processes.environment({"PYTHONPATH": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: nicegui is not installed; it comes with: pip install '.[console]' in a checkout\n"
    )


def test_a_port_that_is_taken_is_named() -> None:
    with processes.started("fake", "--port", "0") as (_, url):
        port = url.rpartition(":")[2]
        done = subprocess.run(
            [sys.executable, "-m", "simevents", "console", "--endpoint", url, "--port", port],
            env=processes.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr == (
        f"error: The console cannot listen on 127.0.0.1:{port}: Address already in use. Give "
        "another --port; 0 takes a free one.\n"
    )


def test_needs_a_cloud() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "simevents", "console"],
        env=processes.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: --endpoint: neither a fake cloud nor a region is named; use --endpoint or "
        "--region\n"
    )


def test_ctrl_c_ends_it_without_an_error() -> None:
    words = ("console", "--endpoint", "http://127.0.0.1:1", "--port", "0")
    with processes.started(*words, merged=True) as (console, line):
        wait_until(lambda: is_served(line.removeprefix("console: ")))
        console.send_signal(signal.SIGINT)
        assert console.wait(GONE_SECONDS) == 0
        assert console.stdout is not None
        assert console.stdout.read() == ""


def test_ctrl_c_ends_it_while_an_action_waits(contexts: Contexts) -> None:
    with processes.started("fake", "--port", "0") as (fake, url):
        words = ("console", "--endpoint", url, "--port", "0")
        with processes.started(*words) as (console, line):
            page = contexts.open(line.removeprefix("console: "))
            fake.send_signal(signal.SIGSTOP)
            page.get_by_role("button", name="Freeze").click()
            expect(page.locator(".outcome")).to_have_text("Working …")
            console.send_signal(signal.SIGINT)
            assert console.wait(GONE_SECONDS) == 0
        fake.send_signal(signal.SIGCONT)
    # It says that its console has gone.
    page.close()
    contexts.problems.clear()


def test_a_host_that_cannot_be_a_name_is_named() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "simevents", "console", "--endpoint", "http://127.0.0.1:1"),
            *("--host", "a..b", "--port", "0"),
        ],
        env=processes.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: --host: 'a..b' is not a valid name of a host; use an address such as 127.0.0.1\n"
    )
