"""Programs in processes of their own, led to a proxy by the variables that most clients obey."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).parents[2]
ARTICLE = ROOT / "examples" / "article-2018" / "program.py"

ECS = "https://ecs.cn-hangzhou.aliyuncs.com"


class Proxy(Protocol):
    @property
    def proxy_url(self) -> str: ...

    @property
    def certificate(self) -> bytes: ...


def environment(proxy: Proxy, folder: Path) -> dict[str, str]:
    """*folder* takes the certificate."""
    bundle = folder / "authority.pem"
    bundle.write_bytes(proxy.certificate)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    proxies = dict.fromkeys(
        ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy.proxy_url
    )
    trusted = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    return {**kept, **proxies, "no_proxy": "127.0.0.1", **dict.fromkeys(trusted, str(bundle))}


def run(
    proxy: Proxy, folder: Path, command: Sequence[str | Path]
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        list(command),
        env=environment(proxy, folder),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def run_python(
    proxy: Proxy, folder: Path, program: Path | str
) -> "subprocess.CompletedProcess[str]":
    """*program* is a file, or text."""
    words = [program] if isinstance(program, Path) else ["-c", program]
    return run(proxy, folder, [sys.executable, *words])


class Led:
    """A fake that programs are led to."""

    def __init__(self, url: str, certificate: bytes) -> None:
        self.proxy_url = url
        self.certificate = certificate


def curl(url: str, *options: str) -> list[str]:
    return ["curl", "-sS", "--max-time", "20", *options, url]
