"""Runs the tests of what is private in libraries, on the lowest and the newest version allowed.

The bounds are read from pyproject.toml. Each version is installed into a temporary folder that
comes first on the path, so that the environment stays as it is locked.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

CHECKOUT = Path(__file__).parent.parent
WATCHED = ("aliyun-python-sdk-core", "uvicorn")
"""Libraries whose private parts are used."""
TESTS = (
    "tests/unit/test_private_parts.py",
    "tests/unit/test_sdk.py",
    "tests/fake/test_protocol.py",
)


def main() -> None:
    allowed = [requirement for requirement in _requirements() if requirement.name in WATCHED]
    assert sorted(requirement.name for requirement in allowed) == sorted(WATCHED)
    _run("lowest", [f"{r.name}=={_lowest(r)}" for r in allowed])
    _run("newest", [str(r) for r in allowed])


def _requirements() -> list[Requirement]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *project["optional-dependencies"]["fake"]]
    return [Requirement(text) for text in texts]


def _lowest(requirement: Requirement) -> str:
    (bound,) = [part.version for part in requirement.specifier if part.operator == ">="]
    return bound


def _run(which: str, pins: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(f"{which}: {', '.join(pins)}", flush=True)
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--target", folder]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, *pins], check=True)
        subprocess.run(
            [sys.executable, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", *TESTS],
            cwd=CHECKOUT,
            env=os.environ | {"PYTHONPATH": folder},
            check=True,
        )


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
