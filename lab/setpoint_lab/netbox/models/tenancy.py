"""Tenants."""

from __future__ import annotations

from setpoint_lab.netbox.computed import Count, Fixed
from setpoint_lab.netbox.model import Model, register
from setpoint_lab.netbox.models.common import (
    COMMENTS,
    DESCRIPTION,
    NAME_AND_SLUG,
    NAMED,
    OWNER,
    TAGS,
    TIMES,
    custom,
)

TENANTS = register(
    Model(
        endpoint="tenancy/tenants",
        type="tenancy.tenant",
        class_name="Tenant",
        verbose="tenant",
        unique=NAME_AND_SLUG,
        fields=(
            *NAMED,
            Fixed("group"),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("tenancy.tenant"),
            *TIMES,
            Fixed("circuit_count", value=0, logged=False),
            Count("device_count", of="dcim/devices", by="tenant"),
            Count("ipaddress_count", of="ipam/ip-addresses", by="tenant"),
            Count("prefix_count", of="ipam/prefixes", by="tenant"),
            Fixed("rack_count", value=0, logged=False),
            Count("site_count", of="dcim/sites", by="tenant"),
            Count("virtualmachine_count", of="virtualization/virtual-machines", by="tenant"),
            Count("vlan_count", of="ipam/vlans", by="tenant"),
            Count("vrf_count", of="ipam/vrfs", by="tenant"),
            Count("cluster_count", of="virtualization/clusters", by="tenant"),
        ),
    )
)
