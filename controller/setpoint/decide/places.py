"""Who may use the scarce parts of a target: so many at once per scope, all of one's scopes or none, in order of asking.

Whoever has waited longest keeps what it needs free; others may pass it only where they take nothing from it.
So nobody waits for ever, and nobody holds one scope while waiting for another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

H = TypeVar("H", bound=Hashable)


@dataclass(frozen=True)
class Crowd(Generic[H]):
    """Why a place is not free: who uses the scope, and who asked for it before."""

    scope: str
    limit: int
    users: tuple[H, ...]
    before: H | None


@dataclass
class Places(Generic[H]):
    """The places of some scopes, and who holds them.

    Attributes:
        limit: how many may use a scope at once; less than one counts as one.
        granted: called with each waiting holder that has now got what it asked for.
    """

    limit: Callable[[str], int]
    granted: Callable[[H], None]
    _held: dict[H, frozenset[str]] = field(default_factory=dict[H, frozenset[str]])
    _asking: dict[H, frozenset[str]] = field(default_factory=dict[H, frozenset[str]])
    _used: Counter[str] = field(default_factory=Counter[str])

    def __contains__(self, holder: H) -> bool:
        """Whether it holds or asks for anything."""
        return holder in self._held or holder in self._asking

    def holds(self, holder: H) -> bool:
        """Whether it has what it asked for."""
        return holder in self._held

    def take(self, holder: H, scopes: Iterable[str]) -> Crowd[H] | None:
        """Take a place on each of `scopes` now (None), or wait for them, at the place of the first asking."""
        wanted = frozenset(scopes)
        if self._held.get(holder) == wanted:
            return None
        if self._asking.get(holder) != wanted:
            self.drop(holder)
            self._asking[holder] = wanted
            if self._full(wanted, self._kept(holder)) is None:
                self._put(holder)
                return None
        return self._crowd(holder)

    def hold(self, holder: H, scopes: Iterable[str]) -> None:
        """Note that it uses `scopes` already, whatever the limits say."""
        wanted = frozenset(scopes)
        if self._held.get(holder) != wanted:
            freed = self._leave(holder)
            self._asking[holder] = wanted
            self._put(holder)
            self._grant(freed)

    def drop(self, holder: H) -> None:
        """It uses nothing any more and asks for nothing."""
        self._grant(self._leave(holder))

    def review(self) -> None:
        """The limits may have changed."""
        self._grant(frozenset[str]().union(*self._asking.values()))

    def usage(self) -> dict[str, int]:
        """How many places of each scope are in use."""
        return {scope: count for scope, count in self._used.items() if count}

    def waiting(self) -> tuple[H, ...]:
        """Who waits, longest first."""
        return tuple(self._asking)

    def _leave(self, holder: H) -> frozenset[str]:
        """Where others may find a place now: what it used, or what was kept free for it."""
        used = self._held.pop(holder, frozenset[str]())
        self._used.subtract(used)
        return used | self._asking.pop(holder, frozenset[str]())

    def _put(self, holder: H) -> None:
        self._held[holder] = self._asking.pop(holder)
        self._used.update(self._held[holder])

    def _grant(self, freed: frozenset[str]) -> None:
        """Give the places that became free on `freed` to those who wait for them, in turn."""
        for holder, scopes in list(self._asking.items()):
            kept = self._kept(holder)
            if all(self._full({scope}, kept) is not None for scope in freed):
                return
            if not scopes.isdisjoint(freed) and self._full(scopes, kept) is None:
                self._put(holder)
                self.granted(holder)

    def _kept(self, holder: H) -> frozenset[str]:
        """Where a place is kept free for the longest waiting one, if that is another than `holder`.

        For it alone: a whole queue of them would keep everything free and use nothing.
        """
        first = next(iter(self._asking))
        return frozenset[str]() if first == holder else self._asking[first]

    def _full(self, scopes: Iterable[str], kept: frozenset[str]) -> str | None:
        """The first scope on which no place is free."""
        return next((s for s in sorted(scopes) if self._used[s] + (s in kept) >= max(self.limit(s), 1)), None)

    def _crowd(self, holder: H) -> Crowd[H]:
        wanted = self._asking[holder]
        scope = self._full(wanted, self._kept(holder)) or min(wanted)
        users = tuple(user for user, scopes in self._held.items() if scope in scopes)
        limit = max(self.limit(scope), 1)
        before = next(iter(self._asking)) if len(users) < limit else None
        return Crowd(scope, limit, users, before)
