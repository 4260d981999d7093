"""What a fake answers to programs of other processes becomes a cassette."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simevents.errors import InvalidInput, Unrecordable
from simevents.fake.server import FakeServer
from simevents.replaying.record import recorded
from simevents.replaying.replay import replayed
from simevents.testing.key_shapes import assert_no_keys
from tests.fake.requests import signed
from tests.replaying.programs import ECS, Led, curl, run, run_python

PROGRAM = """
import json
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest
from aliyunsdkecs.request.v20140526.StopInstanceRequest import StopInstanceRequest

client = AcsClient("LTAIsomebodysown", "secretofsomebody", "cn-hangzhou")


def look():
    answer = client.do_action_with_exception(DescribeInstancesRequest())
    found = json.loads(answer)["Instances"]["Instance"]
    return [(instance["InstanceId"], instance["Status"]) for instance in found]


print(look())
stop = StopInstanceRequest()
stop.set_InstanceId("i-web")
client.do_action_with_exception(stop)
print(look())
"""


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(accept_any_key=True, instance_ids=["i-web"]) as running:
        yield running


class Interrupted(BaseException):
    pass


def interrupted(ended: object) -> None:
    raise Interrupted(ended)


def led(server: FakeServer) -> Led:
    return Led(server.url, server.authority.certificate)


def describe_regions() -> list[str]:
    fields = signed("POST", Action="DescribeRegions", Version="2014-05-26")
    return [word for pair in fields.items() for word in ("--data-urlencode", "=".join(pair))]


def test_what_a_program_exchanges_replays_to_the_same_program(
    server: FakeServer, tmp_path: Path
) -> None:
    file = tmp_path / "new" / "run.yaml"
    said: list[str] = []
    with recorded(file, server, say=said.append):
        assert said == [f"recording to {file}"]
        first = run_python(led(server), tmp_path, PROGRAM)
    with replayed(file, say=print) as served:
        second = run_python(served, tmp_path, PROGRAM)

    assert first.stdout.count("i-web") == 2, first.stderr
    assert (second.stdout, second.returncode) == (first.stdout, 0)
    assert (served.report(), served.has_failed) == ([], False)


def test_a_consumer_of_a_queue_replays(server: FakeServer, tmp_path: Path) -> None:
    consumer = """
import os
from mns.account import Account
from mns.queue import Message, QueueMeta

# This client obeys no proxy.
host = os.environ["http_proxy"]
queue = Account(host, "LTAIsomebodysown", "secretofsomebody").get_queue("events")
queue.create(QueueMeta())
queue.send_message(Message('{"ver":"1.0","product":"ECS","name":"Instance:StateChange"}'))
received = queue.receive_message(1)
queue.delete_message(received.receipt_handle)
print(received.message_body.decode())
"""
    file = tmp_path / "run.yaml"
    with recorded(file, server, say=print):
        first = run_python(led(server), tmp_path, consumer)
    with replayed(file, say=print) as served:
        second = run_python(served, tmp_path, consumer)

    assert "Instance:StateChange" in first.stdout, first.stderr
    assert (second.stdout, served.report(), served.has_failed) == (first.stdout, [], False)
    assert "somebody" not in file.read_text()


def test_nothing_secret_is_written(server: FakeServer, tmp_path: Path) -> None:
    file = tmp_path / "cassettes" / "run.yaml"
    keys = "http://100.100.100.200/latest/meta-data/ram/security-credentials/"
    with recorded(file, server, say=print) as recording:
        run_python(led(server), tmp_path, PROGRAM)
        run(led(server), tmp_path, curl(f"{ECS}/", *describe_regions()))
        run(led(server), tmp_path, curl(keys))
        assert len(recording) == 4

    text = file.read_text()
    assert_no_keys(file)
    for secret in ("somebody", "testid", "Nonce", "Signature", "security-credentials"):
        assert secret not in text


def test_a_file_that_exists_is_not_overwritten(server: FakeServer, tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("mine")
    refused = pytest.raises(InvalidInput, match=r"run\.yaml exists; add --rewrite to replace it")
    with refused, recorded(file, server, say=print):
        pass
    assert file.read_text() == "mine"
    said: list[str] = []
    with recorded(file, server, rewrite=True, say=said.append):
        assert said == [f"recording to {file}, which is replaced at the end"]
        assert file.read_text() == "mine"
    assert file.read_text().startswith("interactions: []")


@pytest.mark.parametrize("name", ["", "not-a-folder/run.yaml"])
def test_a_file_that_cannot_be_written_is_refused_before_the_start(
    server: FakeServer, tmp_path: Path, name: str
) -> None:
    (tmp_path / "not-a-folder").touch()
    with (
        pytest.raises(InvalidInput, match="--record"),
        recorded(tmp_path / name, server, say=print),
    ):
        pytest.fail("it began")


def test_a_run_that_is_ended_is_written(server: FakeServer, tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    with pytest.raises(Interrupted), recorded(file, server, say=print):
        interrupted(run_python(led(server), tmp_path, PROGRAM))
    with replayed(file, say=print) as served:
        assert len(served.report()) == 3
    assert list(tmp_path.glob(".cassette*")) == []


def test_what_is_not_understood_is_not_written(server: FakeServer, tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("mine")
    unknown = curl(f"{ECS}/?Action=Sing&Version=2014-05-26&Signature=x&AccessKeyId=x")
    with (
        pytest.raises(Unrecordable, match=r"(?s)Sing .*Allow it, .* with --record-allow, or"),
        recorded(file, server, rewrite=True, say=print),
    ):
        run(led(server), tmp_path, unknown)
    assert file.read_text() == "mine"
    said: list[str] = []
    with pytest.raises(Interrupted), recorded(file, server, rewrite=True, say=said.append):
        interrupted(run(led(server), tmp_path, unknown))
    assert said[1].startswith(f"error: {file} was not written.")
    assert file.read_text() == "mine"
    with recorded(file, server, rewrite=True, allow=["Sing"], say=print):
        run(led(server), tmp_path, unknown)
    assert "Action=Sing" in file.read_text()


def test_what_was_before_and_after_the_recording_is_not_in_it(
    server: FakeServer, tmp_path: Path
) -> None:
    file = tmp_path / "run.yaml"
    look = curl(f"{ECS}/", *describe_regions())
    run(led(server), tmp_path, look)
    with recorded(file, server, say=print) as recording:
        assert len(recording) == 0
    run(led(server), tmp_path, look)

    assert file.read_text().startswith("interactions: []")
