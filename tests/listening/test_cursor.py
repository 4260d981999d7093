"""The cursor in its file."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from simevents.errors import InvalidInput
from simevents.listening.changes import Change
from simevents.listening.cursor import Cursor, CursorFailed, Tracked, check, only_one, read, write
from tests.listening.events import HOUR, PUBLISHED, event

CURSOR = Cursor(
    "1000000000000001",
    "cn-hangzhou",
    PUBLISHED + 3 * HOUR,
    {
        "e-1": Tracked(
            event("Executed", finished=PUBLISHED + 2 * HOUR),
            [Change(event("Executed", finished=PUBLISHED + 2 * HOUR), PUBLISHED + 2 * HOUR)],
        ),
        "e-2": Tracked(event("Postponed", event_id="e-2")),
    },
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cursor.json"


def test_a_cursor_is_read_as_it_was_written_and_only_its_owner_can(file: Path) -> None:
    write(file, CURSOR)

    assert read(file) == CURSOR
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_a_file_that_others_can_read_is_replaced_by_one_that_they_cannot(file: Path) -> None:
    file.write_text("{}")
    file.chmod(0o644)
    write(file, CURSOR)

    assert file.stat().st_mode & 0o777 == 0o600


def test_without_a_file_there_is_no_cursor(file: Path) -> None:
    assert read(file) is None


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{}", '{"version": 1}', '{"version": "1"}', "[" * 10_000, "\udcff"),
        '{"version": 1, "account_id": "1", "region": "r", "looked_at": "soon", "events": []}',
        (
            '{"version": 1, "account_id": "1", "region": "r", "looked_at": "2027-02-31T00:00:00Z",'
            ' "events": []}'
        ),
    ],
)
def test_another_file_is_no_cursor(file: Path, content: str) -> None:
    file.write_bytes(os.fsencode(content))
    with pytest.raises(InvalidInput) as refused:
        read(file)

    assert str(refused.value) == (
        f"--cursor: {file} is not a cursor of simevents listen; use another file, or remove it to "
        "begin anew"
    )


def test_a_cursor_of_a_later_version_is_not_read(file: Path) -> None:
    write(file, CURSOR)
    file.write_text(json.dumps({**json.loads(file.read_text()), "version": 2}))
    with pytest.raises(InvalidInput, match=r"--cursor: .* has version 2, and this simevents reads"):
        read(file)


def test_a_folder_that_is_not_there_is_named_before_anything_starts(tmp_path: Path) -> None:
    with (
        pytest.raises(InvalidInput, match=r"--cursor: .*/no is not a folder; create it, or use"),
        only_one(tmp_path / "no" / "cursor.json"),
    ):
        pass


def test_a_folder_cannot_be_a_cursor(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"--cursor: .* cannot be read: Is a directory"):
        read(tmp_path)
    with pytest.raises(CursorFailed, match=r"^The cursor .* cannot be written: "):
        write(tmp_path, CURSOR)
    assert list(tmp_path.parent.glob(f".{tmp_path.name}*")) == []


def test_a_link_in_place_of_the_new_file_is_not_followed(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("keep")
    file.with_name(f".{file.name}.{os.getpid()}").symlink_to(other)
    write(file, CURSOR)

    assert other.read_text() == "keep"
    assert read(file) == CURSOR


@pytest.mark.parametrize(
    ("account_id", "region"), [("1", CURSOR.region), (CURSOR.account_id, "cn-beijing")]
)
def test_a_cursor_of_another_account_or_region_is_refused(account_id: str, region: str) -> None:
    check(None, account_id, region)
    check(CURSOR, CURSOR.account_id, CURSOR.region)
    with pytest.raises(InvalidInput, match="--cursor: it is of cn-hangzhou of account 1000000000"):
        check(CURSOR, account_id, region)


def test_what_no_look_can_find_again_is_forgotten() -> None:
    old = event("Executed", finished=PUBLISHED)
    cursor = Cursor(
        "1",
        "cn-hangzhou",
        PUBLISHED + 26 * HOUR,
        {
            "finished": Tracked(old),
            "waits": Tracked(old, [Change(old, PUBLISHED)]),
            "open": Tracked(event("Scheduled")),
            "gone": Tracked(event("Scheduled"), is_gone=True),
            "recent": Tracked(replace(old, publish_time=PUBLISHED + 2 * HOUR)),
        },
    )
    cursor.forget_old()

    assert list(cursor.events) == ["waits", "open", "recent"]


def test_only_one_listens_with_a_cursor(file: Path) -> None:
    with (
        only_one(file),
        pytest.raises(InvalidInput, match=r"another simevents listen uses .*/cursor.json; use"),
        only_one(file),
    ):
        pass
    with only_one(file):
        pass
