"""What ``make up`` and ``make destroy`` run, in a separate checkout."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from simevents.fake import daemon
from simevents.fake.server import FakeServer
from tests.engine.conftest import CHECKOUT, PATH
from tests.engine.processes import process_below, wait_until


class Checkout:
    """A copy of the files that a local run needs, with a separate port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / ".simevents" / "cloud.db"
        for name in ("Pulumi.yaml", "Pulumi.local.yaml", "tools/local.py"):
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(CHECKOUT / name, folder / name)
        shutil.copytree(CHECKOUT / "infra", folder / "infra")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        settings = folder / "Pulumi.local.yaml"
        settings.write_text(settings.read_text().replace("8086", str(self.port)))
        self.files = self.contents()

    def start(self, command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "tools/local.py", command],
            cwd=self.folder,
            env=os.environ | {"PATH": PATH},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def actions(self) -> list[str]:
        """The actions that the fake was asked for so far; empty while it is not running."""
        running = daemon.find(self.data)
        if running is None:
            return []
        calls = httpx.get(f"{running.url}/_fake/calls", trust_env=False).json()
        return [call["action"] for call in calls]

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "tools/local.py", command],
            cwd=self.folder,
            env=os.environ | {"PATH": PATH},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def contents(self) -> dict[str, str]:
        found = [p for p in self.folder.rglob("*.yaml") if ".simevents" not in p.parts]
        return {str(path): path.read_text() for path in found}

    def cloud(self) -> daemon.Daemon:
        running = daemon.find(self.data)
        assert running is not None
        return running


@pytest.fixture
def checkout(tmp_path: Path, engine: str) -> Iterator[Checkout]:
    made = Checkout(tmp_path)
    yield made
    made.run("destroy")
    made.run("stop")


def test_up_twice_and_destroy(checkout: Checkout) -> None:
    first = checkout.run("up")
    assert first.returncode == 0, first.stdout + first.stderr
    cloud = checkout.cloud()
    assert f"The fake cloud is {cloud.url}. Its events:" in first.stdout
    program = Path(sys.executable).with_name("simevents")
    command = f"$ {program} list --all --endpoint {cloud.url} --region cn-hangzhou"
    assert command in first.stdout
    events, _, deliveries = first.stdout.rpartition(command)[2].partition("3 messages wait in the")
    assert events.count("Scheduled") == 2
    assert deliveries.startswith(" queue simevents-events.\nWhat the rules of the stack have sent:")
    assert f"$ {program} deliveries --endpoint {cloud.url}" in deliveries
    assert (deliveries.count("Scheduled"), deliveries.count("Executing")) == (2, 1)
    assert deliveries.count("delivered") == 3
    console = deliveries.rpartition("To look at it in a browser: ")[2].strip()
    assert "<title>simevents console</title>" in httpx.get(console, trust_env=False).text

    # A killed fake, as after a reboot of the machine, starts again with its port and its data.
    os.kill(cloud.pid, signal.SIGKILL)
    again = checkout.run("up")
    assert "17 unchanged" in again.stdout
    # The console of the killed fake has ended too, and there is another one.
    assert "To look at it in a browser: http://127.0.0.1:" in again.stdout
    assert console not in again.stdout
    assert checkout.cloud().cloud_id == cloud.cloud_id

    # The outputs say what the table below them says, also when time has passed.
    advance = {"advance": "3h"}
    httpx.post(f"{cloud.url}/_fake/clock", json=advance, trust_env=False).raise_for_status()
    later = checkout.run("up")
    outputs, _, tables = later.stdout.partition("The fake cloud is")
    table = tables.partition(" messages wait in the queue ")[0]
    assert (table.count("Executed"), table.count("Scheduled")) == (3, 0)
    assert outputs.count('=> "Executed"') == 3
    assert checkout.contents() == checkout.files

    for _ in range(2):
        gone = checkout.run("destroy")
        assert gone.returncode == 0
        assert "0 open events, 0 instances" in gone.stdout


def test_up_recovers_after_the_engine_was_killed(checkout: Checkout) -> None:
    run = checkout.start("up")
    wait_until(lambda: "CreateVpc" in checkout.actions(), run)
    os.kill(process_below(run, b"/pulumi\0up"), signal.SIGKILL)
    run.communicate(timeout=60)

    again = checkout.run("up")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "was killed; releasing its lock." in again.stdout
    gone = checkout.run("destroy")
    assert "0 open events, 0 instances" in gone.stdout


def test_lost_data_of_an_existing_stack_is_an_error(checkout: Checkout) -> None:
    assert checkout.run("up").returncode == 0
    state = checkout.folder / ".simevents" / "state"
    before = json.dumps(sorted(p.read_text() for p in state.rglob("local.json")))
    httpx.post(f"{checkout.cloud().url}/_fake/reset", trust_env=False)
    for command in ("up", "destroy"):
        refused = checkout.run(command)
        assert refused.returncode == 1
        assert "its data were lost or reset" in refused.stderr
        assert "Remove the stack with make clean, then run make up." in refused.stderr
    assert json.dumps(sorted(p.read_text() for p in state.rglob("local.json"))) == before


def test_another_program_on_the_port_is_an_error(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", checkout.port)):
        refused = checkout.run("up")

    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: The address http://127.0.0.1:{checkout.port}, which Pulumi.local.yaml names, is "
        "held by another program. End that program, or write another address as "
        "simevents:endpoint in Pulumi.local.yaml.\n"
    )


def test_the_fake_of_another_checkout_on_the_port_is_named(
    checkout: Checkout, tmp_path: Path
) -> None:
    data = tmp_path / "other" / ".simevents" / "cloud.db"
    command = [sys.executable, "-m", "simevents", "fake", "--port", str(checkout.port)]
    subprocess.run([*command, "--data", data, "--detach"], check=True)
    other = daemon.find(data)
    try:
        refused = checkout.run("up")
    finally:
        daemon.stop(data)

    assert other is not None
    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: The address {other.url}, which Pulumi.local.yaml names, is held by the fake cloud "
        f"of {data} (process {other.pid}). Run make stop in {tmp_path / 'other'}, or write another "
        "address as simevents:endpoint in Pulumi.local.yaml.\n"
    )


def test_the_error_for_an_existing_stack_proposes_no_other_address(
    checkout: Checkout, tmp_path: Path
) -> None:
    assert checkout.run("up").returncode == 0
    checkout.run("stop")
    with FakeServer(port=checkout.port):
        refused = checkout.run("up")

    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: The address http://127.0.0.1:{checkout.port}, which Pulumi.local.yaml names, is "
        f"held by a fake cloud (process {os.getpid()}). End process {os.getpid()}.\n"
    )
