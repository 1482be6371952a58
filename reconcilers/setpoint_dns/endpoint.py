"""How people write where a DNS server answers."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

PORT: Final = 53


def place(text: str) -> tuple[str, int]:
    """Host and port of `ns1.example.org`, `192.0.2.1:5353` or `[2001:db8::1]:53`; port 53 when none is said.

    Raises:
        ValueError: it is neither.
    """
    bare = text.count(":") > 1 and not text.startswith("[")
    try:
        parts = urlsplit(f"//[{text}]" if bare else f"//{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or not set(text).isdisjoint("/?#@ "):
        raise ValueError(
            f"'{text}' is no place to ask; write a host or an address, and :PORT unless it is 53"
        )
    return host, PORT if port is None else port


def is_here(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
