"""The table of events: which columns it has in which width."""

from datetime import UTC, datetime

import click
import pytest

from simevents.cli import output
from simevents.models import EventCycleStatus, SystemEvent

EVENT = SystemEvent(
    event_id="e-bp1a2b3c4d5e6f7g8h9j",
    instance_id="i-bp1a2b3c4d5e6f7g8h9j",
    event_type="SystemMaintenance.Redeploy",
    event_cycle_status=EventCycleStatus.SCHEDULED,
    not_before=datetime(2027, 1, 31, 9, 30, tzinfo=UTC),
    publish_time=datetime(2027, 1, 31, 7, 30, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("130", ["event", "instance", "type", "status", "not before", "published"]),
        ("110", ["event", "instance", "type", "status", "not before"]),
        ("85", ["event", "instance", "type", "status"]),
        ("80", ["event", "instance", "status", "not before"]),
        ("60", ["event", "instance", "status"]),
        ("20", ["event", "instance"]),
    ],
)
def test_columns_are_dropped_and_ids_never_cut(
    columns: str,
    expected: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with click.Context(click.Command("list")):
        output.table([EVENT])
    heading, line = capsys.readouterr().out.splitlines()

    assert [name.strip() for name in heading.split("  ") if name] == expected
    assert line.startswith(f"{EVENT.event_id}  {EVENT.instance_id}")
    assert max(len(heading), len(line)) <= max(int(columns), 46)


def test_a_table_without_events_has_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    with click.Context(click.Command("list")):
        output.table([])

    assert capsys.readouterr().out.startswith("event  instance  type  status")
