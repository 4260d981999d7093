"""The signature of the data plane: two vectors, and each thing that can be wrong with one.

The vectors were computed with the vendor's Python client, aliyun-mns-sdk 1.3.0.
"""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, formatdate

import pytest

from simevents.fake.mns import signature
from simevents.fake.protocol.api_errors import ApiError
from simevents.fake.protocol.wire import Request
from simevents.fake.state.access_keys import AccessKey
from tests.fake.mns.data_plane import request

DATE = "Fri, 02 Jan 2026 03:04:05 GMT"
WALL = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
KEYS = {
    "testid": AccessKey("testid", "testsecret"),
    "STS.a": AccessKey("STS.a", "testsecret", "token", WALL + 60),
    "any": AccessKey("any", None),
}
BODY = (
    b'<?xml version="1.0" encoding="utf-8"?><Message xmlns="http://mns.aliyuncs.com/doc/v1/">'
    b"<MessageBody>aGk=</MessageBody></Message>"
)
GET = Request(
    "GET",
    "/queues/q1/messages",
    b"waitseconds=5",
    {
        "authorization": "MNS testid:w98g+OuxoW7QX0+IpdNr4jiID0g=",
        "date": DATE,
        "x-mns-version": "2015-06-06",
    },
    b"",
    b"/queues/q1/messages",
)
POST = Request(
    "POST",
    "/queues/q1/messages",
    b"",
    {
        "authorization": "MNS testid:6keeLZTQ1QMwSz/31Xs93SRLPFw=",
        "content-md5": "Mjg3NGZkNWMxNjc4ODlmOGQ4YWM1ZjZlZjkzZDk3MmM=",
        "content-type": "text/xml;charset=UTF-8",
        "date": DATE,
        "x-mns-version": "2015-06-06",
    },
    BODY,
    b"/queues/q1/messages",
)


def verify(asked: Request, wall: float = WALL) -> None:
    signature.verify(asked, KEYS.get, wall)


def refused(asked: Request, wall: float = WALL) -> tuple[str, int]:
    with pytest.raises(ApiError) as caught:
        verify(asked, wall)
    return caught.value.code, caught.value.status


def changed(asked: Request, **headers: str) -> Request:
    whole = asked.headers | {name.replace("_", "-"): text for name, text in headers.items()}
    whole = {name: text for name, text in whole.items() if text}
    return Request(asked.method, asked.path, asked.query, whole, asked.body, asked.raw_path)


@pytest.mark.parametrize("vector", [GET, POST], ids=["get", "post"])
def test_the_vectors_are_accepted(vector: Request) -> None:
    verify(vector)
    verify(vector, WALL + 900)
    verify(vector, WALL - 900)


@pytest.mark.parametrize("seconds", [901, -901])
def test_a_request_that_is_more_than_15_minutes_old_or_early_is_refused(seconds: int) -> None:
    assert refused(GET, WALL + seconds) == ("TimeExpired", 408)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"authorization": ""}, ("MissingAuthorizationHeader", 400)),
        ({"authorization": "MNS testid"}, ("InvalidAuthorizationHeader", 400)),
        ({"authorization": "MNS :sig"}, ("InvalidAuthorizationHeader", 400)),
        ({"authorization": "acs testid:sig"}, ("InvalidAuthorizationHeader", 400)),
        ({"authorization": "MNS nobody:sig"}, ("InvalidAccessKeyId", 403)),
        ({"authorization": "MNS testid:sig"}, ("SignatureDoesNotMatch", 403)),
        ({"authorization": "MNS testid:ü"}, ("SignatureDoesNotMatch", 403)),
        ({"authorization": "MNS STS.a:sig"}, ("AccessDenied", 403)),
        ({"authorization": "MNS STS.a:sig", "security_token": "other"}, ("AccessDenied", 403)),
        (
            {"authorization": "MNS STS.a:sig", "security_token": "token"},
            ("SignatureDoesNotMatch", 403),
        ),
        ({"date": ""}, ("MissingDateHeader", 400)),
        ({"date": "yesterday"}, ("InvalidDateHeader", 400)),
        ({"date": "Fri, 02 Jan 2026 03:04:06 GMT"}, ("SignatureDoesNotMatch", 403)),
        ({"x_mns_version": ""}, ("MissingVersionHeader", 400)),
        ({"x_mns_version": "2014-07-08"}, ("InvalidVersionHeader", 400)),
        ({"x_mns_other": "a"}, ("SignatureDoesNotMatch", 403)),
        ({"content_type": "text/plain"}, ("SignatureDoesNotMatch", 403)),
    ],
)
def test_what_is_wrong_with_a_header_is_named(
    headers: dict[str, str], expected: tuple[str, int]
) -> None:
    assert refused(changed(GET, **headers)) == expected


def test_another_path_query_or_body_does_not_fit_the_signature() -> None:
    other = [
        Request("GET", GET.path, b"waitseconds=6", GET.headers, b"", GET.raw_path),
        Request("GET", GET.path, GET.query, GET.headers, b"", b"/queues/q%31/messages"),
        Request("DELETE", GET.path, GET.query, GET.headers, b"", GET.raw_path),
    ]

    assert [refused(each)[0] for each in other] == ["SignatureDoesNotMatch"] * 3


def test_a_body_that_does_not_fit_its_digest_is_refused() -> None:
    other = Request("POST", POST.path, b"", POST.headers, BODY + b" ", POST.raw_path)

    assert refused(other) == ("InvalidDegist", 400)


def test_a_temporary_key_ends_with_its_time() -> None:
    late = changed(GET, authorization="MNS STS.a:sig", security_token="token")

    assert refused(late, WALL + 60) == ("AccessDenied", 403)


def test_the_date_of_the_vendors_header_takes_the_place_of_the_other() -> None:
    now = formatdate(WALL, usegmt=True)
    asked = request("GET", "/queues/q", date=now, x_mns_date=now)
    late = format_datetime(datetime.fromtimestamp(WALL, UTC) + timedelta(hours=1))
    with_other_date = changed(asked, date=late)

    verify(with_other_date)


@pytest.mark.parametrize(
    "authorization", ["MNS any:sig", "MNS4-HMAC-SHA256 Credential=any/20260102/cn-hangzhou/mns/x"]
)
def test_keys_without_a_secret_and_the_newer_scheme_are_accepted_unchecked(
    authorization: str,
) -> None:
    verify(changed(GET, authorization=authorization))
