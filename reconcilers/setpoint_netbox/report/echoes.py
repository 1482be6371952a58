"""Which calls were our own: the id that NetBox gives each call stands in the changes and webhooks that come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

KEPT: Final = 900.0
"""Seconds for which an id is known: longer than any change needs to become visible."""


@dataclass
class Echoes:
    """The ids of our writes of the last quarter of an hour; `clock` gives seconds that only grow."""

    clock: Callable[[], float]
    _ids: dict[str, float] = field(default_factory=dict[str, float])

    def note(self, request_id: str) -> None:
        """We made the call with this id."""
        now = self.clock()
        # In the order in which they came, so the oldest stand in front.
        while self._ids and now - next(iter(self._ids.values())) > KEPT:
            del self._ids[next(iter(self._ids))]
        if request_id:
            self._ids[request_id] = now

    def is_ours(self, request_id: str) -> bool:
        """Whether we made it, and not long ago."""
        at = self._ids.get(request_id)
        return at is not None and self.clock() - at <= KEPT
