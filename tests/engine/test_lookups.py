"""The alicloud plugin's lookups: a stack uses them to find zones, images, types and more."""

from pathlib import Path

from tests.engine.conftest import CloudProcess, MakeStack

PROJECT = Path(__file__).parent / "lookups"


def test_all_lookups_of_a_stack(make_stack: MakeStack, cloud: CloudProcess) -> None:
    cloud.post("instances", instance_ids=["i-a", "i-b"])
    stack = make_stack(PROJECT, {"simevents:endpoint": cloud.url})
    stack.up()
    found = stack.outputs()

    assert found["account"] == "1000000000000001"
    assert found["zones"][:2] == ["cn-hangzhou-a", "cn-hangzhou-b"]
    assert [image.split("_")[0] for image in found["images"]] == ["ubuntu", "ubuntu"]
    assert found["types"] == ["ecs.g6.xlarge", "ecs.g7.xlarge", "ecs.g8i.xlarge"]
    assert found["instances"] == ["i-a", "i-b"]
    assert found["networks"] == ["net", "switch"]
