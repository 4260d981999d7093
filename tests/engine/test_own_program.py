"""A user's own program: pulumi_alicloud resources beside our events, on one fake cloud."""

from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import ARTICLE_INSTANCES, CHECKOUT, CloudProcess, MakeStack, Stack

EXAMPLE = CHECKOUT / "examples" / "instance-with-event"
BESIDE = Path(__file__).parent / "programs" / "beside"

OWN_SETTINGS = {
    "ALICLOUD_ACCESS_KEY": "my-own-key-id",
    "ALICLOUD_SECRET_KEY": "my-own-secret",
    "ALICLOUD_SECURITY_TOKEN": "my-own-token",
    "ALICLOUD_PROFILE": "my-own-profile",
    "ALICLOUD_ECS_ROLE_NAME": "my-own-role",
}
# Without a provider the plugin would look for the real cloud. It finds nothing here instead.
NOWHERE = {
    "ALICLOUD_ACCESS_KEY": "testid",
    "ALICLOUD_SECRET_KEY": "testsecret",
    "ALIBABA_CLOUD_ACCOUNT_TYPE": "Domestic",
    "ALIBABA_CLOUD_ENDPOINT_VPC": "127.0.0.1:9",
}


def beside(make_stack: MakeStack, cloud: CloudProcess, **more: Any) -> Stack:
    settings = {
        "simevents:endpoint": cloud.url,
        "alicloud:region": "cn-beijing",
        "beside:instanceIds": ARTICLE_INSTANCES,
        "beside:provider": False,
    }
    return make_stack(
        BESIDE, settings | {n.replace("__", ":"): v for n, v in more.items()}, **NOWHERE
    )


def test_the_example_runs_on_a_fake_whatever_the_environment_has(
    make_stack: MakeStack, cloud: CloudProcess
) -> None:
    settings = {
        "simevents:endpoint": cloud.url,
        "alicloud:region": "cn-hangzhou",
        "instance-with-event:zone": "cn-hangzhou-b",
        "instance-with-event:instanceType": "ecs.g6.large",
        "instance-with-event:imageId": "aliyun_3_x64_20G_alibase_20240819.vhd",
    }
    stack = make_stack(EXAMPLE, settings, **OWN_SETTINGS)
    printed = stack.up()
    outputs = stack.outputs()

    assert outputs["statuses"] == {outputs["instance"]: "Scheduled"}
    assert [event["instance_id"] for event in cloud.open_events()] == [outputs["instance"]]
    assert "warning" not in printed
    stack.preview()
    stack.refresh("--expect-no-changes")
    assert "my-own" not in stack.run("stack", "export") + str(cloud.get("calls"))
    stack.destroy()
    assert cloud.statuses() == ["Canceled"]


def test_a_warning_names_the_resources_that_go_to_alibaba_cloud(
    make_stack: MakeStack, cloud: CloudProcess
) -> None:
    printed = beside(make_stack, cloud).run("preview").partition("Diagnostics:")[2]

    assert printed.count("warning: ") == 1
    assert (
        f"warning: The events of this stack go to the fake cloud at {cloud.url}, but these "
        "resources go to Alibaba Cloud: after-1 (alicloud:vpc/network:Network), after-2 "
        "(alicloud:vpc/network:Network), before (alicloud:vpc/network:Network) and 1 more."
    ) in printed
    assert "provider=simevents.alicloud.fake_provider()" in printed


@pytest.mark.parametrize("how", ["provider", "endpoints", "real"])
def test_no_warning_when_all_goes_to_one_cloud(
    make_stack: MakeStack, cloud: CloudProcess, how: str
) -> None:
    host = cloud.url.removeprefix("http://")
    stack = beside(make_stack, cloud, beside__provider=how == "provider")
    if how == "endpoints":
        stack.set(alicloud__protocol="HTTP", alicloud__endpoints=[{"vpc": host, "ecs": host}])
    if how == "real":
        # Another machine, and nobody there: a preview needs no answer.
        stack.settings["simevents:endpoint"] = "https://simevents.invalid"
        stack.environment["SIMEVENTS_BUDGET_SECONDS"] = "1"
        stack.write()

    assert "warning" not in stack.run("preview")


def test_a_plugin_of_another_version_is_named_with_the_way_to_get_the_right_one(
    make_stack: MakeStack, cloud: CloudProcess, tmp_path: Path
) -> None:
    (tmp_path / "home" / "plugins" / "resource-alicloud-v3.99.0").mkdir(parents=True)
    stack = beside(make_stack, cloud, beside__provider=True)
    stack.environment |= {
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    # The selected stack is kept in the home too.
    printed = stack.fails("preview", "--stack", stack.name)

    assert "no resource plugin 'pulumi-resource-alicloud' found" in printed
    assert (
        "The package pulumi-alicloud 3.105.0 needs the plugin alicloud 3.105.0. This Pulumi engine "
        "has 3.99.0 and downloads no plugin. To solve this, install the package of that version: "
        "pip install 'pulumi-alicloud==3.99.0'; or install the plugin where it can be downloaded: "
    ) in printed
