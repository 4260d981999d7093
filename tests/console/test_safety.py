"""Nobody else gets in, and no text becomes a program."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from tests.conftest import Cloud
from tests.console import processes
from tests.console.conftest import PATIENCE_SECONDS, Contexts

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>{{alert(3)}}{a|b}\"'`${alert(4)}"
POLLING = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
HANDSHAKE = "/_nicegui_ws/socket.io/?EIO=4&transport=websocket"

FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Host": "evil.example"},
    {"Host": "127.0.0.1@evil.example"},
    {"Host": ""},
]


def test_hostile_text_is_shown_and_never_run(
    fake: Cloud, contexts: Contexts, console_url: str, fake_url: str
) -> None:
    (instance,) = fake.instances(1)
    fake.post(
        "events",
        instance_ids=[instance],
        event_type=HOSTILE,
        not_before="2035-01-01T00:00:00Z",
        reason=HOSTILE,
    )
    fake.post("subscriptions", kind="queue", address="q", name=HOSTILE)
    httpx.get(fake_url, params={"Action": HOSTILE, "InstanceId": HOSTILE, HOSTILE: HOSTILE})
    page = contexts.open(console_url)
    events = page.get_by_role("region", name="Events, newest first")
    expect(events).to_contain_text("<script>alert(1)</script><img src=x onerror=alert(2)>")
    events.get_by_role("button").first.click()
    expect(page.get_by_text(f"Reason: {HOSTILE}")).to_be_visible()
    for tab in ("Deliveries", "Instances", "Switches", "Calls"):
        page.get_by_role("tab", name=tab).click()
    page.get_by_role("form", name="Filter").get_by_label("Instance").fill(instance)
    hover = page.evaluate(
        """async () => {
            const { echarts } = await import("nicegui-echart");
            const box = document.querySelector(".chart");
            box.scrollIntoView({block: "center"});
            const chart = echarts.getInstanceByDom(box);
            const [from, to] = chart.getOption().series[0].data[0];
            const at = box.getBoundingClientRect();
            return [
                at.x + chart.convertToPixel({xAxisIndex: 0}, (from + to) / 2),
                at.y + chart.convertToPixel({yAxisIndex: 0}, 0) - 9,
            ];
        }"""
    )
    page.mouse.move(*hover)
    page.wait_for_timeout(300)
    # Typed by a person, and sent back by the server.
    page.get_by_label("Advance by").fill(HOSTILE)
    page.get_by_role("button", name="Advance", exact=True).click()
    expect(page.locator(".outcome")).to_contain_text("<script>")
    made = page.evaluate(
        "() => [document.querySelectorAll('.console script, .console img').length,"
        " document.querySelectorAll('[onerror]').length]"
    )
    assert made == [0, 0]


def test_asks_nobody_else_for_anything(fake: Cloud, contexts: Contexts, console_url: str) -> None:
    page = contexts.open(console_url)
    expect(page.locator(".chart canvas")).to_be_visible()
    port = urlsplit(console_url).port
    assert {urlsplit(url).netloc for url in contexts.requests if not url.startswith("data:")} == {
        f"127.0.0.1:{port}"
    }


def test_a_script_in_the_markup_would_not_run(
    fake: Cloud, contexts: Contexts, console_url: str
) -> None:
    page = contexts.open(console_url)
    ran = page.evaluate(
        """async () => {
            const box = document.createElement("div");
            box.innerHTML = "<img src='data:,' onerror='window.ran = 1'>";
            document.body.append(box);
            const script = document.createElement("script");
            script.textContent = "window.ran = 2";
            document.body.append(script);
            await new Promise((done) => setTimeout(done, 200));
            return window.ran ?? 0;
        }"""
    )
    assert ran == 0
    refused = [text for text in contexts.problems if "Content Security Policy" in text]
    assert len(refused) == 2
    contexts.problems.clear()


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: str(headers)[1:-1])
@pytest.mark.parametrize("path", ["/", POLLING, "/_nicegui/3/static/nicegui.js"])
def test_refuses_requests_from_elsewhere(
    headers: dict[str, str], path: str, console_url: str
) -> None:
    assert raw_status(console_url, path, headers) in (400, 403)


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda headers: str(headers)[1:-1])
def test_refuses_handshakes_from_elsewhere(headers: dict[str, str], console_url: str) -> None:
    assert raw_status(console_url, HANDSHAKE, headers, is_handshake=True) in (400, 403)


@pytest.mark.parametrize("path", ["/", "/_nicegui_ws/", "/_nicegui_ws/other", "/_nicegui/x"])
def test_there_is_one_socket(path: str, console_url: str) -> None:
    assert raw_status(console_url, path, {}, is_handshake=True) == 403


def test_answers_its_own_page(console_url: str) -> None:
    own = {"Origin": console_url.rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert raw_status(console_url, "/", own) == 200
    assert raw_status(console_url, POLLING, own) == 200
    assert raw_status(console_url, HANDSHAKE, own, is_handshake=True) == 101


def test_sends_what_keeps_foreign_code_out(console_url: str) -> None:
    answer = httpx.get(console_url)
    policy = answer.headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "testsecret" not in answer.text


@pytest.mark.parametrize(
    "place", ["/<script>x</script>", "/?a=<script>x</script>", "/_nicegui/<script>x"]
)
def test_repeats_nothing_of_an_address(place: str, console_url: str) -> None:
    answer = httpx.get(console_url.rstrip("/") + place)
    assert "x</script" not in answer.text
    assert "<script>x" not in answer.text


def raw_status(
    address: str, path: str, headers: dict[str, str], *, is_handshake: bool = False
) -> int:
    """Without a client that would correct the headers."""
    parts = urlsplit(address)
    sent = {"Host": parts.netloc, **headers}
    if is_handshake:
        sent |= {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
    else:
        sent["Connection"] = "close"
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    place = (parts.hostname or "", parts.port or 0)
    with socket.create_connection(place, PATIENCE_SECONDS) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        return int(connection.recv(1_000).split()[1])


@pytest.fixture(scope="module")
def open_console(fake_url: str) -> Iterator[str]:
    """A console that other machines could reach: the address with its token."""
    with processes.console("--endpoint", fake_url, "--host", "0.0.0.0") as address:
        yield address.replace("0.0.0.0", "127.0.0.1")


def test_off_loopback_it_asks_for_the_token(open_console: str) -> None:
    plain, _, token = open_console.partition("?token=")
    assert len(token) > 20
    assert httpx.get(plain).status_code == 403
    assert httpx.get(f"{plain}?token={token[:-1]}x").status_code == 403
    assert httpx.get(f"{plain.rstrip('/')}{POLLING}&token={token}").status_code == 403
    with httpx.Client() as person:
        first = person.get(open_console)
        assert (first.status_code, first.headers["location"]) == (303, "/")
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert token not in cookie
        assert person.get(plain).status_code == 200
        assert person.get(f"{plain.rstrip('/')}{POLLING}").status_code == 200
    assert raw_status(plain, HANDSHAKE, {}, is_handshake=True) == 403


@pytest.mark.parametrize("other", ['a={"x": 1}', "b=c d", "e[f]=g", "path", "h=\xfc"])
def test_cookies_of_other_programs_on_the_host_do_no_harm(other: str, open_console: str) -> None:
    plain = open_console.partition("?")[0]
    own = httpx.get(open_console).headers["set-cookie"].partition(";")[0]
    for sent in (f"{other}; {own}", f"{own}; {other}"):
        assert raw_status(plain, "/", {"Cookie": sent}) == 200
    assert raw_status(plain, "/", {"Cookie": f"{other}; {own}x"}) == 403


def test_a_browser_needs_the_token_once(fake: Cloud, open_console: str, contexts: Contexts) -> None:
    page = contexts.open(open_console)
    assert page.url == open_console.partition("?")[0]
    page.reload()
    expect(page.get_by_role("heading", name="Picture")).to_be_visible()


def test_writes_nothing_in_the_working_directory(
    fake_url: str, tmp_path: Path, contexts: Contexts
) -> None:
    words = ("console", "--port", "0", "--endpoint", fake_url)
    with processes.started(*words, folder=tmp_path) as (_, line):
        page = contexts.open(line.removeprefix("console: "))
        expect(page.get_by_role("heading", name="Picture")).to_be_visible()
    assert list(tmp_path.iterdir()) == []
