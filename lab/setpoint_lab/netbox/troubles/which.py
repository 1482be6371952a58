"""Which requests a trouble hits: by pattern, by count, by share, for a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.world import World

ALL = "GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE"
CHANGING = "POST|PUT|PATCH|DELETE"


@dataclass(slots=True)
class Limits:
    """How often a trouble strikes: `count` times (None: until it is taken away), until a moment, by chance."""

    count: int | None = 1
    until: float | None = None
    share: float = 1.0

    def strike(self, world: World) -> bool:
        """Whether it strikes now; a stroke is counted."""
        if self.count == 0 or (self.until is not None and world.seconds() >= self.until):
            return False
        if self.share < 1.0 and world.random.random() >= self.share:
            return False
        if self.count is not None:
            self.count -= 1
        return True


def limits(world: World, spec: Mapping[str, Any]) -> Limits:
    """Read `count`, `for_s` and `share`; once when none of them is said, and `count: null` is without end."""
    standing = "for_s" in spec or "share" in spec
    count = spec.get("count", None if standing else 1)
    until = world.seconds() + float(spec["for_s"]) if "for_s" in spec else None
    return Limits(None if count is None else int(count), until, float(spec.get("share", 1.0)))


@dataclass(slots=True)
class Requests:
    """Requests by these methods (`A|B`) whose path and query are like the patterns, within limits."""

    methods: str
    path: str
    query: str
    limits: Limits

    def hits(self, world: World, method: str, path: str, query: str = "") -> bool:
        """Whether the request is one of them; a stroke is counted."""
        return (
            method in self.methods.split("|")
            and fnmatchcase(path, self.path)
            and fnmatchcase(query, self.query)
            and self.limits.strike(world)
        )

    def hit(self, world: World, request: Request) -> bool:
        """Whether a request from outside is one of them."""
        return self.hits(world, request.method, request.path, request.query)


def requests(world: World, spec: Mapping[str, Any], methods: str = ALL) -> Requests:
    """Read `method`, `path` and `query` with the limits."""
    return Requests(
        str(spec.get("method", methods)),
        str(spec.get("path", "*")),
        str(spec.get("query", "*")),
        limits(world, spec),
    )
