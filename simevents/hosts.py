"""Hosts by name and address: Alibaba's, the metadata service, and this machine."""

import ipaddress
import re
import socket
from contextlib import suppress

ALIBABA_DOMAINS = (
    *("aliyuncs.com", "aliyun.com", "alibabacloud.com", "aliyun-inc.com"),
    *("alicloudapi.com", "fcapp.run", "alidns.com"),
)
METADATA_ADDRESS = "100.100.100.200"
"""The metadata service of an instance."""

# Of a URL: the user name and the password before its host.
_USER = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")

_METADATA_BYTES = socket.inet_aton(METADATA_ADDRESS)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_alibaba(host: str) -> bool:
    """Whether *host*, in any spelling, is one of Alibaba's or the metadata service."""
    name = plain(host)
    if any(name == domain or name.endswith(f".{domain}") for domain in ALIBABA_DOMAINS):
        return True
    return is_metadata(host)


def is_metadata(host: str) -> bool:
    """Whether *host* is the address of the metadata service, in any spelling."""
    address = to_address(host)
    # Each way to write an IPv4 address as IPv6 has its four bytes at the end.
    return address is not None and address.packed[-4:] == _METADATA_BYTES


def is_loopback(host: str) -> bool:
    """Whether *host*, a name or an address, is loopback."""
    address = to_address(host)
    if address is None:
        return plain(host) == "localhost"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def is_unspecified(host: str) -> bool:
    """Whether *host* is the unspecified address; a connection to it goes to this machine."""
    address = to_address(host)
    return address is not None and address.is_unspecified


def is_link_local(host: str) -> bool:
    """Whether *host* is an address within one network only, as those of metadata services are."""
    address = to_address(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and address.is_link_local


def is_of_this_machine(address: str) -> bool:
    """Whether a network interface of this machine has *address*."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as bound:
        try:
            bound.bind((address, 0))
        except OSError:
            return False
    return True


def without_user(url: str) -> str:
    """*url* as it may be shown: its user name and password are masked."""
    return _USER.sub(r"\1***@", url)


def to_address(host: str) -> Address | None:
    """The address that *host* spells; None for a name."""
    name = plain(host).partition("%")[0]
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        pass
    try:
        # A resolver accepts short and hexadecimal spellings, such as 127.1.
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except (OSError, ValueError):
        return None


def plain(host: str) -> str:
    """*host* as a resolver reads it: in lower case, without the dot at the end."""
    if not host.isascii():
        # Maps other letters and dots to plain ones, and drops what cannot be seen.
        with suppress(UnicodeError):
            host = host.encode("idna").decode()
    return host.rstrip(".").lower()
