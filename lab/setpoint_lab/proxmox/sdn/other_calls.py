"""Controllers, address managers and name servers: /cluster/sdn/{controllers,ipams,dns}, and the lists of what there is.

Recorded are the lists alone. The changes follow the schema; a name server is refused, since none can be reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.schema import load
from setpoint_lab.proxmox.sdn.editing import (
    check_digest,
    editing,
    given_options,
    listed,
    sdn_of,
    view,
)
from setpoint_lab.proxmox.sdn.rules import check_deletes
from setpoint_lab.proxmox.sdn.sections import digest
from setpoint_lab.proxmox.sdn.zone_calls import found

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.sdn.sections import Section

_CONTROLLERS = "/cluster/sdn/controllers"
_CONTROLLER = "/cluster/sdn/controllers/{controller}"
_IPAMS = "/cluster/sdn/ipams"
EMPTY = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
"""The digest of a file that nobody has written: the address manager of the cluster itself is in none."""

BELOW = ("vnets", "zones", "controllers", "ipams", "dns", "fabrics")
FABRICS = ("fabric", "node", "all")


@route("GET", "/cluster/sdn")
async def list_kinds(_call: Call) -> object:
    """What there is below."""
    return [{"id": name} for name in BELOW]


@route("GET", "/cluster/sdn/fabrics")
async def list_fabric_kinds(_call: Call) -> object:
    """What there is of fabrics."""
    return [{"subdir": name} for name in FABRICS]


@route("GET", _CONTROLLERS)
async def list_controllers(call: Call) -> object:
    """The controllers that the user may see."""
    return listed(call, "controller", view(call, "controllers"))


@route("GET", _CONTROLLER)
async def read_controller(call: Call) -> object:
    """One controller."""
    name = call.text("controller")
    return {"controller": name, **found(view(call, "controllers"), name)}


@route("POST", _CONTROLLERS)
async def create_controller(call: Call) -> None:
    """A new controller."""
    name, options = call.text("controller"), given_options(call, "controller", "type")
    check_quorum(call.world)
    with editing(call, "create sdn controller object failed") as sdn:
        if name in sdn.edited["controllers"]:
            raise ApiError.internal(f"sdn controller object ID '{name}' already defined")
        sdn.edited["controllers"][name] = {"type": call.text("type"), **options}


@route("PUT", _CONTROLLER)
async def update_controller(call: Call) -> None:
    """Change a controller's options."""
    name, deletes = call.text("controller"), call.items("delete")
    options = given_options(call, "controller")
    check_quorum(call.world)
    with editing(call, "update sdn controller object failed") as sdn:
        controllers = sdn.edited["controllers"]
        check_digest(call, controllers)
        old = found(controllers, name)
        check_deletes(load().methods["PUT", _CONTROLLER].parameters, [], options, deletes)
        controllers[name] = {key: value for key, value in old.items() if key not in deletes} | options


@route("DELETE", _CONTROLLER)
async def delete_controller(call: Call) -> None:
    """Take a controller away that no zone uses."""
    name = call.text("controller")
    check_quorum(call.world)
    with editing(call, "delete sdn controller object failed") as sdn:
        found(sdn.edited["controllers"], name)
        user = next(
            (zone for zone, each in sdn.edited["zones"].items() if each.get("controller") == name), None
        )
        if user is not None:
            raise ApiError.internal(f"controller {name} is used by {user}")
        del sdn.edited["controllers"][name]


@route("GET", _IPAMS)
async def list_ipams(call: Call) -> object:
    """The address managers that the user may see."""
    mark = _ipam_digest(call)
    ipams: dict[str, Section] = {name: {**ipam, "digest": mark} for name, ipam in sdn_of(call).ipams.items()}
    return listed(call, "ipam", ipams)


@route("GET", "/cluster/sdn/ipams/{ipam}")
async def read_ipam(call: Call) -> object:
    """One address manager."""
    name = call.text("ipam")
    return {"ipam": name, **found(sdn_of(call).ipams, name), "digest": _ipam_digest(call)}


@route("GET", "/cluster/sdn/ipams/{ipam}/status")
async def list_addresses(call: Call) -> object:
    """The addresses that the cluster's own manager has given out: none, since nothing here asks for one."""
    if found(sdn_of(call).ipams, call.text("ipam"))["type"] != "pve":
        raise ApiError.internal("Currently only PVE IPAM is supported!")
    return []


def _ipam_digest(call: Call) -> str:
    written: dict[str, Section] = {
        name: ipam for name, ipam in sdn_of(call).ipams.items() if ipam != {"type": "pve"}
    }
    return digest(written) if written else EMPTY


@route("GET", "/cluster/sdn/dns")
async def list_name_servers(_call: Call) -> object:
    """No name server can be reached, and so there is none."""
    return []


@route("GET", "/cluster/sdn/dns/{dns}")
async def read_name_server(call: Call) -> object:
    """There is none."""
    return found({}, call.text("dns"))


@route("POST", "/cluster/sdn/dns")
async def create_name_server(call: Call) -> None:
    """Ask the name server's interface whether it is there; it never is."""
    check_quorum(call.world)
    with editing(call, "create sdn dns object failed"):
        where = urlsplit(call.text("url"))
        port = where.port or (443 if where.scheme == "https" else 80)
        reason = f"Can't connect to {where.hostname}:{port} (Temporary failure in name resolution)"
        raise ApiError.internal(f"dns api error: Invalid response from server: 500 {reason}")
