"""A cassette answers programs of other processes, whatever client they have."""

import subprocess
import sys
from pathlib import Path

import pytest

from simevents.errors import InvalidInput
from simevents.replaying.replay import replayed
from tests.replaying.programs import ECS, ROOT, curl, run, run_python

LOOK = "Action=DescribeInstances&RegionId=cn-hangzhou&Version=2014-05-26"
OTHER = "Action=DescribeDisks&RegionId=cn-hangzhou&Version=2014-05-26"
QUERY = "&Format=JSON&AccessKeyId=LTAIsomebody&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0"
NEWER = [
    *("-H", "x-acs-version: 2014-05-26", "-H", "x-acs-action: DescribeInstances"),
    *("-H", "x-acs-signature-nonce: 7", "-H", "x-acs-date: 2020-01-01T00:00:00Z"),
    *("-H", "Authorization: ACS3-HMAC-SHA256 Credential=LTAIsomebody,Signature=00"),
]


def cassette(folder: Path, *exchanges: tuple[str, str]) -> Path:
    """A cassette of the queries and the answers of *exchanges*."""
    text = "version: 1\ninteractions:\n" if exchanges else "version: 1\ninteractions: []\n"
    for query, answer in exchanges:
        text += (
            "- request: {method: POST, body: null, headers: {}, "
            f"uri: 'https://ecs.aliyuncs.com/?{query}'}}\n"
            "  response: {status: {code: 200, message: OK}, headers: {Content-Type: "
            f"[application/json;charset=utf-8]}}, body: {{string: '{answer}'}}}}\n"
        )
    file = folder / "cassette.yaml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    "command",
    [
        curl(f"{ECS}/?{LOOK}{QUERY}&Signature=a&SignatureNonce=1&Timestamp=2020-01-01"),
        curl(f"http://ecs-cn-hangzhou.aliyuncs.com/?{LOOK}{QUERY}&Signature=b&SignatureNonce=2"),
        curl(f"{ECS}/?{QUERY[1:]}&Signature=c", "-d", LOOK),
        curl(f"{ECS}/", "-d", f"{LOOK}{QUERY}&Signature=d&SignatureNonce=4"),
        curl(f"{ECS}/?RegionId=cn-hangzhou", *NEWER),
        curl(f"{ECS}/", *NEWER, "-d", "RegionId=cn-hangzhou"),
        curl(f"{ECS}/?RegionId=cn-hangzhou", *NEWER, "-X", "POST", "-H", "Expect: 100-continue"),
    ],
)
def test_both_styles_of_requests_match_by_get_and_post(command: list[str], tmp_path: Path) -> None:
    with replayed(cassette(tmp_path, (LOOK, '{"TotalCount":7}')), say=print) as served:
        ended = run(served, tmp_path, command)

    assert ended.stdout == '{"TotalCount":7}', ended.stderr
    assert (served.report(), served.has_failed) == ([], False)


def test_repeated_calls_get_the_answers_in_their_order(tmp_path: Path) -> None:
    file = cassette(tmp_path, (LOOK, "{}"), (OTHER, '{"PageNumber":1}'), (LOOK, '{"PageSize":2}'))
    asked = [f"{ECS}/?{LOOK}", f"{ECS}/?{LOOK}", f"{ECS}/?{OTHER}"]
    with replayed(file, say=print) as served:
        ended = run(served, tmp_path, ["curl", "-sS", *asked])

    assert ended.stdout == '{}{"PageSize":2}{"PageNumber":1}'


def test_a_request_that_is_not_recorded_is_an_error_of_the_api(tmp_path: Path) -> None:
    program = """
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest
request = DescribeInstancesRequest()
request.set_PageNumber(3)
try:
    AcsClient("LTAIsomebodysown", "secret", "cn-hangzhou").do_action_with_exception(request)
except ServerException as refused:
    print(refused.get_http_status(), refused.get_error_code(), refused.get_error_msg())
"""
    file = cassette(tmp_path, (LOOK + "&PageNumber=2", "{}"), (OTHER, "{}"))
    with replayed(file, say=print) as served:
        ended = run_python(served, tmp_path, program)

    text = (
        f"{file} has no unplayed answer to {{'PageNumber': '3', 'Version': '2014-05-26', "
        "'Action': 'DescribeInstances', 'RegionId': 'cn-hangzhou'}. Nearest recorded: PageNumber: "
        "'2' recorded, '3' asked. If the change is meant, record the cassette again: "
        f"--record {file} --rewrite."
    )
    assert ended.stdout == f"400 NotInCassette {text}\n", ended.stderr
    assert served.has_failed
    unplayed = "recorded and never played: {{'Action': '{}', 'RegionId': 'cn-hangzhou', 'Version': "
    assert [line[:80] for line in served.report()] == [
        text[:80],
        unplayed.format("DescribeInstances")[:80],
        unplayed.format("DescribeDisks")[:80],
    ]


def test_a_call_once_more_than_recorded_is_not_answered(tmp_path: Path) -> None:
    with replayed(cassette(tmp_path, (LOOK, "{}")), say=print) as served:
        ended = run(served, tmp_path, ["curl", "-sS", f"{ECS}/?{LOOK}", f"{ECS}/?{LOOK}"])

    assert "Nearest recorded: played already." in ended.stdout
    assert served.has_failed


def test_an_action_that_is_not_recorded_at_all_names_what_is(tmp_path: Path) -> None:
    with replayed(
        cassette(tmp_path, (LOOK, "{}"), (LOOK, "{}"), (OTHER, "{}")), say=print
    ) as served:
        run(served, tmp_path, curl(f"{ECS}/?Action=StopInstance&Version=2014-05-26"))

    assert "It has DescribeInstances, DescribeDisks." in served.report()[0]


def test_other_hosts_are_refused_and_named(tmp_path: Path) -> None:
    with replayed(cassette(tmp_path), say=print) as served:
        over_https = run(served, tmp_path, curl("https://example.com/"))
        over_http = run(served, tmp_path, curl("http://example.com/"))

    assert over_https.returncode == 56
    assert "refused by simevents run --replay: it lets nothing out" in over_http.stdout
    assert [line.partition(" ")[0] for line in served.report()] == [
        "example.com:443",
        "example.com",
    ]
    assert not served.has_failed


def test_a_page_of_the_vendor_is_no_part_of_the_cassette(tmp_path: Path) -> None:
    with replayed(cassette(tmp_path, (LOOK, "{}")), say=print) as served:
        ended = run(
            served, tmp_path, curl("https://oss-cn-hangzhou.aliyuncs.com/bucket?key=secret")
        )

    assert "'Page': 'GET https://oss-cn-hangzhou.aliyuncs.com/bucket'" in ended.stdout
    assert "secret" not in ended.stdout


def test_a_program_that_takes_its_keys_from_the_instance_gets_some(tmp_path: Path) -> None:
    folder = "http://100.100.100.200/latest/meta-data/ram/security-credentials/"
    with replayed(cassette(tmp_path), say=print) as served:
        role = run(served, tmp_path, curl(folder)).stdout
        keys = run(served, tmp_path, curl(f"{folder}{role}")).stdout

    assert '"Code":"Success"' in keys
    assert served.report() == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, r"--replay: .*cassette.yaml is not there; record it with --record .*cassette.yaml"),
        ("interactions: [", r"cassette.yaml is damaged .* again with --record .* --rewrite"),
    ],
)
def test_a_cassette_that_cannot_be_replayed_is_refused(
    text: str | None, reason: str, tmp_path: Path
) -> None:
    if text:
        (tmp_path / "cassette.yaml").write_text(text)
    with pytest.raises(InvalidInput, match=reason), replayed(tmp_path / "cassette.yaml", say=print):
        pass


def test_neither_pytest_nor_the_fake_is_needed() -> None:
    program = """
import sys
sys.modules["pytest"] = None
import simevents.replaying.live, simevents.replaying.record, simevents.replaying.replay
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)

    assert ended.returncode == 0


def test_the_extra_that_brings_cassettes_is_named_where_it_is_missing() -> None:
    program = """
import sys
sys.modules["vcr"] = None
from simevents.cli import options
try:
    import simevents.replaying.replay
except ModuleNotFoundError as missing:
    options.missing_extra(missing)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert ended.stderr == (
        "error: vcr is not installed; it comes with: pip install '.[testing]' in a checkout\n"
    )
