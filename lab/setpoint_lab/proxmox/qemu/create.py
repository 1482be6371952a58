"""POST of a new VM: what is wrong with the request is answered, what is wrong with volumes ends its task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_permissions import check_pool, require_creation
from setpoint_lab.proxmox.guest_values import new_uuid
from setpoint_lab.proxmox.guests import check_quorum, number_taken
from setpoint_lab.proxmox.qemu import permissions
from setpoint_lab.proxmox.qemu.config import Config
from setpoint_lab.proxmox.qemu.disks import make
from setpoint_lab.proxmox.qemu.drives import default_boot
from setpoint_lab.proxmox.qemu.guest import Vm
from setpoint_lab.proxmox.qemu.power import launch
from setpoint_lab.proxmox.qemu.restore import restore
from setpoint_lab.proxmox.qemu.values import prepare, sent_options
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.worker import Worker, error_text, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import World

QEMU_VERSION = "10.0.13"
CREATE_SECONDS = 0.2


@route("POST", "/nodes/{node}/qemu")
async def create(call: Call) -> object:
    """Make a VM; its config bears the lock `create` until its task is done."""
    vmid, pool = call.integer("vmid"), call.text_or_none("pool")
    check_quorum(call.world)
    check_pool(call, pool)
    _check_may_create(call, vmid, pool)
    sent = sent_options(call)
    permissions.check_storages(call, vmid, sent)
    permissions.check_options(call, vmid, sent, pool)
    permissions.check_devices(call, vmid, sent, pool)
    permissions.check_bridges(call, sent)
    if call.text_or_none("archive") is not None:
        return restore(call, pool, lambda failed: reserve(call.world, vmid, call.text("node"), failed))
    values = prepare(call, sent)
    vm = reserve(call.world, vmid, call.text("node"), f"unable to create VM {vmid} -")

    async def work(worker: Worker) -> None:
        await _fill(worker, vm, values)
        if pool is not None:
            call.world.pools[pool].guests.add(vmid)
            call.world.changed()
        if call.flag("start"):
            worker.log("Execute autostart")
            launch(call, vm)

    return fork(call, "qmcreate", work)


def reserve(world: World, vmid: int, node: str, complaint: str, lock: str = "create") -> Vm:
    """Make a locked VM without anything; `complaint` goes before the error when the number is taken.

    Raises:
        ApiError: a guest has that number already, on whatever node.
    """
    taken = number_taken(world, vmid)
    if taken is not None:
        raise ApiError.internal(f"{complaint} {taken}")
    vm = Vm(world, vmid, node)
    world.keep(vm)
    vm.write(Config({"lock": lock}))
    return vm


async def _fill(worker: Worker, vm: Vm, values: dict[str, str]) -> None:
    """Give the VM its volumes and its config; when that fails, there is no VM. Only the config's lock protects it."""
    try:
        await worker.sleep(CREATE_SECONDS)
        vm.write(Config(await _complete(worker, vm, values)))
    except (ApiError, TaskError) as error:
        worker.world.lose(vm.vmid)
        text = error_text(error) if isinstance(error, ApiError) else str(error)
        raise TaskError(f"unable to create VM {vm.vmid} - {text}") from error


async def _complete(worker: Worker, vm: Vm, values: dict[str, str]) -> dict[str, str]:
    world = worker.world
    found = values | await make(worker, vm.vmid, values, {})
    found["meta"] = f"creation-qemu={QEMU_VERSION},ctime={int(world.clock.now())}"
    if not found.get("boot"):
        found["boot"] = default_boot(found)
    if not found.get("smbios1"):
        found["smbios1"] = f"uuid={new_uuid(world)}"
    found.setdefault("vmgenid", new_uuid(world))
    return found


def _check_may_create(call: Call, vmid: int, pool: str | None) -> None:
    if call.text_or_none("storage") is not None:
        call.require(f"/storage/{call.text('storage')}", "Datastore.AllocateSpace")
    anew = call.flag("force") and "archive" in call.params and vmid in call.world.guests
    if not (anew and call.allowed(f"/vms/{vmid}", "VM.Backup")):
        require_creation(call, vmid, pool)
