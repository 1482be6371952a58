"""The calls below /snapshot; all that changes disks answers at once and does the rest in a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_snapshot_calls import share
from setpoint_lab.proxmox.qemu import snapshots
from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.qemu.power import launch
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_LIST = "/nodes/{node}/qemu/{vmid}/snapshot"
_ONE = f"{_LIST}/{{snapname}}"
_RESERVED = frozenset({"current", "pending"})

share("qemu", requested_vm, lambda values: {"vmstate": int("vmstate" in values)})


@route("POST", _LIST)
async def take_snapshot(call: Call) -> object:
    """Take a snapshot, of the memory too with `vmstate` while the VM runs."""
    vm, name = requested_vm(call), call.text("snapname")
    if name in _RESERVED:
        raise ApiError.internal(f"unable to use snapshot name '{name}' (reserved name)")
    description, memory = call.text_or_none("description"), call.flag("vmstate")

    async def work(worker: Worker) -> None:
        await snapshots.take(worker, vm, name, description, with_memory=memory)

    return fork(call, "qmsnapshot", work)


@route("DELETE", _ONE)
async def remove_snapshot(call: Call) -> object:
    """Remove a snapshot."""
    vm, name = requested_vm(call), call.text("snapname")

    async def work(worker: Worker) -> None:
        await snapshots.remove(worker, vm, name)

    return fork(call, "qmdelsnapshot", work)


@route("POST", f"{_ONE}/rollback")
async def roll_back(call: Call) -> object:
    """Go back to a snapshot; with `start` the VM runs afterwards."""
    vm, name = requested_vm(call), call.text("snapname")

    async def work(worker: Worker) -> None:
        await snapshots.roll_back(worker, vm, name)
        if call.flag("start") and vm.machine is None:
            launch(call, vm)

    return fork(call, "qmrollback", work)
