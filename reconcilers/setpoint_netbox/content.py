"""What is kept of a NetBox: one view per object, as canonical JSON, and beside them what the watcher knows of them all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from setpoint.model.inventory import Content

STATE: Final = "_state"
"""The one file that is no view."""
VIEWS: Final = (
    "virtualization.virtualmachine", "ipam.prefix", "ipam.vlan", "virtualization.cluster", "netbox_dns.zone",
)  # fmt: skip
"""The types of which there are views, as NetBox calls them."""
MISSING: Final = "NetBox does not show it any more, and nobody was seen to delete it"
"""Why an object is released of which nobody can tell more."""


@dataclass(frozen=True)
class Released:
    """An object that left without being seen deleted.

    Attributes:
        why: in a few words.
        at: when that was noticed, seconds since the epoch.
    """

    why: str
    at: float


@dataclass(frozen=True)
class State:
    """What the watcher knows beside the views.

    Attributes:
        url: of the NetBox that was read.
        api: the version of its API.
        hi: the highest id of a change that was seen.
        holes: ids of changes below it that may become visible yet, and when each was noticed, seconds since the epoch.
        released: by path, what left without being seen deleted.
        renamed: by path, the name that an object had before.
    """

    url: str = ""
    api: str = ""
    hi: int = 0
    holes: Mapping[int, float] = field(default_factory=dict[int, float])
    released: Mapping[str, Released] = field(default_factory=dict[str, Released])
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])


def state(content: Content) -> State:
    """What the watcher knew when this was read; an empty one where none was written, or by another version of us."""
    return _state(content.files.get(STATE, b"{}"))


def released(content: Content) -> frozenset[str]:
    """Paths of objects that left without being seen deleted."""
    return frozenset(state(content).released)


def unexplained(content: Content) -> frozenset[str]:
    """Those of them of which nobody can tell why."""
    return frozenset(path for path, one in state(content).released.items() if one.why == MISSING)


def renamed(content: Content) -> Mapping[str, str]:
    """The names before, by path."""
    return state(content).renamed


def views(content: Content) -> Iterator[tuple[str, bytes]]:
    """Every view with its path, e.g. `virtualization.virtualmachine/17`."""
    return ((path, view) for path, view in content.files.items() if path != STATE)


def view_path(object_type: str, number: int) -> str:
    """The path of an object's view."""
    return f"{object_type}/{number}"


def encode_view(view: Mapping[str, Any]) -> bytes:
    """A view as it is kept: the same object gives the same bytes."""
    return json.dumps(view, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def make_content(kept: Mapping[str, bytes], known: State, author: str = "", subject: str = "") -> Content:
    """The content of these views; its version tells what sheets can be made of, and nothing else."""
    digest = sha256()
    for path in sorted(kept):
        digest.update(b"%s\0%s\0" % (path.encode(), sha256(kept[path]).digest()))
    told = {"url": known.url, "released": sorted(known.released), "renamed": dict(known.renamed)}
    digest.update(encode_view(told))
    return Content(digest.hexdigest(), {**kept, STATE: encode_view(asdict(known))}, author, subject)


@lru_cache(maxsize=4)
def _state(text: bytes) -> State:
    try:
        told: Any = json.loads(text)
        return State(
            url=str(told.get("url", "")),
            api=str(told.get("api", "")),
            hi=int(told.get("hi", 0)),
            holes={int(hole): float(at) for hole, at in told.get("holes", {}).items()},
            released={
                path: Released(str(one["why"]), float(one["at"]))
                for path, one in told.get("released", {}).items()
            },
            renamed={path: str(name) for path, name in told.get("renamed", {}).items()},
        )
    except (ValueError, TypeError, LookupError, AttributeError):
        return State()
