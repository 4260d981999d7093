"""Status, headers and body of an answer: read whole, or a clear error."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from simevents.api.sdk import Answer, _answer, _date
from simevents.errors import NoAnswer, Refused

MOMENT = datetime(2018, 8, 20, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        yield
    time.tzset()


def test_an_answer_has_all_that_was_sent() -> None:
    found = _answer("DescribeX", "host", 200, b'{"A": 1, "RequestId": "r-1"}', MOMENT)

    assert found == Answer("DescribeX", {"A": 1, "RequestId": "r-1"}, "r-1", MOMENT)


@pytest.mark.parametrize("status", [300, 400, 503])
def test_a_refusal_has_all_that_was_sent(status: int) -> None:
    body = b'{"Code": "Odd", "Message": "It is odd.", "RequestId": "r-1"}'
    with pytest.raises(Refused) as caught:
        _answer("DescribeX", "host", status, body, MOMENT)

    refused = caught.value
    found = (refused.operation, refused.code, refused.message, refused.status, refused.request_id)
    assert found == ("DescribeX", "Odd", "It is odd.", status, "r-1")


def test_a_refusal_without_text_has_its_code_as_text() -> None:
    with pytest.raises(Refused) as caught:
        _answer("DescribeX", "host", 400, b'{"Code": "Odd"}', MOMENT)

    assert (caught.value.message, caught.value.request_id) == ("Odd", "")


@pytest.mark.parametrize(("status", "body"), [(300, b"{}"), (200, b"[]"), (500, b"<html>")])
def test_a_body_of_another_kind_is_no_answer(status: int, body: bytes) -> None:
    with pytest.raises(NoAnswer) as caught:
        _answer("DescribeX", "host", status, body, MOMENT)

    assert str(caught.value).startswith(
        f"DescribeX got no answer from host: the body of HTTP {status} is not an answer of the API."
    )


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 20 Aug 2018 08:00:00 GMT",
        "Mon, 20 Aug 2018 08:00:00 -0000",
        "Mon, 20 Aug 2018 16:00:00 +0800",
    ],
)
def test_the_date_of_an_answer_is_in_utc(text: str) -> None:
    found = _date({"Date": text})

    assert found == MOMENT
    assert found is not None
    assert found.utcoffset() == timedelta(0)


def test_without_headers_there_is_no_date() -> None:
    assert (_date(None), _date({})) == (None, None)
