"""The README's commands that create a stack, in a checkout under version control."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engine.conftest import CHECKOUT, PATH

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands_with(stack: str) -> list[str]:
    """The commands that copy files and create *stack*, of each block of the README that does so."""
    blocks = [b for b in BLOCK.findall((CHECKOUT / "README.md").read_text()) if stack in b]
    return [
        "\n".join(
            line.removesuffix(" && pulumi up")
            for line in block.splitlines()
            if line.startswith(("cp ", "pulumi stack select"))
        )
        for block in blocks
    ]


@pytest.mark.parametrize(
    ("stack", "blocks"),
    [("select --create my-dev", 1), ("select --create local", 2)],
)
def test_creating_a_stack_changes_no_tracked_file(
    engine: str, tmp_path: Path, stack: str, blocks: int
) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(CHECKOUT / "examples", checkout / "examples")
    for path in [CHECKOUT / ".gitignore", *CHECKOUT.glob("Pulumi*.yaml")]:
        shutil.copy(path, checkout)
    git = ["git", "-C", str(checkout), "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "all"]):
        subprocess.run([*git, *command], check=True)
    found = commands_with(stack)
    assert len(found) == blocks

    for number, commands in enumerate(found):
        home = tmp_path / f"home-{number}"
        (home / "state").mkdir(parents=True)
        subprocess.run(
            ["sh", "-ec", commands],
            cwd=checkout,
            env=os.environ
            | {
                "PATH": PATH,
                "HOME": str(home),
                "PULUMI_BACKEND_URL": f"file://{home / 'state'}",
                "PULUMI_CONFIG_PASSPHRASE": "test",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
            },
            check=True,
        )
        assert list((home / "state").rglob("stacks/*/*.json"))

    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, check=True)
    assert changed.stdout == b""
