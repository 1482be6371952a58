"""Clusters, virtual machines and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.computed import Computed, Count, Fixed
from setpoint_lab.netbox.config_contexts import rendered
from setpoint_lab.netbox.errors import WHOLE, Invalid
from setpoint_lab.netbox.fields import Choice, Decimal, Flag, Integer, JsonObject, Text
from setpoint_lab.netbox.filters import resolve
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.netbox.lookups import parse_flag
from setpoint_lab.netbox.model import PLAIN_BRIEF, Filter, Model, Predicate, Unique, register
from setpoint_lab.netbox.models.addresses import PRIMARY_KEYS, primary_ip
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
from setpoint_lab.netbox.relations import AnyObject, Ref, RefMany, TypeName

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

MACHINES = "virtualization/virtual-machines"
CLUSTERS = "virtualization/clusters"
CLUSTER_STATUS = {
    "planned": "Planned",
    "staging": "Staging",
    "active": "Active",
    "decommissioning": "Decommissioning",
    "offline": "Offline",
}
MACHINE_STATUS = {
    "offline": "Offline",
    "active": "Active",
    "planned": "Planned",
    "staged": "Staged",
    "failed": "Failed",
    "decommissioning": "Decommissioning",
    "paused": "Paused",
}
START_ON_BOOT = {"on": "On", "off": "Off", "laststate": "Last State"}

register(
    Model(
        endpoint="virtualization/cluster-types",
        type="virtualization.clustertype",
        class_name="ClusterType",
        verbose="cluster type",
        unique=NAME_AND_SLUG,
        fields=(
            *NAMED,
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("virtualization.clustertype"),
            *TIMES,
            Count("cluster_count", of=CLUSTERS, by="type"),
        ),
    )
)


def _allocated(name: str) -> Any:
    def total(view: View, row: Row) -> Any:
        if view.fresh:
            return None
        values = [
            vm[name] for vm in view.world.table(MACHINES).where("cluster", row["id"]) if vm[name] is not None
        ]
        return sum(values) if values else None

    return total


register(
    Model(
        endpoint=CLUSTERS,
        type="virtualization.cluster",
        class_name="Cluster",
        verbose="cluster",
        natural="name",
        brief=PLAIN_BRIEF,
        search=("name", "description", "comments"),
        fields=(
            Text("name", required=True, longest=100),
            Ref("type", to="virtualization/cluster-types", null=False, required=True),
            Fixed("group"),
            Choice("status", labels=CLUSTER_STATUS, default="active"),
            TENANT,
            TypeName("scope_type"),
            Integer("scope_id"),
            AnyObject("scope", by_type="scope_type", by_id="scope_id"),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("virtualization.cluster"),
            *TIMES,
            Count("device_count", of="dcim/devices", by="cluster"),
            Count("virtualmachine_count", of=MACHINES, by="cluster"),
            Computed("allocated_vcpus", function=_allocated("vcpus")),
            Computed("allocated_memory", function=_allocated("memory")),
            Computed("allocated_disk", function=_allocated("disk")),
        ),
    )
)

register(
    Model(
        endpoint="virtualization/virtual-machine-types",
        type="virtualization.virtualmachinetype",
        class_name="VirtualMachineType",
        verbose="virtual machine type",
        unique=NAME_AND_SLUG,
        fields=(
            *NAMED,
            Ref("default_platform", to="dcim/platforms", on_delete="clear"),
            Decimal("default_vcpus", least=0.01),
            Integer("default_memory", least=0),
            DESCRIPTION,
            OWNER,
            COMMENTS,
            TAGS,
            custom("virtualization.virtualmachinetype"),
            *TIMES,
            Count("virtual_machine_count", of=MACHINES, by="virtual_machine_type", cached=True),
        ),
    )
)


def _has_primary_ip(_world: World, values: list[str]) -> Predicate:
    wanted = parse_flag(values[-1])
    return lambda row: wanted is None or bool(row["primary_ip4"] or row["primary_ip6"]) == wanted


def _has_local_data(_world: World, values: list[str]) -> Predicate:
    wanted = parse_flag(values[-1])
    return lambda row: wanted is None or (row["local_context_data"] is not None) == wanted


MACHINE_FILTERS: dict[str, Filter] = {
    "has_primary_ip": _has_primary_ip,
    "local_context_data": _has_local_data,
}

register(
    Model(
        endpoint=MACHINES,
        type="virtualization.virtualmachine",
        class_name="VirtualMachine",
        verbose="virtual machine",
        natural="name",
        brief=PLAIN_BRIEF,
        search=("name", "description", "comments", "serial"),
        filters=MACHINE_FILTERS,
        fields=(
            Text("name", required=True, longest=64),
            Ref("virtual_machine_type", to="virtualization/virtual-machine-types"),
            Ref("role", to="dcim/device-roles"),
            Choice("status", labels=MACHINE_STATUS, default="active"),
            Choice("start_on_boot", labels=START_ON_BOOT, default="off"),
            Ref("site", to="dcim/sites"),
            Ref("cluster", to=CLUSTERS),
            Ref("device", to="dcim/devices"),
            Ref("platform", to="dcim/platforms", on_delete="clear"),
            Computed("primary_ip", function=primary_ip),
            Ref("primary_ip4", to="ipam/ip-addresses", on_delete="forget", keys=PRIMARY_KEYS),
            Ref("primary_ip6", to="ipam/ip-addresses", on_delete="forget", keys=PRIMARY_KEYS),
            Decimal("vcpus", least=0.01),
            Integer("memory", least=0, most=2147483647),
            Integer("disk", least=0, most=2147483647),
            DESCRIPTION,
            Text("serial", longest=50),
            TENANT,
            OWNER,
            COMMENTS,
            TAGS,
            JsonObject("local_context_data"),
            Ref("config_template", to="extras/config-templates"),
            custom("virtualization.virtualmachine"),
            *TIMES,
            Count(
                "interface_count",
                of="virtualization/interfaces",
                by="virtual_machine",
                cached=True,
                logged=True,
            ),
            Count(
                "virtual_disk_count",
                of="virtualization/virtual-disks",
                by="virtual_machine",
                cached=True,
                logged=True,
            ),
            Computed("config_context", function=rendered),
        ),
    )
)


@hook("validate", MACHINES)
def check_place(unit: Unit, _old: Row | None, new: Row | None) -> None:
    """A machine is somewhere, and its name is free there; its site is that of its cluster or device."""
    if new is None:
        return
    world = unit.world
    device = world.row("dcim/devices", new["device"])
    if new["cluster"] is None and device is not None:
        new["cluster"] = device["cluster"]
    cluster = world.row(CLUSTERS, new["cluster"])
    if new["site"] is None and cluster is not None and cluster["scope_type"] == "dcim.site":
        new["site"] = cluster["scope_id"]
    if new["site"] is None and device is not None:
        new["site"] = device["site"]
    if new["site"] is None and cluster is None and device is None:
        raise Invalid({WHOLE: ["A virtual machine must be assigned to a site, cluster, or device."]})
    if cluster is not None and device is not None and device["cluster"] != cluster["id"]:
        text = f"The selected device ({device['name']}) is not assigned to this cluster ({cluster['name']})."
        raise Invalid({"device": [text]})
    _check_name(world, new)


def _check_name(world: World, new: Row) -> None:
    for row in world.table(MACHINES).where("cluster", new["cluster"]):
        same = row["name"].casefold() == new["name"].casefold() and row["tenant"] == new["tenant"]
        if same and row["id"] != new["id"] and new["cluster"] is not None:
            raise Invalid({WHOLE: ["Virtual machine name must be unique per cluster and tenant."]})


def _by_cluster(*, by_id: bool) -> Filter:
    def make(world: World, values: list[str]) -> Predicate:
        clusters = resolve(world, CLUSTERS, values, by_id=by_id)
        machines = world.table(MACHINES).rows
        return lambda row: machines[row["virtual_machine"]]["cluster"] in clusters

    return make


PART_FILTERS: dict[str, Filter] = {"cluster": _by_cluster(by_id=False), "cluster_id": _by_cluster(by_id=True)}
PART_BRIEF = ("id", "url", "display", "virtual_machine", "name", "description")

register(
    Model(
        endpoint="virtualization/interfaces",
        type="virtualization.vminterface",
        class_name="VMInterface",
        verbose="interface",
        parent="virtual_machine",
        natural="name",
        ordering=("virtual_machine", "name"),
        brief=PART_BRIEF,
        unique=(Unique(("virtual_machine", "name")),),
        filters=interface_filters("virtualization.vminterface") | PART_FILTERS,
        fields=(
            Ref("virtual_machine", to=MACHINES, null=False, required=True, on_delete="cascade"),
            Text("name", required=True, longest=64),
            Flag("enabled", default=True),
            Ref("parent", to="virtualization/interfaces"),
            Ref("bridge", to="virtualization/interfaces", on_delete="clear"),
            Integer("mtu", least=1, most=65536),
            *mac_fields("virtualization.vminterface"),
            DESCRIPTION,
            Choice("mode", labels=MODES, null=True),
            Ref("untagged_vlan", to="ipam/vlans", on_delete="clear"),
            RefMany("tagged_vlans", to="ipam/vlans"),
            Ref("qinq_svlan", to="ipam/vlans", on_delete="clear"),
            Fixed("vlan_translation_policy"),
            Ref("vrf", to="ipam/vrfs", on_delete="clear"),
            Fixed("l2vpn_termination", logged=False),
            OWNER,
            TAGS,
            custom("virtualization.vminterface"),
            *TIMES,
            address_count("virtualization.vminterface"),
            Fixed("count_fhrp_groups", value=0, logged=False),
        ),
    )
)

register(
    Model(
        endpoint="virtualization/virtual-disks",
        type="virtualization.virtualdisk",
        class_name="VirtualDisk",
        verbose="virtual disk",
        parent="virtual_machine",
        natural="name",
        ordering=("virtual_machine", "name"),
        brief=(*PART_BRIEF, "size"),
        unique=(Unique(("virtual_machine", "name")),),
        filters=PART_FILTERS,
        fields=(
            Ref("virtual_machine", to=MACHINES, null=False, required=True, on_delete="cascade"),
            Text("name", required=True, longest=64),
            DESCRIPTION,
            Integer("size", required=True, null=False, least=0, most=2147483647),
            OWNER,
            TAGS,
            custom("virtualization.virtualdisk"),
            *TIMES,
        ),
    )
)
