"""Which URLs changes are forwarded to."""

import pytest

from simevents.errors import InvalidInput
from simevents.listening.target_url import check_hosts, checked


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/hook",
        "http://localhost/hook?token=a%20b",
        "https://[::1]:9443",
        "http://hooks.localhost:9000/",
        "http://127.1:9000/",
        "http://0.0.0.0:9000/",
    ],
)
def test_a_url_on_this_machine(url: str) -> None:
    assert checked("--forward-to", url) == url


@pytest.mark.parametrize(
    "url",
    [
        *("", "hook", "127.0.0.1:9000", "ftp://127.0.0.1/", "http://", "http:///hook"),
        *("http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://127.0.0.1:x/"),
        *("http://127.0.0.1/a b", "http://127.0.0.1/a\r\nb", "http://127.0.0.1/#a"),
        *("http://127.0.0.1/\u00e9", "http://[::1", "http://127.0.0.1/" + "a" * 2_000),
    ],
)
def test_a_url_that_cannot_be_called(url: str) -> None:
    with pytest.raises(InvalidInput, match=r"^--forward-to: .* is not a valid URL; use one such"):
        checked("--forward-to", url)


def test_a_password_in_a_url_is_refused_and_not_shown() -> None:
    with pytest.raises(InvalidInput) as refused:
        checked("--deliver", "http://me:geheim@127.0.0.1/")

    assert str(refused.value).startswith("--deliver: 'http://***@127.0.0.1/' is not a valid URL")


@pytest.mark.parametrize(
    "host", ["example.com", "192.0.2.1", "localhost.example.com", "100.100.100.200"]
)
def test_another_machine_must_be_allowed(host: str) -> None:
    url = f"https://{host}/hook"
    with pytest.raises(InvalidInput) as refused:
        checked("--forward-to", url)

    assert str(refused.value) == (
        f"--forward-to: {host} is not this machine; to send events there, add --allow-delivery "
        f"{host}"
    )
    assert checked("--forward-to", url, [host.upper()]) == url


@pytest.mark.parametrize(
    ("url", "port"), [("http://127.0.0.1:8086/x", 8086), ("http://localhost/", 80)]
)
def test_the_port_of_the_fake_is_no_target(url: str, port: int) -> None:
    with pytest.raises(InvalidInput, match=f"port {port} is the fake's own; give the address of"):
        checked("--deliver", url, (), port)


def test_hosts_are_names_or_addresses_each_once() -> None:
    assert check_hosts("--allow-delivery", ["a.example.com", "::1", "a.example.com"]) == (
        "a.example.com",
        "::1",
    )


@pytest.mark.parametrize("host", ["", "http://a", "a:80", "a/b", "-a", "a..b"])
def test_what_is_no_host(host: str) -> None:
    with pytest.raises(
        InvalidInput, match=r"^--allow-delivery: .* is not a valid host; use a name"
    ):
        check_hosts("--allow-delivery", [host])


def test_an_at_sign_after_the_host_is_no_user() -> None:
    url = "http://127.0.0.1:9000/hook?to=a@b.example"
    assert checked("--forward-to", url) == url


def test_a_password_in_an_address_that_is_not_valid_is_not_shown() -> None:
    with pytest.raises(InvalidInput) as raised:
        checked("--forward-to", "http://someone:s3cret/x@127.0.0.1/hook")
    assert "s3cret" not in str(raised.value)
