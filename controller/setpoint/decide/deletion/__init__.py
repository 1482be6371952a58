"""Rules about what left the declarations and is to be deleted, one per file, each pure.

`weigh` judges a tombstone as such; `hold_steps` the steps that take its object away.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from setpoint.decide.deletion.dependants import dependants
from setpoint.decide.deletion.grace import grace
from setpoint.decide.deletion.kind_missing import kind_missing
from setpoint.decide.deletion.limit import limit
from setpoint.decide.deletion.renamed import renamed
from setpoint.decide.deletion.source import source
from setpoint.decide.deletion.weighed import Declarations, Weighed
from setpoint.decide.holds import RULES, Looked
from setpoint.decide.holds.blast_radius import blast_radius
from setpoint.decide.holds.reboot import reboot
from setpoint.decide.holds.recreate import recreate
from setpoint.model.hold import Hold
from setpoint.model.plan import PlannedStep, Step

SET_RULES: tuple[Callable[[Weighed], Hold | None], ...] = (kind_missing, source, limit, renamed, dependants)
STEP_RULES = tuple(rule for rule in RULES if rule not in (reboot, recreate, blast_radius))
"""The rules of any step that mean something here: nothing is restarted or made anew, and deletions have a limit of their own."""

__all__ = ["STEP_RULES", "Declarations", "Weighed", "hold_steps", "weigh"]


def weigh(weighed: Weighed) -> tuple[Hold, ...]:
    """Every hold on a tombstone, whatever the object is like."""
    return tuple(hold for rule in SET_RULES if (hold := rule(weighed)) is not None)


def hold_steps(
    looked: Looked, steps: tuple[Step, ...], holds: tuple[Hold, ...], stopped_at: float, lasting: timedelta
) -> tuple[PlannedStep, ...]:
    """Every step with every hold on it; the last one, which destroys, waits for the grace too.

    Args:
        looked: what the rules of any step judge by.
        steps: in their order.
        holds: on all of them.
        stopped_at: when only the last was left to do, seconds since the epoch; 0 for not yet.
        lasting: the grace.
    """
    planned: list[PlannedStep] = []
    for number, step in enumerate(steps, 1):
        own = [hold for rule in STEP_RULES if (hold := rule(looked, step)) is not None]
        wait = grace(looked.owner.key, stopped_at, lasting, looked.now) if number == len(steps) else None
        planned.append(PlannedStep(step, (*holds, *own, *(() if wait is None else (wait,)))))
    return tuple(planned)
