"""What a run of many seeds tells: how much happened, how long it took, and which seed to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.simulation.simulation import Result

SHOWN = 60
"""Lines of the trace that a failure shows."""
EFFECTS = (
    "guest_made",
    "guest_gone",
    "started",
    "stopped",
    "guest_moved",
    "volume_made",
    "volume_gone",
    "wiped",
)


@dataclass
class Report:
    """The sum over all seeds."""

    seeds: int = 0
    broken: list[Result] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    commits: int = 0
    judged: int = 0
    hours: float = 0.0
    cpu: float = 0.0
    slowest: float = 0.0

    def add(self, result: Result) -> None:
        """One more seed."""
        self.seeds += 1
        if result.broken:
            self.broken.append(result)
        self.counts.update(result.counts)
        self.faults.update(result.faults)
        self.lives += result.lives
        self.commits += result.commits
        self.judged += result.judged
        self.hours += result.hours
        self.cpu += result.cpu
        self.slowest = max(self.slowest, result.cpu)

    def lines(self, wall: float) -> Iterable[str]:
        """The report as text."""
        yield f"{self.seeds} seeds, {self.hours:.0f} hours of virtual time, {self.commits} commits"
        yield f"  operations: {self.judged} writes judged, {self.counts['call']} calls answered; " + told(
            {kind: self.counts[kind] for kind in EFFECTS}
        )
        kills = sum(self.faults[kind] for kind in ("kill", "lose_database"))
        yield f"  lives of the daemon: {self.lives}, kills: {kills}"
        yield f"  what happened: {told(self.faults)}"
        yield (
            f"  {wall:.0f} s of wall time, {self.cpu:.0f} s of CPU, "
            f"{self.cpu / max(self.seeds, 1):.2f} s per seed, the slowest {self.slowest:.2f} s"
        )
        yield f"  {len(self.broken)} seeds failed"


def told(counts: Counter[str] | dict[str, int]) -> str:
    """Counts, the most first."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {count}" for name, count in ordered if count)


def failure(result: Result) -> Iterable[str]:
    """What is known of a seed that failed."""
    yield f"seed {result.seed} failed:"
    yield from (f"  {line}" for line in result.broken[:5])
    yield "  before that:"
    yield from (f"    {line}" for line in result.last[-SHOWN:])
    yield f"make simulate SEEDS=1 FIRST={result.seed}"
