"""No part of a key, token or signature leaves the client after any error."""

import json
import logging
import re
import socket

import pytest

from simevents.api.sdk import Sdk, _answer
from simevents.errors import NoAnswer, Refused
from simevents.settings import Credentials, Settings
from tests.conftest import REGION, Cloud

KEY = "LTAI5tSecretKeyIdentifier"
SECRET = "hush-hush-hush-hush-hush-hush"
TOKEN = "CAIS-token-that-nobody-may-see"
CREDENTIALS = Credentials(KEY, SECRET, TOKEN)

PARTS = re.compile(
    f"{KEY[4:16]}|{SECRET[:9]}|{TOKEN[:10]}|Signature=|SignatureNonce|[A-Za-z0-9+/]{{27}}="
)


def everything_about(error: BaseException) -> str:
    """The text and notes of the error and of every error in its chain."""
    chain: list[BaseException | None] = [error, error.__cause__]
    if not error.__suppress_context__:
        chain.append(error.__context__)
    return " ".join(f"{e!r} {getattr(e, '__notes__', '')}" for e in chain)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
    return port


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refused_connection_reveals_no_secret(
    scheme: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    sdk = Sdk(Settings(REGION, f"{scheme}://127.0.0.1:{closed_port()}"), CREDENTIALS)
    with caplog.at_level(logging.DEBUG), pytest.raises(NoAnswer) as caught:
        sdk.call("CreateSimulatedSystemEvents", InstanceIds=["i-a"])
    sdk.close()
    printed = capfd.readouterr()

    assert not caught.value.sent
    told = everything_about(caught.value) + caplog.text + printed.out + printed.err
    assert PARTS.findall(told) == []


@pytest.mark.parametrize(
    "fault",
    [{"cut": "before"}, {"cut": "after"}, {"garbage": True}, {"error": "InternalError"}],
    ids=str,
)
def test_a_bad_answer_reveals_no_secret(
    cloud: Cloud,
    fault: dict[str, object],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    cloud.post("faults", action="*", **fault)
    sdk = Sdk(Settings(REGION, cloud.url), Credentials("testid", "testsecret", TOKEN))
    with caplog.at_level(logging.DEBUG), pytest.raises((NoAnswer, Refused)) as caught:
        sdk.call("GetCallerIdentity")
    sdk.close()
    printed = capfd.readouterr()

    told = everything_about(caught.value) + caplog.text + printed.out + printed.err
    assert PARTS.findall(told.replace(cloud.url, "")) == []
    assert "testsecret" not in told


def test_a_wrong_secret_is_reported_without_the_signed_text(cloud: Cloud) -> None:
    sdk = Sdk(Settings(REGION, cloud.url), Credentials("testid", SECRET))
    with pytest.raises(Refused) as caught:
        sdk.call("GetCallerIdentity")
    sdk.close()

    assert caught.value.message == "The access key secret is wrong."
    assert PARTS.findall(everything_about(caught.value)) == []


def test_signed_text_is_removed_from_an_error() -> None:
    quoted = f"POST&%2F&AccessKeyId%3D{KEY}%26SecurityToken%3D{TOKEN}"
    for code in ("IncompleteSignature", "SignatureDoesNotMatch", "InvalidSomething"):
        text = f"It does not conform. Server string to sign is:{quoted}"
        body = json.dumps({"Code": code, "Message": text, "RequestId": "1"}).encode()
        with pytest.raises(Refused) as caught:
            _answer("A", "host", 400, body, None)
        assert PARTS.findall(everything_about(caught.value)) == []


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("  Wrong. String to sign is:a. string to sign is:b", "  Wrong. …"),
        ("string to sign is:a", " …"),
        ("Nothing was signed.", "Nothing was signed."),
    ],
)
def test_an_error_ends_where_the_signed_text_begins(message: str, shown: str) -> None:
    body = json.dumps({"Code": "Odd", "Message": message, "RequestId": "1"}).encode()
    with pytest.raises(Refused) as caught:
        _answer("A", "host", 400, body, None)

    assert caught.value.message == shown


def test_the_pattern_finds_secrets() -> None:
    assert PARTS.findall(f"x {KEY} {SECRET} {TOKEN} Signature=abc OLeaidS1JvxuMvnyHOwuJ+uX5qY=")
