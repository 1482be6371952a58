"""What was read and found of the sets of a zone last, so that of thousands only those are judged that may differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from setpoint_dns.records.finding import Finding
from setpoint_dns.records.spec import ByType
from setpoint_dns.records.zone import Declarations, Entry, Ground

Place: TypeAlias = tuple[int, str]
"""The position of a part, and a name as it is written there; empty for the name servers."""
Written: TypeAlias = ByType | tuple[str, ...]
_SPARE: Final = 2
"""How many trails are kept for each set, before those that nobody rests on any more are let go."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was found of a set, and what of the zone that rests on."""

    entry: Entry
    trail: frozenset[str]
    findings: tuple[Finding, ...]


@dataclass
class Memory:
    """Of one zone. It only saves work: what is found is the same without it.

    Attributes:
        ground: on which all of it stands.
        zone: of the last time.
        read: the sets that were made of what was written at a name, where nothing was wrong with that.
    """

    ground: Ground | None = None
    zone: Declarations | None = None
    read: dict[Place, tuple[Written, tuple[Entry, ...]]] = field(
        default_factory=dict[Place, tuple[Written, tuple[Entry, ...]]]
    )
    _judged: dict[int, _Judged] = field(default_factory=dict[int, _Judged])
    _trails: dict[frozenset[str], frozenset[str]] = field(
        default_factory=dict[frozenset[str], frozenset[str]]
    )

    def stand_on(self, ground: Ground) -> None:
        """Forget all that was found on another ground."""
        if ground != self.ground:
            self.ground, self.zone = ground, None
            self.read, self._judged, self._trails = {}, {}, {}

    def known(self, place: Place, written: Written) -> tuple[Entry, ...] | None:
        """The sets of a name that is written as it was, the very objects of before."""
        found = self.read.get(place)
        return found[1] if found is not None and found[0] == written else None

    def judge(
        self,
        zone: Declarations,
        entries: Iterable[Entry],
        judge: Callable[[Entry, Declarations], Iterable[Finding]],
    ) -> list[Finding]:
        """What is found of every set; asked for anew where the set is another one, or what it rested on."""
        news = zone.news
        judged: dict[int, _Judged] = {}
        found: list[Finding] = []
        for entry in entries:
            one = self._judged.get(id(entry))
            if one is None or one.entry is not entry or news is None or not news.isdisjoint(one.trail):
                zone.trail = set()
                findings = tuple(judge(entry, zone))
                trail = frozenset(zone.trail)
                one = _Judged(entry, self._trails.setdefault(trail, trail), findings)
            judged[id(entry)] = one
            found += one.findings
        self.zone, self._judged = zone, judged
        if len(self._trails) > _SPARE * len(judged):
            self._trails = {one.trail: one.trail for one in judged.values()}
        return found
