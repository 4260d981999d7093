"""The vendor's clients as processes of a test: none reaches the outside, whatever is set.

`tests/testing/outside` has the network in which listeners stand for the real cloud.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.test_vendor_clients import PROGRAMS

pytestmark = pytest.mark.slow

OUTSIDE = Path(__file__).parents[1] / "testing" / "outside"
IN_OWN_NETWORK = ("unshare", "--map-root-user", "--net", "--mount")


@pytest.mark.parametrize("language", list(PROGRAMS))
def test_no_client_gets_out(
    language: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    can_isolate = subprocess.run([*IN_OWN_NETWORK, "true"], check=False)
    assert can_isolate.returncode == 0, "this machine has no user and network namespaces"
    shutil.copy(OUTSIDE / "inner_programs.py", pytester.path / "test_inner_programs.py")
    shutil.copy(OUTSIDE / "world.py", pytester.path)
    record = pytester.path / "arrivals"
    monkeypatch.setenv("RECORD_OF_ARRIVALS", str(record))
    monkeypatch.setenv("PROGRAMS", json.dumps({language: PROGRAMS[language]()}))
    # Those without the guard come last: what they send stays in the record.
    options = [] if language == "python" else ["-k", "not python"]
    ran = pytester.run(
        *(*IN_OWN_NETWORK, sys.executable, "world.py", record),
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "ignore", "-q"),
        *("--tb=short", *options),
    )

    outcomes = ran.parseoutcomes()
    assert outcomes.keys() <= {"passed", "deselected"}
    assert outcomes["passed"] == (21 if language == "python" else 12)
