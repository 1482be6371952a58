"""What nodes used over the last day, read for those guests only whose size follows it, and then kept for half an hour."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from setpoint.model.errors import BusyError, RefusalError, TargetError
from setpoint.model.plan import Obstacle
from setpoint.model.tree import Json
from setpoint_proxmox.answer import figure, records, whole
from setpoint_proxmox.client import Client

KEPT = 1800.0
"""Seconds for which a mean is good: over a day it hardly moves in that time."""
PAUSE = 300.0
"""Seconds for which a node that told nothing is not asked again."""
ENOUGH = 3600
"""Seconds of figures without which no mean is formed."""


@dataclass(frozen=True)
class Load:
    """What a node used on average: bytes of memory, and processors."""

    memory: int
    cpus: Fraction


@dataclass(frozen=True)
class Loads:
    """The means of a cluster's nodes as they were last read, or why they were not, each with the end of its time."""

    _known: dict[str, tuple[Load | Obstacle, float]] = field(
        default_factory=dict[str, "tuple[Load | Obstacle, float]"]
    )
    _turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def of(self, api: Client, node: str, now: float) -> Load | Obstacle:
        """The mean of a node, or why there is none. However many ask at once, it is read once."""
        async with self._turns[node]:
            known, end = self._known.get(node, (None, 0.0))
            # A clock that was set back would keep it for ever.
            if known is not None and end - KEPT <= now < end:
                return known
            found = await _read(api, node)
            self._known[node] = found, now + (KEPT if isinstance(found, Load) else PAUSE)
            return found


async def _read(api: Client, node: str) -> Load | Obstacle:
    try:
        rows = records(await api.get("nodes", node, "rrddata", timeframe="day", cf="AVERAGE"))
        return mean(node, rows)
    except TargetError as error:
        lasting = isinstance(error, RefusalError) and not isinstance(error, BusyError)
        why = f"what {node} used over the last day cannot be read: {error.message}"
        return Obstacle(why, error.remedy or _REMEDY, passing=not lasting)


_REMEDY = "wait, or write a size that does not follow what is used"


def mean(node: str, rows: Sequence[dict[str, Json]]) -> Load | Obstacle:
    """The mean over the points at which something was measured.

    Raises:
        RefusalError: a figure is none.
    """
    measured = [row for row in rows if row.get("memused") is not None and row.get("cpu") is not None]
    times = sorted(whole(row.get("time")) for row in rows)
    step = min((after - before for before, after in pairwise(times)), default=0)
    if len(measured) * step < ENOUGH:
        return Obstacle(f"{node} has measured what it uses for less than an hour", _REMEDY, passing=True)
    used = [(Fraction(figure(row["memused"])), _cpus(row)) for row in measured]
    memory, cpus = (sum(column, Fraction()) / len(used) for column in zip(*used, strict=True))
    # A thousandth of a processor and a byte are fine enough, and keep the arithmetic legible.
    return Load(int(memory), Fraction(round(cpus * 1000), 1000))


def _cpus(row: dict[str, Json]) -> Fraction:
    return Fraction(figure(row["cpu"])) * Fraction(figure(row.get("maxcpu")))
