"""Somebody froze everything, the target, or the kind: no step begins until that ends."""

from __future__ import annotations

from setpoint.decide.holds.looked import Looked
from setpoint.model.freeze import Freeze, Scope
from setpoint.model.hold import Hold, Rule
from setpoint.model.plan import Step


def frozen(looked: Looked, _step: Step) -> Hold | None:
    """Hold every step while a freeze covers the resource; the freeze that ends last is told."""
    return hold_by(looked, tuple(one for one in looked.freezes if one.scope is not Scope.KEY), Rule.FROZEN)


def hold_by(looked: Looked, freezes: tuple[Freeze, ...], rule: Rule) -> Hold | None:
    """The hold by the last to end of those that cover the resource now, under this name or the former one."""
    names = {looked.owner.key, looked.owner.formerly or looked.owner.key}
    covering = [one for one in freezes if one.in_force(looked.now) and one.covers(names, looked.target)]
    if not covering:
        return None
    last = max(covering, key=lambda one: one.end)
    return Hold(rule, str(last), last.release, passing=bool(last.until), until=last.until)
