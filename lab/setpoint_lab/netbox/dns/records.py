"""What the plugin refuses of records, and that a change of one moves the serial of its zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.netbox.dns.names import complaint, full_name
from setpoint_lab.netbox.dns.pointers import assign_pointer, drop_pointer
from setpoint_lab.netbox.dns.tables import RECORDS, zone_of
from setpoint_lab.netbox.dns.zones import REFUSED, bump
from setpoint_lab.netbox.errors import BAD_REQUEST, Invalid, Refused
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.netbox.model import MODELS

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.world import World

ALONE = ("CNAME", "DNAME")
"""Types that have no other record beside them: of any type, or of their own."""


@hook("validate", RECORDS)
def check_record(unit: Unit, old: Row | None, new: Row | None) -> None:
    """A record has a value of its type, and goes with the others of its name."""
    if new is None:
        return
    if old is not None and old["managed"]:
        raise Invalid([REFUSED.format(what=MODELS[RECORDS].display(unit.world, old), verb="update")])
    wrong = complaint(new["type"], new["value"])
    if wrong:
        text = f"Record value {new['value']} is not a valid value for a {new['type']} record: {wrong}."
        raise Invalid({"value": [text]})
    if new["status"] == "active":
        _check_neighbours(unit.world, new)


def _check_neighbours(world: World, new: Row) -> None:
    zone = zone_of(world, new)["name"]
    place = f"for name {new['name']} in zone {zone}"
    fqdn = full_name(new["name"], zone)
    others = [
        row
        for row in world.table(RECORDS).where("zone", new["zone"])
        if row["fqdn"].casefold() == fqdn.casefold() and row["status"] == "active" and row["id"] != new["id"]
    ]
    alike = [row for row in others if row["type"] == new["type"]]
    if any(row["value"] == new["value"] for row in alike):
        text = f"There is already an active {new['type']} record {place} with value {new['value']}."
        raise Invalid({"value": [text]})
    if new["type"] == "CNAME" and others:
        raise Invalid({"type": [f"There is already an active record {place}, CNAME is not allowed."]})
    if any(row["type"] == "CNAME" for row in others):
        text = f"There is already an active CNAME record {place}, {new['type']} is not allowed."
        raise Invalid({"type": [text]})
    if new["type"] in ALONE and alike:
        text = f"There is already an active {new['type']} record {place}, {new['type']} is not allowed."
        raise Invalid({"type": [text]})
    _check_ttl(alike, new, place)


def _check_ttl(alike: list[Row], new: Row, place: str) -> None:
    different = sorted({str(row["ttl"]) for row in alike if row["ttl"] != new["ttl"]})
    if different:
        text = (
            f"There is at least one active {new['type']} record {place} and TTL is different "
            f"({', '.join(different)})."
        )
        raise Invalid({"ttl": [text]})


@hook("asked", RECORDS)
def keep_managed(unit: Unit, old: Row | None, _new: Row | None) -> None:
    """What the plugin made, nobody deletes."""
    if old is not None and old["managed"]:
        text = REFUSED.format(what=MODELS[RECORDS].display(unit.world, old), verb="deletion")
        raise Refused(BAD_REQUEST, [text])


@hook("before_save", RECORDS)
def complete(unit: Unit, old: Row | None, new: Row | None) -> None:
    """A record has its full name, and one that leads back to it."""
    if new is None:
        return
    new["fqdn"] = full_name(new["name"], zone_of(unit.world, new)["name"])
    assign_pointer(unit, old, new)


@hook("after_save", RECORDS)
def note_save(unit: Unit, old: Row | None, new: Row | None) -> None:
    """The zone of a record is as new as the record; its SOA is part of itself."""
    if new is None or new["type"] == "SOA":
        return
    for number in dict.fromkeys(row["zone"] for row in (old, new) if row is not None):
        bump(unit, number)


@hook("deleted", RECORDS)
def note_end(unit: Unit, old: Row | None, _new: Row | None) -> None:
    """What led back to a record goes with it."""
    if old is None:
        return
    drop_pointer(unit, old)
    for row in unit.world.table(RECORDS).where("ptr_record", old["id"]):
        unit.put(RECORDS, row | {"ptr_record": None})
    if old["type"] != "SOA":
        bump(unit, old["zone"])
