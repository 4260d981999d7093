"""Runs a command in a network of its own, where listeners stand for the outside.

    unshare -rnm python world.py RECORD COMMAND…

The network has loopback, and outside of it the addresses of `LISTENERS`. Names of hosts lead there.
Each connection and each datagram that arrives is a line in the file RECORD. Linux only.
"""

import fcntl
import os
import selectors
import socket
import struct
import subprocess
import sys
from pathlib import Path

CLOUD, OTHER, PROXY, METADATA = "203.0.113.7", "203.0.113.8", "203.0.113.9", "100.100.100.200"
ACCOUNT = "1000000000000001"
NAMES = {
    CLOUD: (
        *("ecs.aliyuncs.com", "ecs.cn-hangzhou.aliyuncs.com", "ecs-cn-hangzhou.aliyuncs.com"),
        *("oss-cn-hangzhou.aliyuncs.com", "ess.aliyuncs.com", "cs.alicloudapi.com"),
        *("handler.fcapp.run", "dns.alidns.com", "location-readonly.aliyuncs.com"),
        *("metrics.cn-hangzhou.aliyuncs.com", "mns-open.cn-hangzhou.aliyuncs.com"),
        "eventbridge-console.cn-hangzhou.aliyuncs.com",
        *(f"{ACCOUNT}.{part}.cn-hangzhou.aliyuncs.com" for part in ("mns", "eventbridge")),
    ),
    OTHER: ("stats.example.com",),
    PROXY: ("proxy.example.com",),
}
LISTENERS = {CLOUD: (80, 443), METADATA: (80,), OTHER: (80, 443, 53), PROXY: (3128,)}
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"

_SET_FLAGS, _SET_ADDRESS, _SET_MASK = 0x8914, 0x8916, 0x891C
_UP_AND_RUNNING = 0x41


def main() -> int:
    record, *command = sys.argv[1:]
    _open_addresses()
    _name_hosts(Path(record).parent)
    listening = os.fork()
    if listening == 0:
        _listen(Path(record))
    try:
        return subprocess.call(command)
    finally:
        os.kill(listening, 9)
        os.waitpid(listening, 0)


def _open_addresses() -> None:
    control = socket.socket(type=socket.SOCK_DGRAM)
    for number, address in enumerate(("127.0.0.1", *LISTENERS)):
        name = f"lo:{number}".encode() if number else b"lo"
        for request, text in ((_SET_ADDRESS, address), (_SET_MASK, "255.255.255.255")):
            mask = "255.0.0.0" if request == _SET_MASK and not number else text
            packed = struct.pack("16sH2x4s8x8x", name, socket.AF_INET, socket.inet_aton(mask))
            fcntl.ioctl(control, request, packed)
        fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sH22x", name, _UP_AND_RUNNING))


def _name_hosts(folder: Path) -> None:
    lines = [f"{address} {' '.join(names)}\n" for address, names in NAMES.items()]
    hosts = folder / "hosts"
    hosts.write_text("127.0.0.1 localhost\n" + "".join(lines))
    # Whoever asks a name server asks a listener.
    servers = hosts.with_name("servers")
    servers.write_text(f"nameserver {OTHER}\noptions timeout:1 attempts:1\n")
    for source, target in ((hosts, "/etc/hosts"), (servers, "/etc/resolv.conf")):
        subprocess.run(["mount", "--bind", source, target], check=True)


def _listen(record: Path) -> None:
    waiting = selectors.DefaultSelector()
    for address, ports in LISTENERS.items():
        for port in ports:
            stream = socket.create_server((address, port), backlog=64)
            datagrams = socket.socket(type=socket.SOCK_DGRAM)
            datagrams.bind((address, port))
            for listener in (stream, datagrams):
                waiting.register(listener, selectors.EVENT_READ, f"{address}:{port}")
    with record.open("a", buffering=1) as log:
        log.write("listening\n")
        while True:
            for key, _ in waiting.select():
                _take(key.fileobj, str(key.data), log)


def _take(listener, where, log) -> None:  # type: ignore[no-untyped-def]
    if listener.type == socket.SOCK_DGRAM:
        listener.recvfrom(2048)
        log.write(f"datagram at {where}\n")
        return
    stream, _ = listener.accept()
    with stream:
        log.write(f"connection at {where}\n")
        stream.settimeout(2)
        try:
            stream.recv(65536)
            stream.sendall(ANSWER)
        except OSError:
            return


if __name__ == "__main__":
    sys.exit(main())
