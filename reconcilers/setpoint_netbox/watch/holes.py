"""How far NetBox's changes were read. An id is given when a row is saved and seen when its transaction ends, so a gap may fill later. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

TTL: Final = 600.0
"""Seconds that a gap may take to fill: more than any transaction of NetBox lasts. What was rolled back never does."""
MOST: Final = 10_000
"""Gaps that are watched; with more of them everything is read again instead."""


@dataclass(frozen=True)
class Feed:
    """Every change up to `hi` was seen, but for the `holes`.

    Attributes:
        hi: the highest id that was seen.
        holes: ids below it that may be seen yet, and when each was noticed.
    """

    hi: int
    holes: Mapping[int, float]

    @property
    def start(self) -> int:
        """The first id that may bring something new."""
        return min(self.holes, default=self.hi + 1)


@dataclass(frozen=True)
class Taken:
    """What a reading of the feed brought.

    Attributes:
        new: ids that were never seen before.
        overflow: so many gaps came at once that they are not watched; everything has to be read again.
    """

    feed: Feed
    new: frozenset[int]
    overflow: bool = False


def take(feed: Feed, ids: Collection[int], now: float) -> Taken:
    """Go on by what was read from `feed.start` on; all of it, in however many pages."""
    new = frozenset(one for one in ids if one > feed.hi or one in feed.holes)
    hi = max(feed.hi, max(new, default=0))
    gaps = hi - feed.hi - sum(one > feed.hi for one in new)
    kept = {one: since for one, since in feed.holes.items() if one not in new and now - since <= TTL}
    if gaps + len(kept) > MOST:
        return Taken(Feed(hi, {}), new, overflow=True)
    kept.update({one: now for one in range(feed.hi + 1, hi) if one not in new})
    return Taken(Feed(hi, kept), new)


def begin(ids: Collection[int], now: float) -> Feed:
    """The feed of who reads everything right after these ids of recent changes were seen."""
    hi = max(ids, default=0)
    seen = set(ids)
    gaps = [one for one in range(min(ids, default=hi), hi) if one not in seen]
    return Feed(hi, dict.fromkeys(gaps[-MOST:], now))
