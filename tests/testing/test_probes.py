"""Exchanges with a secret in them: none is in a cassette, or the recording is refused.

And `assert_no_keys` finds each of them in a cassette that was recorded without scrubbing.
"""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from vcr.persisters.filesystem import FilesystemPersister
from vcr.request import Request
from vcr.serializers import yamlserializer

from simevents.errors import SimulatedEventsError
from simevents.testing.key_shapes import assert_no_keys, found_in
from simevents.testing.recording.cassettes import recorder

SECRET = "hunterTwoProbe"
ACCOUNT = "1234567890123456"
ECS = "https://ecs.cn-hangzhou.aliyuncs.com/"
OSS = "https://bucket.oss-cn-hangzhou.aliyuncs.com"
METADATA = "http://100.100.100.200/latest"
READ = {"Action": "DescribeInstances", "Version": "2014-05-26", "RegionId": "cn-hangzhou"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
BOUNDARY = {"content-type": "multipart/form-data; boundary=b"}


@dataclass(frozen=True)
class Probe:
    url: str = f"{ECS}?{urlencode(READ)}"
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    answer: bytes = b'{"RequestId":"C1762464-CCC2-46EC-B233-92A4D9C1782C"}'
    answer_headers: dict[str, list[str]] = field(default_factory=dict)
    reason: str = "OK"


def called(action: str, version: str = "2014-05-26", **parameters: str) -> Probe:
    return Probe(f"{ECS}?{urlencode({'Action': action, 'Version': version} | parameters)}")


def headed(action: str, body: bytes, headers: dict[str, str], version: str = "2014-05-26") -> Probe:
    named = {"x-acs-action": action, "x-acs-version": version}
    return Probe(ECS, headers=named | headers, body=body)


def answered(text: str, action: str = "DescribeInstances", version: str = "2014-05-26") -> Probe:
    asked = {"Action": action, "Version": version}
    return Probe(f"{ECS}?{urlencode(asked)}", answer=text.encode())


INSTANCE = '{"Instances":{"Instance":[{"InstanceId":"i-a",%s}]}}'

PROBES = {
    "JSON body": headed("RunInstances", json.dumps({"Password": SECRET}).encode(), JSON),
    "JSON body, no type": headed("RunInstances", json.dumps({"Password": SECRET}).encode(), {}),
    "JSON body, typed as a form": headed(
        "RunInstances", f'{{"Password":"{SECRET}"}}'.encode(), FORM
    ),
    "JSON body, another action": headed(
        "RunCommand", f'{{"CommandContent":"{SECRET}"}}'.encode(), JSON
    ),
    "JSON body, nested": headed(
        "RunInstances", f'{{"Tag":[{{"Key":{{"a":"{SECRET}"}}}}]}}'.encode(), JSON
    ),
    "JSON body, an array": headed("RunInstances", f'["{SECRET}"]'.encode(), JSON),
    "form body": headed("RunInstances", f"Password={SECRET}".encode(), FORM),
    "form body, no form": headed("RunInstances", SECRET.encode(), FORM),
    "form body, base64": headed("RunInstances", f"{SECRET}==".encode(), FORM),
    "multipart body": headed("RunInstances", f"--b\r\n\r\n{SECRET}\r\n--b--".encode(), BOUNDARY),
    "binary body": headed("RunInstances", b"\xff\xfe" + SECRET.encode(), FORM),
    "SAMLAssertion": called("AssumeRoleWithSAML", "2015-04-01", SAMLAssertion=SECRET),
    "OIDCToken": called("AssumeRoleWithOIDC", "2015-04-01", OIDCToken=SECRET),
    "CommandContent": called("RunCommand", CommandContent=SECRET),
    "UserAccessKeyId": called("GetAccessKeyLastUsed", "2015-05-01", UserAccessKeyId=SECRET),
    "Password": called("RunInstances", Password=SECRET),
    "Password in lower case": called("RunInstances", password=SECRET),
    "VncPassword": called("ModifyInstanceVncPasswd", VncPassword=SECRET),
    "UserData": called("RunInstances", UserData=SECRET),
    "RemoteConnectionOptions": called(
        "RunInstances", **{"RemoteConnectionOptions.Password": SECRET}
    ),
    "unknown parameter": called("DescribeInstances", Colour=SECRET),
    "unknown version": called("DescribeInstances", "2019-01-01", InstanceName=SECRET),
    "AddAccount.1": called("ModifyImageSharePermission", **{"AddAccount.1": ACCOUNT}),
    "OwnerId": called("DescribeInstances", OwnerId=ACCOUNT, VpcOwnerId=ACCOUNT),
    "RoleArn": called("AssumeRole", "2015-04-01", RoleArn=f"acs:ram::{ACCOUNT}:role/a"),
    "JSON text in a parameter": called(
        "DescribeInstances", InstanceIds=f'[{{"Password":"{SECRET}"}}]'
    ),
    "credentials in the address": Probe(f"https://{SECRET}:x@ecs.aliyuncs.com/?{urlencode(READ)}"),
    "a path": Probe(f"{ECS}clusters/{SECRET}", "GET", {"x-acs-action": "DescribeInstances"}),
    "request headers": Probe(headers={"authorization": SECRET, "cookie": SECRET}),
    "another host": Probe(
        f"https://iam.amazonaws.com/?Action=CreateUser&Version=1&Secret={SECRET}"
    ),
    "VncUrl": answered(f'{{"VncUrl":"wss://x/{SECRET}"}}', "DescribeInstanceVncUrl"),
    "VncPasswd": answered(f'{{"VncPasswd":"{SECRET}"}}'),
    "accessKeySecret": answered(f'{{"accessKeySecret":"{SECRET}"}}'),
    "access_key_secret": answered(f'{{"access_key_secret":"{SECRET}"}}'),
    "AccessToken": answered(f'{{"AccessToken":"{SECRET}"}}'),
    "an escaped quote": answered(f'{{"Password":"ab\\"{SECRET}"}}'),
    "an escaped name": answered(f'{{"Pass\\u0077ord":"{SECRET}"}}'),
    "CDATA": answered(
        f"<DescribeInstancesResponse><Password><![CDATA[{SECRET}]]></Password>"
        "</DescribeInstancesResponse>"
    ),
    "an XML attribute": answered(f'<DescribeInstancesResponse a="{SECRET}"/>'),
    "an XML comment": answered(
        f"<DescribeInstancesResponse><!--{SECRET}--><Password>{SECRET}</Password>"
        "</DescribeInstancesResponse>"
    ),
    "an XML entity": answered(
        f'<!DOCTYPE a [<!ENTITY b "{SECRET}">]><DescribeInstancesResponse>&b;'
        "</DescribeInstancesResponse>"
    ),
    "nested JSON text": answered(INSTANCE % f'"InstanceName":"{{\\"Password\\":\\"{SECRET}\\"}}"'),
    "a Description": answered(INSTANCE % f'"Description":"{SECRET}"'),
    "below a known member": answered(INSTANCE % f'"InstanceName":{{"Password":"{SECRET}"}}'),
    "user data in an answer": answered(f'{{"UserData":"{SECRET}"}}', "DescribeUserData"),
    "temporary keys": answered(
        f'{{"Credentials":{{"AccessKeySecret":"{SECRET}","SecurityToken":"{SECRET}"}}}}',
        "AssumeRole",
        "2015-04-01",
    ),
    "an id in an ARN": answered(INSTANCE % f'"RamRoleName":"acs:ecs:*:{ACCOUNT}:instance/*"'),
    "an id in an encoded ARN": answered(INSTANCE % f'"HostName":"acs%3Aram%3A%3A{ACCOUNT}%3Aroot"'),
    "accountid": answered(f'{{"accountid":"{ACCOUNT}"}}'),
    "a number": answered(f'{{"OwnerId":{ACCOUNT}}}', "DescribeVpcAttribute", "2016-04-28"),
    "an id in a message": answered(
        f'{{"Code":"Forbidden","Message":"Account {ACCOUNT} is denied."}}'
    ),
    "a secret in a message": answered(
        f'{{"Code":"A","Message":"Password \'{SECRET}\' is invalid."}}'
    ),
    "what was signed": answered(
        '{"Code":"SignatureDoesNotMatch","Message":"server string to sign is:'
        f'GET&%2F&SecurityToken%3D{SECRET}"}}'
    ),
    "a page of HTML": answered(f"<html><body>{SECRET}</body></html>"),
    "text": answered(SECRET),
    "bytes": Probe(answer=b"\xff\xfe" + SECRET.encode()),
    "answer headers": Probe(answer_headers={"Set-Cookie": [SECRET]}),
    "user data of the metadata": Probe(f"{METADATA}/user-data", "GET", answer=SECRET.encode()),
    "keys of the metadata": Probe(
        f"{METADATA}/meta-data/ram/security-credentials/role",
        "GET",
        answer=f'{{"AccessKeySecret":"{SECRET}"}}'.encode(),
    ),
    "a token of the metadata": Probe(f"{METADATA}/api/token", "PUT", answer=SECRET.encode()),
    "an OSS object": Probe(f"{OSS}/key", "GET", answer=SECRET.encode()),
    "an OSS upload": Probe(f"{OSS}/key", "PUT", body=SECRET.encode()),
    "an OSS listing": Probe(
        f"{OSS}/?Action=list&Signature={SECRET}", "GET", answer=SECRET.encode()
    ),
}

SENSITIVE = ("password", "secret", "token", "passphrase", "credential", "privatekey", "cookie")
KNOWN = ("DescribeInstances", "RunInstances", "DescribeInstanceHistoryEvents", "RebootInstance")


def generated(seed: int) -> tuple[Probe, str]:
    """A probe with a secret under a random name, at a random place, and the secret."""
    choose = random.Random(seed)
    secret = "".join(choose.choices("abcdefghijkmnpqrstuvwxyzABCDEFG", k=24))
    word = choose.choice(SENSITIVE)
    name = choose.choice((word, word.upper(), word.title(), f"x{word.title()}Text", f"my_{word}"))
    action = choose.choice((*KNOWN, "CreateAccessKey", "ListThings"))
    noise = choose.choice(("", 'a"b', "\\", "<b>", "é", "&amp;", "\n"))
    value = noise + secret
    nested: Any = {name: value}
    for _ in range(choose.randrange(4)):
        nested = {choose.choice(("Instances", "Instance", "Data", "Tags")): nested}
        nested = [nested] if choose.random() < 0.3 else nested
    as_json = json.dumps({"Data": nested}, ensure_ascii=choose.random() < 0.5)
    place = choose.randrange(6)
    if place == 0:
        return called(action, **{name: value}), secret
    if place == 1:
        return headed(action, urlencode({name: value}).encode(), FORM), secret
    if place == 2:
        return headed(action, as_json.encode(), choose.choice((JSON, FORM, {}))), secret
    if place == 3:
        return answered(as_json, action), secret
    if place == 4:
        text = f"<{action}Response><A><{name}><![CDATA[{value}]]></{name}></A></{action}Response>"
        return answered(text, action), secret
    return answered(json.dumps({"Code": "A.B", "Message": f"{name} {value}"}), action), secret


def exchange(probe: Probe) -> tuple[Request, dict[str, Any]]:
    request = Request(probe.method, probe.url, probe.body, dict(probe.headers))
    return request, {
        "status": {"code": 200, "message": probe.reason},
        "headers": {"content-type": ["application/json"], **probe.answer_headers},
        "body": {"string": probe.answer},
    }


def recording_shows(probe: Probe, secret: str, folder: Path) -> bool:
    """Whether *secret* is in the recorded file, or in the error that says why there is none."""
    try:
        with recorder(folder, "all").use_cassette("probe.yaml") as cassette:
            cassette.append(*exchange(probe))
    except SimulatedEventsError as refused:
        assert not (folder / "probe.yaml").exists()
        return secret in str(refused)
    assert_no_keys(folder / "probe.yaml")
    return secret in (folder / "probe.yaml").read_text()


def is_found(probe: Probe, folder: Path) -> bool:
    """Whether the check finds something in a recording that nothing has scrubbed."""
    path = folder / "raw.yaml"
    request, response = exchange(probe)
    kept = {"requests": [request], "responses": [response]}
    FilesystemPersister.save_cassette(path, kept, yamlserializer)
    return bool(list(found_in(path)))


@pytest.mark.parametrize("name", PROBES)
def test_a_cassette_does_not_show(name: str, tmp_path: Path) -> None:
    probe = PROBES[name]
    hidden = (SECRET, ACCOUNT)

    assert [s for s in hidden if recording_shows(probe, s, tmp_path)] == []
    assert is_found(probe, tmp_path)


@pytest.mark.parametrize("seed", range(50))
def test_a_cassette_does_not_show_a_generated_secret(seed: int, tmp_path: Path) -> None:
    probe, secret = generated(seed)

    assert not recording_shows(probe, secret, tmp_path)
    assert is_found(probe, tmp_path)
