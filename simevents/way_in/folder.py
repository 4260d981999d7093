"""The private folder of one run."""

import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

PREFIX = "simevents-run-"


class RunFolder:
    """A new folder that only this user can read, below *parent* or the system's temporary folder."""

    def __init__(self, parent: Path | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
