"""GET /version: which release answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.schema import load

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

REPOSITORY = "14a22df3"


@route("GET", "/version")
@route("GET", "/nodes/{node}/version")
async def read_version(_call: Call) -> object:
    """The version of the schema that is emulated."""
    version = load().version
    return {"release": version.rpartition(".")[0], "repoid": REPOSITORY, "version": version}
