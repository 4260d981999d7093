"""The commands that an error recommends, word by word."""

import shlex
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simevents.models import EventType
from simevents.reconcile.claims import ClaimKey
from simevents.reconcile.intent import Intent
from simevents.reconcile.remedies import discard_ids, sweep_command, sweep_command_for
from simevents.settings import Settings

CLOUD = Settings("cn-hangzhou")
TEN = [f"e-{number}" for number in range(10)]
MOMENT = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
INTENT = Intent(
    "sse-1", "1", "cn-hangzhou", EventType.SYSTEM_FAILURE_STOP, MOMENT, ("i-a",), MOMENT
)


def test_ten_ids_are_written_out_and_the_real_cloud_needs_no_endpoint() -> None:
    words = [word for id in TEN for word in ("--event", id)]

    assert sweep_command(CLOUD, TEN) == " ".join(
        ["simevents", "sweep", "--region", "cn-hangzhou", *words]
    )


def test_eleven_ids_are_written_into_a_file_that_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    *command, option, name = shlex.split(sweep_command(CLOUD, [*TEN, "e-10"]))
    path = Path(name)

    assert command == ["simevents", "sweep", "--region", "cn-hangzhou"]
    assert option == "--events-from"
    assert path.name.startswith("simevents-left-open-")
    assert (path.parent, path.suffix) == (tmp_path, ".txt")
    assert path.read_text().splitlines() == [*TEN, "e-10"]


def test_unknown_ids_are_named_by_type_time_and_instance() -> None:
    assert sweep_command_for(Settings("cn-hangzhou", "http://127.0.0.1:8086"), INTENT, ["i-a"]) == (
        "simevents sweep --region cn-hangzhou --endpoint http://127.0.0.1:8086 "
        "--type SystemFailure.Stop --not-before 2027-01-31T09:30:00Z --instance i-a"
    )


def test_the_key_of_a_claim_is_all_that_identifies_an_event() -> None:
    assert INTENT.keys(["i-a"]) == [
        ClaimKey("1", "cn-hangzhou", "i-a", "SystemFailure.Stop", "2027-01-31T09:30:00Z")
    ]


@pytest.mark.parametrize("ids", [TEN, [*TEN, "e-10"]])
def test_the_file_of_a_command_that_nobody_needs_is_removed_and_may_be_gone(
    ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    other = tmp_path / "other.txt"
    other.write_text("stays")
    commands = sweep_command(CLOUD, ids), sweep_command_for(CLOUD, INTENT, ids)
    for command in (*commands, *commands):
        discard_ids(command)

    assert list(tmp_path.iterdir()) == [other]
