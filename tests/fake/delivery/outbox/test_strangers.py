"""A fake calls this machine only, except for hosts that a person has allowed."""

import asyncio

import pytest

from simevents.fake.delivery.outbox.http_sender import HttpSender
from simevents.fake.delivery.outbox.strangers import Stranger, Strangers
from simevents.fake.server import FakeServer
from simevents.fake.state.outbox_table import Delivery, NewDelivery, Outcome
from simevents.hosts import is_of_this_machine
from tests.fake.delivery.outbox.subscribers import Subscribers
from tests.fake.delivery.receiver import Receiver

NAMES = {
    "hooks.example.com": "127.0.0.1",
    "bad.example.com": "100.100.100.200",
    "worse.example.com": "169.254.169.254",
    "worst.example.com": "fe80::a9fe:a9fe",
    "here.example.com": "10.1.2.3",
}


async def resolve(host: str, _port: int) -> list[str]:
    """Fails for a name that nobody should ask for."""
    return [NAMES[host]]


def addresses(host: str, *allowed: str, port: int = 80) -> list[str]:
    return asyncio.run(Strangers(allowed, lambda: 8086, resolve).addresses(host, port))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("127.0.0.2", ["127.0.0.2"]),
        ("127.1", ["127.0.0.1"]),
        ("0.0.0.0", ["127.0.0.1"]),
        ("::1", ["::1"]),
        ("localhost", ["127.0.0.1", "::1"]),
        ("LOCALHOST.", ["127.0.0.1", "::1"]),
        ("app.localhost", ["127.0.0.1", "::1"]),
    ],
)
def test_this_machine_may_be_called(host: str, expected: list[str]) -> None:
    assert addresses(host) == expected


@pytest.mark.parametrize(
    "host",
    [
        *("10.0.0.1", "192.0.2.1", "example.com", "localhost.example.com", "2001:db8::1"),
        *("100.100.100.200", "ecs.aliyuncs.com", "127.0.0.1.example.com", "169.254.169.254"),
    ],
)
def test_another_machine_is_refused_without_asking_for_its_address(host: str) -> None:
    with pytest.raises(Stranger) as raised:
        addresses(host)
    assert str(raised.value) == (
        f"{host} is not this machine, and a fake cloud calls no other; to allow it, start the fake "
        f"with --allow-delivery {host}"
    )


def test_an_allowed_host_may_be_called() -> None:
    assert addresses("hooks.example.com", "Hooks.Example.com.") == ["127.0.0.1"]


@pytest.mark.parametrize("name", ["bad.example.com", "worse.example.com", "worst.example.com"])
def test_an_allowed_name_that_leads_to_a_metadata_service_is_refused(name: str) -> None:
    with pytest.raises(Stranger) as raised:
        addresses(name, name)
    assert str(raised.value) == f"{name} leads to {NAMES[name]}, which is never called"


def test_the_fake_is_no_target_by_another_address_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which addresses that are, is different on each machine."""
    assert is_of_this_machine("127.0.0.2")
    assert not is_of_this_machine("192.0.2.1")
    monkeypatch.setattr(f"{Strangers.__module__}.is_of_this_machine", {"10.1.2.3"}.__contains__)
    assert addresses("here.example.com", "here.example.com") == ["10.1.2.3"]
    with pytest.raises(Stranger, match="port 8086 is the fake's own"):
        addresses("here.example.com", "here.example.com", port=8086)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::1"])
def test_the_port_of_the_fake_is_never_a_target(host: str) -> None:
    with pytest.raises(Stranger) as raised:
        addresses(host, port=8086)
    assert str(raised.value) == (
        "port 8086 is the fake's own, which is never a target; give the address of the handler"
    )


def test_a_target_on_another_machine_is_stored_and_recorded_as_refused() -> None:
    with FakeServer(instance_ids=["i-1"]) as fake:
        cloud = Subscribers(fake)
        cloud.subscribe("https://hooks.example.com/events")
        cloud.schedule()
        cloud.wait()
        assert cloud.outcomes() == [("refused", [("refused", 0)])]


def test_an_allowed_host_gets_deliveries_with_its_own_name() -> None:
    async def unsigned(*_: object) -> dict[str, str]:
        return {}

    with Receiver() as receiver:
        url = f"http://hooks.example.com:{receiver.port}/events"
        new = NewDelivery(
            notice_id="n",
            at=0.0,
            region="cn-hangzhou",
            instance_id="i-1",
            event_id="e-1",
            name="x",
            status="Scheduled",
            via="cloudmonitor",
            rule="r",
            target_id="t",
            lane="l",
            kind="webhook",
            address=url,
            body=b"{}",
        )
        delivery = Delivery(1, new, "waiting", 0.0, 0, "", None)
        strangers = Strangers(["hooks.example.com"], lambda: 8086, resolve)

        async def sent() -> Outcome:
            sender = HttpSender(strangers, unsigned)
            outcome = await sender.send(delivery)
            sender.close()
            # The loop closes the connection in its next turn.
            await asyncio.sleep(0)
            return outcome

        outcome = asyncio.run(sent())
        assert (outcome.outcome, outcome.http_status, outcome.answer) == ("delivered", 200, "ok")
        assert receiver.next().headers["host"] == f"hooks.example.com:{receiver.port}"


def test_the_fake_does_not_deliver_to_itself() -> None:
    with FakeServer(instance_ids=["i-1"]) as fake:
        cloud = Subscribers(fake)
        cloud.subscribe(f"{fake.url}/hook")
        cloud.schedule()
        cloud.wait()
        assert cloud.outcomes() == [("refused", [("refused", 0)])]
        assert cloud.control.get("calls") == []
