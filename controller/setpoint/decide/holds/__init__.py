"""Rules that stop what would be done, one per file, each pure; `exists` judges the object, the others a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from setpoint.decide.holds.blast_radius import blast_radius
from setpoint.decide.holds.consent import consent
from setpoint.decide.holds.exists import exists
from setpoint.decide.holds.frozen import frozen
from setpoint.decide.holds.impossible import impossible
from setpoint.decide.holds.itself import itself
from setpoint.decide.holds.looked import Looked
from setpoint.decide.holds.manage import manage
from setpoint.decide.holds.paused import paused
from setpoint.decide.holds.reboot import reboot
from setpoint.decide.holds.recreate import recreate
from setpoint.decide.holds.renamed import renamed
from setpoint.decide.holds.rollout import rollout
from setpoint.decide.holds.taken import taken
from setpoint.decide.holds.window import window
from setpoint.model.hold import Hold
from setpoint.model.plan import PlannedStep, Step

StepRule: TypeAlias = Callable[[Looked, Step], Hold | None]

RULES: tuple[StepRule, ...] = (
    impossible,
    manage,
    frozen,
    paused,
    itself,
    consent,
    recreate,
    renamed,
    reboot,
    window,
    blast_radius,
    taken,
    rollout,
)

__all__ = ["RULES", "Looked", "StepRule", "exists", "judge"]


def judge(
    looked: Looked, steps: tuple[Step, ...], rules: tuple[StepRule, ...] = RULES
) -> tuple[PlannedStep, ...]:
    """Every step with every hold that one of the rules puts on it."""
    return tuple(
        PlannedStep(step, tuple(hold for rule in rules if (hold := rule(looked, step)) is not None))
        for step in steps
    )
