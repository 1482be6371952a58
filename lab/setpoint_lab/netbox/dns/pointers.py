"""The PTR records that lead back from an address to the names that have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.netbox.dns.names import ADDRESS_TYPES, closest, full_name, reverse_name
from setpoint_lab.netbox.dns.tables import RECORDS, ZONES, is_active, is_live, zone_of
from setpoint_lab.netbox.dns.zones import save_managed
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.netbox.model import MODELS

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit

REVERSE = ("in-addr.arpa", "ip6.arpa")


def assign_pointer(unit: Unit, old: Row | None, new: Row) -> None:
    """Let an address record have the PTR record that it shall have, which is made, moved or deleted for it."""
    held = unit.world.row(RECORDS, (old or {}).get("ptr_record"))
    wanted = _wanted(unit, new)
    if wanted is None:
        new["ptr_record"] = None
        if held is not None and old is not None:
            drop_pointer(unit, old)
        return
    same = [row for row in unit.world.table(RECORDS).where("value", wanted["value"]) if _same(row, wanted)]
    shared = held is not None and len(unit.world.table(RECORDS).where("ptr_record", held["id"])) > 1
    before = same[0] if same else (None if shared else held)
    if before is None or any(before[name] != value for name, value in wanted.items()):
        before = save_managed(unit, before, wanted)
    new["ptr_record"] = before["id"]


def _same(row: Row, wanted: Row) -> bool:
    return row["type"] == "PTR" and all(row[name] == wanted[name] for name in ("zone", "name"))


def _wanted(unit: Unit, new: Row) -> Row | None:
    """The PTR record of an address record, None when it has none."""
    if new["type"] not in ADDRESS_TYPES or new["disable_ptr"] or not is_active(unit.world, new):
        return None
    zone = zone_of(unit.world, new)
    zones = [each for each in unit.world.table(ZONES).where("view", zone["view"]) if is_live(each)]
    found = closest(reverse_name(new["value"]), [each for each in zones if each["name"].endswith(REVERSE)])
    if found is None or (ZONES, found[0]["id"]) in unit.going:
        return None
    value = full_name(new["name"], zone["name"])
    return {"zone": found[0]["id"], "type": "PTR", "name": found[1], "value": value, "ttl": new["ttl"]}


def drop_pointer(unit: Unit, row: Row) -> None:
    """Delete the PTR record of an address record, unless others have it too."""
    pointer = unit.world.row(RECORDS, row.get("ptr_record"))
    if pointer is None or (RECORDS, pointer["id"]) in unit.going:
        return
    if len(unit.world.table(RECORDS).where("ptr_record", pointer["id"])) <= 1:
        unit.delete(MODELS[RECORDS], pointer)


@hook("after_save", ZONES)
def fill_reverse(unit: Unit, old: Row | None, new: Row | None) -> None:
    """A new reverse zone has PTR records for the addresses of its view."""
    if old is not None or new is None or not new["name"].endswith(REVERSE):
        return
    for row in list(unit.world.table(RECORDS).rows.values()):
        if row["type"] in ADDRESS_TYPES and zone_of(unit.world, row)["view"] == new["view"]:
            changed = dict(row)
            assign_pointer(unit, row, changed)
            if changed.get("ptr_record") != row.get("ptr_record"):
                unit.put(RECORDS, changed)
