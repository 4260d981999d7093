"""Generators of requests that a client should not send, for the fuzz of the fake.

Each kind of input that once broke the fake has its generator or its word here.
"""

import json
from base64 import urlsafe_b64encode
from dataclasses import fields
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

from simevents.fake.protocol import dispatch  # noqa: F401 - registers the actions
from simevents.fake.protocol.registry import ACTIONS
from simevents.fake.state.switches import Switches
from tests.fake.requests import signed

TOKENS = ["1 " + "9" * 5000, "1_0 1", "\uff11 1", "nan 1", "1e999 1", "-1e-3 x", "1 \uff11", "0 0"]

WORDS = [
    *("", "0", "-1", "1", "101", "99999999999999999999", "1e999", "nan", "true", "maybe", "\x00"),
    *("i-1", "e-1", "cn-hangzhou", "[]", '["i-1"]', "[" * 3000, "{}", "null", "\ud7ff\U0010ffff"),
    *("2026-01-01T00:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59Z", "SystemFailure.Stop"),
    *("10.0.0.0/8", "Running", "instance", "Scheduled", "MTAw", "bmFuIDE=", "%s", "' OR 1=1 --"),
    *("1_0", "\uff11\uff10", " 1", "+1", "9" * 5000, '["\\ud800"]', "[" + "9" * 5000 + "]"),
    *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-W01-1", "\uff12026"),
    *(urlsafe_b64encode(text.encode()).decode() for text in TOKENS),
    *("<&>", "x" * 5000, "\N{ARABIC-INDIC DIGIT THREE}", "acs:ram::1000000000000001:role/a"),
]


HEADERS = [
    *(b"Host", b"Accept", b"Authorization", b"Content-Type", b"x-acs-action", b"x-acs-version"),
    *(b"x-acs-date", b"x-acs-signature-nonce", b"x-acs-security-token", b"X-\xc3\xa9"),
]
V3_HEAD = (
    b"x-acs-version: 2014-05-26\r\nx-acs-date: 2026-01-01T00:00:00Z\r\nx-acs-signature-nonce: 1\r\n"
)


def signed_request(random: Random) -> bytes:
    """A random request with a valid signature, so that its content is examined."""
    (version, _), action = random.choice(list(ACTIONS.items()))
    names = sorted(action.documented | {"Colour"})
    parameters = {}
    for name in random.choices(names, k=random.randrange(8)):
        head, dot, tail = name.partition(".")
        position = random.choice(["1", "0", "7", "999999999", "1" * 30, "x"])
        spelled = random.choice([name, f"{head}.{position}{dot}{tail}"])
        parameters[spelled] = random.choice(WORDS)
    if random.random() < 0.02:
        name = random.choice(["Tag.{}.Key", "InstanceId.{}", "EventId.{}", "X.{}"])
        parameters |= {name.format(n): f"{n}" for n in range(random.choice([30, 300, 1_900]))}
    if random.random() < 0.9:
        parameters["RegionId"] = "cn-hangzhou"
    query = signed(
        "POST",
        Action=action.name,
        Format=random.choice(["JSON", "XML"]),
        Version=version,
        SignatureNonce=str(random.random()),
        **parameters,
    )
    body = urlencode(query).encode()
    head_lines = (
        b"POST / HTTP/1.1\r\nHost: fuzz\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    )
    if random.random() < 0.1:
        head_lines += b"Connection: Upgrade\r\nUpgrade: %s\r\n" % random.choice(
            [b"h2c", b"websocket"]
        )
    if random.random() < 0.3:
        size = random.randrange(1, 40)
        chunks = [body[start : start + size] for start in range(0, len(body), size)]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
        return head_lines + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
    return head_lines + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def unsigned_bytes(random: Random) -> bytes:
    """Random bytes instead of a request; the connection ends after them."""
    noise = random.randbytes(random.randrange(60))
    header = noise.translate(None, b"\r\n\0")
    path = quote_from_bytes(noise).encode()
    return random.choice(
        [
            b"GET /?%s HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\n\r\n" % path,
            b"GET /%s HTTP/1.0\r\n\r\n" % path,
            b"%s / HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\n\r\n"
            % random.choice([b"PUT", b"DELETE", b"HEAD", b"OPTIONS", b"BREW"]),
            b"POST / HTTP/1.1\r\nHost: fuzz\r\nAuthorization: ACS3-HMAC-SHA256 %s\r\n"
            b"Content-Length: 0\r\nConnection: close\r\n\r\n" % path,
            b"POST /_fake/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n"
            b"Connection: close\r\n\r\n[]" % path,
            b"POST /_fake/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
            b"Connection: close\r\n\r\n%s" % (len(noise), noise),
            noise + b"\r\n\r\n",
            b"POST / HTTP/1.1\r\n%s: %s\r\nConnection: close\r\n%sContent-Length: 0\r\n\r\n"
            % (random.choice(HEADERS), header, V3_HEAD),
            b"POST / HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\nContent-Length: 0\r\n"
            b"Authorization: ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%s\r\n"
            b"x-acs-action: %s\r\n%s\r\n"
            % (*(random.choice([b"testid", b"STS.x", header]) for _ in range(4)), V3_HEAD),
            b"GET /x?Action=%s HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\n\r\n"
            % (path * random.choice([1, 100, 1_000])),
        ]
    )


FIELDS = {
    "instances": ["instance_ids", "count", "region"],
    "events": [
        *("instance_ids", "event_type", "not_before", "status", "simulated", "reason", "region"),
        *("publish_time", "finish_time", "reason_code", "impact_level", "extended_attribute"),
    ],
    "clock": ["advance", "set", "rate", "freeze"],
    "faults": [
        *("action", "error", "cut", "timeout", "garbage", "partial", "latency", "probability"),
        *("visibility_delay", "skip", "seed"),
    ],
    "switches": [field.name for field in fields(Switches)],
    "throttle": ["*", "DescribeInstances", "Nonsense"],
    "account": ["id"],
    "reset": [],
}
CONTROL_ROUTES = [*FIELDS, "health", "actions", "calls"]

_NUMBERS = ["0", "-1", "1", "1.5", "1e400", "9" * 5000, str(2**64), "-0", "1e-400", "true", "null"]
_OTHERS = [
    *('""', '"\\ud800"', '"\\u0000"', "[]", "{}", '["i-1"]', '["i-1", 1]', '{"a b<": [1]}'),
    *('"2099-01-01T00:00:00Z"', '"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"1h"'),
    *('"SystemMaintenance.Reboot"', '"Executed"', '"cn-hangzhou"', '"*"', '"accept"', '"9999999d"'),
    *('"before"', '"Throttling"', '"iso8601"', f'"{"x" * 3000}"', "NaN", "[1", '"\xff"'),
    *('{"a":' * depth + "1" + "}" * depth for depth in (30, 40, 300, 1100)),
]


def control_request(random: Random) -> bytes:
    """A random control request, with known and unknown fields and any values."""
    route = random.choice([*FIELDS])
    names = [*FIELDS[route], "colour"]
    parts = {
        name: random.choice(_NUMBERS if random.random() < 0.4 else _OTHERS)
        for name in random.choices(names, k=random.randrange(5))
    }
    if route == "events" and random.random() < 0.8:
        valid: dict[str, Any] = {
            "instance_ids": ["i-1"],
            "event_type": "SystemMaintenance.Reboot",
            "not_before": "2099-01-01T00:00:00Z",
        }
        parts = {name: json.dumps(value) for name, value in valid.items()} | parts
    if route == "faults":
        # A fault that works would answer with the errors that this test looks for.
        parts["times"] = "0"
    if route == "throttle":
        parts = {name: value for name, value in parts.items() if value not in ("0", "1")}
    body = ("{" + ", ".join(f'"{name}": {value}' for name, value in parts.items()) + "}").encode(
        "latin-1"
    )
    body = random.choice([body] * 8 + [b"\xef\xbb\xbf" + body, random.randbytes(20)])
    method = b"POST" if random.random() < 0.9 else b"GET"
    head = b"%s /_fake/%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    return head % (method, route.encode(), len(body)) + body


def in_segments(random: Random, request: bytes) -> list[bytes]:
    """*request*, most often whole, sometimes cut at up to three places."""
    if random.random() < 0.8:
        return [request]
    cuts = sorted(random.choices(range(len(request) + 1), k=3))
    parts = zip([0, *cuts], [*cuts, len(request)], strict=True)
    return [request[start:end] for start, end in parts if start < end]
