"""Which hosts may be asked for a file: those on the public internet. What is in doubt is refused."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from sessions.preview.errors import InvalidSource

Address = IPv4Address | IPv6Address

# The tables are written out, after the registries of IANA: what `is_global` says differs from one Python to the next.
_REFUSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)

# The one block of public hosts. Loopback, mapped, translated (NAT64), local and multicast addresses are outside.
_PUBLIC_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # Teredo, benchmarks, ORCHID: it carries other addresses, or reaches nobody.
        "2001:db8::/32",
        "2002::/16",  # 6to4 carries an IPv4 address, perhaps one of ours.
        "3fff::/20",
    )
)

_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)(:(?P<port>[0-9]{1,5}))?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _REFUSED_V4)
    return address.scope_id is None and address in _PUBLIC_V6 and not any(address in block for block in _REFUSED_V6)


def split(authority: str) -> tuple[str, int | None]:
    """Return the host of an address on the web, in small letters, and its port. Raises InvalidSource.

    A name is one here that every resolver reads alike: no trailing dot, no `127.1`, `0x7f000001` or `2130706433`.
    """
    found = _AUTHORITY.fullmatch(authority.lower())
    if found is None:
        raise InvalidSource(
            f"{authority[:100]} is no host that may be asked; an international name is written `xn--…`."
        )
    host, port = found["host"], int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        raise InvalidSource(f"{port} is no port.")
    _check(host)
    return host, port


def literal(host: str) -> Address | None:
    """Return the address that a host is written as; None for a name. Raises ValueError."""
    if host.startswith("["):
        return IPv6Address(host[1:-1])
    # Whatever ends in a number is an IPv4 address to some resolver, in one of its many spellings; one is allowed.
    return IPv4Address(host) if _NUMBER.fullmatch(host.rpartition(".")[2]) else None


def _check(host: str) -> None:
    try:
        address = literal(host)
    except ValueError:
        raise InvalidSource(f"{host} is no IP address in its usual form.") from None
    is_local = host == "localhost" or host.endswith(".localhost")
    if is_local or (address is not None and not is_public(address)):
        raise InvalidSource(f"{host} is not on the public internet.")


def parsed(text: str) -> Address:
    """Return what a resolver answered. Raises ValueError."""
    return ip_address(text)
