"""What turns a machine on and off; neighbour: `status_calls`, which lets people do so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.images import existing
from setpoint_lab.proxmox.network.interfaces import has_bridge
from setpoint_lab.proxmox.qemu import cloudinit_record, nets, options
from setpoint_lab.proxmox.qemu.apply import apply_pending, ensure_cloudinit
from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.proxmox.qemu.figures import agent_enabled
from setpoint_lab.proxmox.qemu.guest import Vm
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section

STOP_SECONDS = 0.5
AGENT_SECONDS = 3.0
DEFAULT_TIMEOUT = 60


async def start_vm(worker: Worker, vm: Vm, *, skip_lock: bool = False) -> None:
    """Start the machine with what was pending, or wake it when it was suspended to disk.

    Raises:
        ApiError: it is a template, locked or running, or something that it needs is not there.
    """
    async with worker.holding(vm):
        if vm.template:
            raise ApiError.internal("you can't start a vm if it's a template")
        suspended = vm.lock == "suspended"
        if not skip_lock and not suspended:
            vm.check_lock()
        if vm.machine is not None:
            raise ApiError.internal(f"VM {vm.vmid} already running")
        _apply(worker, vm)
        await _prepare(worker, vm)
        await worker.sleep(vm.world.luck.uniform(*vm.world.pace.start))
        if suspended:
            set_lock(vm, None)
        vm.run()
        vm.world.changed()


def launch(call: Call, vm: Vm) -> str:
    """Start a VM in a task of its own."""

    async def work(worker: Worker) -> None:
        await start_vm(worker, vm)

    return fork(call, "qmstart", work, str(vm.vmid))


def power_off(worker: Worker, vm: Vm) -> None:
    """Turn the machine off; what was pending comes into effect."""
    vm.die()
    vm.world.changed()
    _apply(worker, vm)


async def shut_down(worker: Worker, vm: Vm, patience: int | None, *, force: bool = False) -> None:
    """Ask the guest to turn itself off within `patience` seconds, and turn it off.

    Raises:
        ApiError: it did not, and `force` is not set.
    """
    seconds = _timeout(vm) if patience is None else patience
    behaviour = vm.behaviour
    if agent_enabled(vm.load().current) and not behaviour.agent:
        await worker.sleep(AGENT_SECONDS)
        agent = f"VM {vm.vmid} qga command 'guest-ping' failed - got timeout"
        worker.log(f"QEMU Guest Agent is not running - {agent}")
    needed = vm.world.pace.shutdown
    if behaviour.acpi and seconds >= needed:
        await worker.sleep(needed)
    else:
        await worker.sleep(seconds)
        if not force:
            raise ApiError.internal("VM quit/powerdown failed - got timeout")
        worker.log("VM still running - terminating now with SIGTERM")
        await worker.sleep(STOP_SECONDS)
    power_off(worker, vm)


def set_lock(vm: Vm, lock: str | None) -> None:
    """Put a lock into the config, or take it out."""
    config = vm.load()
    config.current.pop("lock", None)
    if lock is not None:
        config.current["lock"] = lock
    vm.write(config)


def _apply(worker: Worker, vm: Vm) -> None:
    config = vm.load()
    if config.pending or config.deletes:
        apply_pending(worker, vm, config)


async def _prepare(worker: Worker, vm: Vm) -> None:
    """Find the volumes and bridges that the machine needs, and make its cloud-init image anew."""
    config = vm.load()
    for drive in drives(config.current):
        if drive.is_cloudinit:
            worker.log("generating cloud-init ISO")
            ensure_cloudinit(worker, vm, drive)
            cloudinit_record.forget(config)
            vm.write(config)
        elif drive.volume is not None:
            await existing(worker, drive.volume)
    _check_bridges(worker, config.current)


def _check_bridges(worker: Worker, values: Section) -> None:
    for key in sorted(filter(options.is_net, values)):
        bridge = nets.parse(values[key]).get("bridge")
        if bridge is not None and not has_bridge(worker.world, worker.node, bridge):
            worker.log(f"bridge '{bridge}' does not exist")
            raise ApiError.internal("start failed: QEMU exited with code 1")


def _timeout(vm: Vm) -> int:
    startup = vm.load().current.get("startup", "")
    down = next((part.removeprefix("down=") for part in startup.split(",") if part.startswith("down=")), None)
    return int(down) if down is not None else DEFAULT_TIMEOUT
