"""GET, PUT and POST of a VM's config, its pending changes, and unlinking of disks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from setpoint_lab.proxmox import pending
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_snapshots import find_snapshot
from setpoint_lab.proxmox.qemu import options, permissions
from setpoint_lab.proxmox.qemu.guest import Vm, existing_vm
from setpoint_lab.proxmox.qemu.update import Change, carry_out, check_balloon, reverted
from setpoint_lab.proxmox.qemu.values import prepare, sent_options
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_CONFIG = "/nodes/{node}/qemu/{vmid}/config"
_NOT_LOGGED = frozenset({"node", "vmid", "digest", "background_delay"})


@route("GET", _CONFIG)
async def get_config(call: Call) -> object:
    """The config with what is pending merged over it, the one in effect, or the one of a snapshot."""
    vm = requested_vm(call)
    config = vm.load()
    snapshot = call.text_or_none("snapshot")
    if snapshot is not None:
        values = pending.shown(config, find_snapshot(vm, snapshot))
        return values | {"digest": vm.digest}
    values = pending.current(config) if call.flag("current") else pending.merged(config)
    return values | {"digest": vm.digest}


@route("GET", "/nodes/{node}/qemu/{vmid}/pending")
async def get_pending(call: Call) -> object:
    """Every option with its value and what is pending for it."""
    vm = requested_vm(call)
    return call.world.shuffled([*pending.changes(vm.load()), {"key": "digest", "value": vm.digest}])


@route("PUT", _CONFIG)
async def put_config(call: Call) -> object:
    """Change the config and answer when that is done."""
    return await _update(call, forked=False)


@route("POST", _CONFIG)
async def post_config(call: Call) -> object:
    """Change the config in a task."""
    return await _update(call, forked=True)


@route("PUT", "/nodes/{node}/qemu/{vmid}/unlink")
async def unlink(call: Call) -> None:
    """Detach disks, or destroy those that are detached already."""
    change = Change({}, tuple(dict.fromkeys(call.items("idlist"))), force=call.flag("force"))
    _check_deletes(change)
    vm = requested_vm(call)
    worker = Worker(call)
    async with worker.holding(vm):
        vm.check_lock()
        await carry_out(worker, vm, change)


def requested_vm(call: Call) -> Vm:
    """The VM that the request is about; raises when its config file does not exist."""
    return existing_vm(call.world, call.text("node"), call.integer("vmid"))


def skips_lock(call: Call) -> bool:
    """Whether the request ignores the lock in the config; raises when it may not."""
    if call.flag("skiplock") and not call.is_root:
        raise ApiError.parameters({"skiplock": "Only root may use this option."})
    return call.flag("skiplock")


def check_digest(call: Call, vm: Vm) -> None:
    """Raise when the request names another version of the config."""
    if call.text("digest") not in {"", vm.digest}:
        raise ApiError.internal("checksum mismatch (file change by other user?)")


async def _update(call: Call, *, forked: bool) -> object:
    skip = skips_lock(call)
    change = _requested(call)
    _check_permissions(call, change)
    vm = requested_vm(call)
    worker = Worker(call)
    async with worker.holding(vm):
        check_digest(call, vm)
        if not skip:
            vm.check_lock()
        config = vm.load()
        change = reverted(change, config)
        check_balloon(change, config)
        if not forked:
            await carry_out(worker, vm, change)
            return None
    return _start(call, vm, change)


def _start(call: Call, vm: Vm, change: Change) -> str:
    line = f"update VM {vm.vmid}: {_spelled(call)}"

    async def work(worker: Worker) -> None:
        worker.log(line)
        async with worker.holding(vm):
            await worker.sleep(call.world.pace.config)
            await carry_out(worker, vm, change)

    return fork(call, "qmconfig", work)


def _requested(call: Call) -> Change:
    values = sent_options(call)
    deletes = tuple("ide2" if key == "cdrom" else key for key in dict.fromkeys(call.items("delete")))
    change = Change(values, deletes, tuple(dict.fromkeys(call.items("revert"))), call.flag("force"))
    if change.empty:
        raise ApiError.internal("no options specified")
    _check_reverts(change)
    _check_deletes(change)
    return replace(change, values=prepare(call, values))


def _check_reverts(change: Change) -> None:
    for key in change.reverts:
        if not options.exists(key):
            raise ApiError.parameters({"revert": f"unknown option '{key}'"})
        if key in change.values:
            text = f"you can't use '-{key}' and '-revert {key}' at the same time"
            raise ApiError.parameters({"delete": text})


def _check_deletes(change: Change) -> None:
    for key in change.deletes:
        if key in change.values:
            text = f"you can't use '-{key}' and -delete {key}' at the same time"
            raise ApiError.parameters({"delete": text})
        if key in change.reverts:
            text = f"you can't use '-delete {key}' and '-revert {key}' at the same time"
            raise ApiError.parameters({"revert": text})
        if not options.exists(key):
            raise ApiError.parameters({"delete": f"unknown option '{key}'"})


def _check_permissions(call: Call, change: Change) -> None:
    vmid = call.integer("vmid")
    permissions.check_options(call, vmid, change.deletes)
    permissions.check_options(call, vmid, change.values)
    permissions.check_devices(call, vmid, change.values)
    permissions.check_storages(call, vmid, change.values)
    permissions.check_bridges(call, change.values)


def _spelled(call: Call) -> str:
    """The request as a command line, without what is secret."""
    parts = {
        key: str(call.sent.get(key, value)) for key, value in call.params.items() if key not in _NOT_LOGGED
    }
    hidden = {"cipassword": "<hidden>"}
    return " ".join(f"-{key} {hidden.get(key, parts[key])}" for key in sorted(parts))
