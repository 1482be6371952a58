"""Primary MAC addresses: whose they may be, and that they stay on their interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.netbox.errors import WHOLE, Invalid
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.netbox.model import MODELS, TYPES

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.world import World

MACS = "dcim/mac-addresses"
INTERFACES = ("virtualization/interfaces", "dcim/interfaces")


def _place(row: Row) -> tuple[str | None, int | None]:
    kind = row["assigned_object_type"]
    return (kind, row["assigned_object_id"]) if row["assigned_object_id"] is not None else (None, None)


def _interface(world: World, place: tuple[str | None, int | None]) -> Row | None:
    model = TYPES.get(str(place[0]))
    return world.row(model.endpoint, place[1]) if model else None


def _type_of(row: Row) -> str:
    return "virtualization.vminterface" if "virtual_machine" in row else "dcim.interface"


@hook("validate", *INTERFACES)
def check_primary(unit: Unit, _old: Row | None, new: Row | None) -> None:
    """The primary MAC address of an interface is not on another."""
    mac = unit.world.row(MACS, new["primary_mac_address"]) if new else None
    if new is None or mac is None:
        return
    other = _interface(unit.world, _place(mac))
    if other is not None and _place(mac) != (_type_of(new), new["id"]):
        text = f"MAC address {mac['mac_address']} is assigned to a different interface ({other['name']})."
        raise Invalid({"primary_mac_address": [text]})


@hook("after_save", *INTERFACES)
def assign_primary(unit: Unit, old: Row | None, new: Row | None) -> None:
    """The primary MAC address of an interface that is made becomes one of it."""
    mac = unit.world.row(MACS, new["primary_mac_address"]) if new else None
    if old is None and new is not None and mac is not None:
        place = {"assigned_object_type": _type_of(new), "assigned_object_id": new["id"]}
        unit.store(MODELS[MACS], mac, mac | place)


@hook("validate", MACS)
def check_stays(unit: Unit, old: Row | None, new: Row | None) -> None:
    """A MAC address that is primary stays where it is."""
    if old is None or new is None or _place(old) == _place(new):
        return
    interface = _interface(unit.world, _place(old)) or {}
    if interface.get("primary_mac_address") == old["id"]:
        verb = "reassign" if _place(new)[0] else "unassign"
        text = f"Cannot {verb} MAC Address while it is designated as the primary MAC for an object"
        raise Invalid({WHOLE: [text]})
