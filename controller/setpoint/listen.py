"""Addresses to listen on, as settings have them: `127.0.0.1:9645`, `[::1]:9645`, `localhost:9645`."""

from __future__ import annotations

import ipaddress
from typing import Final

_LAST_PORT: Final = 65_535


def checked(value: str, right: str) -> str:
    """The text itself.

    Args:
        value: what a person wrote.
        right: what would be right, for the message.

    Raises:
        ValueError: it is no address with a port.
    """
    host, _, port = value.rpartition(":")
    if not _is_host(host) or not port.isdecimal() or int(port) > _LAST_PORT:
        raise ValueError(f"'{value}' is no address with a port; write e.g. {right}")
    return value


def parts(value: str) -> tuple[str, int]:
    """The host and the port of a checked one; port 0 lets the system choose one."""
    host, _, port = value.rpartition(":")
    return host.strip("[]"), int(port)


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return host == "localhost"
    return True
