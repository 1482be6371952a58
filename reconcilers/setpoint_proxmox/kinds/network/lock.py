"""The lock on the networks of a cluster: taken so that whoever finds us cut off knows which one is ours, and no other is broken.

Proxmox tells nobody who holds it. Its token tells, which only the answer to the taking gives; so the journal has it before
anything is staged. What is left open is a taking whose answer never came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from setpoint.model.errors import BusyError, RefusalError
from setpoint.model.plan import Intent
from setpoint.model.tree import Json
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.failures import LockedError
from setpoint_proxmox.sdn import anything_staged

TOKEN: Final = "lock-token"  # noqa: S105  # the name of a parameter, and of a note
REMEDY: Final = "somebody else changes them; if nobody does, somebody left the lock: pvesh delete /cluster/sdn/lock --force 1"
SETTLE = 30.0
"""Seconds in which the last call of a change that was cut off may still be executed."""
PATIENCE = 240.0
"""Seconds for which a lock that was asked for and never answered has to lie idle before it is taken for ours: whoever else
holds one stages something, or gives it back. Shorter than that being busy counts as a failure."""
_ASKED = "asked"
_CLEAN = "clean"
_NOBODYS = "nobody"

Note = Callable[[Mapping[str, Json]], Awaitable[None]]
"""Writes to the journal."""


async def take(cluster: Cluster, note: Note, *, pending: bool = False) -> str:
    """Take the lock; `pending` lets it be taken although something is staged.

    Raises:
        LockedError: somebody holds it.
        StagedError: something is staged, and `pending` does not allow for it.
    """
    await _refuse_held(cluster)
    await note({_ASKED: True})
    try:
        token = str(
            await cluster.api.post("cluster", "sdn", "lock", **({"allow-pending": True} if pending else {}))
        )
    except RefusalError:
        await note({})
        raise
    await note({TOKEN: token, _CLEAN: not pending})
    return token


def releasing(token: str) -> Mapping[str, str | bool]:
    """What an apply or a rollback bears to give the lock back. The schema says that they do so by default; they do not."""
    return {TOKEN: token, "release-lock": True}


async def recover(cluster: Cluster, intent: Intent) -> None:
    """Take back what a change that was cut off staged, and give its lock back; a lock that may be another's stays.

    Raises:
        BusyError: it cannot be done, or told, yet.
    """
    if not intent.notes:
        return
    moment = asyncio.get_running_loop().time()
    age = moment - cluster.doubtful.setdefault(intent.began, moment)
    token = intent.notes.get(TOKEN)
    try:
        await _recover(cluster, age, str(token or ""), clean=bool(intent.notes.get(_CLEAN)))
    except BusyError:
        raise
    except RefusalError as error:
        why = (
            f"whether a change of the networks that was cut off left their lock is not known: {error.message}"
        )
        raise BusyError(why, remedy=error.remedy) from error
    cluster.doubtful.pop(intent.began, None)


async def _recover(cluster: Cluster, age: float, token: str, *, clean: bool) -> None:
    held = await _is_held(cluster)
    if not held and token:
        return
    if age < SETTLE:
        raise BusyError("a change of the networks was cut off, and what it sent last may still be executed")
    if not held:
        return
    if token:
        await _give_back(cluster, token, clean=clean)
    elif not await anything_staged(cluster):
        if age < PATIENCE:
            why = (
                "the lock of the networks is held, and whether that is ours is not known: its answer was lost"
            )
            raise BusyError(why, remedy=REMEDY)
        await cluster.api.delete("cluster", "sdn", "lock", force=True)


async def _give_back(cluster: Cluster, token: str, *, clean: bool) -> None:
    """Nothing was staged when a lock was taken clean, so what is staged under it is ours."""
    try:
        if clean:
            await cluster.api.post("cluster", "sdn", "rollback", **releasing(token))
        else:
            await cluster.api.delete("cluster", "sdn", "lock", **{TOKEN: token})
    except LockedError:
        return  # Somebody broke ours and took it since.


async def _is_held(cluster: Cluster) -> bool:
    try:
        await _refuse_held(cluster)
    except LockedError:
        return True
    return False


async def _refuse_held(cluster: Cluster) -> None:
    """Nothing tells whether the lock is held, but to give it back with a token that nobody has: that does nothing when it is free."""
    await cluster.api.delete("cluster", "sdn", "lock", **{TOKEN: _NOBODYS})
