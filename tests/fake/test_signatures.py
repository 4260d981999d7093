"""The vendor's test vectors, and the error for each invalid signature."""

from datetime import UTC, datetime

import pytest

from simevents.fake.protocol.api_errors import ApiError
from simevents.fake.protocol.signatures import Verifier
from simevents.fake.state.access_keys import AccessKey

NONCE = "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"
SIGNED_AT = "2026-01-02T03:04:05Z"
WALL = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()

BUSINESS = {
    "RegionId": "cn-hangzhou",
    "EventType": "SystemMaintenance.Reboot",
    "NotBefore": "2026-01-02T04:00:00Z",
    "InstanceId.1": "i-1",
    "InstanceId.2": "i-2",
}
COMMON = {
    "AccessKeyId": "testid",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureVersion": "1.0",
    "Version": "2014-05-26",
    "SignatureNonce": NONCE,
}
DESCRIBE_REGIONS = COMMON | {
    "Action": "DescribeRegions",
    "Format": "XML",
    "Timestamp": "2016-02-23T12:46:24Z",
    "Signature": "OLeaidS1JvxuMvnyHOwuJ+uX5qY=",
}
CREATE = (
    COMMON
    | BUSINESS
    | {
        "Action": "CreateSimulatedSystemEvents",
        "Format": "JSON",
        "SignatureType": "",
        "Timestamp": SIGNED_AT,
        "Signature": "2iDc5+ym55CwlJXdI4l9bFn9w9c=",
    }
)
V3_HEADERS = {
    "host": "ecs.cn-hangzhou.aliyuncs.com",
    "x-acs-action": "CreateSimulatedSystemEvents",
    "x-acs-version": "2014-05-26",
    "x-acs-date": SIGNED_AT,
    "x-acs-signature-nonce": NONCE,
    "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "authorization": "ACS3-HMAC-SHA256 Credential=testid,SignedHeaders=host;x-acs-action;"
    "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature="
    "3fbfee2da633466b7465edeb85035320d3a902abd8da6b5dad57c8515920eb69",
}


@pytest.fixture
def verifier() -> Verifier:
    return Verifier({"testid": AccessKey("testid", "testsecret")}.get)


def verify_v3(verifier: Verifier, headers: dict[str, str], wall: float = WALL) -> None:
    verifier.verify_headers("POST", "/", BUSINESS, headers, b"", wall)


def test_the_example_of_the_documentation(verifier: Verifier) -> None:
    wall = datetime(2016, 2, 23, 12, 46, 24, tzinfo=UTC).timestamp()
    verifier.verify_query("GET", DESCRIBE_REGIONS, wall)


def test_the_vector_of_create_signed_in_the_query(verifier: Verifier) -> None:
    verifier.verify_query("POST", CREATE, WALL)


def test_the_vector_of_create_signed_in_headers(verifier: Verifier) -> None:
    verify_v3(verifier, V3_HEADERS)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"AccessKeyId": "nobody"}, "InvalidAccessKeyId.NotFound"),
        ({"AccessKeyId": ""}, "MissingAccessKeyId"),
        ({"Signature": ""}, "MissingSignature"),
        ({"SignatureNonce": ""}, "MissingSignatureNonce"),
        ({"Timestamp": ""}, "MissingTimestamp"),
        ({"Timestamp": "yesterday"}, "InvalidTimeStamp.Format"),
        ({"Timestamp": "2026-01-02T02:00:00Z"}, "InvalidTimeStamp.Expired"),
        ({"Signature": "AAAA"}, "SignatureDoesNotMatch"),
        ({"InstanceId.2": "i-3"}, "SignatureDoesNotMatch"),
        ({"SignatureMethod": "ROT13"}, "IncompleteSignature"),
    ],
)
def test_an_invalid_query_signature_is_refused(
    verifier: Verifier, change: dict[str, str], expected: str
) -> None:
    with pytest.raises(ApiError) as caught:
        verifier.verify_query("POST", CREATE | change, WALL)

    assert caught.value.code == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"authorization": "ACS3-HMAC-SHA256 Credential=testid"}, "IncompleteSignature"),
        ({"x-acs-date": "yesterday"}, "InvalidTimeStamp.Format"),
        ({"x-acs-signature-nonce": ""}, "MissingSignatureNonce"),
        ({"x-acs-content-sha256": "00"}, "IncompleteSignature"),
        ({"x-acs-action": "CancelSimulatedSystemEvents"}, "SignatureDoesNotMatch"),
    ],
)
def test_an_invalid_header_signature_is_refused(
    verifier: Verifier, change: dict[str, str], expected: str
) -> None:
    with pytest.raises(ApiError) as caught:
        verify_v3(verifier, V3_HEADERS | change)

    assert caught.value.code == expected


def test_a_nonce_is_accepted_only_once(verifier: Verifier) -> None:
    verifier.verify_query("POST", CREATE, WALL)
    with pytest.raises(ApiError) as caught:
        verifier.verify_query("POST", CREATE, WALL)

    assert caught.value.code == "SignatureNonceUsed"


def test_a_mismatch_error_has_the_signed_text_after_a_colon(verifier: Verifier) -> None:
    with pytest.raises(ApiError) as caught:
        verifier.verify_query("POST", CREATE | {"Signature": "AAAA"}, WALL)

    # The vendor's older SDK splits the text at its first colon and fails without one.
    assert caught.value.text.split(":")[1].startswith("POST&%2F&AccessKeyId%3Dtestid")
