"""The version, the changelog and the lock agree."""

import re
from pathlib import Path

import simevents

CHECKOUT = Path(__file__).parents[2]


def test_the_changelog_describes_this_version() -> None:
    headings = re.findall(r"^## (.+)$", (CHECKOUT / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [heading.split()[0].strip("[]") for heading in headings if heading != "Unreleased"]

    assert headings[0] == "Unreleased" or released[0] == simevents.__version__
    # Before the first release everything is under Unreleased; later the newest is this version.
    assert released[:1] in ([], [simevents.__version__])
    assert released == sorted(released, key=lambda text: [int(n) for n in text.split(".")])[::-1]
