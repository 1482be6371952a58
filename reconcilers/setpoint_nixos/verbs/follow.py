"""Follows an order until each of its hosts came to an end, telling what is done; then a line for each host, and one for all."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click

from setpoint.cli.output import Ending, counted
from setpoint.cli.overview import COLOURS
from setpoint.cli.tables import paint
from setpoint.cli.verdict import row_verdict

_EVERY: Final = 0.5
_STILL: Final = 10.0
"""Seconds after which a wave that nobody moves is left to whoever mends it."""
_WORDS: Final = {
    Ending.FINE: "in sync",
    Ending.DIFFERENT: "not there yet",
    Ending.HELD: "held",
    Ending.ERROR: "failed",
}
_ORDER: Final = (Ending.FINE, Ending.DIFFERENT, Ending.HELD, Ending.ERROR)


@dataclass
class Following:
    """What was told already of an order.

    Attributes:
        look: how each member of the order is now, as the daemon tells it.
        boots: it was ordered that the system comes into force by the next boot.
    """

    look: Callable[[], Awaitable[Mapping[str, Any]]]
    boots: bool = False
    _told: dict[str, str] = field(default_factory=dict[str, str])

    async def until(self, deadline: float) -> list[Mapping[str, Any]]:
        """The members when all came to an end, or nobody goes on before somebody mends one, or at that moment of the loop."""
        clock = asyncio.get_running_loop().time
        moved = clock()
        while True:
            members: list[Mapping[str, Any]] = (await self.look())["members"]
            for member in members:
                self._tell(member)
            moved = moved if self._stands(members) else clock()
            if all(one["ended"] for one in members) or clock() >= min(deadline, moved + _STILL):
                return members
            await asyncio.sleep(_EVERY)

    def _stands(self, members: Sequence[Mapping[str, Any]]) -> bool:
        """Whether one ended badly, and all others that did not end wait for their turn."""
        bad = any(one["ended"] and self.ending(one) is not Ending.FINE for one in members)
        return bad and all(one["ended"] or _waits(one) for one in members)

    def ending(self, member: Mapping[str, Any]) -> Ending:
        """How it ended for one host."""
        row = member["resource"]
        if row is None:
            return Ending.ERROR
        if not member["ended"]:
            return Ending.DIFFERENT
        if row["outcome"] == "Blocked":
            return Ending.ERROR
        if self.boots and row["holds"] and all(hold["rule"] == "RebootPending" for hold in row["holds"]):
            return Ending.DIFFERENT
        return row_verdict(row)

    def lines(self, members: Sequence[Mapping[str, Any]]) -> list[str]:
        """A line for each host, and one that counts."""
        endings = [self.ending(one) for one in members]
        lines = [
            f"{one['key']}: {paint(_sentence(one), COLOURS[ending])}"
            for one, ending in zip(members, endings, strict=True)
        ]
        number = Counter(endings)
        summary = ", ".join(f"{number[one]} {_WORDS[one]}" for one in _ORDER if number[one])
        return [*lines, f"{counted(len(members), 'host')}: {summary}"]

    def _tell(self, member: Mapping[str, Any]) -> None:
        """Say what is done for a host, on standard error, once."""
        key, row = member["key"], member["resource"]
        if row is None or member["ended"] or not member["looked"]:
            return
        if self._told.get(key) != row["sentence"]:
            self._told[key] = row["sentence"]
            click.echo(f"{key}: {row['sentence']}", err=True)


def _waits(member: Mapping[str, Any]) -> bool:
    """Whether nothing but its turn is waited for."""
    row = member["resource"]
    holds = row["holds"] if row is not None and member["looked"] else ()
    return bool(holds) and all(hold["rule"] == "Rollout" for hold in holds)


def _sentence(member: Mapping[str, Any]) -> str:
    row = member["resource"]
    if row is None:
        return "is declared no more"
    if not member["ended"]:
        return f"{'waits' if _waits(member) else 'not done in time, and goes on'}: {row['sentence']}"
    if row["outcome"] != "Done":
        return f"{row['outcome'].lower()}: {row['sentence']}"
    revision = str(row["detail"].get("revision") or "")
    return str(row["sentence"]) + (f", revision {revision[:12]}" if revision else "")
