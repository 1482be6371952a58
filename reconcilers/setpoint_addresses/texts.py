"""How addresses, ranges of them and networks are written; one that is wrong is told with what would be right."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network


def network(value: str) -> str:
    """A network in its usual form.

    Raises:
        ValueError: it is none.
    """
    try:
        found = ip_network(value, strict=False)
    except ValueError:
        found = None
    if found is None or "/" not in value:
        raise ValueError(f"'{value}' is no network; write it with its prefix length, e.g. 192.0.2.0/24")
    if ip_interface(value).ip != found.network_address:
        raise ValueError(f"'{value}' is an address in a network; write {found}")
    return str(found)


def address(value: str) -> str:
    """An address in its usual form.

    Raises:
        ValueError: it is none.
    """
    found = read(value)
    if found is None or "/" in value:
        raise ValueError(f"'{value}' is no IP address; write it without a prefix length")
    return str(found)


def span(value: str) -> str:
    """A range, `first-last` or a single address, in its usual form.

    Raises:
        ValueError: it is none.
    """
    first, dash, last = (part.strip() for part in value.partition("-"))
    low, high = read(first), read(last if dash else first)
    if low is None or high is None or "/" in value or low.version != high.version:
        raise ValueError(
            f"'{value}' is no range; write its first and last address, e.g. 192.0.2.100-192.0.2.199"
        )
    if int(low) > int(high):
        raise ValueError(f"'{value}' ends before it begins; write {high}-{low}")
    return f"{low}-{high}" if dash and low != high else str(low)


def ends(value: str) -> tuple[Address, Address]:
    """The first and the last address of what `span` has passed."""
    first, dash, last = value.partition("-")
    return ip_address(first), ip_address(last if dash else first)


@lru_cache(maxsize=1 << 15)
def read(text: str) -> Address | None:
    """The address in a text, with or without a prefix length; None when there is none.

    Everything that resources publish is asked, again and again.
    """
    try:
        return ip_interface(text).ip
    except ValueError:
        return None


NetworkText = Annotated[str, AfterValidator(network)]
AddressText = Annotated[str, AfterValidator(address)]
SpanText = Annotated[str, AfterValidator(span)]
