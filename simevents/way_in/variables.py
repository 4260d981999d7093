"""The variables that lead a program to the fake."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..models import FAKE_ACCESS_KEY_ID, FAKE_ACCESS_KEY_SECRET


@dataclass(frozen=True)
class WayIn:
    """Where the fake is, and what leads there."""

    proxy_url: str
    certificate: bytes
    region: str
    folder: Path
    allowed: tuple[str, ...] = ()
    credentials_uri: str = ""


def write_files(way: WayIn, environ: Mapping[str, str]) -> None:
    system = Path(environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().openssl_cafile)
    known = system.read_bytes() if system.exists() else b""
    way.folder.joinpath("bundle.pem").write_bytes(known + b"\n" + way.certificate)


def variables(way: WayIn, environ: Mapping[str, str]) -> dict[str, str]:
    bundle = str(way.folder / "bundle.pem")
    names = ("http_proxy", "https_proxy", "all_proxy")
    past = ",".join(("localhost", "127.0.0.1", "::1", *way.allowed))
    return {
        **{spelling: way.proxy_url for name in names for spelling in (name, name.upper())},
        "no_proxy": past,
        "NO_PROXY": past,
        "SSL_CERT_FILE": bundle,
        "REQUESTS_CA_BUNDLE": bundle,
        "SIMEVENTS_ENDPOINT": way.proxy_url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": FAKE_ACCESS_KEY_ID,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": FAKE_ACCESS_KEY_SECRET,
        "ALIBABA_CLOUD_SECURITY_TOKEN": "",
        "ALIBABA_CLOUD_REGION_ID": way.region,
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "false" if way.credentials_uri else "true",
        "ALIBABA_CLOUD_CREDENTIALS_URI": way.credentials_uri,
    }


def environment(way: WayIn, environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: text for name, text in environ.items() if name != "ALIBABA_CLOUD_PROFILE"}
    return {**kept, **variables(way, environ)}
