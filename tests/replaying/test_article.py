"""The program of the vendor's article of 2018, unchanged, as a process of its own."""

import re
from pathlib import Path

from simevents.fake.control.client import Control
from simevents.fake.server import FakeServer
from simevents.replaying.record import recorded
from simevents.replaying.replay import replayed
from tests.replaying.programs import ARTICLE, ROOT, Led, run_python

CASSETTE = ROOT / "cassettes" / "article-2018.yaml"
INSTANCES = ["i-2zegswzznxbp168sc5c9", "i-2zeimxypwhnj04sbgf5t"]
LINES = """\
created simulated events: (e-[a-z0-9]{20}), (e-[a-z0-9]{20})
cancelled simulated event: (e-[a-z0-9]{20})
"""


def test_the_program_names_no_endpoint() -> None:
    assert not re.search(r"endpoint\(|http|127|localhost|environ", ARTICLE.read_text())


def test_replayed_it_prints_the_very_ids_of_the_article(tmp_path: Path) -> None:
    with replayed(CASSETTE, say=print) as served:
        ended = run_python(served, tmp_path, ARTICLE)

    assert ended.stdout == (
        "created simulated events: e-2zec65b85gi9zwcv1kpz, e-2zec65b85gi9zwcv1kq0\n"
        "cancelled simulated event: e-2zec65b85gi9zwcv1kpz\n"
    )
    assert (served.report(), served.has_failed) == ([], False)


def test_on_a_fake_of_august_2018_it_prints_the_lines_of_the_article(tmp_path: Path) -> None:
    with (
        FakeServer(accept_any_key=True, instance_ids=INSTANCES, region="cn-beijing") as server,
        Control(server.url, send=server.control) as control,
    ):
        control.post("clock", freeze=True)
        control.post("clock", set="2018-08-22T08:00:00Z")
        file = tmp_path / "article.yaml"
        with recorded(file, server, say=print):
            ended = run_python(Led(server.url, server.authority.certificate), tmp_path, ARTICLE)
        events = control.get("events")

    found = re.fullmatch(LINES, ended.stdout)
    assert found, ended.stderr
    first, second, cancelled = found.groups()
    assert cancelled == first
    assert {event["event_id"]: (event["status"], event["not_before"]) for event in events} == {
        first: ("Canceled", "2018-09-01T00:00:00Z"),
        second: ("Scheduled", "2018-09-01T00:00:00Z"),
    }
    with replayed(file, say=print) as served:
        assert run_python(served, tmp_path, ARTICLE).stdout == ended.stdout
    assert served.recorded_at is not None
    assert served.recorded_at.isoformat() == "2018-08-22T08:00:00+00:00"
