"""The private parts of libraries that this project uses are still where it expects them.

`tools/canary.py` runs this with the lowest and with the newest version that pyproject.toml allows.
A failure here names the library that changed; the bound in pyproject.toml is then lowered or
the code adapted.
"""

import inspect

from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.vendored.requests.packages.urllib3 import connectionpool, poolmanager
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


def test_the_vendors_client_has_the_method_that_returns_headers() -> None:
    entry = inspect.signature(AcsClient._implementation_of_do_action)

    assert list(entry.parameters)[:2] == ["self", "request"]


def test_the_vendors_client_makes_errors_of_answers_where_ours_does_not() -> None:
    made = inspect.signature(AcsClient._get_server_exception)

    assert len(made.parameters) == 5
    assert "_get_server_exception" in AcsClient._handle_single_request.__code__.co_names


def test_the_vendors_client_resolves_endpoints_where_the_redirect_patches_it() -> None:
    assert list(inspect.signature(AcsClient._resolve_endpoint).parameters) == ["self", "request"]


def test_the_vendors_connection_pools_name_their_connection_classes() -> None:
    assert connectionpool.HTTPConnectionPool.ConnectionCls.__name__ == "HTTPConnection"
    assert connectionpool.HTTPSConnectionPool.ConnectionCls.__name__ == "VerifiedHTTPSConnection"


def test_uvicorns_protocol_has_the_callbacks_that_are_extended() -> None:
    names = ("connection_made", "connection_lost", "data_received", "_unset_keepalive_if_required")
    parsed = ("on_message_begin", "on_headers_complete", "on_message_complete")

    assert {name: callable(getattr(HttpToolsProtocol, name, None)) for name in names + parsed} == (
        dict.fromkeys(names + parsed, True)
    )


def test_the_vendors_connection_pools_have_the_steps_that_are_bounded() -> None:
    send = connectionpool.HTTPConnectionPool._make_request
    tunnel = connectionpool.HTTPSConnectionPool._prepare_proxy

    assert list(inspect.signature(send).parameters)[:5] == [
        *("self", "conn", "method", "url", "timeout")
    ]
    assert list(inspect.signature(tunnel).parameters) == ["self", "conn"]
    assert set(poolmanager.PoolManager().pool_classes_by_scheme) == {"http", "https"}
