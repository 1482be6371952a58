"""The calls below /status: some things are wrong at once, others only the task knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.qemu.config_calls import requested_vm, skips_lock
from setpoint_lab.proxmox.qemu.figures import status
from setpoint_lab.proxmox.qemu.guest import Vm, find_vm
from setpoint_lab.proxmox.qemu.power import STOP_SECONDS, power_off, set_lock, shut_down, start_vm
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_STATUS = "/nodes/{node}/qemu/{vmid}/status"


@route("GET", f"{_STATUS}/current")
async def current(call: Call) -> object:
    """What the VM does now."""
    return status(requested_vm(call))


@route("POST", f"{_STATUS}/start")
async def start(call: Call) -> object:
    """Start the VM; that it runs already is said by the task."""
    check_quorum(call.world)
    skip = skips_lock(call)

    async def work(worker: Worker) -> None:
        await start_vm(worker, requested_vm(call), skip_lock=skip)

    return fork(call, "qmstart", work)


@route("POST", f"{_STATUS}/stop")
async def stop(call: Call) -> object:
    """Pull the plug."""
    skip = skips_lock(call)

    async def work(worker: Worker) -> None:
        vm = _configured(call)
        async with worker.holding(vm):
            if vm.machine is None:
                return
            _check_lock(vm, skip=skip)
            await worker.sleep(STOP_SECONDS)
            power_off(worker, vm)

    return fork(call, "qmstop", work)


@route("POST", f"{_STATUS}/shutdown")
async def shutdown(call: Call) -> object:
    """Ask the guest to shut down, and pull the plug when it does not and `forceStop` is set."""
    skip, force = skips_lock(call), call.flag("forceStop")
    paused = _is_paused(find_vm(call.world, call.text("node"), call.integer("vmid")))
    if paused and not force:
        raise ApiError.internal("VM is paused - cannot shutdown")

    async def work(worker: Worker) -> None:
        vm = _configured(call)
        async with worker.holding(vm):
            if vm.machine is None:
                return
            _check_lock(vm, skip=skip)
            if paused:
                worker.log("VM is paused - stop instead of shutdown")
                power_off(worker, vm)
            else:
                await shut_down(worker, vm, _timeout(call), force=force)

    return fork(call, "qmshutdown", work)


@route("POST", f"{_STATUS}/reboot")
async def reboot(call: Call) -> object:
    """Shut the guest down and start it again with what is pending."""
    vm = _running(call)

    async def work(worker: Worker) -> None:
        async with worker.holding(vm):
            if vm.machine is None:
                return
            vm.check_lock()
            await shut_down(worker, vm, _timeout(call))
        await start_vm(worker, vm)

    return fork(call, "qmreboot", work)


@route("POST", f"{_STATUS}/reset")
async def reset(call: Call) -> object:
    """Press the reset button; nothing pending comes into effect."""
    return _act(call, "qmreset", _running(call), lambda _: None)


@route("POST", f"{_STATUS}/suspend")
async def suspend(call: Call) -> object:
    """Pause the machine, or save it to disk and turn it off."""
    vm = _running(call)
    if call.flag("todisk"):
        return _suspend_to_disk(call, vm)
    return _act(call, "qmpause", vm, lambda vm: _pause(vm, paused=True))


@route("POST", f"{_STATUS}/resume")
async def resume(call: Call) -> object:
    """Let a paused machine go on, or wake one that was suspended to disk."""
    vm = _configured(call)
    if vm.lock != "suspended":
        return _act(call, "qmresume", _running(call), lambda vm: _pause(vm, paused=False))

    async def work(worker: Worker) -> None:
        await start_vm(worker, vm)

    return fork(call, "qmresume", work)


def _act(call: Call, kind: str, vm: Vm, action: Callable[[Vm], None]) -> str:
    """Do something to a running machine in a task."""
    skip = skips_lock(call)

    async def work(worker: Worker) -> None:
        async with worker.holding(vm):
            _check_lock(vm, skip=skip)
            action(vm)
            vm.world.changed()

    return fork(call, kind, work)


def _pause(vm: Vm, *, paused: bool) -> None:
    if vm.machine is not None:
        vm.machine.paused, vm.machine.asleep = paused, False


def _suspend_to_disk(call: Call, vm: Vm) -> str:
    """The lock is there from the first moment of the task, so that a task which dies leaves it behind."""
    skip = skips_lock(call)
    locked = vm.lock is not None and not skip
    if not locked:
        set_lock(vm, "suspending")

    async def work(worker: Worker) -> None:
        async with worker.holding(vm):
            _check_lock(vm, skip=not locked)
            await worker.sleep(STOP_SECONDS)
            vm.die()
            set_lock(vm, "suspended")

    return fork(call, "qmsuspend", work)


def _check_lock(vm: Vm, *, skip: bool) -> None:
    if not skip:
        vm.check_lock()


def _is_paused(vm: Vm | None) -> bool:
    return vm is not None and vm.machine is not None and vm.machine.paused


def _timeout(call: Call) -> int | None:
    return call.integer("timeout") if call.text_or_none("timeout") is not None else None


def _configured(call: Call) -> Vm:
    """The VM, or the words of those calls that look for its process first."""
    node, vmid = call.text("node"), call.integer("vmid")
    vm = find_vm(call.world, node, vmid)
    if vm is None:
        raise ApiError.internal(f"unable to find configuration file for VM {vmid} on node '{node}'")
    return vm


def _running(call: Call) -> Vm:
    vm = _configured(call)
    if vm.machine is None:
        raise ApiError.internal(f"VM {vm.vmid} not running")
    return vm
