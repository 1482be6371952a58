"""Which custom fields objects of a type do not have, so that NetBox is not asked about it for each of thousands of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass
class Absent:
    """By type and field, until when that is believed. Times are seconds of a clock that only grows."""

    _until: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])

    def among(self, kind: str, names: Collection[str], now: float) -> frozenset[str]:
        """Those of the fields that objects of the type are believed not to have."""
        return frozenset(name for name in names if self._until.get((kind, name), now) > now)

    def learn(
        self, kind: str, asked: Collection[str], missing: Collection[str], until: float
    ) -> frozenset[str]:
        """An object was asked for fields and lacked some; those of which that is news."""
        fresh = frozenset(name for name in missing if (kind, name) not in self._until)
        for name in asked:
            self._until.pop((kind, name), None)
        self._until.update({(kind, name): until for name in missing})
        return fresh
