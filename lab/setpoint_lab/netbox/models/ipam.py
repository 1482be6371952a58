"""Addresses, prefixes, VLANs and services."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.computed import Computed, Count, Fixed
from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.netbox.fields import Choice, Flag, Integer, Integers, Text
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.netbox.model import Model, Unique, register
from setpoint_lab.netbox.models.address_filters import ADDRESS_FILTERS, PREFIX_FILTERS, SERVICE_FILTERS
from setpoint_lab.netbox.models.addresses import Address, Network, family_of
from setpoint_lab.netbox.models.common import (
    COMMENTS,
    DESCRIPTION,
    NAMED,
    OWNER,
    TAGS,
    TENANT,
    TIMES,
    custom,
)
from setpoint_lab.netbox.pairs import Ranges
from setpoint_lab.netbox.relations import AnyObject, Ref, RefMany, TypeName

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

ADDRESSES = "ipam/ip-addresses"
PREFIXES = "ipam/prefixes"
ADDRESS_STATUS = {
    "active": "Active",
    "reserved": "Reserved",
    "deprecated": "Deprecated",
    "dhcp": "DHCP",
    "slaac": "SLAAC",
}
ADDRESS_ROLES = {
    "loopback": "Loopback",
    "secondary": "Secondary",
    "anycast": "Anycast",
    "vip": "VIP",
    "vrrp": "VRRP",
    "hsrp": "HSRP",
    "glbp": "GLBP",
    "carp": "CARP",
}
PREFIX_STATUS = {
    "container": "Container",
    "active": "Active",
    "reserved": "Reserved",
    "deprecated": "Deprecated",
}
VLAN_STATUS = {"active": "Active", "reserved": "Reserved", "deprecated": "Deprecated"}
DNS_TEXT = (
    "Only alphanumeric characters, asterisks, hyphens, periods, and underscores are allowed in DNS names"
)
PROTOCOLS = {"tcp": "TCP", "udp": "UDP", "sctp": "SCTP"}


def _address(_world: World, row: Row) -> str:
    return str(row["address"])


def _nat_outside(view: View, row: Row) -> list[Any]:
    outside = view.world.table(ADDRESSES).where("nat_inside", row["id"])
    keys = ["id", "url", "display_url", "display", "family", "address"]
    return [view.select(IP_ADDRESSES, each, keys) | {"family": _version(each)} for each in outside]


def _version(row: Row) -> int:
    return ipaddress.ip_interface(row["address"]).version


IP_ADDRESSES = register(
    Model(
        endpoint=ADDRESSES,
        type="ipam.ipaddress",
        class_name="IPAddress",
        verbose="IP address",
        display=_address,
        natural="address",
        ordering=("address",),
        parent="assigned_object_id",
        brief=("id", "url", "display", "family", "address", "description"),
        search=("address", "dns_name", "description", "comments"),
        filters=ADDRESS_FILTERS,
        fields=(
            Computed("family", function=family_of("address")),
            Address("address", required=True),
            Ref("vrf", to="ipam/vrfs"),
            TENANT,
            Choice("status", labels=ADDRESS_STATUS, default="active"),
            Choice("role", labels=ADDRESS_ROLES, null=True),
            TypeName("assigned_object_type"),
            Integer("assigned_object_id"),
            AnyObject("assigned_object", by_type="assigned_object_type", by_id="assigned_object_id"),
            Ref("nat_inside", to=ADDRESSES, on_delete="clear"),
            Computed("nat_outside", function=_nat_outside),
            Text(
                "dns_name",
                longest=255,
                lower=True,
                pattern=r"^([0-9A-Za-z_-]+|\*)(\.[0-9A-Za-z_-]+)*\.?$",
                complaint=DNS_TEXT,
            ),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("ipam.ipaddress"),
            *TIMES,
        ),
    )
)


@hook("validate", ADDRESSES)
def check_duplicate(unit: Unit, _old: Row | None, new: Row | None) -> None:
    """No two addresses are the same in the global table, or in a VRF that says so; shared roles are."""
    if new is None:
        return
    world = unit.world
    vrf = world.row("ipam/vrfs", new["vrf"])
    if vrf is not None and not vrf["enforce_unique"]:
        return
    host = new["address"].partition("/")[0]
    for row in world.table(ADDRESSES).rows.values():
        same = (
            row["address"].partition("/")[0] == host and row["vrf"] == new["vrf"] and row["id"] != new["id"]
        )
        if same and not (
            row["role"] and row["role"] == new["role"] and row["role"] not in {"loopback", "secondary"}
        ):
            where = f"VRF {vrf['name']}" if vrf else "global table"
            raise Invalid({"address": [f"Duplicate IP address found in {where}: {row['address']}"]})


def _prefix(_world: World, row: Row) -> str:
    return str(row["prefix"])


def _relatives(view: View, row: Row, *, above: bool) -> int:
    own = ipaddress.ip_network(row["prefix"])
    found = 0
    for other in view.world.table(PREFIXES).rows.values():
        network = ipaddress.ip_network(other["prefix"])
        if other["vrf"] != row["vrf"] or network.version != own.version or network == own:
            continue
        outer, inner = (network, own) if above else (own, network)
        found += inner.subnet_of(outer)  # type: ignore[arg-type]  # both are of one version
    return found


def _children(view: View, row: Row) -> int:
    return 0 if view.fresh else _relatives(view, row, above=False)


def _depth(view: View, row: Row) -> int:
    return 0 if view.fresh else _relatives(view, row, above=True)


register(
    Model(
        endpoint=PREFIXES,
        type="ipam.prefix",
        class_name="Prefix",
        verbose="prefix",
        display=_prefix,
        natural="prefix",
        ordering=("vrf", "prefix"),
        brief=("id", "url", "display", "family", "prefix", "description", "_depth"),
        search=("prefix", "description", "comments"),
        filters=PREFIX_FILTERS,
        fields=(
            Computed("family", function=family_of("prefix")),
            Network("prefix", required=True),
            Ref("vrf", to="ipam/vrfs"),
            TypeName("scope_type"),
            Integer("scope_id"),
            AnyObject("scope", by_type="scope_type", by_id="scope_id"),
            TENANT,
            Ref("vlan", to="ipam/vlans"),
            Choice("status", labels=PREFIX_STATUS, default="active"),
            Fixed("role"),
            Flag("is_pool"),
            Flag("mark_utilized"),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("ipam.prefix"),
            *TIMES,
            Computed("children", function=_children),
            Computed("_depth", function=_depth),
        ),
    )
)


def _vlan(_world: World, row: Row) -> str:
    return f"{row['name']} ({row['vid']})"


register(
    Model(
        endpoint="ipam/vlans",
        type="ipam.vlan",
        class_name="VLAN",
        verbose="VLAN",
        display=_vlan,
        natural="vid",
        ordering=("site", "group", "vid"),
        brief=("id", "url", "display", "vid", "name", "description"),
        search=("name", "vid", "description", "comments"),
        unique=(
            Unique(("group", "vid"), "VLAN with this Group and VLAN ID already exists."),
            Unique(("group", "name"), "VLAN with this Group and Name already exists."),
        ),
        fields=(
            Ref("site", to="dcim/sites"),
            Ref("group", to="ipam/vlan-groups"),
            Integer("vid", required=True, null=False, least=1, most=4094),
            Text("name", required=True, longest=64),
            TENANT,
            Choice("status", labels=VLAN_STATUS, default="active"),
            Fixed("role"),
            DESCRIPTION,
            Choice("qinq_role", labels={"svlan": "Service", "cvlan": "Customer"}, null=True),
            Ref("qinq_svlan", to="ipam/vlans"),
            OWNER,
            COMMENTS,
            Fixed("l2vpn_termination", logged=False),
            TAGS,
            custom("ipam.vlan"),
            *TIMES,
            Count("prefix_count", of=PREFIXES, by="vlan"),
        ),
    )
)


def _utilization(view: View, row: Row) -> str:
    total = _total_ids(view, row)
    used = 0 if view.fresh else len(view.world.table("ipam/vlans").where("group", row["id"]))
    return str(round(100.0 * used / total, 2)) if total else "0.0"


def _total_ids(_view: View, row: Row) -> int:
    return sum(int(last) - int(first) + 1 for first, last in row["vid_ranges"])


register(
    Model(
        endpoint="ipam/vlan-groups",
        type="ipam.vlangroup",
        class_name="VLANGroup",
        verbose="VLAN group",
        brief=("id", "url", "display", "name", "slug", "description", "vlan_count"),
        unique=(
            Unique(("scope_type", "scope_id", "name")),
            Unique(("scope_type", "scope_id", "slug")),
        ),
        fields=(
            *NAMED,
            TypeName("scope_type"),
            Integer("scope_id"),
            AnyObject("scope", by_type="scope_type", by_id="scope_id"),
            Ranges("vid_ranges", null=False, default=[[1, 4094]]),
            Computed("total_vlan_ids", function=_total_ids, logged=False),
            TENANT,
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("ipam.vlangroup"),
            *TIMES,
            Count("vlan_count", of="ipam/vlans", by="group"),
            Computed("utilization", function=_utilization),
        ),
    )
)


def _vrf(_world: World, row: Row) -> str:
    return f"{row['name']} ({row['rd']})" if row["rd"] else str(row["name"])


register(
    Model(
        endpoint="ipam/vrfs",
        type="ipam.vrf",
        class_name="VRF",
        verbose="VRF",
        display=_vrf,
        natural="rd",
        ordering=("name", "rd"),
        brief=("id", "url", "display", "name", "rd", "description", "prefix_count"),
        search=("name", "rd", "description", "comments"),
        unique=(Unique(("rd",)),),
        fields=(
            Text("name", required=True, longest=100),
            Text("rd", longest=21, null=True, default=None),
            TENANT,
            Flag("enforce_unique", default=True),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            Fixed("import_targets", value=[]),
            Fixed("export_targets", value=[]),
            TAGS,
            custom("ipam.vrf"),
            *TIMES,
            Count("ipaddress_count", of=ADDRESSES, by="vrf"),
            Count("prefix_count", of=PREFIXES, by="vrf"),
        ),
    )
)


def _service(_world: World, row: Row) -> str:
    ports = ", ".join(str(port) for port in sorted(row["ports"]))
    return f"{row['name']} ({PROTOCOLS[row['protocol']]}/{ports})"


register(
    Model(
        endpoint="ipam/services",
        type="ipam.service",
        class_name="Service",
        verbose="application service",
        display=_service,
        natural="name",
        ordering=("protocol", "ports"),
        parent="parent_object_id",
        brief=("id", "url", "display", "name", "protocol", "ports", "description"),
        filters=SERVICE_FILTERS,
        fields=(
            TypeName("parent_object_type", required=True, null=False),
            Integer("parent_object_id", required=True, null=False),
            AnyObject("parent", by_type="parent_object_type", by_id="parent_object_id"),
            Text("name", required=True, longest=100),
            Choice("protocol", labels=PROTOCOLS, required=True),
            Integers("ports", required=True, least=1),
            RefMany("ipaddresses", to=ADDRESSES),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("ipam.service"),
            *TIMES,
        ),
    )
)
