"""The calls below /snapshot; all that changes disks answers at once and does the rest in a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_snapshots import describe, find_snapshot, present_row, snapshot_row
from setpoint_lab.proxmox.pending import shown
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


@route("GET", _LIST)
async def list_snapshots(call: Call) -> object:
    """The snapshots, and the present as the last of them."""
    vm = requested_vm(call)
    rows = [
        snapshot_row(name, values) | {"vmstate": int("vmstate" in values)}
        for name, values in vm.load().snapshots.items()
    ]
    return [*call.world.shuffled(rows), present_row(vm)]


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


@route("GET", _ONE)
async def list_commands(call: Call) -> object:  # noqa: ARG001  # the same for every snapshot
    """What can be done with a snapshot."""
    return [{"cmd": "rollback"}, {"cmd": "config"}]


@route("DELETE", _ONE)
async def remove_snapshot(call: Call) -> object:
    """Remove a snapshot."""
    vm, name = requested_vm(call), call.text("snapname")

    async def work(worker: Worker) -> None:
        await snapshots.remove(worker, vm, name)

    return fork(call, "qmdelsnapshot", work)


@route("GET", f"{_ONE}/config")
async def read_snapshot(call: Call) -> object:
    """The config that the snapshot holds."""
    vm = requested_vm(call)
    return shown(vm.load(), find_snapshot(vm, call.text("snapname")))


@route("PUT", f"{_ONE}/config")
async def describe_snapshot(call: Call) -> None:
    """Change the description of a snapshot."""
    vm, name = requested_vm(call), call.text("snapname")
    async with Worker(call).holding(vm):
        vm.check_lock()
        find_snapshot(vm, name)
        if "description" in call.params:
            describe(vm, name, call.text("description"))


@route("POST", f"{_ONE}/rollback")
async def roll_back(call: Call) -> object:
    """Go back to a snapshot; with `start` the VM runs afterwards."""
    vm, name = requested_vm(call), call.text("snapname")

    async def work(worker: Worker) -> None:
        await snapshots.roll_back(worker, vm, name)
        if call.flag("start") and vm.machine is None:
            launch(call, vm)

    return fork(call, "qmrollback", work)
