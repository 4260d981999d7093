"""The vendor's Python SDKs behind one interface: by action and API parameter names.

`call("DescribeInstanceHistoryEvents", EventId=["e-1"], **{"NotBefore.Start": …})`
returns the body of the answer and raises Refused with the code and status of an error.
"""

import asyncio
import importlib
import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from darabonba.exceptions import ResponseException

from simevents.models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET


class Refused(Exception):
    """The cloud refused a call."""

    def __init__(self, code: str, status: int, message: str) -> None:
        self.code = code
        self.status = status
        super().__init__(f"{code} ({status}): {message}")


class VendorClient(Protocol):
    def call(self, action: str, **parameters: Any) -> dict[str, Any]: ...

    def close(self) -> None: ...


class OlderSdk:
    """aliyun-python-sdk-ecs, with the request classes that users write."""

    requests = "aliyunsdkecs.request.v20140526"

    def __init__(
        self,
        region: str,
        url: str,
        key_id: str = FAKE_ACCESS_KEY_ID,
        secret: str = FAKE_ACCESS_KEY_SECRET,
        token: str | None = None,
    ) -> None:
        credential = StsTokenCredential(key_id, secret, token) if token else None
        self._client = AcsClient(key_id, secret, region, auto_retry=False, credential=credential)
        self._scheme, _, self._host = url.partition("://")

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        module = importlib.import_module(f"{self.requests}.{action}Request")
        request = getattr(module, f"{action}Request")()
        request.set_endpoint(self._host)
        request.set_protocol_type(self._scheme)
        request.set_accept_format("json")
        for name, value in parameters.items():
            setter = f"set_{name.replace('.', '')}"
            if isinstance(value, list):
                setter = setter if hasattr(request, setter) else f"{setter}s"
            getattr(request, setter)(value)
        try:
            body: dict[str, Any] = json.loads(self._client.do_action_with_exception(request))
        except ServerException as refused:
            raise Refused(
                refused.get_error_code(), refused.get_http_status(), refused.get_error_msg()
            ) from None
        return body

    def close(self) -> None:
        self._client.session.close()


class NewerSdk:
    """alibabacloud_ecs20140526, called as a function that blocks."""

    package = "alibabacloud_ecs20140526"

    def __init__(
        self,
        region: str,
        url: str,
        key_id: str = FAKE_ACCESS_KEY_ID,
        secret: str = FAKE_ACCESS_KEY_SECRET,
        token: str | None = None,
    ) -> None:
        self._region = region
        scheme, _, host = url.partition("://")
        config = Config(
            access_key_id=key_id,
            access_key_secret=secret,
            security_token=token,
            endpoint=host,
            protocol=scheme,
            region_id=region,
        )
        self._models = importlib.import_module(f"{self.package}.models")
        self._client = importlib.import_module(f"{self.package}.client").Client(config)

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        nested: dict[str, Any] = {"RegionId": self._region}
        for name, value in parameters.items():
            outer, _, inner = name.partition(".")
            if inner:
                nested.setdefault(outer, {})[inner] = value
            else:
                nested[name] = value
        request = getattr(self._models, f"{action}Request")().from_map(nested)
        try:
            answer = self._answer(re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower(), request)
        except ResponseException as refused:
            raise Refused(refused.code, refused.status_code, refused.message) from None
        body: dict[str, Any] = answer.body.to_map()
        return body

    def _answer(self, method: str, request: Any) -> Any:
        return getattr(self._client, method)(request)

    def close(self) -> None:
        pass


class NewerSdkAsync(NewerSdk):
    """alibabacloud_ecs20140526, called as a coroutine."""

    def _answer(self, method: str, request: Any) -> Any:
        return asyncio.run(getattr(self._client, f"{method}_async")(request))


CLIENTS: dict[str, Callable[..., VendorClient]] = {
    "older": OlderSdk,
    "newer": NewerSdk,
    "newer-async": NewerSdkAsync,
}


class OlderCms(OlderSdk):
    requests = "aliyunsdkcms.request.v20190101"


class NewerCms(NewerSdk):
    package = "alibabacloud_cms20190101"


class OlderMnsOpen(OlderSdk):
    requests = "aliyunsdkmns_open.request.v20220119"


class NewerMnsOpen(NewerSdk):
    package = "alibabacloud_mns_open20220119"


class OlderEventBridge(OlderSdk):
    """It has no PutEvents."""

    requests = "aliyunsdkeventbridge.request.v20200401"


class NewerEventBridge(NewerSdk):
    package = "alibabacloud_eventbridge20200401"


GENERATIONS: dict[str, dict[str, Callable[..., VendorClient]]] = {
    "older": {
        "ecs": OlderSdk,
        "metrics": OlderCms,
        "mns-open": OlderMnsOpen,
        "eventbridge-console": OlderEventBridge,
    },
    "newer": {
        "ecs": NewerSdk,
        "metrics": NewerCms,
        "mns-open": NewerMnsOpen,
        "eventbridge-console": NewerEventBridge,
    },
}
"""The clients of each generation by the first part of the product's host."""


def code_of(call: Callable[[], object]) -> tuple[str, int]:
    """The code and the HTTP status with which *call* is refused."""
    try:
        call()
    except Refused as refused:
        return refused.code, refused.status
    raise AssertionError("it was not refused")
