"""Who may use the scarce parts of a target: so many at once per scope, all of one's scopes or none, in order of asking.

Whoever has waited longest keeps what it needs free; others may pass it only where they take nothing from it.
So nobody waits for ever, and nobody holds one scope while waiting for another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from setpoint.decide.waiting import Waiting

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
    _asking: Waiting[H] = field(default_factory=Waiting[H])
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
        if self._asking.wish(holder) != wanted:
            self.drop(holder)
            self._asking.add(holder, wanted)
            if self._full(wanted, self._kept(holder)) is None:
                self._put(holder, self._asking.remove(holder))
                return None
        return self._crowd(holder)

    def hold(self, holder: H, scopes: Iterable[str]) -> None:
        """Note that it uses `scopes` already, whatever the limits say."""
        wanted = frozenset(scopes)
        if self._held.get(holder) != wanted:
            freed = self._leave(holder)
            self._put(holder, wanted)
            self._grant(freed)

    def drop(self, holder: H) -> None:
        """It uses nothing any more and asks for nothing."""
        self._grant(self._leave(holder))

    def review(self) -> None:
        """The limits may have changed."""
        self._grant(frozenset[str]().union(*self._asking.wishes()))

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
        return used | self._asking.remove(holder)

    def _put(self, holder: H, scopes: frozenset[str]) -> None:
        self._held[holder] = scopes
        self._used.update(scopes)

    def _grant(self, freed: frozenset[str]) -> None:
        """Give the places that became free on `freed` to those who wait for them, in turn.

        Where there is none for one, there is none for those behind it that ask for the same.
        """
        heads = {
            wish: self._asking.head(wish) for wish in self._asking.wishes() if not wish.isdisjoint(freed)
        }
        turns = [(head, wish) for wish, head in heads.items() if head is not None]
        while turns:
            turn = min(turns, key=lambda turn: turn[0][0])
            (_, holder), scopes = turn
            turns.remove(turn)
            if self._full(scopes, self._kept(holder)) is None:
                self._put(holder, self._asking.remove(holder))
                self.granted(holder)
                if (head := self._asking.head(scopes)) is not None:
                    turns.append((head, scopes))

    def _kept(self, holder: H) -> frozenset[str]:
        """Where a place is kept free for the longest waiting one, if that is another than `holder`.

        For it alone: a whole queue of them would keep everything free and use nothing.
        """
        first = self._asking.first()
        if first is None or first == holder:
            return frozenset()
        return self._asking.wish(first) or frozenset()

    def _full(self, scopes: Iterable[str], kept: frozenset[str]) -> str | None:
        """The first scope on which no place is free."""
        return next((s for s in sorted(scopes) if self._used[s] + (s in kept) >= max(self.limit(s), 1)), None)

    def _crowd(self, holder: H) -> Crowd[H]:
        wanted = self._asking.wish(holder) or frozenset[str]()
        scope = self._full(wanted, self._kept(holder)) or min(wanted)
        users = tuple(user for user, scopes in self._held.items() if scope in scopes)
        limit = max(self.limit(scope), 1)
        before = self._asking.first() if len(users) < limit else None
        return Crowd(scope, limit, users, before)
