"""The long operations on a host: a delivery from here, an activation under its guard, a reboot. Each is polled by its text."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, assert_never, cast

from setpoint.model.errors import SetpointError, TransportError
from setpoint.model.plan import Finished, Intent, OperationState, Running
from setpoint.model.printable import brief
from setpoint_nixos.guard import hand
from setpoint_nixos.guard.checks import Check, failing
from setpoint_nixos.guard.saying import ended_badly
from setpoint_nixos.guard.state import (
    Activating,
    Interrupted,
    Keeping,
    Kept,
    Left,
    Preparing,
    Record,
    Refused,
    Returned,
    Returning,
    Staged,
    Stuck,
    Underway,
    Waiting,
)
from setpoint_nixos.nix.workshop import Work
from setpoint_nixos.reach import Reach
from setpoint_nixos.shop import shop

ACTIVATE: Final = "activate"
DELIVER: Final = "deliver"
REBOOT: Final = "reboot"
PATIENCE: Final = 900.0
"""Seconds for which a host may be silent after what was begun has to be over."""


@dataclass(frozen=True)
class Operation:
    """What goes on, as its text tells after a restart of the daemon.

    Attributes:
        verb: `deliver`, `activate` or `reboot`.
        name: of the delivery, the token of the activation, or the id of the boot that is to end.
        system: that is meant; empty for a reboot.
        until: when it has to be over, seconds since the epoch.
        checks: of the activation.
    """

    verb: str
    name: str
    system: str
    until: float
    checks: tuple[Check, ...] = ()

    def __str__(self) -> str:
        checks = [check.model_dump(mode="json", by_alias=True, exclude_none=True) for check in self.checks]
        told = {
            "verb": self.verb,
            "name": self.name,
            "system": self.system,
            "until": self.until,
            "checks": checks,
        }
        return json.dumps(told, sort_keys=True)

    @classmethod
    def parse(cls, text: str) -> Operation:
        """Read what was written."""
        told = cast("Mapping[str, Any]", json.loads(text))
        checks = tuple(Check.model_validate(each) for each in told["checks"])
        return cls(told["verb"], told["name"], told["system"], told["until"], checks)


async def poll(reach: Reach, text: str) -> OperationState:
    """How an operation stands; an activation that waits to be confirmed is checked, and confirmed."""
    operation = Operation.parse(text)
    match operation.verb:
        case "deliver":
            return _delivery(operation)
        case "reboot":
            return await _reboot(reach, operation)
        case _:
            found = await _activation(reach, operation)
            if isinstance(found, Finished):
                shop().workshop.leave(Work.ACTIVATING, operation.name)
            return found


async def find(reach: Reach, intent: Intent) -> str | None:
    """The activation that a step began whose answer was lost; deliveries and reboots are seen by what came of them."""
    if intent.verb != ACTIVATE:
        return None
    record = (await hand.look(reach.session)).record
    if record is None or record.token != intent.arguments["token"]:
        return None
    return activation(intent.arguments, intent.began)


def activation(told: Mapping[str, Any], began: float) -> str:
    """The operation that an activation with these arguments of its step is."""
    checks = tuple(Check.model_validate(each) for each in told["checks"])
    until = began + told["confirm"] + 3 * told["activate"]
    return str(Operation(ACTIVATE, told["token"], told["system"], until, checks))


def _delivery(operation: Operation) -> OperationState:
    """One that this process does not know was cut off with the one before; what it did is not done twice."""
    work = shop().work(operation.name)
    if work is None:
        return Finished()
    if not work.task.done():
        return Running(work.said)
    shop().take(operation.name)
    if work.task.cancelled():
        return Finished("it was cut off")
    error = work.task.exception()
    if error is None:
        return Finished()
    if isinstance(error, SetpointError):
        return Finished(str(error))
    raise error


async def _reboot(reach: Reach, operation: Operation) -> OperationState:
    try:
        state = await hand.look(reach.session)
    except TransportError as error:
        return _silent(operation, error)
    if state.boot != operation.name:
        return Finished()
    if time.time() > operation.until:
        return Finished("the host was told to reboot and did not; see its journal")
    return Running("the host is to restart")


async def _activation(reach: Reach, operation: Operation) -> OperationState:
    try:
        state = await hand.look(reach.session)
        record = state.record
        if record is None or record.token != operation.name:
            return Finished("the host does not remember it; somebody else deployed since")
        if isinstance(record.phase, Waiting):
            return await _confirmed(reach, operation, record.phase)
    except TransportError as error:
        return _silent(operation, error)
    return _told(record, state.log)


def _silent(operation: Operation, error: TransportError) -> OperationState:
    """A guard goes on without us, so silence is waited for, but not for ever."""
    if time.time() > operation.until + PATIENCE:
        return Finished(f"the host is silent since: {error}")
    return Running(f"the host does not answer ({brief(error.message, 200)})")


async def _confirmed(reach: Reach, operation: Operation, phase: Waiting) -> OperationState:
    """Check over a connection of its own: that one can still come in is the first thing to be well."""
    fresh = reach.session.fresh()
    try:
        why = await failing(fresh, operation.checks)
        if why:
            return Running(f"not well yet, {phase.left} s are left: {why}")
        if not await hand.confirm(fresh, operation.name, operation.system):
            return Running("the host runs something else meanwhile")
    finally:
        await fresh.close()
    return Running("the system is well, and is confirmed")


def _told(record: Record, log: str) -> OperationState:
    match record.phase:
        case Kept() | Staged():
            return Finished()
        case Refused() | Returned() | Stuck() | Left() | Interrupted():
            said = brief(" | ".join(log.strip().splitlines()[-5:]), 300)
            return Finished(ended_badly(record) + (f"; its last words: {said}" if said else ""))
        case Preparing() | Activating() | Waiting() | Keeping() | Returning() as phase:
            return Running(_DOING[type(phase)])
        case _:
            assert_never(record.phase)


_DOING: Final[Mapping[type[Underway], str]] = {
    Preparing: "the system is checked",
    Activating: "the system is activated",
    Waiting: "the system waits to be confirmed",
    Keeping: "the boot loader is written",
    Returning: "what ran before is activated again",
}


async def delivered(reach: Reach, system: str, links: str) -> bool:
    """Whether the host has the system, and keeps it."""
    place = shlex.quote(f"{links}/setpoint-next")
    done = await reach.session.run(f"[ ! -e {place} ] || readlink -f {place}", timeout=_TIME)
    return done.out.decode(errors="replace").strip() == system


_TIME: Final = 30.0
