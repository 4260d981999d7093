"""Signed calls of the data plane, made without a client of the vendor's."""

import base64
import hashlib
import hmac
from email.utils import formatdate
from typing import Any
from xml.etree import ElementTree

import httpx

from simevents.fake.protocol.wire import Request

START = '<?xml version="1.0" encoding="utf-8"?>'


def xml(root: str, content: str) -> str:
    return f'{START}<{root} xmlns="http://mns.aliyuncs.com/doc/v1/">{content}</{root}>'


def message(body: str, more: str = "") -> str:
    return xml("Message", f"<MessageBody>{body}</MessageBody>{more}")


def signed_headers(
    method: str,
    target: str,
    body: bytes = b"",
    *,
    secret: str = "testsecret",
    **headers: str,
) -> dict[str, str]:
    """The headers of a call; *headers* replace those that it would have, or add some."""
    whole = {"x-mns-version": "2015-06-06", "date": formatdate(usegmt=True)}
    if body:
        digest = hashlib.md5(body).hexdigest()
        whole["content-md5"] = base64.b64encode(digest.encode()).decode()
        whole["content-type"] = "text/xml;charset=UTF-8"
    whole |= {name.replace("_", "-"): value for name, value in headers.items()}
    parts = [method, *(whole.get(name, "") for name in ("content-md5", "content-type", "date"))]
    parts += [f"{name}:{whole[name]}" for name in sorted(whole) if name.startswith("x-mns-")]
    mac = hmac.digest(secret.encode(), "\n".join([*parts, target]).encode(), "sha1")
    return {"authorization": f"MNS testid:{base64.b64encode(mac).decode()}"} | whole


def request(method: str, target: str, body: str = "", **headers: str) -> Request:
    """A signed call for the service itself, without HTTP."""
    path, _, query = target.partition("?")
    content = body.encode()
    return Request(
        method,
        path,
        query.encode(),
        signed_headers(method, target, content, **headers),
        content,
        path.encode(),
    )


def call(url: str, method: str, target: str, body: str = "", **headers: str) -> httpx.Response:
    content = body.encode()
    signed = signed_headers(method, target, content, **headers)
    return httpx.request(method, f"{url}{target}", content=content, headers=signed)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error."""
    code = ElementTree.fromstring(answer.content).find("{http://mns.aliyuncs.com/doc/v1}Code")
    assert code is not None
    return answer.status_code, str(code.text)


def members_of(content: bytes) -> dict[str, Any]:
    """The texts of an answer by name, nested ones as lists of such."""
    return _members(ElementTree.fromstring(content))


def _members(element: ElementTree.Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        name = child.tag.rpartition("}")[2]
        if len(child):
            found.setdefault(name, []).append(_members(child))
        else:
            found[name] = child.text or ""
    return found
