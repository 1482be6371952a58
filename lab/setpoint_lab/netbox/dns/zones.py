"""What the plugin does for zones: a serial that moves with every record, and the SOA and NS records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.body import blank_row
from setpoint_lab.netbox.dns.tables import NAMESERVERS, RECORDS, VIEWS, ZONES
from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.netbox.model import MODELS

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.world import World

UNSET = "{name} not set and no template or default value defined"
REFUSED = "{what} is managed, refusing {verb}"


@hook("validate", ZONES)
def check_zone(unit: Unit, old: Row | None, new: Row | None) -> None:
    """A zone knows who answers for it, and is in the default view when nobody says."""
    if new is None:
        return
    missing = [name for name in ("soa_mname", "soa_rname") if not new[name]]
    if missing:
        raise Invalid({name: [UNSET.format(name=name)] for name in missing})
    if new["view"] is None:
        defaults = unit.world.table(VIEWS).where("default_view", True)
        new["view"] = defaults[0]["id"] if defaults else None
    if new["soa_serial"] is None or (new["soa_serial_auto"] and old is None):
        new["soa_serial"] = int(unit.world.seconds())


def bump(unit: Unit, number: int) -> None:
    """Save a zone of which something changed; its serial is the second of that."""
    old = unit.world.row(ZONES, number)
    if old is None or (ZONES, number) in unit.going:
        return
    serial = int(unit.world.seconds()) if old["soa_serial_auto"] else old["soa_serial"]
    unit.store(MODELS[ZONES], old, old | {"soa_serial": serial})


@hook("after_save", ZONES)
def keep_records(unit: Unit, old: Row | None, new: Row | None) -> None:
    """The records that a zone has by itself are as the zone says."""
    if new is None:
        return
    number = new["id"]
    if old is not None and old["name"] != new["name"]:
        for row in unit.world.table(RECORDS).where("zone", number):
            unit.store(MODELS[RECORDS], row, dict(row))
    _keep(unit, number, "SOA", [_soa(unit.world, new)], new["soa_ttl"])
    names = [unit.world.table(NAMESERVERS).rows[each]["name"] for each in new["nameservers"]]
    _keep(unit, number, "NS", [f"{name}." for name in names], None)


def _soa(world: World, zone: Row) -> str:
    primary = world.table(NAMESERVERS).rows[zone["soa_mname"]]["name"]
    figures = [zone[f"soa_{name}"] for name in ("serial", "refresh", "retry", "expire", "minimum")]
    mail = zone["soa_rname"].rstrip(".")
    return " ".join([f"{primary}.", f"{mail}.", *(str(figure) for figure in figures)])


def _keep(unit: Unit, zone: int, kind: str, values: list[str], ttl: int | None) -> None:
    """Let a zone have these managed records of a kind; one that changes stays the same record."""
    held = [row for row in managed(unit, zone, kind) if row["value"] not in values]
    for value in values:
        same = [row for row in managed(unit, zone, kind) if row["value"] == value]
        if same and same[0]["ttl"] == ttl:
            continue
        old = same[0] if same else (held.pop() if held else None)
        save_managed(unit, old, {"zone": zone, "type": kind, "name": "@", "value": value, "ttl": ttl})
    for row in held:
        unit.delete(MODELS[RECORDS], row)


def managed(unit: Unit, zone: int, kind: str) -> list[Row]:
    """The records of a kind that a zone has by itself, without those that are about to go."""
    found = unit.world.table(RECORDS).where("type", kind)
    own = [row for row in found if row["zone"] == zone and row["managed"]]
    return [row for row in own if (RECORDS, row["id"]) not in unit.going]


def save_managed(unit: Unit, old: Row | None, values: dict[str, Any]) -> Row:
    """Save a record that clients cannot change."""
    base = old if old is not None else blank_row(MODELS[RECORDS]) | {"managed": True}
    return unit.store(MODELS[RECORDS], old, base | values)


@hook("after_save", NAMESERVERS)
def follow_name(unit: Unit, old: Row | None, new: Row | None) -> None:
    """The zones of a name server that is renamed have its new name."""
    if old is None or new is None or old["name"] == new["name"]:
        return
    table = unit.world.table(ZONES)
    zones = [*table.where("nameservers", new["id"]), *table.where("soa_mname", new["id"])]
    for number in dict.fromkeys(zone["id"] for zone in zones):
        bump(unit, number)
