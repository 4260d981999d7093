"""How names are looked up under ``--isolate``: inside, and by nobody else."""

import json
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from simevents.running.isolation import command_in_isolation
from simevents.running.isolation.name_files import local_services
from simevents.running.isolation.name_server import answer
from tests.running.outside import User

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="--isolate is for Linux"),
]

PORT = 4
"""Nobody listens there."""

A, AAAA, TXT = 1, 28, 16
ECS = "ecs.cn-hangzhou.aliyuncs.com"

LOOKS_UP = """
import json, socket, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = sorted({each[4][0] for each in socket.getaddrinfo(name, 443)})
    except socket.gaierror as error:
        found[name] = error.strerror
print(json.dumps(found))
"""


def test_names_of_alibaba_have_an_address_and_others_do_not_exist(user: User) -> None:
    names = [ECS, "OSS.aliyuncs.com.", "example.com", "aliyuncs.com.example.com", "127.0.0.1"]
    done = user.run(["env", "-i", sys.executable, "-I", "-c", LOOKS_UP, *names], PORT)

    assert done.stderr == b""
    assert json.loads(done.stdout) == {
        ECS: ["198.51.100.1"],
        "OSS.aliyuncs.com.": ["198.51.100.1"],
        "example.com": "Name or service not known",
        "aliyuncs.com.example.com": "Name or service not known",
        "127.0.0.1": ["127.0.0.1"],
    }


def test_the_files_that_say_who_is_asked_are_others_inside(user: User) -> None:
    services = Path("/etc/nsswitch.conf")
    before = services.read_text("utf-8")
    done = user.run(["cat", "/etc/resolv.conf", str(services)], PORT, text=True)

    assert done.stdout == "nameserver 127.0.0.1\n" + local_services(before)
    assert services.read_text("utf-8") == before


def test_services_that_ask_others_for_hosts_are_left_out() -> None:
    before = """\
passwd: files systemd
# hosts: all of them
hosts:  mymachines resolve [!UNAVAIL=return] files myhostname mdns4 dns
networks: files"""

    assert (
        local_services(before)
        == """\
passwd: files systemd
# hosts: all of them
hosts: files myhostname dns
networks: files"""
    )


WITH_A_SERVICE_FOR_NAMES = """
import os, socket, subprocess, sys
os.mkdir("/run/nscd")
service = socket.socket(socket.AF_UNIX)
service.bind("/run/nscd/socket")
service.listen()
asks = "import socket; socket.socket(socket.AF_UNIX).connect('/run/nscd/socket')"
for words in ([], sys.argv[1:]):
    words = [*words, sys.executable, "-I", "-c", asks]
    done = subprocess.run(words, capture_output=True, text=True)
    print(done.returncode, done.stderr.splitlines()[-1:])
"""


def test_a_service_that_looks_up_names_for_others_is_not_reached(user: User) -> None:
    program = [sys.executable, "-I", "-c", WITH_A_SERVICE_FOR_NAMES]
    script = 'mount -t tmpfs tmpfs /run && exec "$@"'
    in_a_run_folder = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    words = [*user.before, *in_a_run_folder, *program, *command_in_isolation([], PORT)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.splitlines() == [
        "0 []",
        "1 ['ConnectionRefusedError: [Errno 111] Connection refused']",
    ]


def question(name: str, kind: int = A, flags: int = 0x0100) -> bytes:
    labels = b"".join(bytes([len(each)]) + each.encode() for each in name.split("."))
    return struct.pack("!HHHHHH", 7, flags, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)


def head(said: bytes | None) -> tuple[int, ...]:
    assert said is not None
    return struct.unpack("!HHHHHH", said[:12])


def test_an_answer_repeats_the_question_and_has_one_address() -> None:
    said = answer(question(ECS))

    assert head(said) == (7, 0x8180, 1, 1, 0, 0)
    assert said is not None
    assert said[12:] == (
        question(ECS)[12:]
        + struct.pack("!HHHIH", 0xC00C, A, 1, 60, 4)
        + socket.inet_aton("198.51.100.1")
    )


def test_there_is_nothing_but_an_ipv4_address() -> None:
    assert [head(answer(question(ECS, kind))) for kind in (AAAA, TXT)] == [
        (7, 0x8180, 1, 0, 0, 0),
        (7, 0x8180, 1, 0, 0, 0),
    ]
    assert head(answer(question("example.com"))) == (7, 0x8183, 1, 0, 0, 0)


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        question(ECS)[:11],
        question(ECS)[:-1],
        question(ECS)[:-5] + b"\xff",
        question(ECS, flags=0x8180),
        question(ECS, flags=0x2900),
        b"\0\0\0\0\0\2" + question(ECS)[6:],
    ],
    ids=["empty", "head", "cut", "long label", "answer", "update", "two questions"],
)
def test_what_is_no_question_is_not_answered(datagram: bytes) -> None:
    assert answer(datagram) is None
