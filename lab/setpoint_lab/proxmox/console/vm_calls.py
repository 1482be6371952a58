"""The consoles of VMs, and keys sent to them; neighbours: `doors`, `ct_calls`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.console.doors import (
    SPICE_PORTS,
    TIMED_OUT,
    VNC_PORTS,
    Doors,
    certificate,
    enter,
    open_door,
    terminal,
    viewer,
)
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.qemu.config_calls import requested_vm, skips_lock
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.qemu.guest import Vm

_VM = "/nodes/{node}/qemu/{vmid}"
_PASSWORD_BYTES = 8
_KEYS = re.compile(r"[0-9a-z_]+(-[0-9a-z_]+)*", re.IGNORECASE)


@route("POST", f"{_VM}/vncproxy")
async def open_screen(call: Call) -> object:
    """A screen, or the serial terminal that is its screen; with a password of its own when one is asked for."""
    vm = requested_vm(call)
    port = call.world.part(Doors).take(VNC_PORTS)
    serial = _serial(vm)
    end = TIMED_OUT if serial is None else terminal(call, port, _terminal_command(vm, serial))
    found = open_door(call, port, "vncproxy", end) | {"cert": certificate(call)}
    if call.flag("generate-password"):
        found["password"] = call.world.random.randbytes(_PASSWORD_BYTES).hex()[:_PASSWORD_BYTES]
    return found


@route("POST", f"{_VM}/termproxy")
async def open_terminal(call: Call) -> object:
    """A serial terminal; that there is none only the task finds out."""
    vm = requested_vm(call)
    port = call.world.part(Doors).take(VNC_PORTS)
    command = _terminal_command(vm, call.text_or_none("serial") or _serial(vm))
    return open_door(call, port, "vncproxy", terminal(call, port, command))


@route("POST", f"{_VM}/spiceproxy")
async def open_viewer(call: Call) -> object:
    """What a SPICE viewer is told of a running VM with such a display."""
    vm = _running(call)
    if not vm.values.get("vga", "").startswith("qxl"):
        raise ApiError.internal("no spice port")
    return viewer(call, f"VM {vm.vmid} - {vm.name}", call.world.part(Doors).take(SPICE_PORTS))


@route("GET", f"{_VM}/vncwebsocket")
async def enter_screen(call: Call) -> object:
    """The way in for a browser."""
    requested_vm(call)
    return enter(call)


@route("PUT", f"{_VM}/sendkey")
async def send_key(call: Call) -> None:
    """Press keys; nobody inside hears them."""
    skip, vm = skips_lock(call), _running(call)
    if not skip:
        vm.check_lock()
    if _KEYS.fullmatch(call.text("key")) is None:
        raise ApiError.internal(f"invalid parameter: {call.text('key')}")


def _running(call: Call) -> Vm:
    vm = requested_vm(call)
    if vm.machine is None:
        raise ApiError.internal(f"VM {vm.vmid} not running")
    return vm


def _serial(vm: Vm) -> str | None:
    """The serial port that is the VM's screen."""
    screen = vm.values.get("vga", "").partition(",")[0].removeprefix("type=")
    return screen if screen.startswith("serial") else None


def _terminal_command(vm: Vm, serial: str | None) -> str:
    command = f"/usr/sbin/qm terminal {vm.vmid} -escape 0"
    return command if serial is None else f"{command} -iface {serial}"
