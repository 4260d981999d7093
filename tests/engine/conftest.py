"""The real engine, the real plugins, the fake cloud as a separate process.

A `Stack` is a project in a fresh folder with a file backend beside it. Every test that
uses one ends with a destroy and with nothing open in the cloud.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Cloud

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = CHECKOUT / "examples" / "existing-instances"
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

LIMIT_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("engine")


@pytest.fixture(scope="session")
def engine() -> str:
    """The pulumi program; without it the test fails, because a skip would hide that."""
    program = shutil.which("pulumi", path=PATH)
    if program is None:
        pytest.fail("No pulumi is on PATH. Run: make engine")
    return program


@dataclass
class Run:
    """What the engine printed, and how it ended."""

    code: int
    text: str


@dataclass
class Stack:
    """One stack of one project; *settings* is its configuration."""

    engine: str
    folder: Path
    settings: dict[str, Any]
    name: str = "test"
    environment: dict[str, str] = field(default_factory=dict)

    def create(self) -> None:
        (self.folder / "state").mkdir()
        self.write()
        self.run("stack", "init", self.name)

    def write(self) -> None:
        """Write the configuration, keeping what the engine added."""
        path = self.folder / f"Pulumi.{self.name}.yaml"
        kept = yaml.safe_load(path.read_text()) if path.exists() else {}
        path.write_text(yaml.safe_dump(kept | {"config": self.settings}))

    def set(self, **settings: Any) -> None:
        self.settings |= {name.replace("__", ":"): value for name, value in settings.items()}
        self.write()

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [self.engine, *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command of the engine; it must end with *code*."""
        process = self.start(*arguments)
        text, _ = process.communicate(timeout=LIMIT_SECONDS)
        assert process.returncode == code, text
        return text

    def up(self, *arguments: str, code: int = 0) -> str:
        return self.run("up", "--yes", "--skip-preview", *arguments, code=code)

    def fails(self, *command: str) -> str:
        """Run a command that must fail; return its output."""
        process = self.start(*command)
        text, _ = process.communicate(timeout=LIMIT_SECONDS)
        assert process.returncode != 0, text
        return text

    def preview(self) -> str:
        """A preview that must show no change."""
        return self.run("preview", "--expect-no-changes")

    def refresh(self, *arguments: str) -> str:
        return self.run("refresh", "--yes", "--skip-preview", *arguments)

    def destroy(self) -> str:
        return self.run("destroy", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, Any]:
        found = json.loads(self.run("stack", "output", "--json"))
        assert isinstance(found, dict)
        return found

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state, without the stack itself."""
        state = json.loads(self.run("stack", "export"))["deployment"]
        return [r for r in state.get("resources", []) if r["type"] != "pulumi:pulumi:Stack"]

    def recorded(self) -> dict[str, Any]:
        """The events in the state; the stack's outputs change only at the next up."""
        found = [r["outputs"] for r in self.resources() if r["type"].endswith(":Events")]
        assert len(found) == 1
        return {name: json.loads(found[0][name]) for name in ("event_ids", "statuses")}

    def urn(self, ending: str) -> str:
        return next(str(r["urn"]) for r in self.resources() if r["urn"].endswith(ending))

    def simevents(self, *arguments: str) -> Run:
        """Run the simevents command in the folder of the stack."""
        ended = subprocess.run(
            [sys.executable, "-m", "simevents", *arguments],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LIMIT_SECONDS,
        )
        return Run(ended.returncode, ended.stdout)

    def _environment(self) -> dict[str, str]:
        kept = {n: v for n, v in os.environ.items() if not n.lower().endswith("_proxy")}
        return kept | {
            "PATH": PATH,
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **self.environment,
        }


class CloudProcess(Cloud):
    """A fake cloud that runs as a separate process, as users run it."""

    def __init__(self, data: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "simevents", "fake", "--port", "0", "--data", str(data)]
        self.process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        super().__init__(self.process.stdout.readline().strip())

    def close(self) -> None:
        super().close()
        self.process.terminate()
        self.process.communicate(timeout=20)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[CloudProcess]:
    """A fake cloud with the article's two instances; at the end no event may be open in it."""
    running = CloudProcess(tmp_path / "cloud.db", "--region", "cn-beijing", *ARTICLE_OPTIONS)
    yield running
    left, unexpected = running.open_events(), running.get("calls?unexpected=1")
    running.close()
    assert unexpected == []
    assert left == []


ARTICLE_INSTANCES = ["i-2zegswzznxbp168sc5c9", "i-2zeimxypwhnj04sbgf5t"]
ARTICLE_OPTIONS = [word for id in ARTICLE_INSTANCES for word in ("--instance", id)]

MakeStack = Callable[..., Stack]


@pytest.fixture
def make_stack(engine: str, tmp_path: Path, cloud: CloudProcess) -> Iterator[MakeStack]:
    """Creates stacks from a project folder; each is destroyed at the end, even after a failure.

    The cloud fixture comes first, so that the cloud outlives the stacks.
    """
    made: list[Stack] = []

    def make(project: Path, settings: dict[str, Any], **environment: str) -> Stack:
        folder = tmp_path / f"project-{len(made)}"
        folder.mkdir()
        shutil.copy(project / "Pulumi.yaml", folder)
        for path in project.iterdir():
            if path.name in ("infra", "__main__.py"):
                (folder / path.name).symlink_to(path)
        stack = Stack(engine, folder, settings, environment=environment)
        stack.create()
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.environment = {}
        stack.destroy()


@pytest.fixture
def drill(make_stack: MakeStack, cloud: CloudProcess) -> Stack:
    """The example with the article's instances, on a stack that is not yet up."""
    return make_stack(
        EXAMPLE,
        {
            "simevents:endpoint": cloud.url,
            "simevents:region": "cn-beijing",
            "existing-instances:instanceIds": ARTICLE_INSTANCES,
            "existing-instances:eventType": "SystemMaintenance.Reboot",
            "existing-instances:notBefore": "+1h",
        },
    )
