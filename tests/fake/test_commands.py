"""Commands on instances, and what else handlers read: the console, snapshots, group rules."""

import base64
from typing import Any

import pytest

from tests.conftest import Cloud
from tests.contract.clients import VendorClient
from tests.fake.requests import call

UPTIME = {"Type": "RunShellScript", "CommandContent": "uptime"}


def results(cloud: Cloud, **filters: str) -> list[dict[str, Any]]:
    answer = call(cloud, "DescribeInvocationResults", ContentEncoding="PlainText", **filters)
    found: list[dict[str, Any]] = answer["Invocation"]["InvocationResults"]["InvocationResult"]
    return found


def test_a_command_has_a_result_on_each_instance(cloud: Cloud) -> None:
    first, second = cloud.instances(2)
    cloud.post("switches", command_output="up 3 days")
    ids = {"InstanceId.1": first, "InstanceId.2": second}
    made = call(cloud, "RunCommand", **UPTIME, **ids)
    (invocation,) = call(cloud, "DescribeInvocations", InvokeId=made["InvokeId"])["Invocations"][
        "Invocation"
    ]

    assert made["InvokeId"].startswith("t-")
    assert made["CommandId"].startswith("c-")
    assert {result["InstanceId"] for result in results(cloud)} == {first, second}
    (one,) = results(cloud, InstanceId=first)
    assert [one[name] for name in ("InvocationStatus", "InvokeRecordStatus", "ExitCode")] == [
        *("Success", "Finished", 0)
    ]
    assert one["Output"] == "up 3 days"
    assert (invocation["InvocationStatus"], invocation["InvokeStatus"]) == ("Success", "Finished")
    assert base64.b64decode(invocation["CommandContent"]) == b"uptime"
    assert len(invocation["InvokeInstances"]["InvokeInstance"]) == 2


def test_a_command_may_fail_last_or_time_out(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    cloud.post("clock", freeze=True)
    on = {"InstanceId.1": instance}
    cloud.post("switches", command_exit_code=1)
    call(cloud, "RunCommand", **UPTIME, **on)
    assert [result["InvocationStatus"] for result in results(cloud)] == ["Failed"]

    cloud.post("switches", command_exit_code=0, command_seconds=30)
    lasting = call(cloud, "RunCommand", **UPTIME, **on)["InvokeId"]
    short = call(cloud, "RunCommand", **UPTIME, **on, Timeout="10")["InvokeId"]
    running = results(cloud, InvokeId=lasting)
    cloud.post("clock", advance="30s")
    ended = results(cloud, InvokeId=lasting) + results(cloud, InvokeId=short)

    assert [result["InvocationStatus"] for result in running] == ["Running"]
    assert "ExitCode" not in running[0]
    assert [result["InvocationStatus"] for result in ended] == ["Success", "Timeout"]
    assert {result["InvokeId"] for result in results(cloud, InvokeRecordStatus="Failed")} >= {short}


def test_a_command_does_not_run_on_a_stopped_instance(cloud: Cloud) -> None:
    first, second = cloud.instances(2)
    call(cloud, "StopInstance", InstanceId=first)
    ids = {"InstanceId.1": first, "InstanceId.2": second}
    call(cloud, "RunCommand", **UPTIME, **ids)
    (invocation,) = call(cloud, "DescribeInvocations")["Invocations"]["Invocation"]

    assert {result["InstanceId"]: result["ErrorCode"] for result in results(cloud)} == {
        first: "InstanceNotRunning",
        second: "",
    }
    assert invocation["InvocationStatus"] == "PartialFailed"


def test_a_kept_command_can_be_invoked(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    on = {"InstanceId.1": instance}
    content = base64.b64encode(b"echo {{name}}").decode()
    given = {"Type": "RunShellScript", "CommandContent": content, "ContentEncoding": "Base64"}
    command = call(cloud, "CreateCommand", **given, Name="greet", EnableParameter="true")
    once = call(cloud, "RunCommand", **UPTIME, **on)["CommandId"]
    kept = call(cloud, "RunCommand", **UPTIME, **on, KeepCommand="true")["CommandId"]

    def invoke(command_id: str, **more: str) -> str:
        answer = call(cloud, "InvokeCommand", CommandId=command_id, **on, **more)
        return str(answer.get("Code", "done"))

    assert invoke(command["CommandId"], Parameters='{"name": "a"}') == "done"
    assert invoke(kept) == "done"
    assert invoke(kept, Parameters='{"name": "a"}') == "Parameter.Disabled"
    assert invoke(once) == "InvalidCmdId.NotFound"
    found = call(cloud, "DescribeInvocations", CommandName="gr*", ContentEncoding="PlainText")
    (invocation,) = found["Invocations"]["Invocation"]
    assert (invocation["CommandContent"], invocation["Parameters"]) == (
        "echo {{name}}",
        '{"name": "a"}',
    )


def test_commands_that_are_refused(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    on = {"InstanceId.1": instance}

    def code(**given: str) -> str:
        return str(call(cloud, "RunCommand", **given)["Code"])

    assert code(**UPTIME) == "MissingParameter"
    assert code(**UPTIME | {"Type": "RunPython"}, **on) == "InvalidCmdType.NotFound"
    assert code(**UPTIME, **{"InstanceId.1": "i-nobody"}) == "InvalidInstance.NotFound"
    assert code(**UPTIME | {"CommandContent": "?"}, ContentEncoding="Base64", **on) == (
        "InvalidParameter"
    )
    assert code(**UPTIME, Timeout="0", **on) == "InvalidParameter"
    assert code(**UPTIME, Timed="true", Frequency="rate(5m)", **on) == "UnsupportedParameter"
    assert [each["action"] for each in cloud.get("calls?unexpected=1")] == ["RunCommand"]
    cloud.post("reset")


def test_the_sdks_read_results(sdk: VendorClient, cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    sdk.call("RunCommand", **UPTIME, InstanceId=[instance])
    (result,) = sdk.call("DescribeInvocationResults", InstanceId=instance)["Invocation"][
        "InvocationResults"
    ]["InvocationResult"]

    assert result["ExitCode"] == 0
    assert sdk.call("DescribeSnapshots")["TotalCount"] == 0
    assert sdk.call("GetInstanceConsoleOutput", InstanceId=instance)["InstanceId"] == instance


def test_the_console_shows_a_boot(cloud: Cloud) -> None:
    (instance,) = cloud.instances(1)
    answer = call(cloud, "GetInstanceConsoleOutput", InstanceId=instance, RemoveSymbols="true")
    text = base64.b64decode(answer["ConsoleOutput"]).decode()

    assert f"[  OK  ] Started iZ{instance[2:]}Z." in text
    assert call(cloud, "GetInstanceConsoleOutput", InstanceId="i-nobody")["Code"] == (
        "InvalidInstanceId.NotFound"
    )


@pytest.mark.parametrize("filters", [{}, {"InstanceId": "i-any"}, {"SnapshotIds": '["s-1"]'}])
def test_there_are_no_snapshots(cloud: Cloud, filters: dict[str, str]) -> None:
    answer = call(cloud, "DescribeSnapshots", **filters)

    assert (answer["TotalCount"], answer["Snapshots"]) == (0, {"Snapshot": []})
