"""The public names of the package."""

import subprocess
import sys

import simevents


def test_every_public_name_can_be_imported() -> None:
    assert simevents.__all__ == sorted(simevents.__all__)
    for name in simevents.__all__:
        assert getattr(simevents, name) is not None


def test_importing_the_package_loads_neither_pulumi_nor_a_server() -> None:
    program = (
        "import sys, simevents.cli; "
        "heavy = {'pulumi', 'uvicorn', 'starlette', 'pytest', 'vcr'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert printed.stdout.strip() == "[]"
