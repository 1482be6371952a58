"""Address records that the plugin makes of IP addresses with names, in the prefixes that a view has."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from setpoint_lab.netbox.dns.names import closest
from setpoint_lab.netbox.dns.tables import RECORDS, VIEWS, ZONES
from setpoint_lab.netbox.dns.zones import save_managed
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.netbox.model import MODELS

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.world import World

ADDRESSES = "ipam/ip-addresses"
PREFIXES = "ipam/prefixes"
TYPE_OF = {4: "A", 6: "AAAA"}
SERVED = ("active", "dhcp", "slaac")


@hook("after_save", ADDRESSES)
def follow_address(unit: Unit, _old: Row | None, new: Row | None) -> None:
    """The record of an address is as its name says, in every view that has its prefix."""
    if new is None:
        return
    for view in list(unit.world.table(VIEWS).rows.values()):
        if view["prefixes"]:
            _settle(unit, view, new)


@hook("deleted", ADDRESSES)
def end_with_address(unit: Unit, old: Row | None, _new: Row | None) -> None:
    """The records of an address that goes, go."""
    for row in unit.world.table(RECORDS).where("ipam_ip_address", old["id"]) if old else ():
        unit.delete(MODELS[RECORDS], row)


@hook("after_save", VIEWS)
def follow_prefixes(unit: Unit, old: Row | None, new: Row | None) -> None:
    """A view that gets or loses prefixes has the records of the addresses in them."""
    if new is None or set((old or {}).get("prefixes") or ()) == set(new["prefixes"]):
        return
    for ip in list(unit.world.table(ADDRESSES).rows.values()):
        if ip["dns_name"]:
            _settle(unit, new, ip)


def _settle(unit: Unit, view: Row, ip: Row) -> None:
    """Make, change or delete the record of an address in a view."""
    held = [
        row
        for row in unit.world.table(RECORDS).where("ipam_ip_address", ip["id"])
        if unit.world.table(ZONES).rows[row["zone"]]["view"] == view["id"]
    ]
    wanted = _wanted(unit.world, view, ip)
    if wanted is None:
        for row in held:
            unit.delete(MODELS[RECORDS], row)
    elif not held or any(held[0].get(name) != value for name, value in wanted.items()):
        save_managed(unit, held[0] if held else None, wanted)


def _wanted(world: World, view: Row, ip: Row) -> Row | None:
    address = ipaddress.ip_interface(ip["address"]).ip
    rows = [world.row(PREFIXES, number) for number in view["prefixes"]]
    inside = any(address in ipaddress.ip_network(row["prefix"]) for row in rows if row is not None)
    found = closest(ip["dns_name"].rstrip("."), world.table(ZONES).where("view", view["id"]))
    if not inside or not ip["dns_name"] or found is None:
        return None
    status = "active" if ip["status"] in SERVED else "inactive"
    values = {"name": found[1], "value": str(address), "status": status, "ipam_ip_address": ip["id"]}
    return {"zone": found[0]["id"], "type": TYPE_OF[address.version]} | values
