"""What callers send takes a bounded amount of memory and of log."""

import logging
import random
from collections.abc import Iterator
from sys import getsizeof

import httpx
import pytest

from simevents.fake.application import MAX_CONTROL_BODY_BYTES
from simevents.fake.protocol import dispatch, signatures
from simevents.fake.protocol.signatures import Verifier
from simevents.fake.protocol.wire import Request
from simevents.fake.state import faults, journal
from simevents.fake.state.access_keys import AccessKey, AccessKeys
from simevents.fake.state.clock import Clock
from simevents.fake.state.cloud import Cloud as CloudState
from simevents.fake.state.faults import Fault, Faults, TooManyFaults
from simevents.fake.state.journal import Entry, Journal
from simevents.fake.state.store import Store
from simevents.fake.state.throttling import ANY, Throttle
from tests.conftest import Cloud

WALL = 1_800_000_000.0


@pytest.fixture
def rpc() -> Iterator[tuple[dispatch.Rpc, Journal]]:
    """The API without a server."""
    store = Store(None)
    keys = AccessKeys({"testid": "testsecret"}, store)
    chance = random.Random(0)
    cloud = CloudState(store, Clock(lambda: WALL), chance, keys, lambda: WALL)
    kept = Journal()
    yield dispatch.Rpc(cloud, kept), kept
    store.close()


def memory(kept: Journal) -> int:
    """Bytes of the texts of all calls, and 100 for each parameter's place."""
    return sum(
        getsizeof(entry["action"])
        + sum(100 + getsizeof(n) + getsizeof(v) for n, v in entry["parameters"].items())
        for entry in kept.entries()
    )


def entry(parameters: dict[str, str], action: str = "Nonsense") -> Entry:
    return Entry(WALL, action, parameters, 400, "UnsupportedOperation", "r", unexpected=True)


@pytest.mark.parametrize(
    "call",
    [
        entry({}, action="a" * 900_000),
        entry({"Name": "v" * 900_000}),
        entry({"Name": "\N{GRINNING FACE}" * 200_000}),
        entry({"n" * 900_000: ""}),
        entry({f"N{number}": "" for number in range(2_000)}),
    ],
    ids=["action", "value", "wide value", "name", "many parameters"],
)
def test_the_journal_is_bounded(monkeypatch: pytest.MonkeyPatch, call: Entry) -> None:
    monkeypatch.setattr(journal, "KEPT_BYTES", 2_000_000)
    kept = Journal()
    for _ in range(100):
        kept.record(call)

    assert 0 < memory(kept) <= 2_000_000


def test_the_journal_keeps_the_longest_documented_value() -> None:
    kept = Journal()
    kept.record(entry({"CommandContent": "x" * 32_768}))

    assert kept.entries()[0]["parameters"] == {"CommandContent": "x" * 32_768}


def test_unexpected_calls_are_logged_in_short_lines_and_not_for_ever(
    rpc: tuple[dispatch.Rpc, Journal], caplog: pytest.LogCaptureFixture
) -> None:
    api, _ = rpc
    query = b"Action=" + b"x" * 50_000
    with caplog.at_level(logging.WARNING):
        for _ in range(1_100):
            api.answer(Request("GET", "/x", query, {}, b""))
    lines = [record.getMessage() for record in caplog.records]

    assert len(lines) == 1_001
    assert max(map(len, lines)) < 300
    assert lines[-1] == ("no further unexpected calls are logged; see /_fake/calls?unexpected=1")


def test_calls_are_counted_in_bounded_memory_while_a_fault_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(faults, "KEPT_CALLS", 10)
    active = Faults()
    active.add(Fault("CreateVpc", probability=0.5))
    for number in range(100):
        active.matching("DescribeVpcs", {"VpcId": f"{number}" * 10_000})

    assert len(active._attempts) == 10
    assert max(map(len, active._attempts)) < 100


def test_faults_are_limited() -> None:
    active = Faults()
    for _ in range(faults.MOST_FAULTS):
        active.add(Fault("*"))

    with pytest.raises(TooManyFaults):
        active.add(Fault("*"))


def test_nonces_are_kept_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "KEPT_NONCES", 10)
    verifier = Verifier(lambda key_id: AccessKey(key_id, None))
    for number in range(100):
        verifier._use_nonce("key" * 100_000, f"{number}" * 10_000, WALL)

    assert len(verifier._nonces) == 10
    assert max(len(part) for used in verifier._nonces for part in used) < 100


def test_a_throttle_counts_a_bounded_number_of_regions() -> None:
    throttle = Throttle()
    throttle.set({ANY: 10**6})
    for number in range(11_000):
        throttle.admits("DescribeVpcs", f"region-{number}", WALL)

    assert len(throttle._used) <= 10_001


def test_a_control_body_that_is_too_large_is_refused(cloud: Cloud) -> None:
    body = b'{"rate": 1, "x": "' + b"y" * (2 * MAX_CONTROL_BODY_BYTES) + b'"}'
    answer = httpx.post(f"{cloud.url}/_fake/clock", content=body, timeout=60)

    assert answer.status_code == 413
    assert answer.json() == {"error": "the body of a control request has at most 8000000 bytes"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"reason": "x" * 2_001}, '"reason" must be given, as a text of 1 to 2000 characters'),
        ({"extended_attribute": {"a": "x" * 10_000}}, '"extended_attribute" must have at most'),
        ({"instance_ids": ["i-a"] * 100_001}, '"instance_ids" must be a list of instance ids'),
    ],
)
def test_large_values_of_injected_events_are_refused(
    cloud: Cloud, body: dict[str, object], expected: str
) -> None:
    event = {
        "instance_ids": ["i-a"],
        "event_type": "SystemMaintenance.Reboot",
        "not_before": "2099-01-01T00:00:00Z",
    }
    answer = httpx.post(f"{cloud.url}/_fake/events", json=event | body)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith(expected)
