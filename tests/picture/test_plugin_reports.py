"""``--ecs-report`` of the pytest plugin: pytest inside pytest."""

from pathlib import Path

import pytest

from simevents.testing.picture_report import file_name

pytestmark = pytest.mark.slow

TESTS = """
import pytest, time, urllib.error, urllib.request

QUERY = (
    "/?Action=NoSuchThing&Format=JSON&Version=2014-05-26&RegionId=cn-hangzhou&AccessKeyId=own"
    "&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce=1&Signature=any&Timestamp="
) + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

@pytest.mark.parametrize("name", ["a/b", "a:b", "<script>", "x" * 60])
def test_fails(ecs_fake, name):
    instance = ecs_fake.add_instance("i-web")
    ecs_fake.schedule("SystemMaintenance.Reboot", instance, "+2h")
    assert False

def test_passes(ecs_fake):
    ecs_fake.run_instances()

def test_fails_without_a_cloud():
    assert False

def test_fails_at_its_end(ecs_fake):
    ecs_fake.add_instance("i-db")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(ecs_fake.url + QUERY)
    refused.value.close()

@pytest.fixture
def broken(ecs_fake):
    ecs_fake.add_instance("i-setup")
    raise RuntimeError

def test_fails_before_it_begins(broken):
    pass

class TestChanges:
    def test_folder(self, ecs_fake, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        assert False
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(test_it=TESTS)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", *options)


def reports(project: pytest.Pytester) -> dict[str, str]:
    """The text of each report, by the part of its name that is not a hash."""
    folder = project.path / "reports"
    return {file.stem[:-11]: file.read_text() for file in folder.iterdir()}


@pytest.mark.parametrize("processes", ["0", "2"])
def test_one_report_for_each_failed_test(project: pytest.Pytester, processes: str) -> None:
    result = run(project, "--ecs-report", "reports", "-n", processes)
    found = reports(project)

    assert sorted(found) == [
        *("test_it.py-TestChanges-test_folder", "test_it.py-test_fails-a-b"),
        *("test_it.py-test_fails-script", f"test_it.py-test_fails-{'x' * 60}"),
        *("test_it.py-test_fails_at_its_end", "test_it.py-test_fails_before_it_begins"),
    ]
    assert len(list((project.path / "reports").iterdir())) == 7
    assert (
        "<title>test_it.py::test_fails[&lt;script&gt;]</title>"
        in found["test_it.py-test_fails-script"]
    )
    assert "NoSuchThing" in found["test_it.py-test_fails_at_its_end"]
    assert "i-setup" in found["test_it.py-test_fails_before_it_begins"]
    for file in (project.path / "reports").iterdir():
        result.stdout.fnmatch_lines(["*- the fake cloud, drawn -*", f"*{file.name}"])


def test_all_tests_with_a_cloud_when_asked(project: pytest.Pytester) -> None:
    run(project, "--ecs-report=reports", "--ecs-report-for=all", "-k", "passes or without")

    assert list(reports(project)) == ["test_it.py-test_passes"]


def test_nothing_without_the_option(project: pytest.Pytester) -> None:
    project.makeconftest(
        "import sys\n"
        "def pytest_sessionfinish():\n"
        "    print([name for name in sys.modules if 'picture' in name])"
    )
    result = run(project, "-s", "-k", "without")

    assert list(project.path.rglob("*.html")) == []
    result.stdout.fnmatch_lines(["*['simevents.testing.picture_options']*"])


def test_a_folder_that_cannot_be_made_fails_no_run(project: pytest.Pytester) -> None:
    (project.path / "reports").write_text("a file")
    result = run(project, "--ecs-report", "reports", "-k", "test_fails_at_its_end")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["cannot be written: FileExistsError*"])


@pytest.mark.parametrize(
    "node_id", ["../../etc/passwd", "a::b[\x00\n/\\:*?|]", "é" * 300, "..", "[\ud800]", "CON"]
)
def test_names_of_files_are_safe(node_id: str) -> None:
    name = file_name(node_id)

    assert Path(name).name == name
    assert not name.startswith(("-", ".")) or len(name) == len("-0123456789.html")
    assert len(name) <= 120
    assert name.isascii()


def test_names_of_files_differ_where_ids_do() -> None:
    ids = ["t.py::a[x/y]", "t.py::a[x:y]", "t.py::A[x:y]", f"t.py::{'x' * 200}a", "t.py::a[x-y]"]

    assert len({file_name(each).lower() for each in ids}) == len(ids)
