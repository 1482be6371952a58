"""Machines are at the site of their cluster, also when it moves; the database moves them without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.netbox.hooks import hook

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit

CLUSTERS = "virtualization/clusters"
MACHINES = "virtualization/virtual-machines"


@hook("after_save", CLUSTERS)
def move_machines(unit: Unit, old: Row | None, new: Row | None) -> None:
    """The machines of a cluster that is at a site are there too."""
    if old is None or new is None or new["scope_type"] != "dcim.site":
        return
    for machine in unit.world.table(MACHINES).where("cluster", new["id"]):
        if machine["site"] != new["scope_id"]:
            unit.put(MACHINES, machine | {"site": new["scope_id"]})
