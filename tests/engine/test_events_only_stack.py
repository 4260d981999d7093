"""The example that owns events on existing instances, from create to destroy."""

from tests.engine.conftest import ARTICLE_INSTANCES, CloudProcess, Stack


def test_a_drill_is_created_and_destroyed(drill: Stack, cloud: CloudProcess) -> None:
    drill.up()
    outputs = drill.outputs()
    events = {event["instance_id"]: event for event in cloud.open_events()}

    assert sorted(events) == ARTICLE_INSTANCES
    assert outputs["event_ids"] == {id: event["event_id"] for id, event in events.items()}
    assert outputs["statuses"] == dict.fromkeys(ARTICLE_INSTANCES, "Scheduled")
    assert {event["not_before"] for event in events.values()} == {outputs["not_before"]}

    drill.preview()
    drill.refresh("--expect-no-changes")
    drill.destroy()
    assert cloud.statuses() == ["Canceled", "Canceled"]
    assert drill.resources() == []


def test_a_changed_type_replaces_the_events(drill: Stack, cloud: CloudProcess) -> None:
    drill.up()
    drill.set(**{"existing-instances__eventType": "SystemFailure.Stop"})
    drill.up()

    assert cloud.statuses() == ["Canceled", "Canceled", "Executing", "Executing"]
    drill.preview()


def test_removing_and_adding_an_instance_keeps_the_other_event(
    drill: Stack, cloud: CloudProcess
) -> None:
    drill.up()
    first = drill.outputs()["event_ids"]
    drill.set(**{"existing-instances__instanceIds": ARTICLE_INSTANCES[:1]})
    drill.up()

    kept, left = ARTICLE_INSTANCES
    assert drill.outputs()["event_ids"] == {kept: first[kept]}
    assert [event["event_id"] for event in cloud.open_events()] == [first[kept]]
    drill.set(**{"existing-instances__instanceIds": ARTICLE_INSTANCES})
    drill.up()
    assert drill.outputs()["event_ids"][kept] == first[kept]
    assert sorted(e["instance_id"] for e in cloud.open_events()) == ARTICLE_INSTANCES
    assert left in drill.outputs()["event_ids"]


def test_an_event_cancelled_outside_the_stack_is_scheduled_again(
    drill: Stack, cloud: CloudProcess
) -> None:
    drill.up()
    first = drill.outputs()["event_ids"]
    canceled, kept = ARTICLE_INSTANCES
    cloud.cancel("cn-beijing", first[canceled])

    assert "updated" in drill.refresh()
    assert drill.recorded()["event_ids"] == {kept: first[kept]}
    drill.up()
    assert drill.outputs()["event_ids"][kept] == first[kept]
    assert drill.outputs()["event_ids"][canceled] != first[canceled]
    assert len(cloud.open_events()) == len(ARTICLE_INSTANCES)
    drill.preview()


def test_all_events_cancelled_outside_the_stack_are_scheduled_again(
    drill: Stack, cloud: CloudProcess
) -> None:
    drill.up()
    for event_id in drill.outputs()["event_ids"].values():
        cloud.cancel("cn-beijing", event_id)
    drill.refresh()
    drill.up()

    assert cloud.statuses() == ["Canceled", "Canceled", "Scheduled", "Scheduled"]


def test_sweep_of_a_stack_cancels_the_events_in_its_state(
    drill: Stack, cloud: CloudProcess
) -> None:
    drill.up()
    (other,) = cloud.post(
        "events",
        instance_ids=ARTICLE_INSTANCES[:1],
        event_type="SystemMaintenance.Reboot",
        not_before="2099-01-01T00:00:00Z",
        simulated=True,
        region="cn-beijing",
    )
    swept = drill.simevents("sweep", "--stack", drill.name, "--yes")

    assert (swept.code, swept.text.splitlines()[-1]) == (0, "2 cancelled.")
    assert [event["event_id"] for event in cloud.open_events()] == [other["event_id"]]
    cloud.cancel("cn-beijing", other["event_id"])
    again = drill.simevents("sweep", "--stack", drill.name)
    assert again.text == f"Nothing is open in cn-beijing of {cloud.url}.\n"
    unknown = drill.simevents("sweep", "--stack", "nobody")
    assert unknown.code == 2
    assert "error: --stack: nobody cannot be read here" in unknown.text


def test_a_refresh_that_runs_the_program_brings_the_outputs_up_to_date(
    drill: Stack, cloud: CloudProcess
) -> None:
    """The engine's rule: a plain refresh never computes the outputs of a stack."""
    drill.up()
    cloud.post("clock", advance="2h")
    drill.refresh()
    assert drill.recorded()["statuses"] == dict.fromkeys(ARTICLE_INSTANCES, "Executed")
    assert drill.outputs()["statuses"] == dict.fromkeys(ARTICLE_INSTANCES, "Scheduled")

    drill.refresh("--run-program")
    assert drill.outputs()["statuses"] == dict.fromkeys(ARTICLE_INSTANCES, "Executed")
    drill.preview()


def test_executed_events_stay_and_are_not_created_again(drill: Stack, cloud: CloudProcess) -> None:
    drill.up()
    cloud.post("clock", advance="2h")
    drill.refresh()

    assert drill.recorded()["statuses"] == dict.fromkeys(ARTICLE_INSTANCES, "Executed")
    drill.preview()
    drill.destroy()
    assert cloud.statuses() == ["Executed", "Executed"]


def test_the_date_of_the_article_on_a_cloud_of_august_2018(
    drill: Stack, cloud: CloudProcess
) -> None:
    cloud.post("clock", set="2018-08-20T08:00:00Z")
    drill.set(**{"existing-instances__notBefore": "2018-09-01T00:00:00Z"})
    drill.up()

    assert {event["not_before"] for event in cloud.open_events()} == {"2018-09-01T00:00:00Z"}
    drill.preview()


def test_a_time_without_quotation_marks_is_the_same_time(drill: Stack, cloud: CloudProcess) -> None:
    drill.set(**{"existing-instances__notBefore": "2099-01-31T09:30:00Z"})
    path = drill.folder / f"Pulumi.{drill.name}.yaml"
    quoted = path.read_text()
    path.write_text(quoted.replace("'2099-01-31T09:30:00Z'", "2099-01-31T09:30:00Z"))
    assert path.read_text() != quoted
    drill.up()

    assert {event["not_before"] for event in cloud.open_events()} == {"2099-01-31T09:30:00Z"}
    path.write_text(quoted)
    drill.preview()


def test_replace_with_an_absolute_time_keeps_one_open_event_per_instance(
    drill: Stack, cloud: CloudProcess
) -> None:
    drill.set(**{"existing-instances__notBefore": "2099-01-01T00:00:00Z"})
    drill.up()
    drill.up("--replace", drill.urn("drill-intent"))

    assert cloud.statuses() == ["Canceled", "Canceled", "Scheduled", "Scheduled"]
    assert sorted(drill.outputs()["event_ids"].values()) == sorted(
        event["event_id"] for event in cloud.open_events()
    )
    drill.up("--replace", drill.urn("drill-events"))
    assert len(cloud.open_events()) == len(ARTICLE_INSTANCES)
