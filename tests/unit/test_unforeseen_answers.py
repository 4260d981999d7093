"""Answers that the API does not document: a clear error, or shown as they are."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from simevents.api.client import SystemEvents
from simevents.api.retry import Patience
from simevents.api.sdk import Sdk
from simevents.errors import NoAnswer, Refused
from simevents.settings import Credentials, Settings
from tests.conftest import REGION, Waiting
from tests.unit.raw_server import RawServer, answer, event, page

KEYS = Credentials("LTAI5tSecretKeyIdentifier", "hush-hush-hush-hush", "token-that-is-secret")
MOMENT = datetime(2030, 1, 1, tzinfo=UTC)


def ask(body: dict[str, Any], waiting: Waiting, call: str, *arguments: Any) -> Any:
    """Call a method of the client on a cloud that always answers *body*."""
    with RawServer(lambda _: [answer(body)]) as server:
        settings = Settings(REGION, server.url)
        patience = Patience(sleep=waiting.sleep, clock=waiting.clock)
        with SystemEvents(Sdk(settings, KEYS), settings, patience) as api:
            return getattr(api, call)(*arguments)


def without(member: str) -> dict[str, Any]:
    return {name: value for name, value in event("e-1").items() if name != member}


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(without("EventId"), id="no id"),
        pytest.param(without("InstanceId"), id="no instance"),
        pytest.param(without("EventType"), id="no type"),
        pytest.param(without("EventCycleStatus"), id="no status"),
        pytest.param(without("EventPublishTime"), id="no publish time"),
        pytest.param(event("e-1") | {"NotBefore": "2030-01-01T00:00:00.000Z"}, id="milliseconds"),
        pytest.param(event("e-1") | {"NotBefore": 1893456000}, id="a number as time"),
        pytest.param(event("e-1") | {"EventId": None}, id="id null"),
        pytest.param(event("e-1") | {"EventType": "Reboot"}, id="type as text"),
        pytest.param("e-1", id="an event as text"),
    ],
)
def test_an_event_that_cannot_be_read_is_no_answer(entry: Any, waiting: Waiting) -> None:
    with pytest.raises(NoAnswer, match="not one that the API documents"):
        ask(page(entry, total=1), waiting, "find_all")


@pytest.mark.parametrize(
    ("body", "call", "problem"),
    [
        (page("e-1", total=1), "find_all", "one of its events is not an object"),
        (
            page(event("e-" + "1" * 90) | {"NotBefore": "soon"}, total=1),
            "find_all",
            f"a time of {'e-' + '1' * 78!r} is not a UTC time",
        ),
        (
            {"TotalCount": 1},
            "find_all",
            "it has no InstanceSystemEventSet.InstanceSystemEventType",
        ),
        (page(total="3"), "find_all", "TotalCount is missing or not a number"),
        ({"EventIdSet": {"EventId": [1]}}, "create", "one of its event ids is not a text"),
    ],
)
def test_the_error_names_the_answer_and_what_is_wrong_with_it(
    body: dict[str, Any], call: str, problem: str, waiting: Waiting
) -> None:
    action = "CreateSimulatedSystemEvents" if call == "create" else "DescribeInstanceHistoryEvents"
    arguments = ("SystemMaintenance.Reboot", MOMENT, ["i-a"]) if call == "create" else ()
    with pytest.raises(NoAnswer) as caught:
        ask(body | {"RequestId": "request-1"}, waiting, call, *arguments)

    assert str(caught.value).startswith(
        f"{action} got no answer from the cloud: its answer request-1 is not one that the API "
        f"documents: {problem}"
    )
    assert re.match(r"\. (Gave|Whether|Check)", str(caught.value).partition(problem)[2])


def test_answers_without_a_date_do_not_tell_the_time(waiting: Waiting) -> None:
    with pytest.raises(NoAnswer) as caught:
        ask({"AccountId": "1"}, waiting, "now")

    assert str(caught.value).startswith(
        "GetCallerIdentity got no answer from the cloud: its answers carry no Date."
    )


@pytest.mark.parametrize("total", [None, "null", "3", True, -1, 2.5])
def test_a_reading_without_a_count_is_no_partial_list(total: Any, waiting: Waiting) -> None:
    body = page(event("e-1"), total=total)
    if total == "null":
        body["TotalCount"] = None
    with pytest.raises(NoAnswer, match="TotalCount is missing or not a number"):
        ask(body, waiting, "find_all")


def test_an_unknown_status_is_kept_and_counts_as_open(waiting: Waiting) -> None:
    entry = event("e-1") | {"EventCycleStatus": {"Name": "Postponed", "Code": 99}}
    (found,) = ask(page(entry, total=1), waiting, "find_all")

    assert (found.event_cycle_status.value, found.is_open) == ("Postponed", True)


@pytest.mark.parametrize("ids", [None, ["e-1", None], [1], "e-1", [""]])
def test_a_create_whose_ids_cannot_be_read_is_no_answer(ids: Any, waiting: Waiting) -> None:
    body = {"EventIdSet": {"EventId": ids}}
    with pytest.raises(NoAnswer) as caught:
        ask(body, waiting, "create", "SystemMaintenance.Reboot", MOMENT, ["i-a"])

    assert caught.value.sent


@pytest.mark.parametrize("body", [{}, {"AccountId": None}, {"AccountId": ""}])
def test_an_account_that_is_missing_is_no_answer(body: dict[str, Any], waiting: Waiting) -> None:
    with pytest.raises(NoAnswer, match="AccountId is missing"):
        ask(body, waiting, "account_id")


def test_an_instance_without_an_id_is_no_answer(waiting: Waiting) -> None:
    with pytest.raises(NoAnswer, match="InstanceId is missing"):
        ask({"Instances": {"Instance": [{}]}}, waiting, "existing", ["i-a"])


@pytest.mark.parametrize(
    "echo", [KEYS.access_key_id, KEYS.access_key_secret, KEYS.security_token, "LTAI5tSomebodyElses"]
)
def test_a_key_that_an_error_repeats_is_masked(echo: str) -> None:
    body = {"Code": "InvalidAccessKeyId", "Message": f"{echo} is not found.", "RequestId": echo}
    refusal = answer(body).replace(b"200 OK", b"404 Not Found")
    with RawServer(lambda _: [refusal]) as server:
        sdk = Sdk(Settings(REGION, server.url), KEYS)
        with pytest.raises(Refused) as caught:
            sdk.call("GetCallerIdentity")
        sdk.close()

    assert str(caught.value) == (
        "GetCallerIdentity was refused: *** is not found. [InvalidAccessKeyId, request id ***]"
    )


@pytest.mark.parametrize(("secret", "shown"), [("s" * 7, "s" * 7), ("s" * 8, "***")])
def test_a_secret_of_eight_characters_is_masked_and_the_status_stays(
    secret: str, shown: str
) -> None:
    body = {"Code": "Odd", "Message": f"{secret} is odd.", "RequestId": "request-1"}
    refusal = answer(body).replace(b"200 OK", b"404 Not Found")
    with RawServer(lambda _: [refusal]) as server:
        sdk = Sdk(Settings(REGION, server.url), Credentials("testid", secret))
        with pytest.raises(Refused) as caught:
            sdk.call("GetCallerIdentity")
        sdk.close()

    refused = caught.value
    assert (refused.code, refused.message, refused.status, refused.request_id) == (
        "Odd",
        f"{shown} is odd.",
        404,
        "request-1",
    )


def test_an_event_that_two_pages_have_is_read_once(waiting: Waiting) -> None:
    pages = {"1": [event("e-1")], "2": [event("e-2")], "3": [event("e-1"), event("e-3")]}

    def say(request: str) -> list[bytes]:
        (number,) = re.findall(r"PageNumber=(\d+)", request)
        return [answer(page(*pages[number], total=300))]

    with RawServer(say) as server:
        settings = Settings(REGION, server.url)
        patience = Patience(sleep=waiting.sleep, clock=waiting.clock)
        with SystemEvents(Sdk(settings, KEYS), settings, patience) as api:
            found = [each.event_id for each in api.find_all()]

    assert found == ["e-1", "e-2", "e-3"]
