"""The disk of a machine is the sum of its virtual disks, kept without a word in the change log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.netbox.hooks import hook

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.world import World

MACHINES = "virtualization/virtual-machines"
DISKS = "virtualization/virtual-disks"


def total(world: World, machine: int) -> int | None:
    """The size of all virtual disks of a machine, None when it has none."""
    sizes = [disk["size"] for disk in world.table(DISKS).where("virtual_machine", machine)]
    return sum(sizes) if sizes else None


@hook("validate", MACHINES)
def check_total(unit: Unit, old: Row | None, new: Row | None) -> None:
    """A machine with virtual disks has no other disk than all of them."""
    if old is None or new is None:
        return
    whole = total(unit.world, new["id"])
    if whole and new["disk"] is None:
        new["disk"] = whole
    elif whole and new["disk"] != whole:
        text = (
            f"The specified disk size ({new['disk']}) must match the aggregate size of assigned virtual disks "
            f"({whole})."
        )
        raise Invalid({"disk": [text]})


@hook("after_save", DISKS)
@hook("dropped", DISKS)
def sum_up(unit: Unit, old: Row | None, new: Row | None) -> None:
    """The database adds up; neither `last_updated` nor the change log know."""
    for disk in (old, new):
        machine = unit.world.row(MACHINES, disk["virtual_machine"]) if disk else None
        if machine is not None:
            unit.put(MACHINES, machine | {"disk": total(unit.world, machine["id"])})
