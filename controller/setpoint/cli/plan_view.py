"""A plan as a JSON document; text and markdown are made from it. Field names are camelCase and stable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from setpoint.cli.effective import effective
from setpoint.cli.output import Ending
from setpoint.cli.verdict import REPORTED, needs_a_person
from setpoint.desired.gather import whence
from setpoint.model.hold import Hold
from setpoint.model.key import Key
from setpoint.model.outcome import Held
from setpoint.model.plan import PlannedStep
from setpoint.model.tree import Pointer
from setpoint.run.desk import Report
from setpoint.run.estate import Estate
from setpoint.surface.inventories import conflict_views, left_out
from setpoint.surface.views import View, change_view, hold_view, problem_view, released_view, waiting_view

IN_SYNC, CHANGE, HELD, FAILED, WAITING = "inSync", "change", "held", "failed", "waiting"
_VERDICTS = {
    "Done": IN_SYNC,
    "Changed": CHANGE,
    "Held": HELD,
    "Failed": FAILED,
    "Stalled": FAILED,
    "Wait": WAITING,
    "Blocked": WAITING,
}


def plan_view(
    estate: Estate, reports: Sequence[Report], *, version: str, memory: bool, detailed: bool
) -> View:
    """The whole plan.

    Args:
        estate: after what is planned was put in force in it.
        reports: previews, in the order in which they are shown.
        version: of what is planned.
        memory: whether anything is remembered of what was done before.
        detailed: with every value and its origin.
    """
    contributed = whence(estate.resources, estate.kinds) if detailed else None
    rows = [_row(estate, report, contributed) for report in reports]
    released = [item for item in estate.store.items() if item.released]
    return {
        "estate": estate.name,
        "version": version,
        "memory": memory,
        "problems": [problem_view(problem) for problem in estate.problems],
        "waiting": [waiting_view(key, one) for key, one in sorted(estate.suspended.items())],
        "notes": [*estate.notes, *left_out(estate)],
        "conflicts": conflict_views(estate),
        "resources": rows,
        "released": [released_view(item) for item in released],
        "summary": _summary(rows),
    }


def plan_ending(plan: View) -> Ending:
    """Mistakes and failures first, then changes, then holds alone."""
    summary = plan["summary"]
    if plan["problems"] or plan["waiting"] or summary[FAILED]:
        return Ending.ERROR
    if summary[CHANGE] or summary[WAITING] or summary["reported"]:
        return Ending.DIFFERENT
    return Ending.HELD if summary[HELD] else Ending.FINE


def all_holds(row: View) -> list[View]:
    """What holds the resource of a row, as a whole or in one of its steps."""
    return [*row["holds"], *(hold for step in row["steps"] for hold in step["holds"])]


def _row(estate: Estate, report: Report, contributed: Mapping[Key, Mapping[Pointer, str]] | None) -> View:
    learned, outcome = report.learned, report.outcome
    resource = learned.resource
    row = {
        "key": str(resource.key),
        "namespace": resource.key.namespace,
        "kind": resource.key.kind,
        "name": resource.key.name,
        "target": str(resource.target) if resource.target else None,
        "origin": str(resource.origin),
        "retained": resource.key in estate.retained,
        "departed": resource.key not in estate.resources,
        "verdict": _VERDICTS[type(outcome).__name__],
        "sentence": outcome.sentence,
        "steps": [_step(planned) for planned in learned.planned],
        "holds": [hold_view(hold) for hold in _other_holds(report)],
        "changes": [change_view(change) for change in learned.found.changes] if learned.found else [],
        "notes": dict(learned.notes or {}),
        "underWay": learned.pending.verb if learned.pending else None,
    }
    if row["verdict"] == HELD and _ends_by_itself(row):
        row["verdict"] = WAITING
    if contributed is not None:
        row["effective"] = effective(
            resource, learned.spec, contributed.get(resource.key), estate.cache.reading.files
        )
    return row


def _other_holds(report: Report) -> Iterable[Hold]:
    """What holds the resource as a whole, or differences for which no step is planned."""
    if isinstance(report.outcome, Held) and not report.learned.planned:
        return report.outcome.holds
    return report.learned.standing


def _step(planned: PlannedStep) -> View:
    step = planned.step
    return {
        "verb": step.verb,
        "summary": step.summary,
        "disruption": step.disruption.name.lower(),
        "changes": [change_view(change) for change in step.changes],
        "details": [change_view(change) for change in step.details],
        "holds": [hold_view(hold) for hold in planned.holds],
    }


def _summary(rows: Sequence[View]) -> View:
    counts = {
        name: sum(row["verdict"] == name for row in rows) for name in (CHANGE, HELD, FAILED, WAITING, IN_SYNC)
    }
    reported = sum(row["verdict"] == HELD and _only_reported(row) for row in rows)
    steps = sum(not step["holds"] for row in rows for step in row["steps"])
    return {**counts, HELD: counts[HELD] - reported, "reported": reported, "steps": steps}


def _only_reported(row: View) -> bool:
    """Whether a person wants it only reported, so that nobody is asked to release anything."""
    rules = {hold["rule"] for hold in all_holds(row)}
    return bool(rules) and rules <= REPORTED


def _ends_by_itself(row: View) -> bool:
    """Whether what holds it passes, as a closed window does, and nobody is asked to release anything."""
    holds = all_holds(row)
    return any(hold["passing"] for hold in holds) and not any(map(needs_a_person, holds))
