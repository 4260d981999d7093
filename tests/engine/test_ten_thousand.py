"""One resource over 10,000 instances with random faults, through the real engine."""

from pathlib import Path

from tests.engine.conftest import CloudProcess, MakeStack

PROGRAM = Path(__file__).parent / "programs" / "from_file"
COUNT = 10_000


def test_ten_thousand_events_with_throttled_calls_and_lost_answers(
    make_stack: MakeStack, cloud: CloudProcess, tmp_path: Path
) -> None:
    instances = cloud.post("instances", count=COUNT, region="cn-beijing")["instance_ids"]
    (tmp_path / "instances.txt").write_text("\n".join(instances))
    stack = make_stack(
        PROGRAM,
        {
            "simevents:endpoint": cloud.url,
            "simevents:region": "cn-beijing",
            "from-file:instances": str(tmp_path / "instances.txt"),
        },
    )
    # Of each kind one that strikes for certain; of the others chance may spare every call.
    create = "CreateSimulatedSystemEvents"
    cloud.post("faults", action=create, error="Throttling.User", skip=7, times=1)
    cloud.post("faults", action=create, cut="after", skip=20, times=1)
    cloud.post("faults", action="*", error="Throttling.User", probability=0.01, seed=1)
    cloud.post("faults", action="*", cut="after", probability=0.01, seed=2)
    stack.up()
    recorded = stack.recorded()["event_ids"]
    made = {event["instance_id"]: event["event_id"] for event in cloud.open_events()}

    assert sorted(made) == sorted(instances)
    assert recorded == made
    assert [fault["struck"] for fault in cloud.get("faults")][:2] == [1, 1]
    stack.destroy()
    assert cloud.open_events() == []
