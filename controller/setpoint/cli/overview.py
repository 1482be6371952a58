"""The status of the estate in lines for people: the source, what is wrong, the table, and what is left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from setpoint.cli.beneath import inventory_lines
from setpoint.cli.departed import departed_lines
from setpoint.cli.output import Ending, counted
from setpoint.cli.tables import Cell, age, field, paint, plain, seen, table, wanted
from setpoint.cli.verdict import row_verdict
from setpoint.model.tree import leaves

COLOURS = {Ending.FINE: "green", Ending.DIFFERENT: "yellow", Ending.HELD: "magenta", Ending.ERROR: "red"}
_SHOWN = 5
"""How many resources that wait for one and the same thing are told one by one."""
_NOTHING: tuple[Any, ...] = (None, "", [], {})
"""What need not be told in the details."""
_HEAD = ("KEY", "READY", "OUTCOME", "SINCE", "WHAT")


def overview(
    status: dict[str, Any], rows: Sequence[dict[str, Any]], *, detailed: bool = False, left_out: int = 0
) -> Iterator[str]:
    """Every line; `rows` are the resources to show, `detailed` with what is known of each; others are in sync."""
    yield from source_lines(status)
    if rows:
        told = {row["key"]: row["sentence"] for row in rows if row["ready"] != "True"}
        yield ""
        yield from table(_HEAD, [_row(row, told) for row in rows])
    if left_out:
        yield ""
        yield f"{counted(left_out, 'resource')} in sync; setpoint status --all lists them."
    for row in rows if detailed else ():
        yield ""
        yield from _details(row)
    yield from departed_lines(status)
    if status["released"]:
        yield ""
        yield "Left the declarations and left alone:"
        yield from (
            f"  {one['key']}  {_identity(one)}, seen {age(one['seenAt'])} ago" for one in status["released"]
        )


def source_lines(status: dict[str, Any]) -> Iterator[str]:
    """What is frozen, where declarations come from, how the last look went, and every mistake in them."""
    yield from (paint(_frozen(one), "magenta") for one in status["freezes"])
    source = status["source"]
    looked = f", looked at {age(source['lookedAt'])} ago" if source["lookedAt"] else ""
    phase = "" if status["phase"] == "running" else f" ({status['phase']})"
    line = f"Estate {status['estate']}{phase}, {source['name']}: {source['sentence']}{looked}"
    yield line if source["good"] or status["phase"] != "running" else paint(line, "red")
    yield from (f"Note: {note}" for note in source["notes"])
    yield from inventory_lines(status)
    if status["problems"]:
        yield paint(f"{counted(len(status['problems']), 'mistake')} in the declarations:", "red")
        yield from (f"  {problem['text']}" for problem in status["problems"])
    yield from _waiting(status["waiting"])


def _frozen(one: dict[str, Any]) -> str:
    sentence = str(one["sentence"])
    return f"{sentence[0].upper()}{sentence[1:]}; to end it: {one['release']}"


def _waiting(waiting: Sequence[dict[str, Any]]) -> Iterator[str]:
    reasons = Counter(one["what"] for one in waiting)
    for what, number in reasons.items():
        group = [one for one in waiting if one["what"] == what]
        yield from (f"  {one['key']} waits: {one['text']}" for one in group[:_SHOWN])
        if number > _SHOWN:
            yield f"  and {number - _SHOWN} more wait: {what}"


def _row(row: dict[str, Any], told: Mapping[str, str]) -> tuple[str | Cell, ...]:
    colour = COLOURS[row_verdict(row)]
    kept = " (kept as it was: its declaration is broken now)" if row["retained"] else ""
    kept += " (declared no more: it stays until what it holds is deleted)" if row["lingering"] else ""
    ready = Cell(row["ready"], colour)
    return row["key"], ready, Cell(row["outcome"], colour), age(row["since"]), _sentence(row, told) + kept


def _sentence(row: dict[str, Any], told: Mapping[str, str]) -> str:
    """What is the matter; only a word when the target in the same table says it already, for all that wait for it."""
    own, other = str(row["sentence"]), told.get(row["target"])
    said = row["outcome"] == "Blocked" and other is not None and (own in other or other in own)
    return f"waits for {row['target']}" if said else own


def _details(row: dict[str, Any]) -> Iterator[str]:
    """What is known of one resource."""
    held_by = f", on {row['target']}" if row["target"] else ""
    yield f"{row['key']}: declared at {row['origin']}{held_by}, looked at {age(row['lookedAt'])} ago"
    yield from (f"  {name}: {plain(one)}" for name, one in row["detail"].items() if one not in _NOTHING)
    outputs = [f"{field(path)} {plain(one)}" for path, one in leaves(row["outputs"]) if one not in _NOTHING]
    if outputs:
        yield f"  outputs: {', '.join(outputs)}"
    yield from (f"  {field(path)}: {note}" for path, note in row["notes"].items())
    if row["order"]:
        yield f"  {row['order']}"
    if row["rebuildAt"]:
        yield f"  wiped and made anew by schedule at {row['rebuildAt'].replace('T', ' ').replace(':00Z', ' UTC')}"
    for change in row["changes"]:
        yield f"  {field(change['path'])} differs: seen {seen(change)}, declared {wanted(change)}"
    yield from _conditions(row["conditions"])


def _conditions(conditions: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Each condition; several that say the same say it once."""
    told: set[str] = set()
    for one in conditions:
        why = f": {one['message']}" if one["message"] and one["message"] not in told else ""
        told.add(one["message"])
        yield f"  {one['type']} is {one['status']} since {age(one['since'])} ({one['reason']}){why}"


def _identity(one: dict[str, Any]) -> str:
    named = ", ".join(f"{name} {number}" for name, number in one["identity"].items())
    return f"{named} on {one['target']}" if named else f"on {one['target']}"
