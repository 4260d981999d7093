"""Region, endpoint and credentials."""

import pytest

from simevents.errors import InvalidSettings
from simevents.settings import (
    Credentials,
    Settings,
    check_endpoint,
    find_credentials,
    stack_settings,
)

REGION = "cn-hangzhou"
FAKE = "http://127.0.0.1:8086"
PAIR = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}


def nothing() -> None:
    return None


def test_defaults() -> None:
    assert stack_settings(REGION, None, {}) == Settings(
        region=REGION, endpoint=None, connect_seconds=5.0, read_seconds=20.0
    )


@pytest.mark.parametrize(
    "endpoint", [FAKE, "http://localhost:1", "http://[::1]:1", "https://ecs-vpc.cn-x.aliyuncs.com"]
)
def test_a_valid_endpoint_is_accepted(endpoint: str) -> None:
    assert check_endpoint(endpoint + "/") == endpoint


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("http://ecs.aliyuncs.com", "would send credentials unencrypted"),
        ("http://192.168.1.1:8086", "would send credentials unencrypted"),
        ("127.0.0.1:8086", "use a URL without a path, such as http://127.0.0.1:8086"),
        ("ftp://127.0.0.1", "use a URL"),
        ("http://127.0.0.1:8086/path", "use a URL without a path"),
        ("http://127.0.0.1:8086?a=b", "use a URL without a path"),
        ("http://127.0.0.1:abc", "use a URL without a path"),
        ("http://127.0.0.1:99999", "use a URL without a path"),
        ("http://127.0.0.1:\uff18", "use a URL without a path"),
        ("http://127.0.0.1:80\udcff", "use a URL without a path"),
        ("HTTP://ecs.aliyuncs.com", "would send credentials unencrypted"),
    ],
)
def test_an_invalid_endpoint_is_refused(endpoint: str, expected: str) -> None:
    with pytest.raises(InvalidSettings, match=expected):
        check_endpoint(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://me:hush@127.0.0.1:1",
        "https://me:hu/sh@host",
        "me:hush@h",
        "http://hush@h:x",
        "hush@",
    ],
)
def test_a_password_in_an_endpoint_is_refused_and_not_repeated(endpoint: str) -> None:
    with pytest.raises(InvalidSettings, match="with a user name or password") as caught:
        check_endpoint(endpoint)
    with pytest.raises(InvalidSettings) as contradicted:
        stack_settings(REGION, FAKE, {"SIMEVENTS_ENDPOINT": endpoint})

    assert "hu" not in f"{caught.value}{contradicted.value}"


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:9"])
def test_the_environment_cannot_change_the_endpoint_of_a_stack(endpoint: str | None) -> None:
    with pytest.raises(InvalidSettings, match="Unset SIMEVENTS_ENDPOINT, or set"):
        stack_settings(REGION, endpoint, {"SIMEVENTS_ENDPOINT": FAKE})


def test_the_environment_may_agree_with_the_stack() -> None:
    assert stack_settings(REGION, FAKE, {"SIMEVENTS_ENDPOINT": FAKE + "/"}).endpoint == FAKE


def test_a_missing_region_is_reported() -> None:
    with pytest.raises(InvalidSettings, match="region: no region is given"):
        stack_settings("", None, {})


def test_loopback_always_gets_the_published_key_pair() -> None:
    assert find_credentials(Settings(REGION, FAKE), PAIR, nothing) == Credentials(
        "testid", "testsecret"
    )


@pytest.mark.parametrize(
    "names",
    [
        (
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "ALIBABA_CLOUD_SECURITY_TOKEN",
        ),
        ("ALICLOUD_ACCESS_KEY", "ALICLOUD_SECRET_KEY", "ALICLOUD_SECURITY_TOKEN"),
    ],
)
def test_the_environment_gives_credentials_by_both_sets_of_names(
    names: tuple[str, str, str],
) -> None:
    environ = dict(zip(names, ("id", "secret", "token"), strict=True))

    assert find_credentials(Settings(REGION), environ, nothing) == Credentials(
        "id", "secret", "token"
    )


def test_half_a_key_pair_is_reported_with_the_missing_name() -> None:
    with pytest.raises(InvalidSettings, match="ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"):
        find_credentials(Settings(REGION), {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id"}, nothing)


def test_the_vendors_search_comes_last() -> None:
    found = Credentials("found", "secret")

    assert find_credentials(Settings(REGION), {}, lambda: found) == found
    assert find_credentials(Settings(REGION), PAIR, lambda: found).access_key_id == "id"


def test_missing_credentials_are_reported_with_the_remedy() -> None:
    with pytest.raises(InvalidSettings, match="set ALIBABA_CLOUD_ACCESS_KEY_ID and"):
        find_credentials(Settings(REGION), {}, nothing)


def test_the_repr_of_credentials_hides_the_secrets() -> None:
    assert repr(Credentials("id", "hush", "token")) == "Credentials(access_key_id='id')"
