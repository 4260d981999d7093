"""Builds the programs in the folders beside this one, once for each content.

What is built is kept beside the engine, under ``~/.cache/simevents``, by the hash of the sources.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from filelock import FileLock

HERE = Path(__file__).parent
BUILD_SECONDS = 600
ENVIRONMENT = os.environ.copy()
"""That of the run: the tests hide CI, and lead what they start to the fake."""


def build(folder: Path, tools: Sequence[str], make: Callable[[Path], None]) -> Path:
    """A folder with the sources of *folder* in which *make* has run; see `require`."""
    require(tools)
    sources = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    digest = hashlib.sha256(repr((folder.name, sources)).encode()).hexdigest()[:16]
    built = _cache() / f"client-{folder.name}-{digest}"
    with FileLock(_cache() / "clients.lock", timeout=BUILD_SECONDS):
        if not built.exists():
            unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=_cache()))
            for name, content in sources.items():
                (unfinished / name).write_bytes(content)
            make(unfinished)
            unfinished.rename(built)
    return built


def require(tools: Sequence[str]) -> None:
    """Skip the test where one of *tools* is not installed; in CI it fails."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        reason = f"{', '.join(missing)} is not installed"
        if ENVIRONMENT.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def run(*words: str, folder: Path) -> None:
    """Run a build tool; the test fails with its output."""
    ended = subprocess.run(
        words,
        cwd=folder,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if ended.returncode != 0:
        pytest.fail(f"{' '.join(words)} failed:\n{ended.stdout[-2000:]}{ended.stderr[-2000:]}")


def go_program(folder: Path) -> list[str]:
    built = build(folder, ["go"], lambda to: run("go", "build", "-o", "program", ".", folder=to))
    return [str(built / "program")]


def node_program(folder: Path, script: str) -> list[str]:
    def make(to: Path) -> None:
        run("npm", "ci", "--silent", "--no-audit", "--no-fund", folder=to)

    built = build(folder, ["node", "npm"], make)
    return ["node", str(built / script)]


def java_program(folder: Path, name: str) -> list[str]:
    def make(to: Path) -> None:
        words = ["dependency:copy-dependencies", "-DoutputDirectory=jars"]
        run("mvn", "-q", "-B", *words, folder=to)
        run("javac", "-d", "classes", "-cp", "jars/*", f"{name}.java", folder=to)

    built = build(folder, ["java", "javac", "mvn"], make)
    return ["java", "-cp", f"{built / 'classes'}{os.pathsep}{built / 'jars'}/*", name]


def python_program(folder: Path, script: str) -> list[str]:
    """A program with an environment of its own, for packages that this one cannot have."""

    def make(to: Path) -> None:
        run(sys.executable, "-m", "venv", "environment", folder=to)
        pip = ("environment/bin/python", "-m", "pip", "--disable-pip-version-check", "install")
        # Some packages are built here, by the version of setuptools that is locked.
        run(*pip, "--quiet", "--require-hashes", "-r", "build.lock", folder=to)
        locked = ("--require-hashes", "--no-build-isolation", "-r", "requirements.lock")
        run(*pip, "--quiet", *locked, folder=to)

    built = build(folder, [], make)
    return [str(built / "environment" / "bin" / "python"), str(built / script)]


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "simevents"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
