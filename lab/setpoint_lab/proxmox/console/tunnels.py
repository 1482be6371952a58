"""The ends of tunnels through which other clusters bring guests: an empty locked guest waits, and goes when nobody comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.console.doors import TUNNEL_TICKET
from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guests import check_quorum, number_taken
from setpoint_lab.proxmox.lxc.config import Config as CtConfig
from setpoint_lab.proxmox.lxc.container import Container
from setpoint_lab.proxmox.network.interfaces import has_bridge
from setpoint_lab.proxmox.qemu.config import Config as VmConfig
from setpoint_lab.proxmox.qemu.guest import Vm
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.configured import ConfiguredGuest

PATIENCE = 300.0
"""Seconds that a tunnel's end waits for the other."""

UNVISITED = "Failed to accept tunnel connection: got timeout"


@route("POST", "/nodes/{node}/qemu/{vmid}/mtunnel")
async def open_for_vm(call: Call) -> object:
    """Await a VM under a free number."""
    socket = f"/run/qemu-server/{call.integer('vmid')}.mtunnel"
    return _open(call, socket, "qmtunnel", lambda: _empty_vm(call))


@route("POST", "/nodes/{node}/lxc/{vmid}/mtunnel")
async def open_for_container(call: Call) -> object:
    """Await a container under a free number."""
    socket = f"/run/pve/ct-{call.integer('vmid')}.mtunnel"
    return _open(call, socket, "vzmtunnel", lambda: _empty_container(call))


@route("GET", "/nodes/{node}/qemu/{vmid}/mtunnelwebsocket")
async def enter_for_vm(call: Call) -> object:
    """The way in for the other cluster."""
    return _enter(call)


@route("GET", "/nodes/{node}/lxc/{vmid}/mtunnelwebsocket")
async def enter_for_container(call: Call) -> object:
    """The way in for the other cluster."""
    return _enter(call)


def _open(call: Call, socket: str, kind: str, make: Callable[[], ConfiguredGuest]) -> object:
    world = call.world
    check_quorum(world)
    _check_places(call)
    taken = number_taken(world, call.integer("vmid"))
    if taken is not None:
        raise ApiError.parameters({"vmid": f"unable to create empty guest config - {taken}"})
    guest = make()

    async def wait(worker: Worker) -> None:
        worker.log("mtunnel started")
        try:
            await worker.sleep(PATIENCE)
        except TaskError:
            world.lose(guest.vmid)
            raise
        world.lose(guest.vmid)
        raise TaskError(UNVISITED)

    ticket = world.signer.bound(TUNNEL_TICKET, call.user, f"/socket/{socket}", world.clock.now())
    return {"ticket": ticket, "upid": fork(call, kind, wait), "socket": socket}


def _check_places(call: Call) -> None:
    """Raise unless the storages and bridges that the other end names are there."""
    for name in call.items("storages"):
        call.require(f"/storage/{name}", "Datastore.AllocateSpace")
        storage = call.world.storages.get(name)
        if storage is None or not storage.available_on(call.text("node")):
            raise ApiError.internal(f"storage '{name}' is not available on node '{call.text('node')}'")
    for name in call.items("bridges"):
        if not has_bridge(call.world, call.text("node"), name):
            raise ApiError.internal(f"bridge '{name}' does not exist")


def _empty_vm(call: Call) -> ConfiguredGuest:
    vm = Vm(call.world, call.integer("vmid"), call.text("node"))
    call.world.keep(vm)
    vm.write(VmConfig({"lock": "create"}))
    return vm


def _empty_container(call: Call) -> ConfiguredGuest:
    container = Container(call.world, call.integer("vmid"), call.text("node"))
    call.world.keep(container)
    container.write(CtConfig({"lock": "create"}))
    return container


def _enter(call: Call) -> object:
    socket = call.text("socket")
    if not call.world.signer.bound_holds(
        TUNNEL_TICKET, call.user, f"/socket/{socket}", call.text("ticket"), call.world.clock.now()
    ):
        raise ApiError.unauthorized("permission denied - invalid PVETUNNEL ticket")
    return {"socket": socket}
