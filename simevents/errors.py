"""Every error that this project raises towards its users.

    SimulatedEventsError
    ├── InvalidInput            bad input, found before anything was sent
    │   └── InvalidSettings     region, endpoint, credentials
    ├── Unrecorded              a request that a cassette does not have
    ├── Unrecordable            an exchange that is not understood, and so not recorded
    ├── OutsideFake             a test reached for a part of the real cloud
    ├── HostRefused             a test reached for another host that it does not allow
    └── CloudError              the cloud, or the way to it
        ├── Refused             the cloud answered with an error code
        ├── NoAnswer            no answer, or one that cannot be read
        ├── Taken               the same event exists, or another resource asks for it
        ├── WrongAccount        the credentials belong to another account
        ├── TimePassed          the time passed before anything was scheduled
        └── LeftOpen            events are open that nothing accounts for

A text says what happened, on which instance or event, with the cloud's code and
request id, and what to do next. The vendor SDK's own texts are never quoted or
chained: its connection errors contain access key, token and signature.
"""

from collections.abc import Iterable, Mapping, Sequence


class SimulatedEventsError(Exception):
    """The root of the tree."""


class InvalidInput(SimulatedEventsError):
    """Input that cannot be right; nothing was sent. *field* names what to correct."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


class InvalidSettings(InvalidInput):
    """Region, endpoint or credentials that cannot be used."""


class Unrecorded(SimulatedEventsError):
    """A request that a cassette does not have; names the nearest that it has and what differs."""

    def __init__(
        self,
        cassette: str,
        request: Mapping[str, str],
        recorded: Sequence[Mapping[str, str]],
        again: str = "--record-mode=rewrite",
        first: str = "--record-mode=once",
    ) -> None:
        """*again* and *first* are the options that record the cassette."""
        lines = [f"{cassette} has no unplayed answer to {dict(request)}."]
        same_action = [other for other in recorded if other.get("Action") == request.get("Action")]
        for other in sorted(same_action, key=lambda other: len(_difference(request, other)))[:3]:
            differences = [
                f"{name}: {other.get(name)!r} recorded, {request.get(name)!r} asked"
                for name in _difference(request, other)
            ]
            lines.append(f"Nearest recorded: {', '.join(differences) or 'played already'}.")
        if recorded and not same_action:
            lines.append(f"It has {listed(dict.fromkeys(map(_named, recorded)))}.")
        if recorded:
            lines.append(f"If the change is meant, record the cassette again: {again}.")
        else:
            lines.append(f"It is empty or not there; record it: {first}.")
        super().__init__(" ".join(lines))


class Unrecordable(SimulatedEventsError):
    """A recording met what it does not understand, which may hold a secret; no file was written."""

    def __init__(
        self,
        cassette: str,
        met: Iterable[str],
        how: str = "with ecs_cassette_allow in pytest's configuration or with "
        '@pytest.mark.ecs_cassette(allow=["…"]); or leave the call out of the test',
    ) -> None:
        """*how* says how the user allows what was *met*."""
        self.cassette = cassette
        self.met = list(dict.fromkeys(met))
        lines = "".join(f"\n  - {line}" for line in self.met)
        super().__init__(
            f"{cassette} was not written. What is written must be known to hold no secret, and the "
            f"recording met:{lines}\n"
            f"Allow it, one entry a line, {how}."
        )


class OutsideFake(SimulatedEventsError):
    """The program under test reached for the real cloud; nothing was sent."""

    def __init__(
        self, what: str, host: str, *, in_test: bool = True, served_by_proxy: bool = False
    ) -> None:
        if in_test:
            how = ""
            advice = (
                "Leave this call out of the test, teach the fake an answer with ecs_fake.answer"
            )
            if served_by_proxy:
                how = " to a direct connection"
                advice = "Let the program use the proxy in http_proxy, which is the fake"
            reason = (
                f"The program under test called {what} of {host}, which the fake cloud does not "
                f"serve{how}. Nothing was sent: a test with the fake never reaches the real cloud. "
                f"{advice}, or put a stub of your own in its place."
            )
        else:
            reason = (
                f"This process called {what} of {host} after it had used a fake cloud. Nothing was "
                "sent: the real cloud stays closed until the process ends. Run what uses the real "
                "cloud, or records it, in a separate run."
            )
        super().__init__(reason)


class HostRefused(SimulatedEventsError, ConnectionError):
    """The program under test reached for a host that the test does not allow; nothing was sent.

    It is a ConnectionError, so that code which tolerates a missing network tolerates this too.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"The program under test reached for {host}. Nothing was sent: in a test with the "
            "fake cloud only loopback can be reached. To allow the host, use "
            f'@pytest.mark.ecs_fake(allow_hosts=["{host}"]), the setting ecs_allow_hosts of '
            "pytest, or fake_cloud(allow_hosts=…)."
        )


class CloudError(SimulatedEventsError):
    """The cloud could not do, or would not do, what was asked."""

    def gave_up(self, attempts: int, seconds: float) -> None:
        """Say in the text how often and how long it was tried."""
        self.args = (f"{self} Gave up after {attempts} attempts in {seconds:.0f} s.",)


class Refused(CloudError):
    """The cloud answered with an error code; match on `code`, never on `status`."""

    def __init__(self, operation: str, code: str, message: str, status: int, request_id: str):
        self.operation = operation
        self.code = code
        self.message = message
        self.status = status
        self.request_id = request_id
        super().__init__(f"{operation} was refused: {message} [{code}, request id {request_id}]")


class NoAnswer(CloudError):
    """No answer came, or none that can be read.

    When it was *sent*, the request may have been carried out.
    """

    def __init__(self, operation: str, where: str, reason: str, *, sent: bool = True) -> None:
        self.operation = operation
        self.sent = sent
        outcome = "Whether it was carried out is not known" if sent else "Nothing was sent"
        super().__init__(
            f"{operation} got no answer from {where}: {reason}. {outcome}. Check the endpoint and "
            "the network, then try again."
        )


class Taken(CloudError):
    """One (account, region, instance, type, second) belongs to one resource."""


class WrongAccount(CloudError):
    """The credentials belong to another account than the one recorded."""

    def __init__(self, recorded: str, actual: str) -> None:
        super().__init__(
            f"These events belong to the account {recorded}, but the credentials are those of "
            f"{actual}. Nothing was changed. Use credentials of {recorded}."
        )


class TimePassed(CloudError):
    """NotBefore passed before anything was scheduled."""


class LeftOpen(CloudError):
    """Events are open that no state accounts for; the text names them and the remedy."""


def listed(ids: Iterable[str], limit: int = 10) -> str:
    """Ids for an error text: the first *limit*, then how many more there are."""
    all_ids = list(ids)
    shown = ", ".join(all_ids[:limit])
    rest = len(all_ids) - limit
    return f"{shown} and {rest} more" if rest > 0 else shown


def _difference(left: Mapping[str, str], right: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*left, *right} if left.get(name) != right.get(name))


def _named(request: Mapping[str, str]) -> str:
    return request.get("Action") or request.get("Page", "")
