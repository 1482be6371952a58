"""The effects on a host. Each begins a long operation, which `deploying` polls."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final, cast

from setpoint.model.errors import BusyError, OutcomeUnknownError, RefusalError, TargetError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Started
from setpoint_nixos.deploying import ACTIVATE, DELIVER, REBOOT, Operation, activation
from setpoint_nixos.guard import hand
from setpoint_nixos.guard.order import Mode, Order, by_order
from setpoint_nixos.kinds.nixos_host.deliver import deliver
from setpoint_nixos.nix.workshop import Work
from setpoint_nixos.reach import Reach
from setpoint_nixos.shop import shop

_AGAIN: Final = timedelta(minutes=10)
_TIME: Final = 30.0
_TURN: Final = 60.0
"""Seconds for which a place is waited for before others of this host have theirs."""


async def activate(reach: Reach, acting: Acting) -> ActResult:
    """Have the guard on the host begin."""
    told = cast("Mapping[str, Any]", acting.arguments)
    order = Order(
        told["system"],
        Mode(told["mode"]),
        told["attempt"],
        timedelta(seconds=told["confirm"]),
        timedelta(seconds=told["activate"]),
        revision=told["revision"],
        by=by_order(acting.owner.estate, acting.by),
        allowed=tuple(told["units"]),
    )
    operation, places = activation(told, time.time()), shop().workshop
    until = Operation.parse(operation).until
    if not await places.enter(Work.ACTIVATING, order.token, until, _TURN):
        most = places.load(Work.ACTIVATING).busy
        raise BusyError(
            f"{most} hosts are activated already",
            remedy="wait, or allow more by work.nixos.activating of the settings",
        )
    try:
        await hand.start(reach.session, order)
    except OutcomeUnknownError:
        raise  # it may have begun; its place is given back by whoever sees its end
    except TargetError:
        places.leave(Work.ACTIVATING, order.token)
        raise
    return Started(operation)


async def reboot(reach: Reach, acting: Acting) -> ActResult:
    """Tell the host to restart; whether it did is told by the id of its boot."""
    done = await reach.session.run(
        hand.as_root(reach.session, "systemctl reboot"), timeout=_TIME, writes=True
    )
    if done.status != 0:
        raise RefusalError(
            f"{reach.session.access} does not restart: {done.err.decode(errors='replace').strip()[-200:]}",
            remedy="restart it by hand",
        )
    until = time.time() + _AGAIN.total_seconds()
    return Started(str(Operation(REBOOT, str(acting.arguments["boot"]), "", until)))


ACTS: Mapping[str, Callable[[Reach, Acting], Awaitable[ActResult]]] = {
    DELIVER: deliver,
    ACTIVATE: activate,
    REBOOT: reboot,
}
