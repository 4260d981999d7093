"""Leads a Python program to the fake: written into the folder of a run as its ``sitecustomize``.

It runs in programs of users, so it is for any Python from 3.6 on, imports nothing of this package,
and no module that the program does not import itself. When the program imports one that opens
connections, that module is led: connections to Alibaba's hosts go to the proxy, which takes both
plain HTTP and TLS there; other hosts than this machine and those allowed are refused. The program
trusts the authority of the run also where it names its own bundle.
"""

import os
import sys

# The real values are filled in when the file is written.
ALIBABA_DOMAINS = ("aliyuncs.com",)
METADATA_ADDRESS = "100.100.100.200"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional, Set, Tuple

LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")
REPORT_SECONDS = 5

_folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_proxy_url = os.environ.get("SIMEVENTS_PROXY", "")
_allowed = set(filter(None, os.environ.get("SIMEVENTS_ALLOWED", "").split(",")))
_allowed_addresses = set()  # type: Set[str]


def _proxy():
    # type: () -> Optional[Tuple[str, int]]
    host, _, port = _proxy_url.rpartition("://")[2].rstrip("/").rpartition(":")
    return (host.strip("[]"), int(port)) if port.isdigit() else None


def _plain(host):
    # type: (Any) -> str
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("utf-8", "replace")
    if not isinstance(host, str):
        return ""
    try:
        host.encode("ascii")
    except UnicodeError:
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            pass
    return str(host).rstrip(".").lower().partition("%")[0]


def _packed(name):
    # type: (str) -> bytes
    """The four bytes of an address in any spelling, or the sixteen of IPv6; empty for a name."""
    import socket

    try:
        return socket.inet_aton(name)
    except (OSError, ValueError):
        pass
    try:
        packed = socket.inet_pton(socket.AF_INET6, name)
    except (OSError, ValueError):
        return b""
    return packed[12:] if packed[:12] == b"\0" * 10 + b"\xff\xff" else packed


def _is_alibaba(name):
    # type: (str) -> bool
    if any(name == domain or name.endswith("." + domain) for domain in ALIBABA_DOMAINS):
        return True
    return _packed(name)[-4:] == bytes(map(int, METADATA_ADDRESS.split(".")))


def _is_here(name):
    # type: (str) -> bool
    if name in LOCAL_NAMES or name.endswith(".localhost"):
        return True
    packed = _packed(name)
    if len(packed) == 4:
        return packed[:1] == b"\x7f" or packed == b"\0" * 4
    return packed in (b"\0" * 15 + b"\1", b"\0" * 16)


def _may_pass(name):
    # type: (str) -> bool
    if not name or _is_here(name) or name in _allowed or name in _allowed_addresses:
        return True
    import socket

    return name == _plain(socket.gethostname())


def _led(host, port):
    # type: (Any, Any) -> Optional[Tuple[str, int]]
    """Where a connection to *host* goes instead; None for itself. Raises for a refused host."""
    name = _plain(host)
    if name and _is_alibaba(name):
        proxy = _proxy()
        if proxy is None:
            raise _refused("%s refused: SIMEVENTS_PROXY does not name the fake cloud" % name)
        return proxy
    _check(host, port)
    return None


def _check(host, port):
    # type: (Any, Any) -> None
    name = _plain(host)
    if not _may_pass(name):
        raise _refused(_reason(name, port))


def _refused(reason):
    # type: (str) -> Exception
    import errno
    import socket

    class Refused(ConnectionRefusedError, socket.gaierror):
        """For those that look for the error of a connection, and of a name."""

    return Refused(errno.ECONNREFUSED, reason)


def _reason(name, port):
    # type: (str, Any) -> str
    """Why the proxy refuses *name*; asking it also records that the program tried."""
    import _socket

    netloc = "%s:%s" % ("[%s]" % name if ":" in name else name, port or 443)
    text = "%s refused: the simevents fake cloud lets nothing out. Nothing was sent" % netloc
    proxy = _proxy()
    if proxy is None:
        return text
    try:
        asking = _socket.socket(_socket.AF_INET6 if ":" in proxy[0] else _socket.AF_INET)
        try:
            asking.settimeout(REPORT_SECONDS)
            asking.connect(proxy)
            asking.send(("CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (netloc, netloc)).encode())
            status = asking.recv(4096).partition(b"\r\n")[0].decode("latin-1")
        finally:
            asking.close()
    except (OSError, UnicodeError):
        return text
    return status.partition(" 403 ")[2] or text


def _lead_socket(socket):
    # type: (Any) -> None
    getaddrinfo = socket.getaddrinfo

    def led_getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
        # type: (Any, Any, int, int, int, int) -> Any
        led = _led(host, port)
        if led is not None:
            return getaddrinfo(led[0], led[1], family, type, proto, 0)
        found = getaddrinfo(host, port, family, type, proto, flags)
        if _plain(host) in _allowed:
            _allowed_addresses.update(_plain(entry[4][0]) for entry in found)
        return found

    socket.getaddrinfo = led_getaddrinfo
    for name, pack in (
        ("gethostbyname", lambda host: METADATA_ADDRESS),
        ("gethostbyname_ex", lambda host: (host, [], [METADATA_ADDRESS])),
    ):
        setattr(socket, name, _led_resolver(getattr(socket, name), pack))
    for name in ("connect", "connect_ex"):
        setattr(socket.socket, name, _led_connect(socket, getattr(socket.socket, name)))
    for name in ("sendto", "sendmsg"):
        if hasattr(socket.socket, name):
            setattr(socket.socket, name, _checked_send(socket, getattr(socket.socket, name)))


def _led_resolver(resolve, pack):
    # type: (Callable[..., Any], Callable[[Any], Any]) -> Callable[..., Any]
    def resolved(host):
        # type: (Any) -> Any
        # A connection to this address is led as well.
        if _led(host, 443) is not None:
            return pack(host)
        found = resolve(host)
        if _plain(host) in _allowed:
            _allowed_addresses.update(found[2] if isinstance(found, tuple) else [found])
        return found

    return resolved


def _led_connect(socket, connect):
    # type: (Any, Callable[..., Any]) -> Callable[..., Any]
    def connected(self, address):
        # type: (Any, Any) -> Any
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            led = _led(address[0], address[1])
            if led is not None:
                is_mapped = self.family == socket.AF_INET6 and ":" not in led[0]
                address = ("::ffff:" + led[0], led[1]) if is_mapped else led
        return connect(self, address)

    return connected


def _checked_send(socket, send):
    # type: (Any, Callable[..., Any]) -> Callable[..., Any]
    def sent(self, *arguments):
        # type: (Any, *Any) -> Any
        last = arguments[-1] if self.family in (socket.AF_INET, socket.AF_INET6) else None
        # The ancillary data of sendmsg may be a tuple too.
        if isinstance(last, tuple) and len(last) > 1 and isinstance(last[0], (str, bytes)):
            _check(last[0], last[1])
        return send(self, *arguments)

    return sent


def _trust_authority(ssl):
    # type: (Any) -> None
    """Whatever bundle a program loads, the authority of the run comes with it."""
    load = ssl.SSLContext.load_verify_locations

    def loaded(self, cafile=None, capath=None, cadata=None):
        # type: (Any, Any, Any, Any) -> None
        load(self, cafile, capath, cadata)
        try:
            load(self, os.path.join(_folder, "authority.pem"))
        except OSError:
            # The run is over, and its folder gone.
            pass

    ssl.SSLContext.load_verify_locations = loaded


def _replace_certifi(certifi):
    # type: (Any) -> None
    bundle = os.path.join(_folder, "trusted.pem")

    def contents():
        # type: () -> str
        with open(bundle, encoding="ascii") as file:
            return file.read()

    for module in (certifi, getattr(certifi, "core", certifi)):
        module.where = lambda: bundle
        module.contents = contents


def _resolve_here(resolver):
    # type: (Any) -> None
    # The other resolver of aiohttp asks the name servers itself.
    resolver.DefaultResolver = resolver.ThreadedResolver


def _lead_uvloop(uvloop):
    # type: (Any) -> None
    loop = uvloop.Loop
    connect, resolve, datagram = (
        loop.create_connection,
        loop.getaddrinfo,
        loop.create_datagram_endpoint,
    )

    async def connected(self, factory, host=None, port=None, **options):
        # type: (Any, Any, Any, Any, **Any) -> Any
        led = _led(host, port) if host is not None else None
        if led is not None:
            if options.get("ssl") and not options.get("server_hostname"):
                options["server_hostname"] = host
            host, port = led
        return await connect(self, factory, host, port, **options)

    async def resolved(self, host, port, **options):
        # type: (Any, Any, Any, **Any) -> Any
        led = _led(host, port)
        host, port = led or (host, port)
        return await resolve(self, host, port, **options)

    async def opened(self, factory, local_addr=None, remote_addr=None, **options):
        # type: (Any, Any, Any, Any, **Any) -> Any
        if isinstance(remote_addr, tuple):
            _check(*remote_addr[:2])
        return await datagram(self, factory, local_addr, remote_addr, **options)

    loop.create_connection, loop.getaddrinfo = connected, resolved
    loop.create_datagram_endpoint = opened


LEADING = {
    "socket": _lead_socket,
    "ssl": _trust_authority,
    "certifi": _replace_certifi,
    "aiohttp.resolver": _resolve_here,
    "uvloop": _lead_uvloop,
}  # type: Dict[str, Callable[[Any], None]]
"""What is done to each module once it is imported."""


class _Finder:
    """Finds the modules of `LEADING` as the others do, and leads them after their import."""

    def find_spec(self, name, path=None, target=None):
        # type: (str, Any, Any) -> Any
        lead = LEADING.pop(name, None)
        if lead is None:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find is not None else None
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader, lead)
                return spec
        LEADING[name] = lead
        return None


class _Loader:
    """Loads a module as *loader* does, then leads it."""

    def __init__(self, loader, lead):
        # type: (Any, Callable[[Any], None]) -> None
        self._loader, self._lead = loader, lead

    def create_module(self, spec):
        # type: (Any) -> Any
        return self._loader.create_module(spec)

    def exec_module(self, module):
        # type: (Any) -> None
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._lead(module)

    def __getattr__(self, name):
        # type: (str) -> Any
        return getattr(self._loader, name)


def _audit():
    # type: () -> Callable[[str, Tuple[Any, ...]], None]
    """Refuses what was not led, such as connections of code that is not Python's socket module."""

    def connecting(arguments):
        # type: (Tuple[Any, ...]) -> None
        # 2 and 10, or 30 on macOS, are the families of IPv4 and IPv6.
        address = arguments[1]
        if isinstance(address, tuple) and int(arguments[0].family) in (2, 10, 30):
            _check(address[0], address[1])

    def resolving(arguments):
        # type: (Tuple[Any, ...]) -> None
        _check(arguments[0], 443)

    asking = {
        "socket.connect": connecting,
        "socket.sendto": connecting,
        "socket.sendmsg": connecting,
        "socket.getaddrinfo": resolving,
        "socket.gethostbyname": resolving,
    }.get

    def audit(event, arguments):
        # type: (str, Tuple[Any, ...]) -> None
        check = asking(event)
        if check is not None:
            check(arguments)

    return audit


def _run_next():
    # type: () -> None
    """Run the ``sitecustomize`` that this one stands in front of."""
    here = os.path.dirname(os.path.abspath(__file__))
    before = list(sys.path)
    sys.path[:] = [entry for entry in before if os.path.abspath(entry or ".") != here]
    ours = sys.modules.pop(__name__)
    rest = list(sys.path)
    try:
        import sitecustomize
    except ImportError as error:
        if getattr(error, "name", None) != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault(__name__, ours)
        if sys.path == rest:
            sys.path[:] = before


def _install():
    # type: () -> None
    for name in [name for name in LEADING if name in sys.modules]:
        LEADING.pop(name)(sys.modules[name])
    sys.meta_path.insert(0, _Finder())
    if hasattr(sys, "addaudithook"):
        sys.addaudithook(_audit())
    _run_next()


if __name__ == "sitecustomize":
    _install()
