"""What became of objects that are not shown any more: deleted with a proof, released without one, or not believed. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from setpoint_netbox.content import MISSING, Released, view_path
from setpoint_netbox.watch.views import Thing, View

TOKEN: Final = 12
"""Digits of a token, as those of holds."""
FEW: Final = 3
"""Objects that may leave at once however few there are, unless none is left."""
REMEMBERED: Final = 30 * 86400.0
"""Seconds for which it is known that something left with a reason; without one, until it is there again."""
LEFT: Final = "it is not selected any more"
REPLACED: Final = "another object has its number, as in a database that was restored"


@dataclass(frozen=True)
class Shrunk:
    """More left than is believed.

    Attributes:
        before, after: how many objects of the type there were and would be.
        token: of just these departures.
    """

    type: str
    before: int
    after: int
    token: str


def shrunk(before: Iterable[str], after: Iterable[str], deleted: Collection[str]) -> Shrunk | None:
    """The type of which too much left without being seen deleted; None when none did.

    A filter that means something else, a lost permission and another database all look like this.

    Args:
        before: paths of views.
        after: those that would be left.
        deleted: paths of those that somebody was seen to delete.
    """
    then, now = _by_type(before), _by_type(after)
    for kind, paths in sorted(then.items()):
        there = paths - set(deleted)
        stayed = there & now.get(kind, set())
        lost = there - stayed
        if lost and (not now.get(kind) or (len(lost) > FEW and 2 * len(stayed) < len(there))):
            digest = sha256("\n".join(sorted(lost)).encode()).hexdigest()
            return Shrunk(kind, len(paths), len(now.get(kind, ())), digest[:TOKEN])
    return None


def hidden(
    before: Mapping[str, View], after: Mapping[str, View], explained: Collection[Thing]
) -> Shrunk | None:
    """The same of what stands in views that stay: a permission that is lost for interfaces looks as if all were removed.

    Args:
        before: the views that were read again, as they were.
        after: as they are.
        explained: what was seen to change.
    """
    then = _parts(view for path, view in before.items() if path in after)
    return shrunk(then, _parts(after.values()), [view_path(*thing) for thing in explained])


def _parts(views: Iterable[View]) -> list[str]:
    return [view_path(*thing) for view in views for thing in view.things]


def remember(
    known: Mapping[str, Released], leaving: Mapping[str, str], there: Collection[str], now: float
) -> Mapping[str, Released]:
    """What is known to be released, with those that leave now and without those that are there again.

    Args:
        known: what was released before.
        leaving: why each of them leaves, by path.
        there: paths of the views.
        now: seconds since the epoch.
    """
    kept = {
        path: one
        for path, one in known.items()
        if (now - one.at <= REMEMBERED or one.why == MISSING) and (path not in there or one.why == REPLACED)
    }
    return {**kept, **{path: Released(why, now) for path, why in leaving.items()}}


def _by_type(paths: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in paths:
        found.setdefault(path.partition("/")[0], set()).add(path)
    return found
