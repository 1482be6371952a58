"""Where a cluster is asked, and how we know that it is the right one."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_PORT = 8006


@dataclass(frozen=True)
class Endpoint:
    """A node's API; plain HTTP only on this machine itself."""

    host: str
    port: int
    tls: bool = True

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """Read `pve1.example.org`, `pve1:8006` or `https://[2001:db8::1]:8006`.

        Raises:
            ValueError: the text is no endpoint, or it would send the token in clear.
        """
        url = urlsplit(text if "://" in text else f"https://{text}")
        if (
            url.scheme not in ("http", "https")
            or not url.hostname
            or url.username
            or url.query
            or url.fragment
        ):
            raise ValueError(f"'{text}' is no endpoint; write https://host:8006 or just the host")
        if url.path not in ("", "/"):
            raise ValueError(f"'{text}' has a path; write only scheme, host and port")
        if url.scheme == "http" and not _loopback(url.hostname):
            raise ValueError(f"'{text}' would send the token in clear; use https")
        return cls(url.hostname, url.port or DEFAULT_PORT, tls=url.scheme == "https")

    @property
    def url(self) -> str:
        """The base of every call, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}/api2/json"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Trust:
    """How a server's certificate is checked: by `ca` (a PEM file), by `fingerprint`, or by the system's authorities.

    Attributes:
        fingerprint: SHA-256 of the certificate as 64 hex digits; it replaces every other check.
    """

    ca: str = ""
    fingerprint: str = ""


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
