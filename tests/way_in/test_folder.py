"""The private folder of a run: who may read it, and when it goes."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from simevents.way_in import folder
from simevents.way_in.folder import PREFIX, RunFolder

HOLDING = """
import sys, time
from pathlib import Path
from simevents.way_in.folder import RunFolder
made = RunFolder(Path(sys.argv[1]))
(made.path / "python").mkdir()
(made.path / "python" / "sitecustomize.py").write_text("")
print(made.path, flush=True)
time.sleep(600)
"""


def holder(below: Path) -> tuple["subprocess.Popen[str]", Path]:
    """A process that holds a folder, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(below)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    process.send_signal(number)
    process.communicate(timeout=30)


def test_only_the_user_reads_it_and_it_goes_at_the_end(tmp_path: Path) -> None:
    with RunFolder(tmp_path) as made:
        path = made.path
        assert path.parent == tmp_path
        assert path.name.startswith(PREFIX)
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        (path / "file").touch()
    made.close()

    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_a_killed_run_goes_with_the_next_run(tmp_path: Path) -> None:
    process, killed = holder(tmp_path)
    end(process, signal.SIGKILL)
    assert (killed / "python" / "sitecustomize.py").exists()

    with RunFolder(tmp_path) as made:
        assert list(tmp_path.iterdir()) == [made.path]


def test_a_folder_of_a_living_run_stays(tmp_path: Path) -> None:
    process, living = holder(tmp_path)

    with RunFolder(tmp_path) as made:
        assert set(tmp_path.iterdir()) == {made.path, living}
        assert (living / "python" / "sitecustomize.py").exists()
    end(process, signal.SIGTERM)


def test_what_only_has_such_a_name_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"{PREFIX}file").touch()
    before = set(tmp_path.iterdir())

    RunFolder(tmp_path).close()

    assert set(tmp_path.iterdir()) == before


def test_a_folder_that_another_run_took_for_a_stale_one_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the creation and the lock of one run, another one removes what is stale."""
    lock = folder._locked
    removed: list[Path] = []

    def locked(path: Path) -> int | None:
        if not removed:
            removed.append(path)
            monkeypatch.setattr(folder, "_locked", lock)
            folder.remove_stale(tmp_path)
        return lock(path)

    monkeypatch.setattr(folder, "_locked", locked)
    with RunFolder(tmp_path) as made:
        assert removed
        assert made.path not in removed
        assert list(tmp_path.iterdir()) == [made.path]


def test_a_forked_process_does_not_remove_it(tmp_path: Path) -> None:
    with RunFolder(tmp_path) as made:
        pid = os.fork()
        if pid == 0:
            made.close()
            os._exit(0)
        os.waitpid(pid, 0)
        assert made.path.exists()
