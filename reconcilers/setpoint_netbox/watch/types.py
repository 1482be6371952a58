"""Which objects of NetBox are read, with which of their fields, and what belongs to which. The rest of `watch` goes by these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, cast

from setpoint_netbox.api.pages import Row

MACHINE: Final = "virtualization.virtualmachine"
INTERFACE: Final = "virtualization.vminterface"
ADDRESS: Final = "ipam.ipaddress"
MAC: Final = "dcim.macaddress"


@dataclass(frozen=True)
class Part:
    """Objects that are shown in the view of another one.

    Attributes:
        type: as changes name it.
        path: of the list, below `/api/`.
        place: the field of the view that holds them.
        fields: which are read.
        filter: the parameter of the list that takes ids of those to which they belong.
        owner: the id of the one to which a row belongs; None when it is none of the root's.
        common: the query for all of them at once.
    """

    type: str
    path: str
    place: str
    fields: tuple[str, ...]
    filter: str
    owner: Callable[[Row], int | None]
    common: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Root:
    """Objects of which each has a view; as `Part`."""

    type: str
    path: str
    fields: tuple[str, ...]
    parts: tuple[Part, ...] = ()


def field_of(value: Any, name: str) -> Any:
    """A field of a JSON object; None of anything else."""
    return cast("Mapping[str, Any]", value).get(name) if isinstance(value, Mapping) else None


def _below(*names: str) -> Callable[[Row], int | None]:
    def owner(row: Row) -> int | None:
        found: Any = row
        for name in names:
            found = field_of(found, name)
        return found if isinstance(found, int) else None

    return owner


def _of_machine(row: Row) -> int | None:
    """A service's parent may be of another type."""
    number = row.get("parent_object_id")
    return number if row.get("parent_object_type") == MACHINE and isinstance(number, int) else None


_COMMON = ("description", "tags", "custom_fields")

ADDRESSES: Final = Part(
    ADDRESS, "ipam/ip-addresses/", "ip_addresses",
    ("id", "address", "family", "vrf", "tenant", "status", "role", "assigned_object_type", "assigned_object_id",
     "assigned_object", "nat_inside", "dns_name", *_COMMON),
    "virtual_machine_id", _below("assigned_object", "virtual_machine", "id"),
    (("assigned_object_type", INTERFACE),),
)  # fmt: skip
"""They stand below their interfaces in the view."""

MACHINES: Final = Root(
    MACHINE, "virtualization/virtual-machines/",
    ("id", "name", "status", "site", "cluster", "device", "tenant", "role", "platform", "vcpus", "memory", "disk",
     "start_on_boot", "primary_ip4", "primary_ip6", "local_context_data", "created", *_COMMON),
    (
        Part(
            INTERFACE, "virtualization/interfaces/", "interfaces",
            ("id", "virtual_machine", "name", "enabled", "parent", "bridge", "mtu", "mac_address", "primary_mac_address",
             "mac_addresses", "mode", "untagged_vlan", "tagged_vlans", "vrf", *_COMMON),
            "virtual_machine_id", _below("virtual_machine", "id"),
        ),
        ADDRESSES,
        Part(
            "virtualization.virtualdisk", "virtualization/virtual-disks/", "disks",
            ("id", "virtual_machine", "name", "size", *_COMMON),
            "virtual_machine_id", _below("virtual_machine", "id"),
        ),
        Part(
            "ipam.service", "ipam/services/", "services",
            ("id", "parent_object_type", "parent_object_id", "name", "protocol", "ports", "ipaddresses", *_COMMON),
            "virtual_machine_id", _of_machine,
        ),
    ),
)  # fmt: skip

PREFIXES: Final = Root(
    "ipam.prefix", "ipam/prefixes/",
    ("id", "prefix", "family", "vrf", "scope_type", "scope_id", "scope", "tenant", "vlan", "status", "role", "is_pool",
     "created", *_COMMON),
)  # fmt: skip
VLANS: Final = Root(
    "ipam.vlan",
    "ipam/vlans/",
    ("id", "vid", "name", "site", "group", "tenant", "status", "role", "created", *_COMMON),
)
CLUSTERS: Final = Root(
    "virtualization.cluster", "virtualization/clusters/",
    ("id", "name", "type", "group", "status", "tenant", "scope_type", "scope_id", "scope", "created", *_COMMON),
)  # fmt: skip
ZONES: Final = Root(
    "netbox_dns.zone", "plugins/netbox-dns/zones/",
    ("id", "name", "view", "status", "nameservers", "soa_mname", "soa_rname", "default_ttl", "soa_ttl", "soa_refresh",
     "soa_retry", "soa_expire", "soa_minimum", "dnssec_policy", "tenant", "created", *_COMMON),
    (
        Part(
            "netbox_dns.record", "plugins/netbox-dns/records/", "records",
            ("id", "zone", "type", "name", "value", "status", "ttl", "managed", "disable_ptr", "fqdn", "absolute_value",
             *_COMMON),
            "zone_id", _below("zone", "id"),
        ),
    ),
)  # fmt: skip
"""Without its serial, which every change of a record moves."""

ROOTS: Final[Mapping[str, Root]] = MappingProxyType(
    {root.type: root for root in (MACHINES, PREFIXES, VLANS, CLUSTERS, ZONES)}
)

MAC_FIELDS: Final = ("id", "assigned_object_type", "assigned_object")
MAC_PATH: Final = "dcim/mac-addresses/"
mac_owner: Final = _below("assigned_object", "virtual_machine", "id")

FAR: Final[Mapping[str, str]] = MappingProxyType(
    {
        "extras/tags": "extras.tag",
        "virtualization/clusters": "virtualization.cluster",
        "dcim/devices": "dcim.device",
        "dcim/device-roles": "dcim.devicerole",
        "dcim/platforms": "dcim.platform",
        "dcim/sites": "dcim.site",
        "tenancy/tenants": "tenancy.tenant",
        "ipam/vlans": "ipam.vlan",
        "ipam/vrfs": "ipam.vrf",
        "ipam/roles": "ipam.role",
        "plugins/netbox-dns/views": "netbox_dns.view",
        "plugins/netbox-dns/nameservers": "netbox_dns.nameserver",
    }
)
"""Types of which one may stand in many views, by their lists: everything is read again when one that does is changed."""
EVERYWHERE: Final = frozenset({"extras.customfield", "extras.customfieldchoiceset"})
"""Of these a change counts whatever it is: a new field comes with a default."""
CONTEXT: Final = "extras.configcontext"
"""The same where config contexts are read."""
