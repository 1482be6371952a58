"""Sites, devices and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.netbox.computed import Computed, Count, Fixed
from setpoint_lab.netbox.config_contexts import rendered
from setpoint_lab.netbox.fields import Choice, Decimal, Flag, Integer, JsonObject, Text
from setpoint_lab.netbox.model import SLUG_BRIEF, Model, Unique, register
from setpoint_lab.netbox.models.addresses import primary_ip
from setpoint_lab.netbox.models.common import (
    COMMENTS,
    DESCRIPTION,
    NAME_AND_SLUG,
    NAMED,
    OWNER,
    TAGS,
    TENANT,
    TIMES,
    custom,
)
from setpoint_lab.netbox.models.interface_fields import MODES, address_count, interface_filters, mac_fields
from setpoint_lab.netbox.models.mac import MacAddress
from setpoint_lab.netbox.relations import AnyObject, Ref, RefMany, TypeName

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

SITE_STATUS = {
    "planned": "Planned",
    "staging": "Staging",
    "active": "Active",
    "decommissioning": "Decommissioning",
    "retired": "Retired",
}
DEVICE_STATUS = {
    "offline": "Offline",
    "active": "Active",
    "planned": "Planned",
    "staged": "Staged",
    "failed": "Failed",
    "inventory": "Inventory",
    "decommissioning": "Decommissioning",
}
INTERFACE_TYPES = {
    "virtual": "Virtual",
    "bridge": "Bridge",
    "lag": "Link Aggregation Group (LAG)",
    "1000base-t": "1000BASE-T (1GE)",
    "10gbase-t": "10GBASE-T (10GE)",
    "10gbase-x-sfpp": "SFP+ (10GE)",
    "25gbase-x-sfp28": "SFP28 (25GE)",
    "100gbase-x-qsfp28": "QSFP28 (100GE)",
    "other": "Other",
}
COUNTED = (
    Count("device_count", of="dcim/devices", by="role"),
    Count("virtualmachine_count", of="virtualization/virtual-machines", by="role"),
)
TREE = Fixed("_depth", value=0, logged=False)
TREE_BRIEF = (*SLUG_BRIEF, "device_count", "virtualmachine_count", "_depth")

SITES = register(
    Model(
        endpoint="dcim/sites",
        type="dcim.site",
        class_name="Site",
        verbose="site",
        search=("name", "facility", "description", "physical_address", "shipping_address", "comments"),
        unique=NAME_AND_SLUG,
        fields=(
            *NAMED,
            Choice("status", labels=SITE_STATUS, default="active"),
            Fixed("region"),
            Fixed("group"),
            TENANT,
            Text("facility", longest=50),
            Text("time_zone", null=True, default=None),
            DESCRIPTION,
            Text("physical_address", longest=200),
            Text("shipping_address", longest=200),
            Decimal("latitude", places=6),
            Decimal("longitude", places=6),
            OWNER,
            COMMENTS,
            Fixed("asns", value=[]),
            TAGS,
            custom("dcim.site"),
            *TIMES,
            Fixed("circuit_count", value=0, logged=False),
            Count("device_count", of="dcim/devices", by="site"),
            Count("prefix_count", of="ipam/prefixes", by="scope_id"),
            Fixed("rack_count", value=0, logged=False),
            Count("virtualmachine_count", of="virtualization/virtual-machines", by="site"),
            Count("vlan_count", of="ipam/vlans", by="site"),
        ),
    )
)

MANUFACTURERS = register(
    Model(
        endpoint="dcim/manufacturers",
        type="dcim.manufacturer",
        class_name="Manufacturer",
        verbose="manufacturer",
        unique=NAME_AND_SLUG,
        fields=(
            *NAMED,
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("dcim.manufacturer"),
            *TIMES,
            Count("devicetype_count", of="dcim/device-types", by="manufacturer"),
            Fixed("moduletype_count", value=0, logged=False),
            Fixed("inventoryitem_count", value=0, logged=False),
            Count("platform_count", of="dcim/platforms", by="manufacturer"),
        ),
    )
)

PORTS = (
    "console_port",
    "console_server_port",
    "power_port",
    "power_outlet",
    "interface",
    "front_port",
    "rear_port",
    "device_bay",
    "module_bay",
    "inventory_item",
)


def _model_name(_world: World, row: Row) -> str:
    return str(row["model"])


DEVICE_TYPES = register(
    Model(
        endpoint="dcim/device-types",
        type="dcim.devicetype",
        class_name="DeviceType",
        verbose="device type",
        display=_model_name,
        ordering=("manufacturer", "model"),
        search=("manufacturer", "model", "part_number", "description", "comments"),
        brief=("id", "url", "display", "manufacturer", "model", "slug", "description", "device_count"),
        unique=(Unique(("manufacturer", "model")), Unique(("manufacturer", "slug"))),
        fields=(
            Ref("manufacturer", to="dcim/manufacturers", null=False, required=True),
            Ref("default_platform", to="dcim/platforms", on_delete="clear"),
            Text("model", required=True, longest=100),
            Text("slug", required=True, longest=100),
            Text("part_number", longest=50),
            Decimal("u_height", default=1.0, null=False, places=1),
            Flag("exclude_from_utilization"),
            Flag("is_full_depth", default=True),
            Fixed("subdevice_role"),
            Fixed("airflow"),
            Decimal("weight"),
            Fixed("weight_unit"),
            Fixed("front_image"),
            Fixed("rear_image"),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("dcim.devicetype"),
            *TIMES,
            Count("device_count", of="dcim/devices", by="device_type", cached=True),
            *(Fixed(f"{port}_template_count", value=0) for port in PORTS),
        ),
    )
)

DEVICE_ROLES = register(
    Model(
        endpoint="dcim/device-roles",
        type="dcim.devicerole",
        class_name="DeviceRole",
        verbose="device role",
        brief=TREE_BRIEF,
        unique=NAME_AND_SLUG,
        fields=(
            *NAMED,
            Text(
                "color",
                default="9e9e9e",
                longest=6,
                pattern=r"^[0-9a-f]{6}$",
                complaint="Enter a valid hexadecimal RGB color code.",
            ),
            Flag("vm_role", default=True),
            Ref("config_template", to="extras/config-templates"),
            Ref("parent", to="dcim/device-roles", on_delete="cascade"),
            DESCRIPTION,
            TAGS,
            custom("dcim.devicerole"),
            *TIMES,
            *COUNTED,
            OWNER,
            COMMENTS,
            TREE,
        ),
    )
)

PLATFORMS = register(
    Model(
        endpoint="dcim/platforms",
        type="dcim.platform",
        class_name="Platform",
        verbose="platform",
        brief=TREE_BRIEF,
        unique=NAME_AND_SLUG,
        fields=(
            Ref("parent", to="dcim/platforms", on_delete="cascade"),
            *NAMED,
            Ref("manufacturer", to="dcim/manufacturers"),
            Ref("config_template", to="extras/config-templates"),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("dcim.platform"),
            *TIMES,
            Count("device_count", of="dcim/devices", by="platform"),
            Count("virtualmachine_count", of="virtualization/virtual-machines", by="platform"),
            TREE,
        ),
    )
)


def _device_name(world: World, row: Row) -> str:
    if row.get("name"):
        return str(row["name"])
    kind = world.row("dcim/device-types", row.get("device_type")) or {}
    return f"{kind.get('model')} ({row['id']})"


DEVICES = register(
    Model(
        endpoint="dcim/devices",
        type="dcim.device",
        class_name="Device",
        verbose="device",
        display=_device_name,
        natural="name",
        brief=("id", "url", "display", "name", "description"),
        search=("name", "serial", "asset_tag", "description", "comments"),
        unique=(Unique(("name", "site", "tenant"), "Device name must be unique per site.", folded=True),),
        fields=(
            Text("name", longest=64, null=True, default=None),
            Ref("device_type", to="dcim/device-types", null=False, required=True),
            Ref("role", to="dcim/device-roles", null=False, required=True),
            TENANT,
            Ref("platform", to="dcim/platforms", on_delete="clear"),
            Text("serial", longest=50),
            Text("asset_tag", longest=50, null=True, default=None),
            Ref("site", to="dcim/sites", null=False, required=True),
            Fixed("location"),
            Fixed("rack"),
            Fixed("position"),
            Fixed("face"),
            Decimal("latitude", places=6),
            Decimal("longitude", places=6),
            Fixed("parent_device", logged=False),
            Choice("status", labels=DEVICE_STATUS, default="active"),
            Fixed("airflow"),
            Computed("primary_ip", function=primary_ip),
            Ref("primary_ip4", to="ipam/ip-addresses", on_delete="forget"),
            Ref("primary_ip6", to="ipam/ip-addresses", on_delete="forget"),
            Ref("oob_ip", to="ipam/ip-addresses", on_delete="forget"),
            Ref("cluster", to="virtualization/clusters", on_delete="clear"),
            Fixed("virtual_chassis"),
            Fixed("vc_position"),
            Fixed("vc_priority"),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            Ref("config_template", to="extras/config-templates"),
            Computed("config_context", function=rendered),
            JsonObject("local_context_data"),
            TAGS,
            custom("dcim.device"),
            *TIMES,
            *(
                Count(f"{port}_count", of="dcim/interfaces", by="device", cached=True, logged=True)
                if port == "interface"
                else Fixed(f"{port}_count", value=0)
                for port in PORTS
            ),
        ),
    )
)

INTERFACES = register(
    Model(
        endpoint="dcim/interfaces",
        type="dcim.interface",
        class_name="Interface",
        verbose="interface",
        parent="device",
        ordering=("device", "name"),
        natural="name",
        brief=("id", "url", "display", "device", "name", "description", "cable", "_occupied"),
        search=("name", "label", "description"),
        unique=(Unique(("device", "name")),),
        filters=interface_filters("dcim.interface"),
        fields=(
            Ref("device", to="dcim/devices", null=False, required=True, on_delete="cascade"),
            Fixed("vdcs", value=[]),
            Fixed("module"),
            Text("name", required=True, longest=64),
            Text("label", longest=64),
            Choice("type", labels=INTERFACE_TYPES, required=True),
            Flag("enabled", default=True),
            Ref("parent", to="dcim/interfaces"),
            Ref("bridge", to="dcim/interfaces", on_delete="clear"),
            Fixed("bridge_interfaces", value=[], logged=False),
            Ref("lag", to="dcim/interfaces", on_delete="clear"),
            Integer("mtu", least=1, most=65536),
            *mac_fields("dcim.interface"),
            Integer("speed"),
            Fixed("duplex"),
            Fixed("wwn"),
            Flag("mgmt_only"),
            DESCRIPTION,
            Choice("mode", labels=MODES, null=True),
            *(Fixed(name) for name in ("rf_role", "rf_channel", "poe_mode", "poe_type")),
            *(Fixed(name) for name in ("rf_channel_frequency", "rf_channel_width", "tx_power")),
            Ref("untagged_vlan", to="ipam/vlans", on_delete="clear"),
            RefMany("tagged_vlans", to="ipam/vlans"),
            Ref("qinq_svlan", to="ipam/vlans", on_delete="clear"),
            Fixed("vlan_translation_policy"),
            Flag("mark_connected"),
            Fixed("cable"),
            Fixed("cable_end"),
            Fixed("wireless_link"),
            Fixed("link_peers", value=[], logged=False),
            Fixed("link_peers_type", logged=False),
            Fixed("wireless_lans", value=[]),
            Ref("vrf", to="ipam/vrfs", on_delete="clear"),
            Fixed("l2vpn_termination", logged=False),
            Fixed("connected_endpoints", logged=False),
            Fixed("connected_endpoints_type", logged=False),
            Fixed("connected_endpoints_reachable", value=False, logged=False),
            OWNER,
            TAGS,
            custom("dcim.interface"),
            *TIMES,
            address_count("dcim.interface"),
            Fixed("count_fhrp_groups", value=0, logged=False),
            Fixed("_occupied", value=False, logged=False),
        ),
    )
)


def _mac_text(_world: World, row: Row) -> str:
    return str(row["mac_address"])


MAC_ADDRESSES = register(
    Model(
        endpoint="dcim/mac-addresses",
        type="dcim.macaddress",
        class_name="MACAddress",
        verbose="MAC address",
        display=_mac_text,
        natural="mac_address",
        ordering=("mac_address",),
        parent="assigned_object_id",
        brief=("id", "url", "display", "mac_address", "description"),
        search=("mac_address", "description"),
        fields=(
            MacAddress("mac_address", required=True),
            TypeName("assigned_object_type"),
            Integer("assigned_object_id"),
            AnyObject("assigned_object", by_type="assigned_object_type", by_id="assigned_object_id"),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("dcim.macaddress"),
            *TIMES,
        ),
    )
)
