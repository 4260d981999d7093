"""Programs of any language, each a process of its own, led to a fake that they know nothing of."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from simevents.fake.control.client import Control
from simevents.fake.protocol.authority import Authority
from simevents.fake.server import FakeServer
from simevents.way_in.folder import RunFolder
from simevents.way_in.variables import WayIn, environment, write_files
from tests.clients.toolchains import require

HOST = "ecs.cn-hangzhou.aliyuncs.com"
SIGNED = "SignatureNonce=1&Signature=x&AccessKeyId=own-key"
CALL = f"/?Action=DescribeRegions&Version=2014-05-26&Format=JSON&{SIGNED}"


@dataclass(frozen=True)
class Led:
    """A fake, and the way of programs to it."""

    server: FakeServer
    way: WayIn

    def allowing(self, *hosts: str) -> "Led":
        return replace(self, way=replace(self.way, allowed=hosts))

    def environ(self, **variables: str) -> dict[str, str]:
        """The environment of a program; *variables* are the user's."""
        user = {"PATH": os.environ["PATH"], "HOME": str(self.way.folder.parent), **variables}
        write_files(self.way, user)
        return environment(self.way, user)

    def run(
        self, *words: str | Path, env: Mapping[str, str] | None = None, check: bool = True
    ) -> str:
        """What the program *words* prints, errors included."""
        require([str(words[0])])
        done = subprocess.run(
            words,
            env=self.environ() if env is None else env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert not (check and done.returncode), done.stdout
        return done.stdout

    def python(self, code: str, **variables: str) -> str:
        """What *code* prints as a program of Python, without warnings."""
        return self.run(
            *(sys.executable, "-W", "ignore", "-c", code), env=self.environ(**variables)
        ).strip()

    def calls(self) -> list[str]:
        with Control(self.server.url) as control:
            return [str(entry["action"]) for entry in control.get("calls")]

    def refusals(self) -> list[tuple[str, str]]:
        with Control(self.server.url) as control:
            entries: list[dict[str, Any]] = control.get("refusals")
        return [(entry["method"], entry["host"]) for entry in entries]


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def led(authority: Authority, tmp_path: Path) -> Iterator[Led]:
    """The folder has a space in its name, and a quote."""
    below = tmp_path / "a space and it's"
    below.mkdir()
    with (
        RunFolder(below) as folder,
        FakeServer(authority=authority, accept_any_key=True) as server,
    ):
        yield Led(server, WayIn(server.url, authority.certificate, "cn-hangzhou", folder.path))
