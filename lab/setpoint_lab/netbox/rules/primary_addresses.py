"""Primary addresses: whose they may be, that they stay with their owner, and that their owner is saved without them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.netbox.errors import WHOLE, Invalid
from setpoint_lab.netbox.hooks import Hook, hook
from setpoint_lab.netbox.model import MODELS

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.world import World

ADDRESSES = "ipam/ip-addresses"
FAMILIES = (4, 6)


@dataclass(frozen=True, slots=True)
class _Owner:
    """What has primary addresses: where it is, where its interfaces are, and what it is called."""

    endpoint: str
    interfaces: str
    by: str
    interface_type: str
    foreign: str
    other_family: str


MACHINE = _Owner(
    "virtualization/virtual-machines",
    "virtualization/interfaces",
    "virtual_machine",
    "virtualization.vminterface",
    "The specified IP address ({ip}) is not assigned to this VM.",
    "Must be an IPv{family} address. ({ip} is an IPv{version} address.)",
)
DEVICE = _Owner(
    "dcim/devices",
    "dcim/interfaces",
    "device",
    "dcim.interface",
    "The specified IP address ({ip}) is not assigned to this device.",
    "{ip} is not an IPv{family} address.",
)
OWNERS = {owner.endpoint: owner for owner in (MACHINE, DEVICE)}
BY_INTERFACE = {owner.interface_type: owner for owner in OWNERS.values()}


def _check_of(owner: _Owner) -> Hook:
    """A primary address is of its family, and on an interface of its owner, or translated from one that is."""

    def check(unit: Unit, _old: Row | None, new: Row | None) -> None:
        if new is None:
            return
        for family in FAMILIES:
            _check_one(unit.world, owner, new, family)

    return check


for each_owner in OWNERS.values():
    hook("validate", each_owner.endpoint)(_check_of(each_owner))


def _check_one(world: World, owner: _Owner, new: Row, family: int) -> None:
    name = f"primary_ip{family}"
    ip = world.row(ADDRESSES, new[name])
    if ip is None:
        return
    version = ipaddress.ip_interface(ip["address"]).version
    if version != family:
        text = owner.other_family.format(ip=ip["address"], family=family, version=version)
        raise Invalid({name: [text]})
    inside = world.row(ADDRESSES, ip["nat_inside"])
    held = [owner_of(world, each) for each in (ip, inside) if each is not None]
    if (owner.endpoint, new["id"]) not in held:
        raise Invalid({name: [owner.foreign.format(ip=ip["address"])]})


def owner_of(world: World, ip: Row) -> tuple[str, int] | None:
    """The machine or device on whose interface an address is."""
    owner = BY_INTERFACE.get(str(ip["assigned_object_type"]))
    interface = world.row(owner.interfaces, ip["assigned_object_id"]) if owner else None
    return (owner.endpoint, interface[owner.by]) if owner and interface else None


@hook("validate", ADDRESSES)
def check_stays(unit: Unit, old: Row | None, new: Row | None) -> None:
    """An address that is primary stays with its owner, and so does one that leads out of band."""
    if old is None or new is None:
        return
    before = owner_of(unit.world, old)
    if before is None or before == owner_of(unit.world, new):
        return
    held = unit.world.row(*before) or {}
    family = ipaddress.ip_interface(new["address"]).version
    for name, what in ((f"primary_ip{family}", "primary IP"), ("oob_ip", "OOB IP")):
        if held.get(name) == new["id"]:
            text = f"Cannot reassign IP address while it is designated as the {what} for the parent object"
            raise Invalid({WHOLE: [text]})


@hook("deleted", ADDRESSES)
def clear_primary(unit: Unit, old: Row | None, _new: Row | None) -> None:
    """Whose primary address goes is saved without it."""
    if old is None:
        return
    family = ipaddress.ip_interface(old["address"]).version
    for endpoint in OWNERS:
        for name in (f"primary_ip{family}", "oob_ip"):
            for row in unit.world.table(endpoint).where(name, old["id"]):
                unit.store(MODELS[endpoint], row, row | {name: None})
