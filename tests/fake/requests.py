"""Signed requests as a client sends them, created without a client."""

import base64
import hmac
import time
import uuid

from simevents.fake.protocol.signatures import canonical_query, encode


def signed(
    method: str, secret: str = "testsecret", digest: str = "sha1", **parameters: str
) -> dict[str, str]:
    """Parameters with a query signature; the default is the published key pair."""
    whole = {
        "AccessKeyId": "testid",
        "Format": "JSON",
        "SignatureMethod": f"HMAC-{digest.upper()}",
        "SignatureNonce": uuid.uuid4().hex,
        "SignatureVersion": "1.0",
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "Version": "2014-05-26",
        **parameters,
    }
    text = f"{method}&%2F&{encode(canonical_query(whole))}"
    mac = hmac.digest(f"{secret}&".encode(), text.encode(), digest)
    return whole | {"Signature": base64.b64encode(mac).decode()}
