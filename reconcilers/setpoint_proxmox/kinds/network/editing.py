"""Changes to the networks under the cluster's one lock: all of them are applied, or none is left staged."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from setpoint.model.errors import BusyError, OutcomeUnknownError, RefusalError, TargetError
from setpoint_proxmox.answer import operation
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.failures import LockedError, StagedError
from setpoint_proxmox.kinds.network.lock import REMEDY, TOKEN, Note, releasing, take
from setpoint_proxmox.kinds.network.staged import Staged
from setpoint_proxmox.kinds.network.wanted import Call

_ATTEMPTS = 4

Look = Callable[[], Awaitable[Staged]]
"""Tells what is staged, and what of it is not ours to apply or to take back."""


@dataclass
class Editing:
    """The lock on the networks; `left` once what was staged is out of our hands."""

    cluster: Cluster
    token: str
    left: bool = False

    async def send(self, call: Call) -> None:
        """Stage a part."""
        send = {"POST": self.cluster.api.post, "PUT": self.cluster.api.put, "DELETE": self.cluster.api.delete}
        await send[call.method](*call.path, **call.params, **{TOKEN: self.token})

    async def apply(self) -> str:
        """Let run what is staged, and give the lock back; the task's UPID."""
        try:
            answer = await self.cluster.api.put("cluster", "sdn", **releasing(self.token))
        except OutcomeUnknownError:
            self.left = True
            raise
        self.left = True
        self.cluster.cut_off.clear()
        return operation(answer)


@asynccontextmanager
async def editing(cluster: Cluster, look: Look, note: Note) -> AsyncGenerator[Editing]:
    """Hold the lock with nothing staged; what was staged in the block and not applied is taken back.

    Raises:
        OutcomeUnknownError: it could not be taken back, and the lock may be held.
        BusyError: somebody else holds the lock.
        RefusalError: somebody staged changes.
    """
    edit = Editing(cluster, await _acquire(cluster, look, note))
    try:
        yield edit
    finally:
        if not edit.left:
            await _take_back(edit)


async def _take_back(edit: Editing) -> None:
    try:
        await edit.cluster.api.post("cluster", "sdn", "rollback", **releasing(edit.token))
    except TargetError as error:
        why = f"what was staged of the networks could not be taken back, nor their lock released: {error}"
        raise OutcomeUnknownError(why) from error


async def _acquire(cluster: Cluster, look: Look, note: Note) -> str:
    """The token of the lock. Proxmox itself refuses it while anything at all is staged."""
    for _ in range(_ATTEMPTS):
        try:
            return await take(cluster, note)
        except LockedError as error:
            staged = await look()
            # Without a journal, only what a former life of ours left tells that the lock is its.
            if not staged.left:
                raise LockedError(error.message, remedy=REMEDY) from error
            _refuse(staged)
            await cluster.api.delete("cluster", "sdn", "lock", force=True)
        except StagedError:
            _refuse(await look())
            await _drop(Editing(cluster, await take(cluster, note, pending=True)), look)
    raise BusyError("the networks of the cluster are changed by somebody else all the time")


async def _drop(edit: Editing, look: Look) -> None:
    """Take back what we left staged; what somebody staged in the meantime stays as it is."""
    try:
        _refuse(await look())
    except TargetError:
        await edit.cluster.api.delete("cluster", "sdn", "lock", **{TOKEN: edit.token})
        raise
    await _take_back(edit)


def _refuse(staged: Staged) -> None:
    if staged.foreign:
        why = f"somebody staged changes to the networks that are not applied: {', '.join(staged.foreign)}"
        remedy = "apply them (pvesh set /cluster/sdn), or take them back (pvesh create /cluster/sdn/rollback)"
        raise RefusalError(why, remedy=remedy)
