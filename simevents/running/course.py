"""The course of one run: a cloud, a way to it, the command, and the report."""

import math
import os
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import SimulatedEventsError
from ..fake.control.client import Control, ControlError
from ..fake.server import FakeServer, ServerError
from ..way_in.folder import RunFolder
from ..way_in.variables import WayIn, environment, write_files
from . import report
from .cloud import RunCloud, Snapshot
from .drill import Drill, Stage
from .judging import Judge, Verdict
from .supervisor import EndedBy, Ending, Interrupted, NotStarted, Running, Supervisor
from .tapes import Tapes, environment_of, opened, recording

if TYPE_CHECKING:
    from ..picture.reading import Entries

OUR_FAILURE = 125

POLL_SECONDS = 0.05
_SHARE = 5
"""Looking takes at most about a fifth of the time, however long it takes."""


@dataclass(frozen=True)
class Options:
    """What a person asks for."""

    command: Sequence[str]
    drill: Drill
    endpoint: str | None = None
    token: str = ""
    allowed: tuple[str, ...] = ()
    permits: Callable[[str], bool] = lambda _: False
    """Whether a host may be reached through the proxy."""
    json_file: Path | None = None
    report_file: Path | None = None
    """A picture of the run: a name that `picture.files` accepts."""
    is_isolated: bool = False
    tapes: Tapes = field(default_factory=Tapes)


@dataclass(frozen=True)
class Served:
    """What answers the command."""

    proxy_url: str
    certificate: bytes
    cloud: RunCloud


Say = Callable[[str], object]


@contextmanager
def open_cloud(options: Options, say: Say) -> Iterator[Served]:
    """What the command is led to: a fake in this process, or the one that the options name."""
    if options.endpoint is not None:
        with Control(options.endpoint, options.token) as control:
            certificate = control.get("authority")["certificate"].encode()
            yield Served(control.url, certificate, RunCloud(control))
        return
    with FakeServer(accept_any_key=True, allowed=options.permits) as server:
        cloud = RunCloud(Control(server.url, send=server.control))
        with recording(options.tapes, server, say):
            yield Served(server.url, server.authority.certificate, cloud)


def command_words(options: Options, proxy_url: str) -> list[str]:
    """What is executed."""
    if not options.is_isolated:
        return list(options.command)
    from .isolation import command_in_isolation

    return command_in_isolation(options.command, urlsplit(proxy_url).port or 80)


class _Watch:
    """Looks at the cloud while the command runs, and decides when that is over."""

    def __init__(self, cloud: RunCloud, stage: Stage, judge: Judge, within: float, say: Say):
        self._cloud = cloud
        self._stage = stage
        self._judge = judge
        self._say = say
        self._within = within
        self._deadline = math.inf

    def begin(self) -> None:
        self._stage.begin()
        if self._judge.has_any:
            self._deadline = time.monotonic() + self._within

    def look(self, command: Running) -> float | EndedBy:
        # Before the calls are read, so that the last ones of the command are seen.
        is_over = self._is_over(command)
        pause = self._stage.publish_due(self._say)
        if self._judge.waits:
            began = time.monotonic()
            self._judge.look(self._cloud.snapshot())
            pause = min(pause, max(POLL_SECONDS, _SHARE * (time.monotonic() - began)))
        if is_over:
            return EndedBy.COMMAND
        if self._judge.can_end and not self._stage.has_pending:
            return EndedBy.EXPECTATIONS
        left = self._deadline - time.monotonic()
        if left <= 0:
            return EndedBy.TIME
        if command.code is not None:
            pause = min(pause, POLL_SECONDS)
        return min(pause, left)

    def _is_over(self, command: Running) -> bool:
        """A command may leave a daemon behind, of which something is expected."""
        if command.code is None:
            return False
        return bool(command.code) or not self._judge.has_any or not command.has_others()


def run(options: Options, say: Say) -> int:
    """Run the command; the exit code. *say* is given our own lines."""
    found = _Found()
    try:
        with Supervisor() as supervisor:
            course = _course if options.tapes.needs_fake else _course_without_fake
            code = course(options, supervisor, found, say)
    except NotStarted as error:
        code = _failed(error.code, error, found, say)
    except Interrupted as error:
        code = _failed(128 + error.number, error, found, say)
    except (ControlError, ServerError, SimulatedEventsError, OSError) as error:
        code = _failed(OUR_FAILURE, error, found, say)
    if options.report_file is not None and not _write_report(options, found, say):
        code = OUR_FAILURE
    if options.json_file is not None:
        members = report.result(
            options.command, code, found.ending, found.verdicts, found.snapshot, found.error
        ) | {"notes": list(found.notes)}
        try:
            report.write(options.json_file, members)
        except OSError as error:
            say(f"error: --json: {options.json_file} cannot be written: {error.strerror}")
            return OUR_FAILURE
    return code


@dataclass
class _Found:
    """What is known of the run, for the report, however it ends."""

    ending: Ending | None = None
    verdicts: Sequence[Verdict] = ()
    snapshot: Snapshot | None = None
    error: str = ""
    entries: "Entries | None" = None
    """For the picture, if one is asked for."""
    notes: Sequence[str] = ()
    """What a cassette did not have, and what was not let through to the real cloud."""


def _course(options: Options, supervisor: Supervisor, found: _Found, say: Say) -> int:
    drill = options.drill
    with ExitStack() as during:
        served = during.enter_context(open_cloud(options, say))
        folder = during.enter_context(RunFolder())
        cloud = served.cloud
        stage = Stage(cloud.control, drill, is_own_cloud=options.endpoint is None)
        cloud.begin()
        stage.prepare()
        say(_opening(served.proxy_url, stage.instance_ids))
        way = WayIn(
            proxy_url=served.proxy_url,
            certificate=served.certificate,
            region=drill.region,
            folder=folder.path,
            # What is isolated has no other way than the proxy.
            allowed=() if options.is_isolated else options.allowed,
            credentials_uri=served.proxy_url + stage.role_path if stage.role_path else "",
        )
        write_files(way, os.environ)
        judge = Judge(drill.wanted, stage.instance_ids)
        watch = _Watch(cloud, stage, judge, drill.within, say)
        watch.begin()
        try:
            ending = supervisor.run(
                command_words(options, served.proxy_url), environment(way, os.environ), watch.look
            )
        finally:
            # However the command has ended: what went wrong is what people want to see.
            if options.report_file is not None:
                found.entries = _entries(cloud, say)
        found.ending = ending
        found.snapshot = cloud.snapshot()
        found.verdicts = judge.verdicts(found.snapshot)
        say(f"{report.ended(ending)}\n{found.snapshot.timeline()}")
        if found.verdicts:
            say(report.expectations(found.verdicts))
        if ending.left:
            say(f"These processes could not be ended: {', '.join(map(str, ending.left))}")
    return report.exit_code(ending, found.verdicts)


def _course_without_fake(options: Options, supervisor: Supervisor, found: _Found, say: Say) -> int:
    """With a cassette that is replayed, or on the real cloud: nothing is simulated."""
    with ExitStack() as during:
        led = during.enter_context(opened(options.tapes, options.permits, say))
        way = WayIn(
            proxy_url=led.proxy_url,
            certificate=led.certificate,
            region=options.drill.region,
            folder=during.enter_context(RunFolder()).path,
            allowed=() if options.is_isolated else options.allowed,
        )
        write_files(way, os.environ)
        found.ending = supervisor.run(
            command_words(options, led.proxy_url),
            environment_of(options.tapes, way, os.environ),
            lambda command: POLL_SECONDS if command.code is None else EndedBy.COMMAND,
        )
        found.notes = led.report()
        say("\n".join([report.ended(found.ending), *found.notes]))
        if found.ending.left:
            say(f"These processes could not be ended: {', '.join(map(str, found.ending.left))}")
    code = report.exit_code(found.ending, ())
    return code or int(led.has_failed)


def _entries(cloud: RunCloud, say: Say) -> "Entries | None":
    """What the picture shows; None when the fake is gone."""
    try:
        return cloud.entries()
    except ControlError as error:
        say(f"error: --report: nothing can be drawn: {error}")
        return None


def _write_report(options: Options, found: _Found, say: Say) -> bool:
    """Write the picture of the run, if there was one; whether that went well."""
    from ..picture import files, reading

    assert options.report_file is not None
    if found.entries is None:
        return True
    title = shlex.join(options.command).encode("utf-8", "backslashreplace").decode()
    try:
        files.write(options.report_file, reading.drill(found.entries, f"simevents run -- {title}"))
    except OSError as error:
        say(f"error: --report: {options.report_file} cannot be written: {error.strerror}")
        return False
    say(f"What happened is drawn in {options.report_file}")
    return True


def _opening(url: str, instance_ids: Sequence[str]) -> str:
    shown = ", ".join(instance_ids[:10])
    more = f" and {len(instance_ids) - 10} more" if len(instance_ids) > 10 else ""
    return f"fake cloud at {url}" + (f" with {shown}{more}" if shown else "")


def _failed(code: int, error: Exception, found: _Found, say: Say) -> int:
    found.error = str(error)
    say(f"error: {error}")
    return code
