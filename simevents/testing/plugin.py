"""The pytest plugin: fixtures, markers and options, and no more than that.

pytest imports this in every run of everybody who has it installed, so nothing heavy is
imported before a test asks for it.
"""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..fake.server import FakeServer
    from .cloud import FakeCloud

_FAKE: "pytest.StashKey[FakeCloud]" = pytest.StashKey()

_FAKE_MARKER = {
    "region": (str, "a region such as cn-beijing"),
    "frozen": (bool, "True or False"),
    "redirect": (bool, "True or False"),
    "switches": (dict, "a dictionary of switches, docs/switches.md"),
}
"""What the marker `ecs_fake` takes, and how it is described to those who got it wrong."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "ecs_fake(region, frozen, redirect, switches): how the fixture ecs_fake begins: its "
        "region, its clock frozen, without leading this process to it, docs/switches.md.",
    )


@pytest.fixture(scope="session")
def _ecs_fake_server() -> "Iterator[FakeServer]":
    from ..fake.server import FakeServer

    with FakeServer(accept_any_key=True) as server:
        yield server


@pytest.fixture
def ecs_fake(
    request: pytest.FixtureRequest, _ecs_fake_server: "FakeServer"
) -> "Iterator[FakeCloud]":
    """A fake Alibaba Cloud, empty, to which this process's SDKs are led.

    At the end the test fails for calls that the fake does not know, and for those that
    were stopped on their way to the real cloud.
    """
    from .cloud import DEFAULT_REGION, FakeCloud, in_use

    given = _marked(request.node)
    cloud = FakeCloud(_ecs_fake_server.url, given.get("region", DEFAULT_REGION))
    with in_use(cloud, redirect=given.get("redirect", True)):
        cloud.reset()
        try:
            cloud.switch(**given.get("switches", {}))
        except Exception as error:  # noqa: BLE001 - told to the user in one line
            pytest.fail(f"@pytest.mark.ecs_fake: {error}", pytrace=False)
        if given.get("frozen"):
            cloud.clock.freeze()
        request.node.stash[_FAKE] = cloud
        yield cloud
        try:
            cloud.no_unexpected_calls()
        except AssertionError as unexpected:
            pytest.fail(str(unexpected), pytrace=False)
        finally:
            del request.node.stash[_FAKE]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows with a failed test what happened in the cloud."""
    report = yield
    cloud = item.stash.get(_FAKE, None)
    if cloud is not None and call.when == "call" and report.failed:
        told = cloud.timeline()
        if told.partition("\n")[0] not in report.longreprtext:
            report.sections.append(("the fake cloud", told))
    return report


def _marked(node: pytest.Item) -> dict[str, Any]:
    """What the marker says; fails the test when it says something else."""
    marker = node.get_closest_marker("ecs_fake")
    if marker is None:
        return {}
    if marker.args:
        pytest.fail(
            f"@pytest.mark.ecs_fake takes its arguments by name: {', '.join(_FAKE_MARKER)}",
            pytrace=False,
        )
    for name, value in marker.kwargs.items():
        if name not in _FAKE_MARKER:
            known = ", ".join(_FAKE_MARKER)
            pytest.fail(
                f"@pytest.mark.ecs_fake has no argument {name!r}; it takes {known}", pytrace=False
            )
        kind, described = _FAKE_MARKER[name]
        if not isinstance(value, kind):
            pytest.fail(
                f"@pytest.mark.ecs_fake: {name} must be {described}, not {value!r}", pytrace=False
            )
    return dict(marker.kwargs)
