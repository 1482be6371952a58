"""The consoles of containers; neighbours: `doors`, `vm_calls`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.console.doors import (
    SPICE_PORTS,
    VNC_PORTS,
    Doors,
    authority,
    certificate,
    enter,
    open_door,
    terminal,
    viewer,
)
from setpoint_lab.proxmox.lxc.container import Container, requested_container
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_CT = "/nodes/{node}/lxc/{vmid}"


@route("POST", f"{_CT}/vncproxy")
async def open_screen(call: Call) -> object:
    """A screen that shows the container's terminal."""
    container = requested_container(call)
    port = call.world.part(Doors).take(VNC_PORTS)
    command = (
        f"/usr/bin/vncterm -rfbport {port} -timeout 10 -authpath {authority(call)} -perm VM.Console "
        f"-c {_command(container)}"
    )
    found = open_door(call, port, "vncproxy", f"command '{command}' failed: exit code 1")
    return found | {"cert": certificate(call)}


@route("POST", f"{_CT}/termproxy")
async def open_terminal(call: Call) -> object:
    """The container's terminal."""
    container = requested_container(call)
    port = call.world.part(Doors).take(VNC_PORTS)
    return open_door(call, port, "vncproxy", terminal(call, port, _command(container)))


@route("POST", f"{_CT}/spiceproxy")
async def open_viewer(call: Call) -> object:
    """What a SPICE viewer of the container's terminal is told."""
    container = requested_container(call)
    port = call.world.part(Doors).take(SPICE_PORTS)
    open_door(call, port, "spiceproxy", f"command '/usr/bin/spiceterm --port {port}' failed: exit code 1")
    return viewer(call, f"CT {container.vmid}", port)


@route("GET", f"{_CT}/vncwebsocket")
async def enter_screen(call: Call) -> object:
    """The way in for a browser."""
    requested_container(call)
    return enter(call)


def _command(container: Container) -> str:
    """What is run for a terminal: the console, a login or a shell, as `cmode` says."""
    mode = container.values.get("cmode", "tty")
    tail = "--clear-env" if mode == "shell" else f"-t {'0' if mode == 'console' else '-1'} -e -1"
    program = "lxc-attach" if mode == "shell" else "lxc-console"
    return f"{program} -n {container.vmid} {tail}"
