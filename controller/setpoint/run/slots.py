"""Places for operations: so many side by side per scope of a target, kept from before a step until its intent closes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from setpoint.decide.places import Crowd, Places
from setpoint.model.key import Key
from setpoint.model.outcome import Outcome, Wait
from setpoint.model.plan import Intent

_NET = timedelta(minutes=5)
"""Whoever waits is woken when its turn comes; it looks again after this time all the same."""
_NAMED = 3


class Slots:
    """The places of one target.

    Args:
        limit: how many operations may use a scope side by side.
        wake: makes a key due whose turn has come.
    """

    def __init__(self, limit: Callable[[str], int], wake: Callable[[Key], None]) -> None:
        self._places = Places(limit, wake)

    def enter(self, key: Key, scopes: Iterable[str]) -> Wait | None:
        """Take a place on every scope of a step, or say whom it waits for; the place of the step before is given back."""
        crowd = self._places.take(key, scopes)
        return None if crowd is None else Wait(_sentence(crowd), _NET, idle=True)

    def resume(self, key: Key, intent: Intent) -> None:
        """Hold the places of a step that is under way already."""
        self._places.hold(key, intent.scopes)

    def leave(self, key: Key) -> None:
        """Give back whatever the key holds or asks for."""
        self._places.drop(key)

    def knows(self, key: Key) -> bool:
        """Whether the key holds a place or asks for one."""
        return key in self._places

    def settle(self, key: Key, outcome: Outcome, intent: Intent | None) -> None:
        """After a pass: only a step under way keeps places, and only who waits for its turn goes on asking."""
        if intent is not None:
            self.resume(key, intent)
        elif not (isinstance(outcome, Wait) and outcome.idle):
            self.leave(key)

    def review(self) -> None:
        """The limits may have changed."""
        self._places.review()

    def usage(self) -> dict[str, int]:
        """How many operations use each scope now."""
        return self._places.usage()

    def waiting(self) -> tuple[Key, ...]:
        """The keys that wait for their turn, longest first."""
        return self._places.waiting()


def _sentence(crowd: Crowd[Key]) -> str:
    if crowd.before is not None:
        return (
            f"waits for a free place on {crowd.scope}: the next one is for {crowd.before}, which asked before"
        )
    users = ", ".join(str(user) for user in crowd.users[:_NAMED])
    more = f" and {len(crowd.users) - _NAMED} more" if len(crowd.users) > _NAMED else ""
    return f"waits for a free place on {crowd.scope} ({len(crowd.users)} of {crowd.limit} in use by {users}{more})"
