"""The vendor's two SDKs for EventBridge behind one interface: by action and parameter names.

Nested values are given as the API has them; each SDK writes them in its own way.
"""

import importlib
import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from alibabacloud_eventbridge20200401 import models
from alibabacloud_eventbridge20200401.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.client import AcsClient

from simevents.models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from tests.conftest import REGION


class BusClient(Protocol):
    def __call__(self, action: str, **parameters: Any) -> dict[str, Any]: ...


class Newer:
    """alibabacloud_eventbridge20200401."""

    def __init__(self, url: str) -> None:
        config = Config(
            access_key_id=FAKE_ACCESS_KEY_ID,
            access_key_secret=FAKE_ACCESS_KEY_SECRET,
            endpoint=url.partition("://")[2],
            protocol="http",
            region_id=REGION,
        )
        self._client = Client(config)

    def __call__(self, action: str, **parameters: Any) -> dict[str, Any]:
        request = getattr(models, f"{action}Request")().from_map(parameters)
        method = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
        body: dict[str, Any] = getattr(self._client, method)(request).body.to_map()
        return body


class Older:
    """aliyun-python-sdk-eventbridge; it has no PutEvents."""

    def __init__(self, url: str) -> None:
        self._client = AcsClient(
            FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET, REGION, auto_retry=False
        )
        self._host = url.partition("://")[2]

    def __call__(self, action: str, **parameters: Any) -> dict[str, Any]:
        module = importlib.import_module(f"aliyunsdkeventbridge.request.v20200401.{action}Request")
        request = getattr(module, f"{action}Request")()
        request.set_endpoint(self._host)
        request.set_protocol_type("http")
        request.set_accept_format("json")
        for name, value in parameters.items():
            getattr(request, f"set_{name}")(value)
        body: dict[str, Any] = json.loads(self._client.do_action_with_exception(request))
        return body


CLIENTS: dict[str, Callable[[str], BusClient]] = {"newer": Newer, "older": Older}
