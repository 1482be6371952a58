"""Which requests or tasks a trouble hits: by pattern, by count, by share, for a time; neighbours: the troubles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

LOGIN = "/access/ticket"
CHANGING = "POST|PUT|DELETE"


@dataclass(slots=True)
class Limits:
    """How often a trouble strikes: `count` times (None: until it is taken away), until a moment, by chance.

    `share` is the part of what it could hit that it hits; the world's seed repeats the choice.
    """

    count: int | None = 1
    until: float | None = None
    share: float = 1.0

    def strike(self, world: World) -> bool:
        """Whether it strikes now; a stroke is counted."""
        if self.count == 0 or (self.until is not None and world.clock.now() >= self.until):
            return False
        if self.share < 1.0 and world.luck.random() >= self.share:
            return False
        if self.count is not None:
            self.count -= 1
        return True


def limits(world: World, spec: Mapping[str, Any]) -> Limits:
    """Read `count`, `for_s` and `share`; once when none of them is said, and `count: null` is without end."""
    standing = "for_s" in spec or "share" in spec
    count = spec.get("count", None if standing else 1)
    until = world.clock.now() + float(spec["for_s"]) if "for_s" in spec else None
    return Limits(None if count is None else int(count), until, float(spec.get("share", 1.0)))


@dataclass(slots=True)
class Requests:
    """Requests by these methods (`A|B`) to paths like the pattern, within limits."""

    methods: str
    pattern: str
    limits: Limits

    def hits(self, world: World, method: str, path: str) -> bool:
        """Whether the request is one of them; logging in is only when it is named."""
        if path == LOGIN and self.pattern != LOGIN:
            return False
        if method not in self.methods.split("|") or not fnmatchcase(path, self.pattern):
            return False
        return self.limits.strike(world)


def requests(world: World, spec: Mapping[str, Any], methods: str = CHANGING) -> Requests:
    """Read `method` and `path` with the limits."""
    return Requests(str(spec.get("method", methods)), str(spec.get("path", "*")), limits(world, spec))
