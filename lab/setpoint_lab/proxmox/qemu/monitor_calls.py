"""The monitor of a VM's hypervisor, of which only what changes its power does anything, and the helper of live moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.qemu.create import QEMU_VERSION
from setpoint_lab.proxmox.qemu.figures import qmp_status
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.qemu.guest import Vm

FOR_ALL = frozenset({"?", "help", "info"})
_MODIFIERS = (
    "announce_self backup_cancel balloon block_job_cancel block_job_complete block_job_pause block_job_resume "
    "block_job_set_speed block_resize block_set_io_throttle boot_set c calc_dirty_rate cancel_vcpu_dirty_limit "
    "chardev-send-break closefd commit cont cpu delvm eject exit_preconfig expire_password getfd gpa2hpa gpa2hva "
    "gva2gpa i loadvm log migrate_cancel migrate_continue migrate_pause migrate_set_capability "
    "migrate_set_parameter migrate_start_postcopy mouse_button mouse_move mouse_set one-insn-per-tb p print q "
    "qemu-io qom-get qom-list quit replay_break replay_delete_break replay_seek ringbuf_read ringbuf_write s savevm "
    "sendkey set_link set_password set_vcpu_dirty_limit snapshot_blkdev_internal snapshot_delete_blkdev_internal "
    "stop stopcapture sum sync-profile system_powerdown system_reset system_wakeup trace-event x "
    "x_colo_lost_heartbeat xp"
)
_ROOT = (
    "backup block_stream change chardev-add chardev-change chardev-remove client_migrate_info device_add device_del "
    "drive_add drive_backup drive_del drive_mirror dump-guest-memory dumpdtb gdbserver hostfwd_add hostfwd_remove "
    "logfile mce memsave migrate migrate_incoming migrate_recover nbd_server_add nbd_server_remove nbd_server_start "
    "nbd_server_stop netdev_add netdev_del nmi o object_add object_del pcie_aer_inject_error pmemsave qom-set "
    "savevm-end savevm-start screendump snapshot_blkdev watchdog_action wavcapture xen-event-inject "
    "xen-event-list"
)
FOR_MODIFIERS = frozenset(_MODIFIERS.split())
FOR_ROOT = frozenset(_ROOT.split())

_INFO: dict[str, Callable[[Vm], str]] = {
    "status": lambda vm: f"VM status: {qmp_status(vm)}\r\n",
    "version": lambda _: f"{QEMU_VERSION}pve-qemu-kvm_{QEMU_VERSION}\r\n",
    "name": lambda vm: f"{vm.name}\r\n",
}


@route("POST", "/nodes/{node}/qemu/{vmid}/monitor")
async def command(call: Call) -> object:
    """What the monitor prints; errors are text too."""
    words = call.text("command").split()
    word = words[0] if words else ""
    _check_permission(call, word)
    vm = requested_vm(call)
    if vm.machine is None:
        return f"ERROR: VM {vm.vmid} not running\n"
    if word not in FOR_ALL | FOR_MODIFIERS | FOR_ROOT:
        return f"unknown command: '{word}'\r\n"
    if word == "info":
        topic = _INFO.get(words[1] if len(words) > 1 else "")
        return topic(vm) if topic is not None else ""
    _act(vm, word)
    return ""


def _check_permission(call: Call, word: str) -> None:
    if word in FOR_ALL or call.is_root:
        return
    if word not in FOR_MODIFIERS:
        raise ApiError.forbidden(f"monitor command '{word}' is only for root@pam")
    call.require(f"/vms/{call.integer('vmid')}", "Sys.Modify")


def _act(vm: Vm, word: str) -> None:
    """Do what changes power; all else has no effect that anybody could see."""
    machine = vm.machine
    if word in {"q", "quit"}:
        vm.die()
    elif word in {"s", "stop"} and machine is not None:
        machine.paused = True
    elif word in {"c", "cont", "system_wakeup"} and machine is not None:
        machine.paused = machine.asleep = False
    else:
        return
    vm.world.changed()


@route("POST", "/nodes/{node}/qemu/{vmid}/dbus-vmstate")
async def help_move(call: Call) -> None:
    """Start or stop the helper that carries a VM's network state along; it needs a machine that runs."""
    vm = requested_vm(call)
    if vm.machine is None and call.text("action") == "start":
        raise ApiError.internal(f"VM {vm.vmid} not running")
