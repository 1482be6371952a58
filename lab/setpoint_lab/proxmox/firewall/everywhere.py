"""Registers one handler for all the firewalls that have its path: of the cluster, nodes, guests of both types, vnets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.routes import Handler, route
from setpoint_lab.proxmox.schema import load
from setpoint_lab.proxmox.sdn.vnet_calls import require_vnet

if TYPE_CHECKING:
    from collections.abc import Callable

    from setpoint_lab.proxmox.call import Call

VNET = "/cluster/sdn/vnets/{vnet}/firewall"
BASES = (
    "/cluster/firewall",
    "/nodes/{node}/firewall",
    "/nodes/{node}/qemu/{vmid}/firewall",
    "/nodes/{node}/lxc/{vmid}/firewall",
)


def everywhere(method: str, below: str) -> Callable[[Handler], Handler]:
    """Register a handler for `below` of every firewall for which the schema has it."""

    def register(handler: Handler) -> Handler:
        for base in BASES:
            if (method, f"{base}{below}") in load().methods:
                route(method, f"{base}{below}")(handler)
        if (method, f"{VNET}{below}") in load().methods:
            route(method, f"{VNET}{below}")(_permitted(method, handler))
        return handler

    return register


def _permitted(method: str, handler: Handler) -> Handler:
    """The handler behind a check that the schema leaves to it: of the rights on the vnet."""
    privs = ("SDN.Audit", "SDN.Allocate") if method == "GET" else ("SDN.Allocate",)

    async def permitted(call: Call) -> object:
        require_vnet(call, *privs)
        return await handler(call)

    return permitted
