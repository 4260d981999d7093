"""The pytest plugin: fixtures, markers and options only.

pytest imports this in every run where the package is installed, so heavy modules are
imported only when a test uses them.
"""

import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest

from . import picture_options, refusal_report
from .markers import (
    MARKERS,
    allowed_in_cassette,
    check_no_cassette,
    check_verified,
    fail,
    fake_arguments,
)
from .refusal_report import ALLOW_HOSTS, GUARD, HOSTS_REFUSED

if TYPE_CHECKING:
    from datetime import datetime

    from vcr import VCR
    from vcr.cassette import Cassette

    from ..fake.server import FakeServer
    from .cloud import FakeCloud
    from .live.account import LiveAccount
    from .live.targets import Target

_FAKE: "pytest.StashKey[FakeCloud]" = pytest.StashKey()
_ACTIVE = pytest.StashKey[ExitStack]()
_HAS_CASSETTE = pytest.StashKey[bool]()
_runs: list[pytest.Config] = []
"""The runs of pytest in this process, one within the other."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("simevents", "Alibaba Cloud ECS")
    group.addoption(
        "--ecs-target",
        choices=["fake", "cassette", "live"],
        default="fake",
        help="Where tests with the fixture ecs go (default: fake). With --record-mode what is "
        "exchanged with the fake or a live account is recorded for the cassette.",
    )
    parser.addini(
        "ecs_cassette_allow",
        "What cassettes may hold beyond the allow list, such as DescribeDisks.SerialNumber.",
        type="linelist",
        default=[],
    )
    group.addoption("--ecs-live-account", help="Id of the account for --ecs-target=live.")
    group.addoption("--ecs-live-region", help="Its region.")
    group.addoption(
        "--ecs-live-instances", help="Instances kept for tests, by id, separated by commas."
    )
    picture_options.add(group)
    parser.addini(
        ALLOW_HOSTS,
        "Hosts besides this machine that tests with the fixture ecs_fake may reach, by name or "
        "address. Alibaba's hosts cannot be allowed.",
        type="args",
    )


def pytest_configure(config: pytest.Config) -> None:
    guard = sys.modules.get(GUARD)
    if guard is not None and _runs:
        guard.begin_inner_run()
    _runs.append(config)
    if config.pluginmanager.hasplugin("pytester"):
        # It forgets what its runs import, and cryptography cannot be imported a second time.
        with suppress(ImportError):
            import trustme  # noqa: F401
    config.pluginmanager.register(refusal_report, "simevents-refusals")
    picture_options.register(config, _FAKE)
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    if config.getoption("--ecs-target") == "live" and config.getoption("numprocesses", None):
        raise pytest.UsageError(
            "--ecs-target=live runs in one process: those of pytest-xdist would cancel each "
            "other's events; leave -n out"
        )
    if config.getoption("--ecs-target") == "cassette" and _records(config):
        raise pytest.UsageError(
            "--ecs-target=cassette only replays; to record, name the backend: "
            "--ecs-target=fake or --ecs-target=live, with --record-mode"
        )


def pytest_unconfigure() -> None:
    """A run within a run, as pytester makes them, gives the outer one its state back."""
    _runs.pop()
    guard = sys.modules.get(GUARD)
    if guard is not None and _runs:
        guard.end_inner_run()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give cassettes to the tests that use one; deselect live tests without an account."""
    target = config.getoption("--ecs-target")
    has_cassette = target == "cassette" or _records(config)
    for item in items:
        check_verified(item)
        if item.get_closest_marker("ecs_cassette") or (has_cassette and _uses_target(item)):
            from .recording.cassettes import options

            # First, so that no other marker replaces the scrubbing.
            item.add_marker(pytest.mark.vcr(**options(allowed_in_cassette(item))), append=False)
            item.stash[_HAS_CASSETTE] = True
            if isinstance(item, pytest.Function):
                item.fixturenames.insert(0, "_ecs_cassette_guard")
    if target == "live" and not _live_account(config):
        without = [item for item in items if _uses_target(item)]
        if without:
            config.hook.pytest_deselected(items=without)
            items[:] = [item for item in items if not _uses_target(item)]


def pytest_report_header(config: pytest.Config) -> Iterable[str]:
    if config.getoption("--ecs-target") != "live":
        return []
    account = _live_account(config)
    if account is None:
        return ["ecs: live, but no account is named (--ecs-live-…): its tests are deselected"]
    return [f"ecs: live, account {account.account_id}, {account.region}"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    # pytest-recording does not pass the test to its hook.
    item.config.stash[_HAS_CASSETTE] = item.stash.get(_HAS_CASSETTE, False)


@pytest.hookimpl(optionalhook=True)
def pytest_recording_configure(config: pytest.Config, vcr: "VCR") -> None:
    if config.stash.get(_HAS_CASSETTE, False):
        from .recording.cassettes import prepare

        prepare(vcr)


@pytest.fixture(scope="session")
def _ecs_fake_server() -> "Iterator[FakeServer]":
    from ..fake.server import FakeServer
    from .network.guard import permits
    from .programs.way_in import authority, close

    with FakeServer(accept_any_key=True, authority=authority(), allowed=permits) as server:
        yield server
    # The processes of pytest-xdist end without their functions of atexit.
    close()


@pytest.fixture
def ecs_fake(
    request: pytest.FixtureRequest, _ecs_fake_server: "FakeServer"
) -> "Iterator[FakeCloud]":
    """An empty fake Alibaba Cloud; this process's SDKs are redirected to it.

    At the end the test fails when a call was not known to the fake, or was refused on its
    way to the real cloud.
    """
    from ..errors import InvalidInput
    from .cloud import DEFAULT_REGION, FakeCloud
    from .in_process import in_use
    from .network.origins import running

    check_no_cassette(request.node, is_recording=_records(request.config))
    given = fake_arguments(request.node)
    allowed = [*request.config.getini(ALLOW_HOSTS), *given.get("allow_hosts", [])]
    # At the address of an earlier test, a program that this test left running would find it.
    _ecs_fake_server.move()
    try:
        cloud = FakeCloud(_ecs_fake_server, given.get("region", DEFAULT_REGION), allowed)
    except InvalidInput as error:
        fail(f"@pytest.mark.ecs_fake, {ALLOW_HOSTS}: {error}")
    # Closed after all fixtures of the test: some stop threads, others set variables back.
    active = request.node.stash[_ACTIVE] = ExitStack()
    active.enter_context(running(request.node.nodeid))
    active.enter_context(in_use(cloud, redirect=given.get("redirect", True)))
    cloud.reset()
    try:
        if given.get("switches"):
            cloud.switch(**given["switches"])
    except InvalidInput as error:
        fail(f"@pytest.mark.ecs_fake: {error}")
    if given.get("frozen"):
        cloud.clock.freeze()
    request.node.stash[_FAKE] = cloud
    yield cloud
    cloud.started.end()
    failures = cloud.end_deliveries()
    unexpected = ""
    try:
        cloud.no_unexpected_calls()
    except AssertionError as error:
        unexpected = str(error)
    finally:
        refused = request.config.stash.setdefault(HOSTS_REFUSED, [])
        refused += [f"{host} by {request.node.nodeid}" for host in cloud.other_hosts_refused()]
        del request.node.stash[_FAKE]
    if failures:
        raise failures[0]
    if unexpected:
        # Not in the except block: pytest would print the text of the first error as well.
        fail(unexpected)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    try:
        return (yield)
    finally:
        active = item.stash.get(_ACTIVE, None)
        if active is not None:
            del item.stash[_ACTIVE]
            active.close()


@pytest.fixture
def _ecs_cassette_guard(request: pytest.FixtureRequest) -> Iterator[None]:
    """For a test with a cassette: what is not replayed does not reach Alibaba Cloud."""
    from .network.guard import REPLAY, enforced

    if not _records(request.config):
        with enforced(REPLAY):
            yield
        return
    from .recording.cassettes import raise_unrecordable

    yield
    # This fixture is the first of its test, so the cassette has been closed.
    raise_unrecordable()


@pytest.fixture
def ecs_cassette(request: pytest.FixtureRequest) -> "datetime":
    """For a test with the marker `ecs_cassette`: the instant of its recording, UTC.

    On replay the test must use this as the current time.
    """
    from datetime import UTC, datetime

    from .recording.cassettes import recorded_at

    if request.node.get_closest_marker("ecs_cassette") is None:
        fail("the fixture ecs_cassette needs the marker @pytest.mark.ecs_cassette on the test")
    return recorded_at(_cassette(request), datetime.now(UTC))


@pytest.fixture
def ecs(request: pytest.FixtureRequest) -> "Iterator[Target]":
    """Where the test's calls go: the fake, a cassette or a live account, by --ecs-target."""
    from .cloud import DEFAULT_REGION
    from .live.targets import on_cassette, on_fake, on_live

    target = request.config.getoption("--ecs-target")
    cassette = _cassette(request) if target == "cassette" or _records(request.config) else None
    if cassette is not None and cassette.rewound:
        mode = request.config.getoption("--record-mode") or "none"
        if mode not in ("none", "once"):
            fail(
                f"--record-mode={mode} would mix two recordings in {cassette.path}, which differ "
                "in their instances and their time; take --record-mode=rewrite"
            )
        with on_cassette(cassette, DEFAULT_REGION) as backend:
            yield backend
    elif target == "cassette":
        path = "the cassette" if cassette is None else cassette.path
        fail(f"{path} is not there; record it with --record-mode=once")
    elif target == "fake":
        yield on_fake(request.getfixturevalue("ecs_fake"), cassette)
    else:
        with on_live(request.getfixturevalue("_ecs_live"), cassette) as backend:
            yield backend


@pytest.fixture(scope="session")
def _ecs_live(request: pytest.FixtureRequest) -> "Iterator[LiveAccount]":
    """The account, with a separate process that cleans up when this one dies."""
    from .live.account import watched

    account = _live_account(request.config)
    assert account is not None
    with watched(account):
        yield account


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the time line of the cloud to the report of a failed test."""
    report = yield
    cloud = item.stash.get(_FAKE, None)
    if cloud is not None and call.when == "call" and report.failed:
        try:
            shown = cloud.timeline()
        except Exception as error:  # noqa: BLE001 - a report must not end the run
            shown = f"cannot be read any more: {error!r}"
        if shown.partition("\n")[0] not in report.longreprtext:
            report.sections.append(("the fake cloud", shown))
    return report


def _uses_target(item: pytest.Item) -> bool:
    return "ecs" in getattr(item, "fixturenames", ())


def _records(config: pytest.Config) -> bool:
    """Whether pytest-recording records."""
    return config.getoption("--record-mode", None) not in (None, "none")


def _cassette(request: pytest.FixtureRequest) -> "Cassette":
    cassette = request.getfixturevalue("vcr")
    if cassette is None:
        fail("--disable-recording leaves this test without its cassette")
    return cassette


def _live_account(config: pytest.Config) -> "LiveAccount | None":
    """The account that is named; None unless all three options are given."""
    named = [config.getoption(f"--ecs-live-{part}") for part in ("account", "region", "instances")]
    if not all(named):
        return None
    from .live.account import LiveAccount

    account_id, region, instances = named
    return LiveAccount(account_id, region, tuple(instances.split(",")))
