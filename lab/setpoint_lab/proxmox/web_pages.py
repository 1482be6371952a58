"""The world's web: what nodes find when they download; a state lists it, all other addresses are out of reach.

A page of `web` is `{"url", "size", "type"}` with `sums` (hex by algorithm) or `text`, from which all are made.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from setpoint_lab.proxmox.events import lab_event
from setpoint_lab.proxmox.volumes import checksum_of
from setpoint_lab.untyped import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.world import World

KEY = "web"
ANY_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Page:
    """What lies at an address; `size` in bytes, `sums` in hex by algorithm."""

    size: int
    type: str = ANY_TYPE
    sums: Mapping[str, str] = field(default_factory=dict[str, str])
    text: str | None = None

    def checksum(self, algorithm: str) -> str:
        """Its checksum in hex."""
        return checksum_of(algorithm, self.size, self.text, self.sums)


def page_at(world: World, url: str) -> Page | None:
    """What lies at the address, None when it cannot be reached."""
    found = next((page for page in _pages(world) if page.get("url") == url), None)
    if found is None:
        return None
    text = found.get("text")
    size = len(str(text).encode()) if text is not None else int(found.get("size", 0))
    kind = str(found.get("type", ANY_TYPE))
    return Page(size, kind, found.get("sums") or {}, None if text is None else str(text))


def pages_below(world: World, prefix: str) -> list[str]:
    """The addresses that begin so."""
    return [str(page["url"]) for page in _pages(world) if str(page.get("url", "")).startswith(prefix)]


def unreachable(url: str) -> str:
    """Why nothing can be had from an address that no page lies at."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80}.get(parts.scheme, 443)
    why = (
        "Connection refused" if _is_address(parts.hostname or "") else "Temporary failure in name resolution"
    )
    return f"Can't connect to {parts.hostname}:{port} ({why})"


@lab_event("web_page")
async def put_page(world: World, spec: Mapping[str, object]) -> None:
    """Let a page lie at an address, in the place of another."""
    world.other[KEY] = [page for page in _pages(world) if page.get("url") != spec["url"]] + [dict(spec)]


def offer(world: World, page: Mapping[str, object]) -> None:
    """Let a page lie at an address, unless there is one."""
    if all(other.get("url") != page["url"] for other in _pages(world)):
        world.other[KEY] = [*_pages(world), dict(page)]


def _pages(world: World) -> list[Mapping[str, Any]]:
    found = world.other.get(KEY)
    return [page for page in found if is_object(page)] if is_list(found) else []


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False
