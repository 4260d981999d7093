"""The vendor's Python SDKs for CloudMonitor behind one interface, by API parameter names."""

import importlib
import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from alibabacloud_cms20190101 import models
from alibabacloud_cms20190101.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from darabonba.exceptions import ResponseException

from simevents.models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET
from tests.conftest import REGION
from tests.contract.clients import Refused


class Cms(Protocol):
    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """The body of the answer; raises Refused. Lists and objects are those of Python."""
        ...

    def close(self) -> None: ...


class OlderCms:
    """aliyun-python-sdk-cms, with the request classes that users write."""

    def __init__(self, url: str) -> None:
        self._client = AcsClient(
            FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET, REGION, auto_retry=False
        )
        self._scheme, _, self._host = url.partition("://")

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        module = importlib.import_module(f"aliyunsdkcms.request.v20190101.{action}Request")
        request = getattr(module, f"{action}Request")()
        request.set_endpoint(self._host)
        request.set_protocol_type(self._scheme)
        request.set_accept_format("json")
        for name, value in parameters.items():
            getattr(request, f"set_{name}s" if isinstance(value, list) else f"set_{name}")(value)
        try:
            body: dict[str, Any] = json.loads(self._client.do_action_with_exception(request))
        except ServerException as refused:
            raise Refused(
                refused.get_error_code(), refused.get_http_status(), refused.get_error_msg()
            ) from None
        return body

    def close(self) -> None:
        self._client.session.close()


class NewerCms:
    """alibabacloud_cms20190101; what its models do not know is lost on the way."""

    def __init__(self, url: str) -> None:
        scheme, _, host = url.partition("://")
        self._client = Client(
            Config(
                access_key_id=FAKE_ACCESS_KEY_ID,
                access_key_secret=FAKE_ACCESS_KEY_SECRET,
                endpoint=host,
                protocol=scheme,
                region_id=REGION,
            )
        )

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
        try:
            if parameters or hasattr(models, f"{action}Request"):
                request = getattr(models, f"{action}Request")().from_map(parameters)
                answer = getattr(self._client, name)(request)
            else:
                answer = getattr(self._client, name)()
        except ResponseException as refused:
            raise Refused(refused.code, refused.status_code, refused.message) from None
        body: dict[str, Any] = answer.body.to_map()
        return body

    def close(self) -> None:
        pass


CLIENTS: dict[str, Callable[[str], Cms]] = {"older": OlderCms, "newer": NewerCms}
