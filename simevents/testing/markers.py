"""The markers of the pytest plugin: what they may say, and what is wrong with them."""

from datetime import date
from typing import Any, NoReturn

import pytest

MARKERS = (
    "ecs_fake(region, frozen, redirect, switches, allow_hosts): the initial state of the fixture.",
    "ecs_cassette(allow): record the test's calls of the API, and replay them (--record-mode).",
    'verified_live(on): the day on which the test has passed on Alibaba Cloud, as "2026-11-23".',
)

_FAKE_MARKER = {
    "region": (str, "a region such as cn-beijing"),
    "frozen": (bool, "True or False"),
    "redirect": (bool, "True or False"),
    "switches": (dict, "a dictionary of switches (simevents fake --list-switches)"),
    "allow_hosts": (list, "a list of host names and addresses"),
}
"""The arguments of the marker `ecs_fake`, their types, and the words for an error."""

_TWO_CLOUDS = (
    "a test has the fixture ecs_fake or the marker ecs_cassette, not both: in a replay, instances "
    "and events of the fake would not be the recorded ones. Take the fixture ecs: it records from "
    "the fake with --record-mode=once and replays with --ecs-target=cassette"
)


def fake_arguments(node: pytest.Item) -> dict[str, Any]:
    """What the marker `ecs_fake` says; fails the test when it says something else."""
    marker = node.get_closest_marker("ecs_fake")
    if marker is None:
        return {}
    known = ", ".join(_FAKE_MARKER)
    if marker.args:
        fail(f"@pytest.mark.ecs_fake takes its arguments by name: {known}")
    for name, value in marker.kwargs.items():
        if name not in _FAKE_MARKER:
            fail(f"@pytest.mark.ecs_fake has no argument {name!r}; it takes {known}")
        kind, described = _FAKE_MARKER[name]
        if not isinstance(value, kind):
            fail(
                f"@pytest.mark.ecs_fake: {value!r} is not a valid value of {name}; use {described}"
            )
    return dict(marker.kwargs)


def allowed_in_cassette(item: pytest.Item) -> list[str]:
    """What the cassette of a test may hold, by the configuration and its markers."""
    from ..errors import InvalidInput
    from .recording.allowing import entries_of

    markers = [marker.kwargs for marker in item.iter_markers("ecs_cassette")]
    try:
        return entries_of(item.config.getini("ecs_cassette_allow"), markers)
    except InvalidInput as error:
        raise pytest.UsageError(f"{item.nodeid}: {error}") from None


def check_no_cassette(node: pytest.Item, *, is_recording: bool) -> None:
    """A fixture may ask for ecs_fake while it records; a test that always has it cannot replay."""
    always = "ecs_fake" in getattr(node, "fixturenames", ())
    if node.get_closest_marker("ecs_cassette") and (always or not is_recording):
        fail(_TWO_CLOUDS)


def check_verified(item: pytest.Item) -> None:
    marker = item.get_closest_marker("verified_live")
    if marker is None:
        return
    try:
        (day,) = (*marker.args, *marker.kwargs.values())
        date.fromisoformat(day)
    except (TypeError, ValueError):
        raise pytest.UsageError(
            f"{item.nodeid}: @pytest.mark.verified_live takes one day, such as "
            '@pytest.mark.verified_live("2026-11-23")'
        ) from None


def fail(reason: str) -> NoReturn:
    pytest.fail(reason, pytrace=False)
