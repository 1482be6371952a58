"""Filters that compare addresses, and those that go by what an object is assigned to."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from setpoint_lab.netbox.filters import resolve
from setpoint_lab.netbox.lookups import parse_flag

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Filter, Predicate
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

MACHINE = "virtualization.virtualmachine"
VM_INTERFACE = "virtualization.vminterface"
INTERFACE = "dcim.interface"


def _nothing(_row: Row) -> bool:
    return False


def _by_address(_world: World, values: list[str]) -> Predicate:
    wanted: set[str] = set()
    for value in values:
        try:
            wanted.add(str(ipaddress.ip_interface(value) if "/" in value else ipaddress.ip_address(value)))
        except ValueError:
            continue
    return lambda row: row["address"] in wanted or row["address"].partition("/")[0] in wanted


def _inside(_world: World, values: list[str]) -> Predicate:
    try:
        networks = [ipaddress.ip_network(value, strict=False) for value in values]
    except ValueError:
        return _nothing
    return lambda row: any(ipaddress.ip_interface(row["address"]).ip in network for network in networks)


def _assigned(_world: World, values: list[str]) -> Predicate:
    wanted = parse_flag(values[-1])
    types = {VM_INTERFACE, INTERFACE}
    return lambda row: wanted is None or (row["assigned_object_type"] in types) == wanted


def _by_interface(endpoint: str, type_name: str) -> Filter:
    def make(world: World, values: list[str]) -> Predicate:
        wanted = resolve(world, endpoint, values, by_id=True)
        return lambda row: row["assigned_object_type"] == type_name and row["assigned_object_id"] in wanted

    return make


def _by_owner(owner: str, interfaces: str, field: str, type_name: str, *, by_id: bool) -> Filter:
    def make(world: World, values: list[str]) -> Predicate:
        owners = resolve(world, owner, values, by_id=by_id)
        wanted = {row["id"] for number in owners for row in world.table(interfaces).where(field, number)}
        return lambda row: row["assigned_object_type"] == type_name and row["assigned_object_id"] in wanted

    return make


def _of_machine(*, by_id: bool) -> Filter:
    return _by_owner(
        "virtualization/virtual-machines",
        "virtualization/interfaces",
        "virtual_machine",
        VM_INTERFACE,
        by_id=by_id,
    )


def _of_device(*, by_id: bool) -> Filter:
    return _by_owner("dcim/devices", "dcim/interfaces", "device", INTERFACE, by_id=by_id)


def _family(name: str) -> Filter:
    def make(_world: World, values: list[str]) -> Predicate:
        return lambda row: str(ipaddress.ip_interface(row[name]).version) in values

    return make


ASSIGNED_FILTERS: dict[str, Filter] = {
    "virtual_machine_id": _of_machine(by_id=True),
    "virtual_machine": _of_machine(by_id=False),
    "device_id": _of_device(by_id=True),
    "device": _of_device(by_id=False),
    "vminterface_id": _by_interface("virtualization/interfaces", VM_INTERFACE),
    "interface_id": _by_interface("dcim/interfaces", INTERFACE),
}

ADDRESS_FILTERS: dict[str, Filter] = ASSIGNED_FILTERS | {
    "address": _by_address,
    "parent": _inside,
    "assigned_to_interface": _assigned,
    "family": _family("address"),
}


def _containing(_world: World, values: list[str]) -> Predicate:
    try:
        wanted = ipaddress.ip_network(values[-1], strict=False)
    except ValueError:
        return _nothing
    return lambda row: _covers(row["prefix"], wanted)


def _covers(prefix: str, wanted: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    network = ipaddress.ip_network(prefix)
    return network.version == wanted.version and wanted.subnet_of(network)  # type: ignore[arg-type]  # one version


def _within(_world: World, values: list[str]) -> Predicate:
    try:
        outer = ipaddress.ip_network(values[-1], strict=False)
    except ValueError:
        return _nothing
    return lambda row: _covers(str(outer), ipaddress.ip_network(row["prefix"]))


def _exact(_world: World, values: list[str]) -> Predicate:
    return lambda row: row["prefix"] in values


PREFIX_FILTERS: dict[str, Filter] = {
    "contains": _containing,
    "within_include": _within,
    "prefix": _exact,
    "family": _family("prefix"),
}


def _parent(endpoint: str, type_name: str, *, by_id: bool) -> Filter:
    def make(world: World, values: list[str]) -> Predicate:
        wanted = resolve(world, endpoint, values, by_id=by_id)
        return lambda row: row["parent_object_type"] == type_name and row["parent_object_id"] in wanted

    return make


SERVICE_FILTERS: dict[str, Filter] = {
    "virtual_machine_id": _parent("virtualization/virtual-machines", MACHINE, by_id=True),
    "virtual_machine": _parent("virtualization/virtual-machines", MACHINE, by_id=False),
    "device_id": _parent("dcim/devices", "dcim.device", by_id=True),
    "device": _parent("dcim/devices", "dcim.device", by_id=False),
}
