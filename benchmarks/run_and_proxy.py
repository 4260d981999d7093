"""What ``simevents run`` costs: its start, and each request that goes through its proxy.

`simevents run -- true` takes turns with `true`; the medians are compared. Requests are
sent by a client of plain sockets, which is faster than any library, over one connection that is
kept, in another process than the fake: directly, through the proxy over HTTP, and through it over
HTTPS. Each is the best of some rounds that take turns. The fake is once in the process of
``simevents run`` and once its own process (--endpoint).
"""

import json
import os
import resource
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

STARTS = 15
ROUNDS = 5
REQUESTS = 1_500
HOST = "ecs.cn-hangzhou.aliyuncs.com"
QUERY = (
    "/?Action=DescribeInstances&Format=JSON&Version=2014-05-26&RegionId=cn-hangzhou"
    "&AccessKeyId=own&SignatureMethod=HMAC-SHA1&SignatureVersion=1.0&SignatureNonce={}"
    "&Timestamp={}&Signature=any"
)
WANTED_SECONDS, WANTED_HTTP, WANTED_HTTPS = 0.5, 0.5, 0.3

RUN = (sys.executable, "-m", "simevents", "run")


def main() -> None:
    if sys.argv[1:] == ["client"]:
        print(json.dumps(rates(os.environ["HTTPS_PROXY"])))
        return
    console = Console()
    table = Table("what", "measured", "compared with", "result", "wanted")
    alone, wrapped, computing = starts()
    more = f"{wrapped - alone:.2f} s more"
    table.add_row("simevents run -- true", f"{wrapped:.3f} s", f"{alone:.3f} s", more, "<= 0.5 s")
    # On a machine with other work the time on the clock says little.
    table.add_row("the same, time of the processor", f"{computing:.3f} s", "", "", "")
    own = measured(*RUN, "--instances", "10", "--", sys.executable, __file__, "client")
    fake = subprocess.Popen(
        [sys.executable, "-m", "simevents", "fake", "--port", "0", "--proxy"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert fake.stdout is not None
    url = fake.stdout.readline().strip()
    words = ("--endpoint", url, "--instances", "10", "--", sys.executable, __file__, "client")
    other = measured(*RUN, *words)
    fake.send_signal(signal.SIGINT)
    fake.wait()
    are_met = wrapped - alone <= WANTED_SECONDS
    for where, found in (("in the same process", own), ("with --endpoint", other)):
        for way, wanted in (("HTTP", WANTED_HTTP), ("HTTPS", WANTED_HTTPS)):
            ratio = found[way] / found["direct"]
            are_met = are_met and ratio >= wanted
            table.add_row(
                f"requests per second over {way}, the fake {where}",
                f"{found[way]:,.0f}",
                f"{found['direct']:,.0f}",
                f"{ratio:.2f}",
                f">= {wanted}",
            )
    console.print(table)
    sys.exit(not are_met)


def starts() -> tuple[float, float, float]:
    """Median seconds of ``true`` alone and below ``simevents run``; of the processor for both."""
    commands = (("true",), (*RUN, "--", "true"))
    seconds: tuple[list[float], list[float]] = ([], [])
    computing = []
    for _ in range(STARTS):
        before = computed()
        for words, taken in zip(commands, seconds, strict=True):
            began = time.perf_counter()
            subprocess.run(words, check=True, stderr=subprocess.DEVNULL)
            taken.append(time.perf_counter() - began)
        computing.append(computed() - before)
    return (
        statistics.median(seconds[0]),
        statistics.median(seconds[1]),
        statistics.median(computing),
    )


def computed() -> float:
    """Seconds of the processor that processes of this one have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(*words: str) -> dict[str, float]:
    ended = subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found: dict[str, float] = json.loads(ended.stdout)
    return found


def rates(url: str) -> dict[str, float]:
    """Requests per second, by way."""
    ways: dict[str, Callable[[], tuple[socket.socket, str]]] = {
        "direct": lambda: (connected(url), ""),
        "HTTP": lambda: (connected(url), f"http://{HOST}"),
        "HTTPS": lambda: (tunnel(url), ""),
    }
    best = dict.fromkeys(ways, 0.0)
    for _ in range(ROUNDS):
        for way, connect in ways.items():
            stream, before_path = connect()
            began = time.perf_counter()
            for number in range(REQUESTS):
                ask(stream, before_path, f"{way}-{number}-{began}")
            best[way] = max(best[way], REQUESTS / (time.perf_counter() - began))
            stream.close()
    return best


def connected(url: str) -> socket.socket:
    where = urlsplit(url)
    stream = socket.create_connection((where.hostname, where.port or 80))
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def tunnel(url: str) -> socket.socket:
    stream = connected(url)
    stream.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n".encode())
    answer = stream.recv(65536)
    assert b" 200 " in answer, answer
    trusting = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    return trusting.wrap_socket(stream, server_hostname=HOST)


def ask(stream: socket.socket, before_path: str, nonce: str) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    path = QUERY.format(nonce, now)
    stream.sendall(f"GET {before_path}{path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    received = stream.recv(262_144)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), received
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    missing = length - len(body)
    while missing > 0:
        missing -= len(stream.recv(262_144))


if __name__ == "__main__":
    main()
