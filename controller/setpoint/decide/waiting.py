"""Who waits for places, longest first; told apart by what they ask for, so that a long queue costs no more than a short one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Generic, TypeVar

H = TypeVar("H", bound=Hashable)
Wish = frozenset[str]


@dataclass
class Waiting(Generic[H]):
    """The holders that wait, each with its wish: the scopes that it asks for."""

    _numbers: count[int] = field(default_factory=count)
    _wishes: OrderedDict[H, Wish] = field(default_factory=OrderedDict[H, Wish])
    _groups: dict[Wish, OrderedDict[H, int]] = field(default_factory=dict[Wish, OrderedDict[H, int]])

    def __contains__(self, holder: H) -> bool:
        """Whether it waits."""
        return holder in self._wishes

    def __iter__(self) -> Iterator[H]:
        """Longest first."""
        return iter(self._wishes)

    def wish(self, holder: H) -> Wish | None:
        """What it asks for."""
        return self._wishes.get(holder)

    def wishes(self) -> frozenset[Wish]:
        """All that is asked for."""
        return frozenset(self._groups)

    def first(self) -> H | None:
        """Who waits longest."""
        return next(iter(self._wishes), None)

    def add(self, holder: H, wish: Wish) -> None:
        """Let it wait behind all others."""
        self._wishes[holder] = wish
        self._groups.setdefault(wish, OrderedDict[H, int]())[holder] = next(self._numbers)

    def remove(self, holder: H) -> Wish:
        """It waits no more; what it asked for, nothing if it did not wait."""
        wish = self._wishes.pop(holder, Wish())
        group = self._groups.get(wish, OrderedDict[H, int]())
        if group.pop(holder, None) is not None and not group:
            del self._groups[wish]
        return wish

    def head(self, wish: Wish) -> tuple[int, H] | None:
        """Of those with this very wish the one that waits longest, and its number in the order of all."""
        group = self._groups.get(wish)
        return next(((number, holder) for holder, number in group.items()), None) if group else None
