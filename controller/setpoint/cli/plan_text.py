"""A plan in lines for people and as markdown for a review, both from the same document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from setpoint.cli.beneath import conflict_lines
from setpoint.cli.output import counted
from setpoint.cli.plan_view import CHANGE, FAILED, HELD, IN_SYNC, WAITING, all_holds
from setpoint.cli.tables import field, paint, seen, value, wanted
from setpoint.model.hold import Releaser
from setpoint.model.tree import leaves

_COLOURS = {CHANGE: "yellow", HELD: "magenta", FAILED: "red", WAITING: "yellow", IN_SYNC: "green"}
_BY = {
    Releaser.TIME: "ends by itself",
    Releaser.OPERATOR: "released by an operator",
    Releaser.ADMIN: "released by an admin",
    Releaser.COMMIT: "released by a commit",
    Releaser.HAND: "released by hand",
}
_MOST = 30
"""Lines for what a step comes to beyond what is compared."""
_NO_MEMORY = "without memory: nothing is remembered yet, so every difference counts as made by hand"


def text_lines(plan: dict[str, Any]) -> Iterator[str]:
    """The plan for a terminal or a pipe."""
    yield f"Plan of {plan['version'][:12]} for estate {plan['estate']}{_memory(plan)}"
    yield from (f"Note: {note}" for note in plan["notes"])
    yield from (paint(problem["text"], "red") for problem in (*plan["problems"], *plan["waiting"]))
    yield from conflict_lines(plan["conflicts"])
    for row in plan["resources"]:
        yield from row_lines(row)
    if plan["released"]:
        yield ""
        yield "Not declared, and left alone:"
        yield from (f"  {one['key']}" for one in plan["released"])
    yield ""
    yield summary_line(plan)


def markdown_lines(plan: dict[str, Any]) -> Iterator[str]:
    """The plan for the discussion of a change."""
    yield f"### Plan of `{plan['version'][:12]}` for estate {plan['estate']}"
    yield ""
    yield f"{summary_line(plan)}{_memory(plan)}"
    yield from (f"- {note}" for note in plan["notes"])
    for problem in (*plan["problems"], *plan["waiting"]):
        yield f"- :x: {problem['text']}"
    yield from (f"- :warning: {conflict['text']}" for conflict in plan["conflicts"])
    for row in plan["resources"]:
        if row["verdict"] != IN_SYNC:
            yield from _section(row)
    if plan["released"]:
        yield ""
        yield f"Not declared, and left alone: {', '.join(one['key'] for one in plan['released'])}"


def summary_line(plan: dict[str, Any]) -> str:
    """How much there is to do."""
    summary = plan["summary"]
    parts = [f"{counted(summary[CHANGE], 'resource')} to change in {counted(summary['steps'], 'step')}"]
    labels = ((HELD, "held"), ("reported", "only reported"), (FAILED, "failed"), (WAITING, "waiting"))
    parts += [f"{summary[name]} {label}" for name, label in labels if summary[name]]
    return f"{', '.join(parts)}, {summary[IN_SYNC]} in sync."


def _memory(plan: dict[str, Any]) -> str:
    return "" if plan["memory"] else f" ({_NO_MEMORY})"


def row_lines(row: dict[str, Any]) -> Iterator[str]:
    """One resource of a plan, after an empty line; nothing when it is in sync."""
    if row["verdict"] == IN_SYNC and "effective" not in row:
        return
    kept = ", kept as it was: its declaration is broken" if row["retained"] else ""
    yield ""
    where = f"declared no more, formerly at {row['origin']}" if row["departed"] else f"{row['origin']}{kept}"
    yield f"{paint(row['key'], _COLOURS[row['verdict']])}  ({where})"
    yield from (f"  {line}" for line in _body(row))
    if "effective" in row:
        yield from (f"  {field(path)}: {note}" for path, note in row["notes"].items())
    for one in row.get("effective", ()):
        yield f"  {field(one['path'])}: {value(one['value'])}  # {one['remark'] or one['origin']}"


def _body(row: dict[str, Any]) -> Iterator[str]:
    if row["underWay"]:
        yield f"{row['underWay']} is under way"
    for step in row["steps"]:
        disruption = "" if step["disruption"] == "none" else f"  [{step['disruption']}]"
        yield f"{'! ' if step['holds'] else '~ '}{step['summary']}{disruption}"
        yield from (f"    {line}" for line in (*_changes(step["changes"]), *_details(step["details"])))
        yield from (f"    held: {_why(hold, step)}{_release(hold)}" for hold in step["holds"])
    if not row["steps"]:
        yield from _changes(row["changes"])
    yield from (f"held: {hold['why']}; {_release(hold)}" for hold in row["holds"])
    if row["verdict"] == FAILED or (row["verdict"] == WAITING and not all_holds(row)):
        yield f"{row['verdict']}: {row['sentence']}"


def _why(hold: dict[str, Any], step: dict[str, Any]) -> str:
    """Why, unless the step says just that already."""
    return "" if hold["why"] == step["summary"] else f"{hold['why']}; "


def _release(hold: dict[str, Any]) -> str:
    """What ends it, and who can."""
    return f"{hold['release']}  [{_BY[hold['releasedBy']]}]"


def _changes(changes: list[dict[str, Any]]) -> Iterator[str]:
    for change in changes:
        if not change["path"] and change["missing"]:
            yield from (f"{field(path)}: {value(leaf)}" for path, leaf in leaves(change["desired"]))
        else:
            yield f"{field(change['path'])}: {seen(change)} → {wanted(change)}"
        if change["note"]:
            yield f"({change['note']})"


def _details(changes: list[dict[str, Any]]) -> Iterator[str]:
    """The first of them, each on one line."""
    for change in changes[:_MOST]:
        note = f"  ({change['note']})" if change["note"] else ""
        yield f"{field(change['path'])}: {seen(change)} → {wanted(change)}{note}"
    if len(changes) > _MOST:
        yield f"and {len(changes) - _MOST} more; -o json tells all"


def _section(row: dict[str, Any]) -> Iterator[str]:
    yield ""
    gone = ", declared no more" if row["departed"] else ""
    yield f"#### `{row['key']}`: {row['verdict']}{gone}"
    yield ""
    yield "```"
    yield from _body(row)
    yield "```"
