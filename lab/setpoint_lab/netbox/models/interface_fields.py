"""What interfaces of devices and of virtual machines share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.computed import Computed
from setpoint_lab.netbox.relations import Ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from setpoint_lab.netbox.fields import Field
    from setpoint_lab.netbox.model import Filter, Predicate
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

MODES = {"access": "Access", "tagged": "Tagged", "tagged-all": "Tagged (All)", "q-in-q": "Q-in-Q (802.1ad)"}
MACS = "dcim/mac-addresses"


def macs_of(world: World, type_name: str, number: int) -> list[Row]:
    """The MAC addresses of an interface."""
    found = world.table(MACS).where("assigned_object_id", number)
    return [row for row in found if row["assigned_object_type"] == type_name]


def mac_fields(type_name: str) -> tuple[Field, ...]:
    """The primary MAC address in text and as an object, and all of them."""
    return (
        Computed("mac_address", function=_primary_text),
        Ref("primary_mac_address", to=MACS, on_delete="forget"),
        Computed("mac_addresses", function=_all_of(type_name)),
    )


def _primary_text(view: View, row: Row) -> Any:
    return (view.world.row(MACS, row.get("primary_mac_address")) or {}).get("mac_address")


def _all_of(type_name: str) -> Callable[[View, Row], Any]:
    def shown(view: View, row: Row) -> Any:
        return [view.reference(MACS, mac["id"]) for mac in macs_of(view.world, type_name, row["id"])]

    return shown


def address_count(type_name: str) -> Computed:
    """How many IP addresses an interface has."""

    def counted(view: View, row: Row) -> int:
        if view.fresh:
            return 0
        found = view.world.table("ipam/ip-addresses").where("assigned_object_id", row["id"])
        return sum(each["assigned_object_type"] == type_name for each in found)

    return Computed("count_ipaddresses", function=counted)


def interface_filters(type_name: str) -> dict[str, Filter]:
    """Filters by MAC address, whatever its notation."""

    def by_mac(world: World, values: list[str]) -> Predicate:
        wanted = {_digits(value) for value in values}

        def passes(row: Row) -> bool:
            return any(_digits(mac["mac_address"]) in wanted for mac in macs_of(world, type_name, row["id"]))

        return passes

    return {"mac_address": by_mac}


def _digits(text: str) -> str:
    return "".join(letter for letter in text.upper() if letter.isalnum())
