"""What left the declarations and is to be deleted, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from setpoint.cli.output import Ending, counted
from setpoint.cli.tables import Cell, age, paint, table
from setpoint.cli.verdict import departed_verdict

_SHOWN = 20
"""Of more objects than these, the rest is counted."""
_HEAD = ("TO BE DELETED", "PHASE", "LEFT", "WHAT")
_COLOURS = {Ending.DIFFERENT: "yellow", Ending.HELD: "magenta"}


def departed_lines(status: dict[str, Any]) -> Iterator[str]:
    """Sets that wait for a person, then each object."""
    for one in status["heldSets"]:
        yield ""
        yield paint(
            f"{counted(len(one['keys']), 'deletion')} of {one['kind']} on {one['target']} held: "
            f"{one['deletedWithinADay']} of {one['inventory']} within a day, and {one['allowed']} may be; "
            f"to let just these go: setpoint approve {one['token']}",
            "magenta",
        )
    rows = status["deletions"]
    if rows:
        yield ""
        yield from table(_HEAD, [_row(row) for row in rows[:_SHOWN]])
    if len(rows) > _SHOWN:
        yield f"and {len(rows) - _SHOWN} more; setpoint status -o json lists them"


def _row(row: dict[str, Any]) -> tuple[str | Cell, ...]:
    phase = Cell(row["phase"], _COLOURS[departed_verdict(row)])
    return row["key"], phase, age(row["leftAt"]), row["sentence"]
