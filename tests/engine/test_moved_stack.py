"""A stack that moves to another endpoint; nothing of the old goes before the new can take it."""

from contextlib import closing
from pathlib import Path

from tests.engine.conftest import ARTICLE_INSTANCES, ARTICLE_OPTIONS, CloudProcess, Stack
from tests.engine.test_bad_input import one_line


def test_an_endpoint_that_does_not_answer_leaves_the_events(
    drill: Stack, cloud: CloudProcess
) -> None:
    drill.up()
    drill.set(simevents__endpoint="http://127.0.0.1:9")
    text = one_line(drill.fails("up", "--yes", "--skip-preview"))

    moved = f"cannot move from cn-beijing of {cloud.url} to cn-beijing of http://127.0.0.1:9"
    assert moved in text
    assert "GetCallerIdentity got no answer from 127.0.0.1:9: it cannot be reached" in text
    assert "Traceback" not in text
    assert sorted(event["instance_id"] for event in cloud.open_events()) == ARTICLE_INSTANCES
    drill.set(simevents__endpoint=cloud.url)
    drill.preview()


def test_the_events_move_when_the_new_endpoint_has_the_instances(
    drill: Stack, cloud: CloudProcess, tmp_path: Path
) -> None:
    drill.up()
    with closing(CloudProcess(tmp_path / "empty.db")) as empty:
        drill.set(simevents__endpoint=empty.url)
        text = one_line(drill.fails("preview"))
        assert f"2 of 2 instances do not exist in cn-beijing of {empty.url}, account" in text
        assert len(cloud.open_events()) == 2

    options = ("--region", "cn-beijing", *ARTICLE_OPTIONS)
    with closing(CloudProcess(tmp_path / "other.db", *options)) as other:
        drill.set(simevents__endpoint=other.url)
        drill.up()
        assert (cloud.open_events(), len(other.open_events())) == ([], 2)
        drill.destroy()
        assert other.open_events() == []
