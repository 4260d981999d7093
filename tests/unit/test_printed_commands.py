"""What is printed for a person, from values that an answer or a setting may have chosen."""

import shlex
from datetime import UTC, datetime

import pytest

from simevents.cli import app
from simevents.cli.tables import printable
from simevents.errors import InvalidInput, InvalidSettings
from simevents.reconcile.intent import Intent
from simevents.reconcile.remedies import sweep_command, sweep_command_for
from simevents.settings import Settings

HERE = Settings("cn-hangzhou", "http://127.0.0.1:8086")


def test_an_id_cannot_add_a_command_to_the_one_that_is_printed() -> None:
    hostile = "e-1; touch /x"

    assert shlex.split(sweep_command(HERE, [hostile]))[-2:] == ["--event", hostile]


def test_the_command_for_an_intent_is_quoted_too() -> None:
    moment = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
    intent = Intent("sse-1", "1", "cn-hangzhou", "A;B", moment, ("i-a",), moment)
    words = shlex.split(sweep_command_for(HERE, intent, ["i-a"]))

    assert words[words.index("--type") + 1] == "A;B"


@pytest.mark.parametrize(
    "region", ["x.evil.example/#", "cn", "", "CN-hangzhou", "cn-a@b", "a" * 99]
)
def test_a_region_that_could_change_the_host_is_refused(region: str) -> None:
    with pytest.raises(InvalidSettings, match="region"):
        Settings(region)


@pytest.mark.parametrize(
    "region", ["cn-hangzhou", "us-east-1", "cn-shanghai-finance-1", "ap-southeast-1"]
)
def test_regions_of_the_vendor_are_accepted(region: str) -> None:
    assert Settings(region).region == region


def test_control_characters_are_not_printed() -> None:
    assert printable("e-1\x1b[2J\x07é") == "e-1�[2J�é"


@pytest.mark.parametrize(
    "options",
    [
        ["--type", "SystemMaintenance.Reboot"],
        ["--not-before", "1999-01-01T00:00:00Z"],
        ["--region", "cn-beijing"],
        ["--endpoint", "http://127.0.0.1:1"],
        ["--instance", "i-a"],
    ],
)
def test_sweep_of_a_stack_refuses_options_that_it_would_not_honour(options: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        app(["sweep", "--stack", "dev", *options], standalone_mode=False)

    assert str(caught.value) == (
        f"--stack: the state of the stack says which events these are; leave {options[0]} out"
    )
