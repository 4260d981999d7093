"""The page follows what others do, each page for itself, also over a restart of the fake."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from simevents.fake.control.client import Control
from tests.conftest import Cloud
from tests.console import processes
from tests.console.conftest import Contexts
from tests.fake.requests import call

SOON = 1_000
"""Milliseconds within which a page shows what was done elsewhere."""


def bars(page: Page, count: int, within: int = 5_000) -> None:
    expect(page.locator(".chart")).to_have_attribute("data-bars", str(count), timeout=within)


def test_shows_within_a_second_what_was_done_elsewhere(
    page: Page, fake: Cloud, in_an_hour: Callable[..., str]
) -> None:
    (instance,) = fake.instances(1)
    page.get_by_role("tab", name="Instances").click()
    expect(page.get_by_role("tabpanel")).to_contain_text(instance)
    event_id = in_an_hour(instance)
    bars(page, 1, SOON)
    row = page.get_by_role("row").filter(has_text=event_id)
    expect(row).to_contain_text("Scheduled", timeout=SOON)
    fake.cancel("cn-hangzhou", event_id)
    expect(row).to_contain_text("Canceled", timeout=SOON)


def test_the_now_moves_with_the_clock(page: Page, fake: Cloud) -> None:
    line = page.locator(".now-line")
    expect(line).to_be_visible()
    fake.post("clock", freeze=True)
    expect(page.get_by_role("timer")).to_contain_text("frozen")
    before = page.get_by_role("timer").inner_text()
    place = line.evaluate("line => line.getBoundingClientRect().x")
    fake.post("clock", advance="20m")
    expect(page.get_by_role("timer")).not_to_have_text(before)
    page.wait_for_function("x => document.querySelector('.now-line').style.transform !== x", arg="")
    fake.post("clock", rate=600)
    page.wait_for_function(
        "x => document.querySelector('.now-line').getBoundingClientRect().x !== x", arg=place
    )


def test_the_page_stops_at_the_end_of_the_calendar(page: Page, fake: Cloud) -> None:
    (instance,) = fake.instances(1)
    fake.post("clock", set="9999-12-31T23:59:00Z")
    fake.post("clock", rate=1_000_000)
    expect(page.get_by_role("timer")).to_contain_text("9999-12-31 23:59:59")
    page.wait_for_timeout(600)
    expect(page.get_by_role("timer")).to_contain_text("9999-12-31 23:59:59")
    page.get_by_role("heading", name="Inject a real event").click()
    form = page.get_by_role("form", name="Inject a real event")
    form.get_by_role("button", name=instance, exact=True).click()
    form.get_by_role("button", name="Inject", exact=True).click()
    expect(page.locator(".outcome")).to_contain_text("2:00:00 from now is too late")


def test_the_picture_forgets_the_oldest_of_very_many_calls(page: Page) -> None:
    kept = page.evaluate(
        """async () => {
            const { Lanes } = await import("simevents-console/lanes.js");
            const lanes = new Lanes();
            for (let n = 0; n < 30000; n++)
                lanes.take({ marks: [[`c${n}`, [], [[n, "call-read", "a call", ""]]]] });
            return [lanes.marks.size, lanes.marks.keys().next().value];
        }"""
    )
    assert kept == [20_000, "c10000"]


def test_marks_calls_that_the_fake_does_not_know(page: Page, fake: Cloud) -> None:
    call(fake, "DescribeMoon")
    row = page.get_by_role("tabpanel").get_by_role("row").filter(has_text="DescribeMoon")
    expect(row).to_contain_text("unknown", timeout=SOON)
    expect(page.locator(".chart")).to_have_attribute("data-marks", "1")


def test_shows_switches_that_differ(page: Page, fake: Cloud) -> None:
    page.get_by_role("tab", name="Switches").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("All switches have their default.")
    fake.post("switches", executing_seconds=77)
    expect(page.get_by_role("row").filter(has_text="executing_seconds")).to_contain_text(
        "77", timeout=SOON
    )


def test_filters_all_lists_and_the_picture(
    page: Page, fake: Cloud, in_an_hour: Callable[..., str]
) -> None:
    first, second = fake.instances(2)
    kept, hidden = in_an_hour(first), in_an_hour(second, event_type="SystemFailure.Stop")
    bars(page, 2)
    form = page.get_by_role("form", name="Filter")
    form.get_by_label("Instance").fill(first)
    bars(page, 1)
    events = page.get_by_role("region", name="Events, newest first")
    expect(events).to_contain_text(kept)
    expect(events).not_to_contain_text(hidden)
    form.get_by_label("Instance").fill("")
    form.get_by_label("Action or type").fill("failure.stop")
    expect(events).to_contain_text(hidden)
    expect(events).not_to_contain_text(kept)
    form.get_by_label("Action or type").fill("")
    form.get_by_label("Status").select_option("Canceled")
    expect(events).to_contain_text("No event fits.")
    bars(page, 0)


def test_a_paused_page_shows_everything_when_it_goes_on(
    page: Page, fake: Cloud, in_an_hour: Callable[..., str], contexts: Contexts, console_url: str
) -> None:
    other = contexts.open(console_url)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    in_an_hour(fake.instances(1)[0])
    bars(other, 1, SOON)
    bars(page, 0)
    page.get_by_role("button", name="Go on").click()
    bars(page, 1, SOON)


def test_two_browsers_see_what_the_other_does(
    page: Page, contexts: Contexts, console_url: str, fake: Cloud, in_an_hour: Callable[..., str]
) -> None:
    other = contexts.open(console_url)
    event_id = in_an_hour(fake.instances(1)[0])
    page.get_by_role("button", name=f"History of {event_id}").click()
    expect(other.get_by_role("button", name=f"History of {event_id}")).to_be_visible()
    expect(other.get_by_role("button", name="Cancel event")).to_be_hidden()
    page.get_by_role("button", name="Cancel event").click()
    expect(page.locator(".outcome")).to_have_text(f"Cancelled {event_id}.", timeout=10_000)
    events = other.get_by_role("region", name="Events, newest first")
    row = events.get_by_role("row").filter(has_text=event_id)
    expect(row).to_contain_text("Canceled", timeout=2 * SOON)
    expect(other.locator(".outcome")).to_be_hidden()


def test_a_click_into_the_picture_shows_the_history(
    page: Page, fake: Cloud, in_an_hour: Callable[..., str]
) -> None:
    (instance,) = fake.instances(1)
    event_id = in_an_hour(instance)
    bars(page, 1)
    where = page.evaluate(
        """async () => {
            const { echarts } = await import("nicegui-echart");
            const box = document.querySelector(".chart");
            const chart = echarts.getInstanceByDom(box);
            const [from, to] = chart.getOption().series[0].data[0];
            const x = chart.convertToPixel({xAxisIndex: 0}, (from + to) / 2);
            const y = chart.convertToPixel({yAxisIndex: 0}, 0) - 9;
            box.scrollIntoView({block: "center"});
            const at = box.getBoundingClientRect();
            return [at.x + x, at.y + y];
        }"""
    )
    page.mouse.click(*where)
    expect(page.get_by_text(f"{event_id}, simulated")).to_be_visible()
    expect(
        page.get_by_role("heading", name=f"SystemMaintenance.Reboot on {instance}")
    ).to_be_focused()


def test_the_view_is_moved_by_buttons(
    page: Page, fake: Cloud, in_an_hour: Callable[..., str]
) -> None:
    for instance in fake.instances(15):
        in_an_hour(instance)
    bars(page, 12)
    tools = page.get_by_role("group", name="View of the picture")
    expect(tools).to_contain_text("Lanes 1 to 12 of 15")
    tools.get_by_role("button", name="Lanes below").click()
    expect(tools).to_contain_text("Lanes 4 to 15 of 15")
    tools.get_by_role("button", name="Lanes above").click()
    expect(tools).to_contain_text("Lanes 1 to 12 of 15")
    for name, start, end in (
        *(("Zoom in", 25, 75), ("Earlier", 12.5, 62.5), ("Later", 25, 75)),
        *(("Zoom out", 0, 100), ("Zoom in", 25, 75), ("Show the whole time", 0, 100)),
    ):
        tools.get_by_role("button", name=name).click()
        assert page.evaluate(VIEW) == [start, end], name


VIEW = """async () => {
    const { echarts } = await import("nicegui-echart");
    const chart = echarts.getInstanceByDom(document.querySelector(".chart"));
    const { start, end } = chart.getOption().dataZoom[0];
    return [start, end];
}"""


def test_instances_with_the_same_story_are_one_lane(page: Page, fake: Cloud) -> None:
    fake.post("clock", freeze=True)
    ids = fake.instances(30)
    body = {"event_type": "SystemMaintenance.Reboot", "not_before": "2040-01-01T00:00:00Z"}
    fake.post("events", instance_ids=ids, **body)
    tools = page.get_by_role("group", name="View of the picture")
    expect(tools).to_contain_text("Lanes 1 to 1 of 1")
    tools.get_by_role("checkbox").uncheck()
    expect(tools).to_contain_text("Lanes 1 to 12 of 30")


def test_a_click_on_the_name_of_a_lane_shows_only_that_instance(
    page: Page, fake: Cloud, in_an_hour: Callable[..., str]
) -> None:
    first, second = fake.instances(2)
    in_an_hour(first), in_an_hour(second)
    bars(page, 2)
    box = page.locator(".chart").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 120, box["y"] + 20 + 23)
    bars(page, 1)
    assert page.get_by_label("Instance", exact=True).input_value() in (first, second)


def test_a_restarted_fake_is_told_of_and_read_again(contexts: Contexts) -> None:
    with processes.started("fake", "--port", "0") as (_, url):
        port = url.rpartition(":")[2]
        with Control(url) as control:
            control.post("instances", instance_ids=["i-ofthefirst"])
        console = processes.console("--endpoint", url)
        address = console.__enter__()
        page = contexts.open(address)
        page.get_by_role("tab", name="Instances").click()
        expect(page.get_by_role("tabpanel")).to_contain_text("i-ofthefirst")
    try:
        expect(page.get_by_role("alert")).to_contain_text("No fake cloud answers at")
        with processes.started("fake", "--port", port) as (_, url), Control(url) as control:
            control.post("instances", instance_ids=["i-ofthesecond"])
            expect(page.get_by_text("The cloud was started again or reset")).to_be_visible()
            expect(page.get_by_role("alert")).to_be_hidden()
            panel = page.get_by_role("tabpanel")
            expect(panel).to_contain_text("i-ofthesecond")
            expect(panel).not_to_contain_text("i-ofthefirst")
    finally:
        console.__exit__(None, None, None)


def test_a_page_at_rest_is_sent_nothing(page: Page, fake: Cloud) -> None:
    sent: list[str] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.webSocketFrameReceived",
        lambda frame: sent.append(frame["response"]["payloadData"]),
    )
    fake.instances(1)
    page.get_by_role("tab", name="Instances").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("i-")
    page.wait_for_timeout(700)
    sent.clear()
    until = time.monotonic() + 2
    while time.monotonic() < until:
        page.wait_for_timeout(200)
    assert [frame for frame in sent if len(frame) > 4] == []
