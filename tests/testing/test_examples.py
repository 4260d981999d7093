"""The examples as a user runs them, and the README's samples, which are these files."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simevents.testing.key_shapes import assert_no_keys
from tests.clients.toolchains import require

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SAMPLE = re.compile(r"^<!-- (examples/\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


MODULES = {
    "function-handler": "index.py",
    "webhook-handler": "webhook.py",
    "queue-consumer": "consumer.py",
}


def pytest_in(project: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """pytest as it runs in an activated environment."""
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=project,
        env=os.environ | {"PATH": tools},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("name", "tools"),
    [
        ("polling-handler", []),
        ("async-handler", []),
        ("shell-handler", []),
        ("go-handler", ["go"]),
        ("node-handler", ["node", "npm"]),
        ("function-handler", []),
        ("webhook-handler", []),
    ],
)
def test_an_example_passes(name: str, tools: list[str], tmp_path: Path) -> None:
    require(tools)
    ended = pytest_in(shutil.copytree(ROOT / "examples" / name, tmp_path / name))

    assert "1 passed" in ended.stdout, ended.stdout
    assert ended.returncode == 0


def test_the_queue_consumer_passes_in_this_process_and_in_another(tmp_path: Path) -> None:
    name = "queue-consumer"
    ended = pytest_in(shutil.copytree(ROOT / "examples" / name, tmp_path / name))

    assert "2 passed" in ended.stdout, ended.stdout
    assert ended.returncode == 0


def test_the_recorded_example_is_recorded_from_the_fake_and_replayed(tmp_path: Path) -> None:
    project = shutil.copytree(ROOT / "examples" / "recorded-handler", tmp_path / "recorded-handler")
    recorded = pytest_in(project, "--record-mode=once")
    (cassette,) = (project / "cassettes").rglob("*.yaml")
    before = cassette.read_bytes()
    replayed = pytest_in(project, "--ecs-target=cassette", "--block-network")

    assert "1 passed" in recorded.stdout, recorded.stdout
    assert "1 passed" in replayed.stdout, replayed.stdout
    assert cassette.read_bytes() == before
    assert_no_keys(project)


def test_an_example_in_the_checkout_does_not_use_the_settings_of_the_project() -> None:
    """These need pytest-asyncio, which a user need not have."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        command,
        cwd=ROOT / "examples" / "polling-handler",
        capture_output=True,
        text=True,
        check=True,
    )

    assert "configfile: pytest.ini" in ended.stdout


@pytest.mark.parametrize(
    ("name", "whole", "broken", "expected"),
    [
        (
            "polling-handler",
            "client.do_action_with_exception(restart)",
            "pass",
            "was not rebooted.",
        ),
        ("async-handler", '"Executing"', '"Scheduled"', "was not stopped."),
        (
            "function-handler",
            'data["instanceId"]',
            'data["InstanceId"]',
            "KeyError: 'InstanceId'",
        ),
        ("webhook-handler", "Redeploy:Executing", "Redeploy:Executed", "was not stopped."),
        (
            "queue-consumer",
            "queue.delete_message(received.receipt_handle)",
            "pass",
            "its message was not deleted",
        ),
    ],
)
def test_a_broken_handler_fails_its_test(
    name: str, whole: str, broken: str, expected: str, tmp_path: Path
) -> None:
    project = shutil.copytree(ROOT / "examples" / name, tmp_path / name)
    handler = project / MODULES.get(name, "handler.py")
    text = handler.read_text()
    assert whole in text
    handler.write_text(text.replace(whole, broken))
    ended = pytest_in(project)

    assert ended.returncode == 1
    assert expected in ended.stdout
    assert "What happened, in the cloud's time:" in ended.stdout


def test_the_samples_in_the_readme_are_the_examples() -> None:
    samples = SAMPLE.findall((ROOT / "README.md").read_text())

    assert [path for path, _ in samples] == [
        "examples/polling-handler/test_handler.py",
        "examples/polling-handler/handler.py",
        "examples/async-handler/test_handler.py",
        "examples/go-handler/test_handler.py",
        "examples/function-handler/test_index.py",
    ]
    for path, text in samples:
        assert (ROOT / path).read_text() == text
