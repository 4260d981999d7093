"""Hooks of pytest that write a picture for each failed test; registered with --ecs-report only."""

import hashlib
import re
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..picture.drill import Drill
    from .cloud import FakeCloud

_LONGEST_NAME = 100
_NOT_SAFE = re.compile(r"[^A-Za-z0-9._]+")

_DRILL: "pytest.StashKey[Drill]" = pytest.StashKey()
"""What happened in a test whose report is not written yet."""
_WRITTEN = pytest.StashKey[bool]()


class PictureReports:
    """Writes into *folder*; *fake* is the key of a test's cloud in its stash."""

    def __init__(self, folder: Path, fake: "pytest.StashKey[FakeCloud]", *, of_all: bool) -> None:
        self._folder = folder
        self._fake = fake
        self._of_all = of_all

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None]:
        """Look at the cloud while it is there: what follows may fail too."""
        cloud = item.stash.get(self._fake, None)
        if cloud is not None and _WRITTEN not in item.stash:
            try:
                item.stash[_DRILL] = cloud.drill(item.nodeid)
            except Exception as error:  # noqa: BLE001 - the teardown must take place
                item.warn(
                    pytest.PytestWarning(f"--ecs-report: the cloud cannot be read: {error!r}")
                )
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: "pytest.CallInfo[None]"
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        is_wanted = report.failed or (self._of_all and call.when == "teardown")
        if not is_wanted or _WRITTEN in item.stash:
            return report
        try:
            drill = item.stash.get(_DRILL, None)
            cloud = item.stash.get(self._fake, None)
            if drill is None and cloud is not None:
                drill = cloud.drill(item.nodeid)
            if drill is None:
                return report
            shown = str(self._write(item.nodeid, drill))
        except Exception as error:  # noqa: BLE001 - a report must not end the run
            shown = f"cannot be written: {error!r}"
        item.stash[_WRITTEN] = True
        report.sections.append(("the fake cloud, drawn", shown))
        return report

    def _write(self, node_id: str, drill: "Drill") -> Path:
        from ..picture import files

        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / file_name(node_id)
        files.write(file, drill)
        return file


def file_name(node_id: str) -> str:
    """A name that any file system takes, and that no other test has."""
    readable = _NOT_SAFE.sub("-", node_id).strip("-.")[:_LONGEST_NAME]
    # Ids differ in what is replaced, in what is cut off, or in capitals only.
    digest = hashlib.sha256(node_id.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{readable}-{digest}.html"
