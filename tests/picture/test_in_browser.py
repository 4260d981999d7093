"""The report of a failed test as a real Chromium shows it, offline."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest

from simevents.picture.drawing import svg
from simevents.picture.page import page
from simevents.picture.style import DARK, LIGHT
from tests.picture.browser import opened
from tests.picture.test_folding import drill
from tests.picture.test_hostile_text import HOSTILE, everywhere

pytestmark = pytest.mark.slow

TEST = """
import pytest

HOSTILE = "</script><script>document.title='ran'</script><img src=x onerror=document.title='ran'>"

@pytest.mark.parametrize("name", [HOSTILE])
def test_restarts_early(ecs_fake, name):
    web, db, cache = (ecs_fake.add_instance(id) for id in ("i-web", "i-db", "i-cache"))
    ecs_fake.clock.set("2030-01-01T08:00:00Z")
    ecs_fake.clock.freeze()
    ecs_fake.schedule("SystemMaintenance.Reboot", [web, db], "+2h")
    ecs_fake.happen(name[:60], cache, "+1h", status="Inquiring", reason=name)
    handle(web)
    ecs_fake.clock.advance("3h")
    ecs_fake.expect(db).rebooted(within=0)

def handle(instance):
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkecs.request.v20140526.RebootInstanceRequest import RebootInstanceRequest
    from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest

    client = AcsClient("key", "secret", "cn-hangzhou")
    client.do_action_with_exception(DescribeInstancesRequest())
    request = RebootInstanceRequest()
    request.set_InstanceId(instance)
    client.do_action_with_exception(request)
"""

COUNT = """() => ({
    lanes: [...document.querySelectorAll('.lane')].map(lane => lane.dataset.instance),
    events: [...document.querySelectorAll('.lane .event')].map(bar => bar.dataset.status),
    marks: [...document.querySelectorAll('.lane .mark')].map(
        mark => [mark.dataset.kind, mark.dataset.count]),
    rows: [...document.querySelectorAll('table')].map(
        table => table.querySelectorAll('tbody tr').length),
    scripts: document.scripts.length,
    images: document.images.length,
    background: getComputedStyle(document.body).backgroundColor,
    paper: getComputedStyle(document.querySelector('.paper')).fill,
})"""

OUTSIDE = """() => {
    const picture = document.querySelector('svg').getBoundingClientRect();
    const outside = [...document.querySelectorAll('svg text, svg use, svg rect, svg path')]
        .filter(each => !each.closest('defs'))
        .map(each => [each, each.getBoundingClientRect()])
        .filter(([each, box]) => box.left < picture.left - 1 || box.right > picture.right + 1 ||
            box.top < picture.top - 1 || box.bottom > picture.bottom + 1);
    return outside.map(([each, box]) => each.outerHTML);
}"""

OVERLAPPING = """() => {
    const texts = [...document.querySelectorAll('svg text')]
        .map(each => [each.textContent, each.getBoundingClientRect()]);
    const pairs = [];
    texts.forEach(([text, a], at) => texts.slice(at + 1).forEach(([other, b]) => {
        if (a.left < b.right - 1 && b.left < a.right - 1 &&
            a.top < b.bottom - 3 && b.top < a.bottom - 3) pairs.push([text, other]);
    }));
    return pairs;
}"""

Scheme = Literal["light", "dark"]
SCHEMES: list[Scheme] = ["light", "dark"]


def rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a test that has failed."""
    folder = tmp_path_factory.mktemp("example")
    (folder / "test_example.py").write_text(TEST)
    words = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*words, "--ecs-report", "reports", "test_example.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    (file,) = (folder / "reports").iterdir()
    return file


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_report_of_a_failed_test(report: Path, scheme: Scheme) -> None:
    with opened(report, scheme) as shown:
        counted: dict[str, Any] = shown.page.evaluate(COUNT)
        title = shown.page.title()
        outside, overlapping = shown.page.evaluate(OUTSIDE), shown.page.evaluate(OVERLAPPING)

    colours = LIGHT if scheme == "light" else DARK
    assert counted == {
        "lanes": ["", "i-cache", "i-db", "i-web"],
        "events": ["Inquiring", "Executed", "Avoided"],
        "marks": [["call-read", "1"], ["call-change", "1"]],
        "rows": [3, 2],
        "scripts": 0,
        "images": 0,
        "background": rgb(colours["paper"]),
        "paper": rgb(colours["paper"]),
    }
    assert title.startswith("test_example.py::test_restarts_early[</script><script>")
    assert (shown.said, shown.asked) == ([], [])
    assert (outside, overlapping) == ([], [])


@pytest.mark.parametrize("name", ["page.html", "picture.svg"])
def test_hostile_texts_do_nothing(name: str, tmp_path: Path) -> None:
    for number, text in enumerate(HOSTILE):
        file = tmp_path / f"{number}-{name}"
        write = page if name.endswith("html") else svg
        file.write_text(write(everywhere(text)), encoding="utf-8")
        with opened(file, "light") as shown:
            scripts = shown.page.evaluate("document.querySelectorAll('script').length")
            lanes = shown.page.evaluate("document.querySelectorAll('.lane').length")

        assert (shown.said, shown.asked, scripts) == ([], [], 0), text
        assert lanes == 3


def test_a_thousand_instances_are_readable(tmp_path: Path) -> None:
    file = tmp_path / "many.html"
    file.write_text(page(drill(1_000, frozenset({3, 4, 5, 700}))))
    with opened(file, "light") as shown:
        outside, overlapping = shown.page.evaluate(OUTSIDE), shown.page.evaluate(OVERLAPPING)
        lanes = shown.page.evaluate(COUNT)["lanes"]

    assert lanes == ["", "i-0000", "i-0003"]
    assert (outside, overlapping, shown.said) == ([], [], [])


def test_printed_it_is_light_and_shows_closed_tables(tmp_path: Path) -> None:
    file = tmp_path / "many.html"
    file.write_text(page(drill(200)))
    is_seen = "document.querySelector('tbody').checkVisibility()"
    with opened(file, "dark") as shown:
        on_screen = shown.page.evaluate(is_seen)
        shown.page.emulate_media(media="print", color_scheme="dark")
        printed = shown.page.evaluate(COUNT)
        on_paper = shown.page.evaluate(is_seen)

    assert (on_screen, on_paper) == (False, True)
    assert (printed["background"], printed["paper"]) == (rgb(LIGHT["paper"]),) * 2
