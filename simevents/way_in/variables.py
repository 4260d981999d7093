"""The environment that leads another program to the fake, and the files that it names.

A program that honours proxy variables finds the fake as its proxy, and trusts its authority. Where
that is not enough, Python starts with `python_startup` and Node with ``node_preload.cjs``. What
the user has set is added to; only proxies and identities are replaced.
"""

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..hosts import ALIBABA_DOMAINS, METADATA_ADDRESS
from . import credentials, java_options, trust
from .folder import PREFIX

SENT_ON = "SIMEVENTS_PROXY"
"""The variable with the proxy's URL, for the start-up code of Python and Node."""

ALLOWED = "SIMEVENTS_ALLOWED"
"""The variable with the hosts that this code lets pass, separated by commas."""

AUTHORITY, DEFAULT_BUNDLE = "authority.pem", "trusted.pem"
KEYS, NO_KEYS = "keys.ini", "no-keys.ini"

PROXIES = ("http_proxy", "https_proxy", "all_proxy")

_OTHER_PROXIES = re.compile(
    r"(?:ftp|grpc|rsync|wss?|npm_config(?:_https?)?|global_agent_https?)_proxy\Z", re.IGNORECASE
)
_PAST = ("localhost", "localhost.", "127.0.0.1", "127.0.0.0/8", "::1", "0.0.0.0")  # noqa: S104
"""Loopback, in the spellings that clients look for in NO_PROXY."""

_PAST_JAVA = ("localhost", "127.*", "[::1]", "0.0.0.0")  # noqa: S104

_HERE = Path(__file__).parent
_STARTUP = re.compile(rf".*/{PREFIX}[^/]*/python")
_REQUIRED_PRELOAD = re.compile(rf"--require \"[^\"]*/{PREFIX}[^/\"]*/node/preload\.cjs\"")


@dataclass(frozen=True)
class WayIn:
    """Where a program of the run is led."""

    proxy_url: str
    """The fake, as scheme, host and port."""
    certificate: bytes
    """The authority to trust, as PEM."""
    region: str
    folder: Path
    """A private folder, which has to live as long as the programs."""
    allowed: tuple[str, ...] = ()
    """Hosts that are reached without the proxy."""
    credentials_uri: str = ""
    """Where the fake serves keys of a role; empty when no instance was chosen."""


def write_files(way: WayIn, environ: Mapping[str, str]) -> None:
    """Write what `variables` names, as far as it is not there. *environ* is the user's."""
    texts: dict[str, Callable[[], bytes]] = {
        "python/sitecustomize.py": _python_startup,
        "node/preload.cjs": _node_preload,
        AUTHORITY: lambda: way.certificate,
        KEYS: lambda: credentials.profile_file(has_keys=True).encode(),
        NO_KEYS: lambda: credentials.profile_file(has_keys=False).encode(),
        DEFAULT_BUNDLE: lambda: trust.public() + way.certificate,
    }
    for name, text in texts.items():
        if not (way.folder / name).exists():
            _write(way.folder / name, text())
    for variable in trust.BUNDLES:
        given, bundle = _bundle(way, variable, environ)
        if given and not Path(bundle).exists():
            _write(Path(bundle), trust.certificates(Path(given)) + way.certificate)
    store = Path(_java_store(way, environ))
    if not store.exists():
        trusted = java_options.trusted(*java_options.trust_store(environ))
        if trusted is None:
            trusted = trust.parsed(trust.certificates(way.folder / DEFAULT_BUNDLE))
        _write(store, trust.java_store([*trusted, *trust.parsed(way.certificate)]))


def _write(path: Path, content: bytes) -> None:
    """Write *path* as a whole: another thread may start a program meanwhile."""
    path.parent.mkdir(exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{threading.get_ident()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def variables(way: WayIn, environ: Mapping[str, str]) -> dict[str, str]:
    """What is to be set in addition to *environ*, so that ``{**environ, **variables}`` is led.

    Identities of the user that cannot be taken away like this are empty.
    """
    parts = urlsplit(way.proxy_url)
    host, port = parts.hostname or "", parts.port or 80
    found = {
        **credentials.replaced(environ),
        **{name: way.proxy_url for name in environ if _OTHER_PROXIES.match(name)},
        **{name: "" for name in environ if name.lower() == "socks_proxy"},
        **{spelling: way.proxy_url for name in PROXIES for spelling in (name, name.upper())},
        **dict.fromkeys(("no_proxy", "NO_PROXY"), ",".join((*_PAST, *way.allowed))),
        "SIMEVENTS_ENDPOINT": way.proxy_url,
        SENT_ON: way.proxy_url,
        ALLOWED: ",".join(way.allowed),
        **credentials.of_the_fake(way.credentials_uri),
        credentials.CREDENTIALS_FILE: f"{way.folder}/{NO_KEYS if way.credentials_uri else KEYS}",
        "ALIBABA_CLOUD_REGION_ID": way.region,
        "ALICLOUD_REGION": way.region,
        **{variable: _bundle(way, variable, environ)[1] for variable in trust.BUNDLES},
        "PYTHONPATH": _joined(_startup(way), environ.get("PYTHONPATH", "")),
        "NODE_OPTIONS": _required(_preload(way), environ.get("NODE_OPTIONS", "")),
        # For Node 24 and newer, should a program replace NODE_OPTIONS.
        "NODE_USE_ENV_PROXY": "1",
        java_options.OPTIONS: java_options.added(
            environ.get(java_options.OPTIONS, ""),
            *(host, port, (*_PAST_JAVA, *way.allowed), _java_store(way, environ)),
        ),
    }
    for name, value in environ.items():
        # Scripts that start Java put the others, such as MAVEN_OPTS, on its command line.
        if name in java_options.STRONGER or (name.endswith("_OPTS") and "-D" in value):
            found[name] = java_options.without_ours(value)
    return found


def environment(way: WayIn, environ: Mapping[str, str]) -> dict[str, str]:
    """A whole environment: *environ*, led to the fake, and without identities of the user."""
    whole = {**environ, **variables(way, environ)}
    return {
        name: value for name, value in whole.items() if value or not credentials.is_identity(name)
    }


def _startup(way: WayIn) -> str:
    return f"{way.folder}/python"


def _preload(way: WayIn) -> str:
    return f"{way.folder}/node/preload.cjs"


def _bundle(way: WayIn, variable: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The user's bundle for *variable*, or empty, and ours that replaces it."""
    for name in trust.BUNDLES[variable]:
        given = environ.get(name, "")
        if given.startswith(f"{way.folder}/"):
            return "", given
        stamp = _stamp(given) if given else ""
        if stamp:
            return given, f"{way.folder}/trusted-{stamp}.pem"
    # Node has the public authorities built in, and adds these.
    is_extra = variable == "NODE_EXTRA_CA_CERTS"
    return "", f"{way.folder}/{AUTHORITY if is_extra else DEFAULT_BUNDLE}"


def _java_store(way: WayIn, environ: Mapping[str, str]) -> str:
    given, _ = java_options.trust_store(environ)
    if given.startswith(f"{way.folder}/"):
        return given
    stamp = f"-{_stamp(given)}" if given else ""
    return f"{way.folder}/trusted{stamp}.p12"


def _stamp(path: str) -> str:
    """Stands for the file *path* in its present state; empty if there is none."""
    try:
        changed = os.stat(path).st_mtime_ns  # noqa: PTH116 - called often
    except OSError:
        return ""
    return hashlib.sha256(f"{path} {changed}".encode()).hexdigest()[:16]


def _joined(folder: str, given: str) -> str:
    """*folder* first, then what is given; an empty entry would be the working directory."""
    rest: Iterable[str] = given.split(":") if given else ()
    return ":".join((folder, *(entry for entry in rest if not _STARTUP.fullmatch(entry))))


def _required(preload: str, given: str) -> str:
    """*given*, then the preload, in quotes: a space in its path would end the option."""
    rest = _REQUIRED_PRELOAD.sub("", given).strip()
    path = preload.replace("\\", "\\\\").replace('"', '\\"')
    return f'{rest} --require "{path}"'.strip()


def _python_startup() -> bytes:
    text = (_HERE / "python_startup.py").read_text()
    given = f"ALIBABA_DOMAINS = {ALIBABA_DOMAINS!r}\nMETADATA_ADDRESS = {METADATA_ADDRESS!r}\n"
    return re.sub(r"ALIBABA_DOMAINS = .*\nMETADATA_ADDRESS = .*\n", given, text, count=1).encode()


def _node_preload() -> bytes:
    text = (_HERE / "node_preload.cjs").read_text()
    domains = ", ".join(f"'{domain}'" for domain in ALIBABA_DOMAINS)
    given = (
        f"const ALIBABA_DOMAINS = [{domains}];\nconst METADATA_ADDRESS = '{METADATA_ADDRESS}';\n"
    )
    return re.sub(
        r"const ALIBABA_DOMAINS = .*\nconst METADATA_ADDRESS = .*\n", given, text, count=1
    ).encode()
