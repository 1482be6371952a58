"""Answers the paths that only list what is below them; the names come from the schema, or as real daemons list them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.routes import ROUTES, Handler, route
from setpoint_lab.proxmox.schema import load

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.schema import Method

_NODE_ONLY = "apt ceph certificates hardware netstat rrd spiceshell subscription termproxy vncshell wakeonlan"

LISTED = {
    "/": "version cluster nodes storage access pools",
    "/nodes/{node}/lxc/{vmid}": (
        "config pending status vncproxy termproxy vncwebsocket spiceproxy migrate clone rrd rrddata firewall "
        "snapshot resize interfaces"
    ),
    "/nodes/{node}/lxc/{vmid}/status": "current start stop shutdown suspend resume reboot",
    "/nodes/{node}/qemu/{vmid}": (
        "config cloudinit pending status unlink vncproxy termproxy migrate resize move rrd rrddata monitor agent "
        "snapshot spiceproxy sendkey firewall mtunnel remote_migrate"
    ),
    "/nodes/{node}/qemu/{vmid}/status": "current start stop reset shutdown suspend reboot",
}
"""Where a real daemon's list is not that of the schema."""

ALSO = {"/nodes/{node}": _NODE_ONLY}
"""What a real daemon lists beyond the schema."""

SHOWN = (
    "/",
    "/access",
    "/cluster",
    "/cluster/backup-info",
    "/nodes/{node}",
    "/nodes/{node}/capabilities",
    "/nodes/{node}/capabilities/qemu",
    "/nodes/{node}/replication/{id}",
    "/nodes/{node}/storage/{storage}",
    "/nodes/{node}/tasks/{upid}",
)
"""Below which paths lists are answered; a list of things that are not supported would promise too much."""


def register_indexes() -> None:
    """Register a handler for every list whose path belongs to what is supported and that has none yet."""
    for method in load().methods.values():
        shown = method.name == "GET" and method.path in {*SHOWN, *LISTED}
        if shown and method.child is not None and ("GET", method.path) not in ROUTES:
            route("GET", method.path)(_index(method, method.child))


def names_below(path: str) -> list[str]:
    """The names that the list at a path template shows."""
    if path in LISTED:
        return LISTED[path].split()
    return [*load().children(path), *ALSO.get(path, "").split()]


def _index(method: Method, key: str) -> Handler:
    rows = [{key: name} for name in names_below(method.path)]

    async def answer_index(call: Call) -> object:  # noqa: ARG001  # the same for everyone
        return rows

    return answer_index
