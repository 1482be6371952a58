"""How a freeze or a pause comes and goes: remembered, told in the history, and whom it holds looked at again."""

from __future__ import annotations

from setpoint.model.freeze import Freeze, Scope
from setpoint.model.hold import Rule
from setpoint.model.key import Key
from setpoint.run.estate import Estate
from setpoint.run.wake import wake
from setpoint.store.records import Event, EventKind

STOPS = frozenset({Rule.FROZEN, Rule.PAUSED})
"""The rules by which a freeze holds."""


async def freeze(estate: Estate, order: Freeze) -> None:
    """Let no step begin where it holds, from now on; steps that have begun go on."""
    await estate.calls.call(estate.store.freeze, order)
    await _tell(estate, EventKind.FROZEN, order, str(order), order.by)


async def thaw(estate: Estate, order: Freeze, by: str) -> None:
    """End a freeze, and look at once at whom it held."""
    await estate.calls.call(estate.store.unfreeze, order.scope, order.name)
    await _tell(estate, EventKind.THAWED, order, f"no more: {order}", by)


async def _tell(estate: Estate, kind: EventKind, order: Freeze, sentence: str, by: str) -> None:
    key = Key.parse(order.name) if order.scope in (Scope.TARGET, Scope.KEY) else None
    event = Event(estate.ports.now(), kind, sentence, key, estate.version, by)
    await estate.calls.call(estate.store.record, event)
    for held in estate.everything():
        status = estate.store.status(held)
        if status is not None and any(hold.rule in STOPS for hold in status.holds):
            wake(estate, held)
