"""What requests changed, so that a test can say "zero writes"; handlers and stores report with `changed()`."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)
class Effect:
    """One request that changed something; `time` in seconds of the emulator's clock, `status` of its answer."""

    method: str
    path: str
    params: Mapping[str, object]
    user: str
    time: float
    status: int = 0
    changed: bool = field(default=False)


class Ledger:
    """Append-only list of effects, in the order in which the requests were answered."""

    def __init__(self) -> None:
        """Start empty."""
        self.effects: list[Effect] = []
        self.version = 0
        self._current: ContextVar[Effect | None] = ContextVar("effect", default=None)

    def changed(self) -> None:
        """Say that the request that is being served changes the world; call it in every store that is written.

        `version` grows each time, so that what was worked out before is known to be old.
        """
        self.version += 1
        effect = self._current.get()
        if effect is not None:
            effect.changed = True

    def begin(self, effect: Effect) -> None:
        """Attribute what follows in this context to `effect`."""
        self._current.set(effect)

    def close(self, effect: Effect, status: int) -> None:
        """Keep `effect` if it changed something."""
        effect.status = status
        if effect.changed:
            self.effects.append(effect)
