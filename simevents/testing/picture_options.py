"""The options of pytest for pictures; what draws them is imported when they are given."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .cloud import FakeCloud


def add(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--ecs-report",
        metavar="DIR",
        help="Write a picture of the fake cloud for each failed test, a page of HTML, to DIR.",
    )
    group.addoption(
        "--ecs-report-for",
        choices=["failed", "all"],
        default="failed",
        help="Which tests with a fake cloud get a picture (default: failed).",
    )


def register(config: pytest.Config, fake: "pytest.StashKey[FakeCloud]") -> None:
    """Register the hooks that write pictures, if the options ask for any."""
    given = config.getoption("--ecs-report")
    if not given:
        return
    from .picture_report import PictureReports

    # Absolute, also for the processes of pytest-xdist, which are given the option.
    folder = config.invocation_params.dir / given
    config.option.ecs_report = str(folder)
    of_all = config.getoption("--ecs-report-for") == "all"
    config.pluginmanager.register(PictureReports(folder, fake, of_all=of_all), "simevents-pictures")
