"""The vendor's search for credentials, and its loggers, which write requests with signatures."""

import logging
from pathlib import Path

import pytest
from alibabacloud_credentials import models
from alibabacloud_credentials.client import Client

from simevents.api.sdk import _silence, default_chain
from simevents.settings import Credentials


def found(key_id: str, secret: str, token: str) -> models.CredentialModel:
    return models.CredentialModel(
        access_key_id=key_id, access_key_secret=secret, security_token=token
    )


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (found("id", "secret", ""), Credentials("id", "secret", None)),
        (found("id", "secret", "token"), Credentials("id", "secret", "token")),
        (found("", "secret", "token"), None),
        (found("id", "", "token"), None),
    ],
)
def test_the_vendors_chain_finds_a_whole_key_or_none(
    credential: models.CredentialModel,
    expected: Credentials | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The library reads the environment once, when it is imported.
    monkeypatch.setattr(Client, "get_credential", lambda _: credential)

    assert default_chain() == expected


def test_a_chain_that_finds_nothing_is_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert default_chain() is None


def test_only_the_vendors_loggers_are_silenced() -> None:
    ours = logging.getLogger("simevents.test_vendor_chain")
    before = (ours.level, ours.propagate, list(ours.handlers))
    vendors = [
        logging.getLogger(name)
        for name in ("aliyunsdkcore.vendor_test", "credentials", "alibabacloud-tea")
    ]
    for logger in vendors:
        logger.handlers, logger.propagate, logger.level = [logging.StreamHandler()], True, 0
    _silence()

    assert (ours.level, ours.propagate, ours.handlers) == before
    assert [(each.level, each.propagate) for each in vendors] == [(logging.CRITICAL + 1, False)] * 3
    assert [[type(h) for h in each.handlers] for each in vendors] == [[logging.NullHandler]] * 3


def test_the_chain_silences_what_it_has_imported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    logger = logging.getLogger("credentials.made_later")
    assert default_chain() is None

    assert (logger.level, logger.propagate) == (logging.CRITICAL + 1, False)
