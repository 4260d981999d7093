"""Who may use the control routes: programs, and pages of this server only."""

import httpx
import pytest

from tests.conftest import Cloud

ADVANCE = '{"advance": "1h"}'


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Content-Type": "application/json"},
        {"Origin": "null", "Content-Type": "application/json"},
        {"Origin": "http://127.0.0.1:1", "Content-Type": "application/json"},
        {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
        {"Sec-Fetch-Site": "same-site", "Content-Type": "application/json"},
        {"Sec-Fetch-Site": "same-origin", "Content-Type": "text/plain"},
    ],
)
@pytest.mark.parametrize("route", ["clock", "reset", "account"])
def test_a_page_of_another_origin_changes_nothing(
    cloud: Cloud, route: str, headers: dict[str, str]
) -> None:
    cloud.post("clock", freeze=True)
    before = cloud.get("health")
    answer = httpx.post(f"{cloud.url}/_fake/{route}", content=ADVANCE, headers=headers)

    assert answer.status_code == 403
    assert answer.json()["error"].startswith("a control request needs ")
    assert cloud.get("health") == before


def test_a_page_of_another_origin_reads_nothing(cloud: Cloud) -> None:
    answer = httpx.get(f"{cloud.url}/_fake/calls", headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}])
def test_a_program_may_send_any_content_type(cloud: Cloud, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{cloud.url}/_fake/clock", content=ADVANCE, headers=headers)

    assert answer.status_code == 200


def test_a_page_of_this_server_may_use_json_and_an_empty_body(cloud: Cloud) -> None:
    page = {"Origin": cloud.url, "Sec-Fetch-Site": "same-origin"}
    as_json = page | {"Content-Type": "application/json"}

    assert httpx.post(f"{cloud.url}/_fake/clock", content=ADVANCE, headers=as_json).is_success
    assert httpx.post(f"{cloud.url}/_fake/reset", headers=page).is_success
