"""Rules that stop a step, one per file, each pure: `rule(looked, step) -> Hold | None`."""

from __future__ import annotations

from collections.abc import Callable

from setpoint.decide.holds.exists import exists
from setpoint.decide.holds.looked import Looked
from setpoint.decide.holds.reboot import reboot
from setpoint.decide.holds.recreate import recreate
from setpoint.model.hold import Hold
from setpoint.model.plan import PlannedStep, Step

RULES: tuple[Callable[[Looked, Step], Hold | None], ...] = (exists, recreate, reboot)


def judge(looked: Looked, steps: tuple[Step, ...]) -> tuple[PlannedStep, ...]:
    """Every step with every hold on it."""
    return tuple(
        PlannedStep(step, tuple(hold for rule in RULES if (hold := rule(looked, step)) is not None))
        for step in steps
    )
