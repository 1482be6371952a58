"""Conditions from an outcome: the one function that says what a reconcile means for people and machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import assert_never

from setpoint.model.condition import Condition, ConditionType, Truth
from setpoint.model.kind import Problem
from setpoint.model.outcome import Blocked, Changed, Done, Failed, Held, Outcome, Stalled, Wait

UNREACHABLE = "TargetUnreachable"
"""The reason of what is not known because calls do not arrive."""
_Row = tuple[Truth, str, str]


def conditions(
    outcome: Outcome,
    problems: Sequence[Problem],
    previous: Sequence[Condition],
    *,
    generation: str,
    now: float,
) -> tuple[Condition, ...]:
    """Every condition of the fixed set; `since` is kept while a status stays.

    Args:
        outcome: how the reconcile ended.
        problems: what the kind found wrong with the object although it is as declared.
        previous: the conditions after the reconcile before.
        generation: the specHash that was reconciled.
        now: seconds since the epoch.
    """
    before = {condition.type: condition for condition in previous}
    rows = _rows(outcome, tuple(problems))
    return tuple(_condition(kind, rows[kind], before, generation, now) for kind in ConditionType)


def _condition(
    kind: ConditionType, row: _Row, before: Mapping[ConditionType, Condition], generation: str, now: float
) -> Condition:
    status, reason, message = row
    old = before.get(kind)
    if old is not None and (old.status, old.reason, old.message, old.observed_generation) == (
        *row,
        generation,
    ):
        return old
    since = old.since if old is not None and old.status is status else now
    return Condition(kind, status, reason, message, since, generation)


@lru_cache
def _rows(outcome: Outcome, problems: tuple[Problem, ...]) -> Mapping[ConditionType, _Row]:
    synced = _synced(outcome)
    healthy = _healthy(outcome, problems)
    return {
        ConditionType.READY: _ready(synced, healthy),
        ConditionType.SYNCED: synced,
        ConditionType.HEALTHY: healthy,
        ConditionType.PROGRESSING: _flag(
            isinstance(outcome, Changed | Wait), outcome, "Converging", "Settled"
        ),
        ConditionType.STALLED: _flag(isinstance(outcome, Stalled), outcome, "NeedsAPerson", "NotStalled"),
        ConditionType.HELD: _held(outcome),
    }


def _ready(synced: _Row, healthy: _Row) -> _Row:
    """False as soon as anything is known to be wrong: what is only not known calls for nobody."""
    for truth in (Truth.FALSE, Truth.UNKNOWN):
        for row in (synced, healthy):
            if row[0] is truth:
                return row
    return Truth.TRUE, "InSync", synced[2]


def _synced(outcome: Outcome) -> _Row:
    match outcome:
        case Done(sentence):
            return Truth.TRUE, "InSync", sentence
        case Changed(sentence) | Wait(sentence, _):
            return Truth.FALSE, "Progressing", sentence
        case Blocked(sentence, _):
            return Truth.UNKNOWN, "Blocked", sentence
        case Held(holds):
            return Truth.FALSE, str(holds[0].rule), outcome.sentence
        case Failed(sentence, transport=transport):
            return Truth.UNKNOWN, UNREACHABLE if transport else "Failed", sentence
        case Stalled(sentence):
            return Truth.FALSE, "Stalled", sentence
    assert_never(outcome)


def _healthy(outcome: Outcome, problems: Sequence[Problem]) -> _Row:
    if problems:
        return Truth.FALSE, problems[0].reason, "; ".join(problem.message for problem in problems)
    if isinstance(outcome, Done):
        return Truth.TRUE, "Healthy", "nothing is wrong with it"
    return Truth.UNKNOWN, "NotJudged", "judged when in sync"


def _flag(value: bool, outcome: Outcome, reason: str, otherwise: str) -> _Row:  # noqa: FBT001  # two-valued by nature
    return (Truth.TRUE, reason, outcome.sentence) if value else (Truth.FALSE, otherwise, "")


def _held(outcome: Outcome) -> _Row:
    if isinstance(outcome, Held):
        return Truth.TRUE, str(outcome.holds[0].rule), outcome.sentence
    return Truth.FALSE, "NotHeld", ""
