"""Bad input through the engine: each error names the field and what is valid."""

from typing import Any

import pytest

from tests.engine.conftest import ARTICLE_INSTANCES, EXAMPLE, CloudProcess, MakeStack, Stack

IDS = "existing-instances:instanceIds"
TYPE = "existing-instances:eventType"
TIME = "existing-instances:notBefore"


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            {TYPE: "SystemMaintenance.Rebot"},
            "'SystemMaintenance.Rebot' is not a valid event type; use one of "
            "SystemMaintenance.Reboot, ",
            id="an unknown event type",
        ),
        pytest.param(
            {TIME: "tomorrow"},
            "'tomorrow' is not a valid time; use a UTC time such as 2027-01-31T09:30:00Z, or a "
            "time from now such as +30m",
            id="a time that does not parse",
        ),
        pytest.param(
            {TIME: "2018-09-01T00:00:00Z"},
            "2018-09-01T00:00:00Z has passed (it is ",
            id="a time in the past",
        ),
        pytest.param({IDS: []}, "no instance is given; name at least one, i-…", id="no instance"),
        pytest.param(
            {IDS: [ARTICLE_INSTANCES[0], ARTICLE_INSTANCES[0]]},
            f"{ARTICLE_INSTANCES[0]} is named more than once; name it once",
            id="the same instance twice",
        ),
        pytest.param(
            {IDS: ["vm-1"]},
            "'vm-1' is not a valid instance id; use i- with lower-case letters and digits",
            id="a malformed id",
        ),
        pytest.param(
            {"simevents:endpoint": "http://192.0.2.1:8086"},
            "http://192.0.2.1:8086 would send credentials unencrypted to another machine; use "
            "https://, or http:// with a loopback address",
            id="plain HTTP to another machine",
        ),
        pytest.param(
            {"simevents:region": None},
            "neither simevents:region nor alicloud:region is set in this stack",
            id="no region",
        ),
        pytest.param(
            {"simevents:endpoint": None, "simevents:endpiont": "http://127.0.0.1:8086"},
            "simevents:endpiont is not a valid key of the configuration; use simevents:endpoint",
            id="a misspelt endpoint",
        ),
    ],
)
def test_the_preview_refuses_bad_input(drill: Stack, change: dict[str, Any], expected: str) -> None:
    drill.settings = {n: v for n, v in (drill.settings | change).items() if v is not None}
    drill.write()
    text = one_line(drill.fails("preview"))

    assert expected in text
    assert "Traceback" not in text


def test_an_environment_that_contradicts_the_stack_is_refused(drill: Stack) -> None:
    drill.environment["SIMEVENTS_ENDPOINT"] = "http://127.0.0.1:9"
    text = one_line(drill.fails("preview"))

    assert "SIMEVENTS_ENDPOINT is http://127.0.0.1:9, but the stack's endpoint is http://" in text


def test_an_instance_that_does_not_exist_is_named(drill: Stack, cloud: CloudProcess) -> None:
    drill.settings[IDS] = [*ARTICLE_INSTANCES, "i-2zenobody"]
    drill.write()
    text = one_line(drill.fails("up", "--yes", "--skip-preview"))

    assert "instance_ids: 1 of 3 do not exist in cn-beijing of account" in text
    assert "i-2zenobody" in text
    assert "Traceback" not in text
    assert cloud.get("events") == []


def test_missing_credentials_are_reported_with_the_remedy(drill: Stack) -> None:
    drill.settings = {n: v for n, v in drill.settings.items() if n != "simevents:endpoint"}
    drill.write()
    drill.environment |= {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "",
        "ALICLOUD_ACCESS_KEY": "",
        "ALICLOUD_SECRET_KEY": "",
        # The vendor's search would continue with the metadata address of an ECS instance.
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        "HOME": str(drill.folder),
    }
    text = one_line(drill.fails("up", "--yes", "--skip-preview"))

    assert "credentials: no credentials were found; set ALIBABA_CLOUD_ACCESS_KEY_ID" in text
    assert "Traceback" not in text


def test_credentials_of_another_account_change_nothing(drill: Stack, cloud: CloudProcess) -> None:
    drill.up()
    recorded = cloud.get("health")["account_id"]
    cloud.post("account", id="2000000000000002")
    text = one_line(drill.fails("destroy", "--yes", "--skip-preview"))

    assert f"belong to the account {recorded}, but the credentials are those of 2000" in text
    assert len(cloud.open_events()) == 2
    cloud.post("account", id=recorded)
    drill.destroy()


def test_two_resources_for_the_same_event_are_refused(
    drill: Stack, make_stack: MakeStack, cloud: CloudProcess
) -> None:
    drill.set(**{TIME.replace(":", "__"): "2099-01-01T00:00:00Z"})
    drill.up()
    taken = drill.outputs()["event_ids"][ARTICLE_INSTANCES[0]]
    other = make_stack(EXAMPLE, drill.settings | {IDS: ARTICLE_INSTANCES[:1]})
    text = one_line(other.fails("up", "--yes", "--skip-preview"))

    assert f"is scheduled already on {ARTICLE_INSTANCES[0]}: {taken}." in text
    assert f"simevents sweep --region cn-beijing --endpoint {cloud.url} --event {taken}" in text
    assert len(cloud.open_events()) == 2
