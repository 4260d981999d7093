"""The fake cloud beside moto_server and a bare application on the same HTTP server.

    apt-get install wrk
    pip install -e .[fake] --group benchmarks
    python benchmarks/fake_server.py

All in one run: DescribeInstances over ten instances on eight connections, every answer
a 200, the fake's requests signed beforehand; the time from the start of the process to
the first answer; events created durably in calls of 100; a describe by id with few and
with many events in the store. Prints a table.
"""

import asyncio
import base64
import hmac
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
from rich.console import Console
from rich.table import Table

REPLAY = Path(__file__).with_name("replay.lua")
INSTANCES = [f"i-bench{number}" for number in range(10)]
SECONDS = 5
REQUESTS = 60_000
# moto_server tells its services apart by what was signed; it checks no signature.
MOTO_HEADERS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/ec2/aws4_request,"
    "SignedHeaders=host,Signature=none"
}
MOTO_QUERY = {"Action": "DescribeInstances", "Version": "2016-11-15"}

BARE = """
import socket, sys, uvicorn
body = sys.stdin.buffer.read()
headers = [(b"content-type", b"application/json;charset=utf-8"),
           (b"content-length", str(len(body)).encode())]
async def app(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
bound = socket.create_server(("127.0.0.1", 0))
bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
print("http://127.0.0.1:%d" % bound.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning", access_log=False,
                              date_header=False, server_header=False)).run(sockets=[bound])
"""


def signed(action: str, **parameters: str) -> str:
    """The query of a request with the published key pair."""
    fields = {
        "AccessKeyId": "testid",
        "Action": action,
        "Format": "JSON",
        "RegionId": "cn-hangzhou",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": uuid.uuid4().hex,
        "SignatureVersion": "1.0",
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "Version": "2014-05-26",
        **parameters,
    }
    query = urlencode(sorted(fields.items()), quote_via=quote, safe="-_.~")
    text = f"GET&%2F&{quote(query, safe='-_.~')}"
    mac = base64.b64encode(hmac.digest(b"testsecret&", text.encode(), "sha1")).decode()
    return f"/?{query}&Signature={quote(mac, safe='')}"


@contextmanager
def process(command: list[str], given: bytes = b"", url: str = "") -> Iterator[tuple[str, float]]:
    """A server as a process: its URL, and when it was started. Ended with the block."""
    started_at = time.perf_counter()
    running = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(given)
    running.stdin.close()
    try:
        yield url or running.stdout.readline().decode().strip(), started_at
    finally:
        running.terminate()
        running.wait()
        running.stdout.close()


def fake(*options: str) -> list[str]:
    instances = [word for id in INSTANCES for word in ("--instance", id)]
    return [sys.executable, "-m", "simevents", "fake", "--port", "0", *instances, *options]


def moto(port: int) -> list[str]:
    return [sys.executable, "-m", "moto.server", "--port", str(port)]


def answered(url: str) -> httpx.Response:
    """The first answer of a server that is just starting."""
    with httpx.Client(trust_env=False) as http:
        while True:
            try:
                return http.get(url)
            except httpx.TransportError:
                time.sleep(0.002)


def load(url: str, requests: Path, headers: dict[str, str] | None = None) -> float:
    """Answers per second; every one must be a 2xx."""
    options = [word for name, text in (headers or {}).items() for word in ("-H", f"{name}: {text}")]
    command = ["wrk", "-t1", "-c8", f"-d{SECONDS}", "-s", str(REPLAY), *options, url]
    command += ["--", str(requests)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"{url} did not answer everything well:\n{told}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert found is not None
    return float(found[1])


def requests_file(folder: Path, lines: list[str]) -> Path:
    path = folder / "requests"
    path.write_text("\n".join(lines) + "\n")
    return path


def first_answer(command: list[str], path: str, url: str = "") -> float:
    with process(command, url=url) as (base, started_at):
        answered(base + path)
        return time.perf_counter() - started_at


def creation(folder: Path, calls: int = 100) -> float:
    """Events per second, made in calls of 100, in a cloud with a data file."""

    async def create(http: httpx.AsyncClient, paths: list[str]) -> None:
        for path in paths:
            (await http.get(path)).raise_for_status()

    instances = [f"i-create{number}" for number in range(100)]
    with process(fake("--data", str(folder / "create.db"))) as (url, _):
        httpx.post(f"{url}/_fake/instances", json={"instance_ids": instances}).raise_for_status()
        lists = {f"InstanceId.{n}": id for n, id in enumerate(instances, 1)}
        paths = [
            url
            + signed(
                "CreateSimulatedSystemEvents",
                EventType="SystemMaintenance.Reboot",
                NotBefore="2099-01-01T00:00:00Z",
                **lists,
            )
            for _ in range(calls)
        ]

        async def everything() -> None:
            async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
                await asyncio.gather(*(create(http, paths[part::4]) for part in range(4)))

        started_at = time.perf_counter()
        asyncio.run(everything())
        return calls * 100 / (time.perf_counter() - started_at)


def describe_by_id(folder: Path, events: int) -> float:
    """Median seconds of a describe by id with so many events in the store."""
    with process(fake("--data", str(folder / f"describe{events}.db"))) as (url, _):
        made: list[dict[str, str]] = []
        for _ in range(events // 100):
            body = {
                "instance_ids": INSTANCES * 10,
                "event_type": "SystemMaintenance.Reboot",
                "not_before": "2099-01-01T00:00:00Z",
                "simulated": True,
            }
            made = httpx.post(f"{url}/_fake/events", json=body, timeout=60).json()
        paths = [
            url
            + signed(
                "DescribeInstanceHistoryEvents",
                **{"EventId.1": made[n % 100]["event_id"]},
                **{"InstanceEventCycleStatus.1": "Scheduled"},
            )
            for n in range(600)
        ]
        times = []
        with httpx.Client(trust_env=False) as http:
            for path in paths:
                started_at = time.perf_counter()
                total = http.get(path).json()["TotalCount"]
                times.append(time.perf_counter() - started_at)
                assert total == 1
        return statistics.median(times)


def main() -> None:
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    table = Table("what", "fake", "beside it", "ratio", "wanted")

    def row(what: str, ours: str, other: str, ratio: float, wanted: str) -> None:
        table.add_row(what, ours, other, f"{ratio:.2f}", wanted)

    moto_port = 8397
    moto_url = f"http://127.0.0.1:{moto_port}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with process(fake()) as (url, _):
            body = answered(url + signed("DescribeInstances")).content
            lines = [signed("DescribeInstances") for _ in range(REQUESTS)]
            ours = load(url, requests_file(folder, lines))
        with process([sys.executable, "-c", BARE], given=body) as (url, _):
            answered(url)
            bare = load(url, requests_file(folder, [signed("DescribeInstances")] * 400_000))
        with process(moto(moto_port), url=moto_url) as (url, _):
            answered(f"{url}/moto-api/data.json")
            run = {"Action": "RunInstances", "Version": "2016-11-15", "ImageId": "ami-1"}
            run |= {"MinCount": "10", "MaxCount": "10"}
            httpx.post(url, data=run, headers=MOTO_HEADERS, timeout=60).raise_for_status()
            path = f"/?{urlencode(MOTO_QUERY)}"
            listed = httpx.get(url + path, headers=MOTO_HEADERS, timeout=60).text
            assert listed.count("<instanceId>") == 10
            other = load(url, requests_file(folder, [path] * 20_000), MOTO_HEADERS)
        row(
            "DescribeInstances/s, bare application",
            f"{ours:,.0f}",
            f"{bare:,.0f}",
            ours / bare,
            ">= 0.15",
        )
        row(
            "DescribeInstances/s, moto_server",
            f"{ours:,.0f}",
            f"{other:,.0f}",
            ours / other,
            ">= 50",
        )
        starts = [first_answer(fake(), signed("DescribeRegions")) for _ in range(5)]
        moto_starts = [
            first_answer(moto(moto_port), "/moto-api/data.json", moto_url) for _ in range(5)
        ]
        start, moto_start = statistics.median(starts), statistics.median(moto_starts)
        row(
            "first answer, s, moto_server",
            f"{start:.2f}",
            f"{moto_start:.2f}",
            start / moto_start,
            "< 0.5",
        )
        made = creation(folder)
        row("events created/s, in calls of 100", f"{made:,.0f}", "10,000", made / 10_000, ">= 1")
        few, many = describe_by_id(folder, 100), describe_by_id(folder, 100_000)
        row(
            "describe by id, ms, 100,000 events beside 100",
            f"{many * 1e3:.2f}",
            f"{few * 1e3:.2f}",
            many / few,
            "<= 1.2",
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
