"""Ways out of a process, each a function that tries one; `world` has the hosts that they try.

Each way must arrive when nothing guards the process, else it would prove nothing.
"""

import _socket
import asyncio
import concurrent.futures
import ftplib
import http.client
import http.server
import multiprocessing
import os
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
import xmlrpc.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import aiohttp
import httpcore
import httpx
import requests
import urllib3
import uvloop
from aiohttp.abc import AbstractResolver
from alibabacloud_cms20190101 import models as cms
from alibabacloud_cms20190101.client import Client as Cms
from alibabacloud_eventbridge20200401 import models as eventbridge
from alibabacloud_eventbridge20200401.client import Client as EventBridge
from alibabacloud_mns_open20220119 import models as mns_open
from alibabacloud_mns_open20220119.client import Client as MnsOpen
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from mns.account import Account

CLOUD, OTHER, METADATA = "203.0.113.7", "203.0.113.8", "100.100.100.200"
PROXY = "http://proxy.example.com:3128"
HTTP, HTTPS, STATS = (
    "http://ecs.aliyuncs.com/",
    "https://ecs.aliyuncs.com/",
    "http://stats.example.com/",
)

early_getaddrinfo, early_connect = socket.getaddrinfo, socket.create_connection

Way = Callable[[], Any]
WAYS: dict[str, Way] = {}


def way(function: Way) -> Way:
    WAYS[function.__name__] = function
    return function


def add(name: str, function: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    WAYS[name] = partial(function, *arguments, **options)


# urllib and http.client

for name, url in {"http": HTTP, "https": HTTPS, "other": STATS}.items():
    add(f"urllib_{name}", urllib.request.urlopen, url, timeout=3)

add("urllib_metadata", urllib.request.urlopen, f"http://{METADATA}/latest/meta-data/", timeout=3)


def opened(url: str, proxies: dict[str, str]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
    opener.open(url, timeout=3)


add("urllib_without_proxies", opened, HTTP, {})
add("urllib_proxy_http", opened, HTTP, {"http": PROXY})
add("urllib_proxy_https", opened, HTTPS, {"https": PROXY})
add("urllib_proxy_other", opened, STATS, {"http": PROXY})


def requested(host: str) -> None:
    http.client.HTTPConnection(host, timeout=3).request("GET", "/")


add("http_client", requested, "ecs.aliyuncs.com")
add("http_client_other", requested, "stats.example.com")


@way
def http_client_tunnel() -> None:
    connection = http.client.HTTPSConnection("proxy.example.com", 3128, timeout=3)
    connection.set_tunnel("ecs.aliyuncs.com", 443)
    connection.request("GET", "/")


@way
def http_client_absolute() -> None:
    http.client.HTTPConnection("proxy.example.com", 3128, timeout=3).request("GET", HTTP)


@contextmanager
def neighbour(target: str) -> Iterator[str]:
    """A server of this machine that redirects to *target*."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", target)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@way
def urllib_redirect() -> None:
    with neighbour(HTTP) as url:
        opened(url, {})


@way
def requests_redirect() -> None:
    with neighbour(HTTP) as url:
        requests.get(url, timeout=3)


# requests, urllib3, httpx, httpcore

for name, url in {"http": HTTP, "https": HTTPS, "other": STATS}.items():
    add(f"requests_{name}", requests.get, url, timeout=3)
    add(f"requests_proxy_{name}", requests.get, url, proxies={"all": PROXY}, timeout=3)
    add(f"urllib3_{name}", urllib3.PoolManager(timeout=3, retries=False).request, "GET", url)
    add(
        f"urllib3_proxy_{name}",
        urllib3.ProxyManager(PROXY, timeout=3, retries=False).request,
        "GET",
        url,
    )
    add(f"httpx_{name}", httpx.get, url, timeout=3)
    add(f"httpx_proxy_{name}", httpx.get, url, proxy=PROXY, timeout=3)
    add(f"httpx_untrusting_{name}", httpx.get, url, trust_env=False, timeout=3)


def by_httpcore(url: str, **options: Any) -> None:
    with httpcore.ConnectionPool(**options) as pool:
        pool.request("GET", url, extensions={"timeout": {"read": 3, "connect": 3}})


add("httpcore_http", by_httpcore, HTTP)
add("httpcore_https", by_httpcore, HTTPS)
add("httpcore_proxy", by_httpcore, HTTP, proxy=httpcore.Proxy(PROXY))
add("httpcore_proxy_https", by_httpcore, HTTPS, proxy=httpcore.Proxy(PROXY))
add("httpcore_address", by_httpcore, f"http://{CLOUD}/")


@way
def requests_untrusting() -> None:
    with requests.Session() as session:
        session.trust_env = False
        session.get(HTTP, timeout=3)


# Coroutines, each on asyncio's loop and on uvloop.


async def httpx_async(url: str = HTTP, **options: Any) -> None:
    async with httpx.AsyncClient(**options) as client:
        await client.get(url, timeout=3)


async def httpcore_async() -> None:
    async with httpcore.AsyncConnectionPool() as pool:
        await pool.request("GET", HTTP, extensions={"timeout": {"read": 3, "connect": 3}})


async def aiohttp_get(url: str = HTTP, **options: Any) -> None:
    limit = aiohttp.ClientTimeout(3)
    async with aiohttp.ClientSession(timeout=limit) as session:
        await session.get(url, **options)


async def aiohttp_base_url() -> None:
    async with aiohttp.ClientSession(HTTP, timeout=aiohttp.ClientTimeout(3)) as session:
        await session.get("/", proxy=PROXY)


class OwnResolver(AbstractResolver):
    """Resolves every name to the cloud without asking anybody."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
        return [
            {"hostname": host, "host": CLOUD, "port": port, "family": 2, "proto": 0, "flags": 0}
        ]

    async def close(self) -> None:
        pass


async def aiohttp_resolver() -> None:
    connector = aiohttp.TCPConnector(resolver=OwnResolver())
    limit = aiohttp.ClientTimeout(3)
    async with aiohttp.ClientSession(connector=connector, timeout=limit) as session:
        await session.get("http://a.name.of.nobody/")


async def streams(host: str) -> None:
    _, writer = await asyncio.open_connection(host, 80)
    writer.close()


async def sock_connect() -> None:
    with socket.socket() as connection:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (CLOUD, 80))


async def datagram_endpoint() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, remote_addr=(OTHER, 53)
    )
    transport.sendto(b"x")
    transport.close()


async def resolve() -> None:
    await asyncio.get_running_loop().getaddrinfo("nobody.example.com", 80)


async def in_thread() -> None:
    await asyncio.to_thread(urllib.request.urlopen, HTTP, timeout=3)


async def in_executor() -> None:
    await asyncio.get_running_loop().run_in_executor(None, opened, HTTP, {})


def on_asyncio(coroutine: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    asyncio.run(coroutine(*arguments, **options))


def on_uvloop(coroutine: Callable[..., Any], *arguments: Any, **options: Any) -> None:
    uvloop.run(coroutine(*arguments, **options))


for loop in (on_asyncio, on_uvloop):
    for coroutine in (
        *(httpx_async, httpcore_async, aiohttp_get, aiohttp_base_url, aiohttp_resolver),
        *(sock_connect, datagram_endpoint, resolve, in_thread, in_executor),
    ):
        add(f"{coroutine.__name__}_{loop.__name__}", loop, coroutine)
    add(f"httpx_async_proxy_{loop.__name__}", loop, httpx_async, HTTPS, proxy=PROXY)
    add(f"aiohttp_proxy_{loop.__name__}", loop, aiohttp_get, HTTPS, proxy=PROXY)
    add(f"aiohttp_other_{loop.__name__}", loop, aiohttp_get, STATS)
    for name, host in {"name": "ecs.aliyuncs.com", "address": CLOUD, "metadata": METADATA}.items():
        add(f"streams_{name}_{loop.__name__}", loop, streams, host)


@way
def datagram_without_peer() -> None:
    async def send() -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("0.0.0.0", 0)
        )
        try:
            transport.sendto(b"x", (OTHER, 53))
        finally:
            transport.close()

    asyncio.run(send())


@way
def aiohttp_redirect() -> None:
    with neighbour(HTTP) as url:
        asyncio.run(aiohttp_get(url))


# Sockets

early_hosts: dict[str, str | bytes] = {
    "address": CLOUD,
    "mapped": f"::ffff:{CLOUD}",
    "mapped_metadata": f"::ffff:{METADATA}",
    "short": "100.100.25800",
    "number": "1684301000",
    "name": "ecs.aliyuncs.com",
    "upper_case": "ECS.ALIYUNCS.COM",
    "dot_at_the_end": "ecs.aliyuncs.com.",
    "full_width": "ecs\uff0ealiyuncs\uff0ecom",
    "hidden_letter": "ecs.ali\u00adyuncs.com",
    "bytes": b"ecs.aliyuncs.com",
    "api_gateway": "cs.alicloudapi.com",
    "function": "handler.fcapp.run",
    "resolver": "dns.alidns.com",
    "other": "stats.example.com",
}
for name, early_host in early_hosts.items():
    add(f"early_connection_{name}", early_connect, (early_host, 80), 3)


def connect(make: Callable[[], Any], host: Any, name: str = "connect") -> None:
    connection = make()
    try:
        getattr(connection, name)((host, 80))
    finally:
        connection.close()


add("socket_connect_name", connect, socket.socket, "ecs.aliyuncs.com")
add("socket_connect_bytes", connect, socket.socket, b"ecs.aliyuncs.com")
add("socket_connect_ex", connect, socket.socket, METADATA, "connect_ex")
add("c_socket", connect, _socket.socket, CLOUD)


@way
def socket_sendto() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.sendto(b"x", (OTHER, 53))


@way
def socket_sendmsg() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.sendmsg([b"x"], [], 0, (METADATA, 80))


WAYS |= {
    "getaddrinfo": partial(early_getaddrinfo, "nobody.example.com", 80),
    "gethostbyname": partial(socket.gethostbyname, "nobody.example.com"),
    "gethostbyname_ex": partial(socket.gethostbyname_ex, "nobody.example.com"),
    "gethostbyaddr": partial(socket.gethostbyaddr, "203.0.113.99"),
    "getnameinfo": partial(socket.getnameinfo, ("203.0.113.99", 80), 0),
    "c_getaddrinfo": partial(_socket.getaddrinfo, "nobody.aliyuncs.com", 80),
}

add("certificate", ssl.get_server_certificate, ("ecs.aliyuncs.com", 443), timeout=3)
add("smtp", smtplib.SMTP, "ecs.aliyuncs.com", 80, timeout=3)
WAYS["ftp"] = lambda: ftplib.FTP(timeout=3).connect("ecs.aliyuncs.com", 80)
WAYS["xmlrpc"] = lambda: xmlrpc.client.ServerProxy(HTTP).ping()


# The vendor's clients, for what the fake does not serve


@way
def older_sdk() -> None:
    request = CommonRequest("ess.aliyuncs.com", "2014-08-28", "DescribeScalingGroups")
    AcsClient("own-key", "own-secret", "cn-hangzhou", timeout=3).do_action_with_exception(request)


# The vendor's clients of the products that deliver events


for host, version, action in (
    ("metrics", "2019-01-01", "DescribeEventRuleList"),
    ("eventbridge-console", "2020-04-01", "ListEventBuses"),
    ("mns-open", "2022-01-19", "ListQueue"),
):

    def older_call(host: str, version: str, action: str) -> None:
        request = CommonRequest(f"{host}.cn-hangzhou.aliyuncs.com", version, action)
        client = AcsClient("own-key", "own-secret", "cn-hangzhou", timeout=3)
        client.do_action_with_exception(request)

    add(f"older_sdk_{host}", older_call, host, version, action)


def own_config(host: str, protocol: str) -> Config:
    return Config(
        *("own-key", "own-secret"),
        endpoint=f"{host}.cn-hangzhou.aliyuncs.com",
        protocol=protocol,
        connect_timeout=3_000,
        read_timeout=3_000,
    )


for protocol in ("http", "https"):
    add(
        f"newer_sdk_metrics_{protocol}",
        lambda protocol: Cms(own_config("metrics", protocol)).describe_event_rule_list(
            cms.DescribeEventRuleListRequest()
        ),
        protocol,
    )
    add(
        f"newer_sdk_eventbridge_{protocol}",
        lambda protocol: EventBridge(own_config("eventbridge-console", protocol)).list_event_buses(
            eventbridge.ListEventBusesRequest()
        ),
        protocol,
    )
    add(
        f"newer_sdk_mns_open_{protocol}",
        lambda protocol: MnsOpen(own_config("mns-open", protocol)).list_queue(
            mns_open.ListQueueRequest()
        ),
        protocol,
    )


def received(protocol: str) -> None:
    host = f"{protocol}://1000000000000001.mns.cn-hangzhou.aliyuncs.com"
    Account(host, "own-key", "own-secret").get_queue("alarms").receive_message(1)


def put_events(protocol: str) -> None:
    """The data plane, as the vendor's client calls it, which cannot be installed here."""
    host = f"{protocol}://1000000000000001.eventbridge.cn-hangzhou.aliyuncs.com"
    headers = {"authorization": "acs:own-key:c2ln", "x-eventbridge-version": "2015-06-06"}
    requests.post(f"{host}/openapi/putEvents", json=[], headers=headers, timeout=3)


for protocol in ("http", "https"):
    add(f"queues_{protocol}", received, protocol)
    add(f"event_bus_{protocol}", put_events, protocol)


# Threads


def joined(thread: threading.Thread) -> None:
    failures: list[BaseException] = []
    threading.excepthook = lambda event: failures.append(event.exc_value or event.exc_type())
    thread.start()
    thread.join()
    threading.excepthook = threading.__excepthook__
    for failure in failures:
        raise failure


@way
def thread() -> None:
    joined(threading.Thread(target=opened, args=(HTTP, {})))


@way
def timer() -> None:
    joined(threading.Timer(0, opened, (HTTP, {})))


@way
def pool_of_threads() -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pool.submit(opened, HTTP, {}).result()


# Processes


def child(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)


OLDER_SDK_WITH_OWN_KEYS = """
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest
request = DescribeInstancesRequest()
request.set_protocol_type("https")
client = AcsClient("own-key", "own-secret", "cn-hangzhou", timeout=3)
client.do_action_with_exception(request)
"""

QUEUES = """
from mns.account import Account
host = "%s://1000000000000001.mns.cn-hangzhou.aliyuncs.com"
Account(host, "own-key", "own-secret").get_queue("alarms").receive_message(1)
"""

for name, code in {
    "queues_http": QUEUES % "http",
    "queues_https": QUEUES % "https",
    "urllib": f"import urllib.request as r; r.urlopen({STATS!r}, timeout=3)",
    "urllib_https": f"import urllib.request as r; r.urlopen({HTTPS!r}, timeout=3)",
    "requests": f"import requests; requests.get({HTTPS!r}, timeout=3)",
    "httpx": f"import httpx; httpx.get({HTTPS!r}, timeout=3)",
    "metadata": f"import urllib.request as r; r.urlopen('http://{METADATA}/', timeout=3)",
    "older_sdk": OLDER_SDK_WITH_OWN_KEYS,
}.items():
    add(f"child_{name}", child, sys.executable, "-W", "ignore", "-c", code)

add("child_curl_https", child, "curl", "-sS", "--max-time", "3", HTTPS)
add("child_curl_other", child, "curl", "-fsS", "--max-time", "3", STATS)
add("child_curl_metadata", child, "curl", "-fsS", "--max-time", "3", f"http://{METADATA}/latest")


def in_process(method: Any) -> None:
    context: Any = multiprocessing.get_context(method)
    process = context.Process(target=urllib.request.urlopen, args=(HTTPS,), kwargs={"timeout": 3})
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError("the child process has failed")


add("multiprocessing_fork", in_process, "fork")
add("multiprocessing_spawn", in_process, "spawn")


@way
def os_fork() -> None:
    pid = os.fork()
    if pid == 0:
        try:
            opened(HTTP, {})
        except BaseException:  # noqa: BLE001 - a forked child must end here
            os._exit(1)
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError("the child process has failed")
