"""Which privileges the declarations need, path by path, and what grants them; `access` has the general ones."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from setpoint_proxmox.access import NEEDS, Privilege
from setpoint_proxmox.kinds.backup_job.spec import BackupJobSpec
from setpoint_proxmox.kinds.container import needs as container
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.firewall.spec import FirewallSpec
from setpoint_proxmox.kinds.guest_image.spec import GuestImageSpec
from setpoint_proxmox.kinds.ha_resource.spec import HaResourceSpec
from setpoint_proxmox.kinds.ha_rule.spec import HaRuleSpec
from setpoint_proxmox.kinds.network.spec import NetworkSpec
from setpoint_proxmox.kinds.pool.spec import PoolSpec
from setpoint_proxmox.kinds.virtual_machine import needs as virtual_machine
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec

_ROLES = {
    "": "SetpointCluster",
    "vms": "SetpointGuests",
    "storage": "SetpointStorage",
    "sdn": "SetpointNetwork",
    "pool": "SetpointPools",
    "mapping": "SetpointMappings",
    "nodes": "SetpointNodes",
}
"""First part of a path -> the role of our own that is granted on it."""


@dataclass(frozen=True)
class Requirement:
    """A privilege that something declared needs on one path.

    Attributes:
        name: as in `access.Need`, `A|B` when one of them is enough.
        below: it must hold below the path, too.
        why: what it is for.
        vital: without it something declared cannot be done.
    """

    path: str
    name: str
    why: str
    below: bool = False
    vital: bool = True


def requirements(
    held: Iterable[Any], zones: Mapping[str, str], guests: Iterable[str]
) -> tuple[Requirement, ...]:
    """Everything that is needed, the general needs first.

    Args:
        held: the specs of all resources on the cluster.
        zones: the SDN zone of each vnet; all other bridges are in `localnetwork`.
        guests: paths of guests that have entries of their own.
    """
    declared = list(held)
    specs = [spec for spec in declared if isinstance(spec, VirtualMachineSpec | ContainerSpec)]
    special = [one for spec in specs for one in _of_guest(spec, zones)]
    special += [one for spec in declared if isinstance(spec, PoolSpec) for one in _of_pool(spec)]
    special += [one for spec in declared if isinstance(spec, NetworkSpec) for one in _NETWORKS]
    special += [
        Requirement("/", "Sys.Modify", "to set the firewall of the cluster")
        for spec in declared
        if isinstance(spec, FirewallSpec) and spec.cluster
    ]
    special += [one for spec in declared if isinstance(spec, GuestImageSpec) for one in _of_image(spec)]
    special += [one for spec in declared if isinstance(spec, BackupJobSpec) for one in _of_backup(spec)]
    if any(isinstance(spec, HaResourceSpec | HaRuleSpec) for spec in declared):
        special.append(Requirement("/", "Sys.Console", "to tell the manager of high availability"))
    own = {one.path for one in special}
    general = [
        Requirement(need.path, name, need.why, below=True)
        for need in NEEDS
        if not need.optional and not (need.anywhere and any(path.startswith(f"{need.path}/") for path in own))
        for name in need.names
    ]
    fixed = {f"/vms/{spec.vmid}" for spec in specs if spec.vmid is not None} | {*guests}
    of_guests = [
        Requirement(path, one.name, one.why)
        for path in sorted(fixed)
        for one in (*general, *special)
        if one.path == "/vms"
    ]
    return tuple(dict.fromkeys((*general, *sorted(special, key=lambda one: one.path), *of_guests)))


def _of_guest(spec: VirtualMachineSpec | ContainerSpec, zones: Mapping[str, str]) -> Iterator[Requirement]:
    for storage in sorted(_allocating(spec)):
        yield Requirement(f"/storage/{storage}", "Datastore.AllocateSpace", "to create disks")
        yield Requirement(
            f"/storage/{storage}", "Datastore.Audit", "to know on which nodes the storage is", vital=False
        )
    for storage in sorted(_reading(spec)):
        yield Requirement(
            f"/storage/{storage}", "Datastore.Audit|Datastore.AllocateSpace", "to use images and discs on it"
        )
    for nic in spec.nics.values():
        vlan = "" if nic.vlan is None else f"/{nic.vlan}"
        zone = zones.get(nic.bridge, "localnetwork")
        yield Requirement(f"/sdn/zones/{zone}/{nic.bridge}{vlan}", "SDN.Use", "to connect NICs to the bridge")
    if spec.pool is not None:
        yield Requirement(f"/pool/{spec.pool}", "Pool.Allocate", "to put guests into the pool")
    if spec.placement is not None:
        yield Requirement("/vms", "VM.Migrate", "to migrate guests from where they may not be", below=True)
    match spec:
        case VirtualMachineSpec():
            yield from _of_devices(spec)
            yield from _of_features(spec)
        case ContainerSpec():
            if not spec.unprivileged:
                yield Requirement("/", "Sys.Modify", "to make privileged containers")


def _of_devices(spec: VirtualMachineSpec) -> Iterator[Requirement]:
    for name in (one.mapping for one in spec.pci.values() if one.mapping):
        yield Requirement(f"/mapping/pci/{name}", "Mapping.Use", "to pass the device on")
    for name in (one.mapping for one in spec.usb.values() if one.mapping):
        yield Requirement(f"/mapping/usb/{name}", "Mapping.Use", "to pass the device on")


_NETWORKS = tuple(
    Requirement("/sdn", name, "to make networks and to see all of them", below=True)
    for name in ("SDN.Allocate", "SDN.Audit")
)


def _of_pool(spec: PoolSpec) -> Iterator[Requirement]:
    for name in ("Pool.Allocate", "Pool.Audit"):
        yield Requirement("/pool", name, "to make pools and to see them", below=True)
    for storage in spec.storages or ():
        yield Requirement(f"/storage/{storage}", "Datastore.Allocate", "to put the storage into pools")


def _of_image(spec: GuestImageSpec) -> Iterator[Requirement]:
    storage, node = f"/storage/{spec.storage}", "/nodes" if spec.node is None else f"/nodes/{spec.node}"
    yield Requirement(storage, "Datastore.AllocateTemplate", "to put images on the storage")
    yield Requirement(storage, "Datastore.Audit|Datastore.AllocateSpace", "to see what lies on it")
    if spec.replace:
        yield Requirement(storage, "Datastore.Allocate", "to remove images that are replaced")
    yield Requirement(
        node, "Sys.AccessNetwork", "to let nodes fetch and compare images", below=spec.node is None
    )


def _of_backup(spec: BackupJobSpec) -> Iterator[Requirement]:
    yield Requirement("/", "Sys.Modify", "to write backup jobs")
    if spec.storage is not None:
        storage = f"/storage/{spec.storage}"
        yield Requirement(storage, "Datastore.AllocateSpace", "to have backups written to the storage")
        if spec.retention is not None:
            yield Requirement(storage, "Datastore.Allocate", "to say how many backups are kept on it")
    if spec.guests.pool is not None:
        yield Requirement(f"/pool/{spec.guests.pool}", "VM.Backup", "to have the pool backed up")


def _of_features(spec: VirtualMachineSpec) -> Iterator[Requirement]:
    if spec.clone is not None:
        source = f"/vms/{spec.clone.source}" if isinstance(spec.clone.source, int) else "/vms"
        yield Requirement(source, "VM.Clone", "to clone templates", below=source == "/vms")
    if spec.cloud_init is not None:
        yield Requirement("/vms", "VM.Config.Cloudinit", "to make cloud-init drives anew", below=True)
    if spec.cdroms:
        yield Requirement("/vms", "VM.Config.CDROM", "to change CD-ROMs", below=True)
    if spec.agent:
        yield Requirement(
            "/vms", "VM.GuestAgent.Audit|VM.Monitor", "to ask guest agents for addresses", below=True
        )
    if spec.host is not None and spec.host.host_key is None:
        yield Requirement(
            "/vms",
            "VM.GuestAgent.FileRead|VM.GuestAgent.Unrestricted|VM.Monitor",
            "to have guest agents read host keys",
            below=True,
        )
    if "startup" in spec.model_fields_set:
        yield Requirement("/", "Sys.Modify", "to set the order in which guests start")


def _allocating(spec: VirtualMachineSpec | ContainerSpec) -> frozenset[str]:
    """The storages on which something is made for a guest."""
    if isinstance(spec, ContainerSpec):
        return container.allocating(spec)
    return virtual_machine.allocating(spec)


def _reading(spec: VirtualMachineSpec | ContainerSpec) -> frozenset[str]:
    """The storages with what a guest begins with or has in its drives."""
    return container.reading(spec) if isinstance(spec, ContainerSpec) else virtual_machine.reading(spec)


def lacking(
    needed: Iterable[Requirement], granted: Mapping[str, Mapping[str, int]]
) -> tuple[Requirement, ...]:
    """What is needed and not granted.

    Args:
        needed: all of it.
        granted: path -> privilege -> 1 when it also holds below; the path of every requirement is there.
    """
    return tuple(
        one
        for one in needed
        if not any(_holds(granted.get(one.path, {}), name, one) for name in one.name.split("|"))
    )


def _holds(granted: Mapping[str, int], name: str, needed: Requirement) -> bool:
    return granted.get(name, 0) == 1 if needed.below and needed.path != "/" else name in granted


def named(one: Requirement, known: frozenset[str]) -> Privilege:
    """The privilege as this version of Proxmox knows it."""
    names = one.name.split("|")
    return Privilege(one.path, next((name for name in names if name in known), names[0]))


def grant_commands(
    missing: Iterable[Privilege], needed: Iterable[Privilege], roles: Iterable[str], token: str
) -> tuple[str, ...]:
    """What root runs on a node: roles of our own with what is needed, and their entries for user and token.

    An entry on a path replaces what comes from above it, so the role holds all that is needed on the path and not
    only what is missing.

    Args:
        missing: what is to be granted.
        needed: everything that is needed, on all paths.
        roles: those that exist; one of ours is then extended.
        token: `user@realm!name`. The user is named too: a separated token has only what its user has as well.
    """
    paths = {one.path for one in missing}
    privileges: defaultdict[str, set[str]] = defaultdict(set)
    for one in needed:
        if one.path in paths:
            privileges[_role(one.path)].add(one.name)
    existing = {*roles}
    made = [_made(role, names, existing) for role, names in sorted(privileges.items())]
    user = token.partition("!")[0]
    users = "" if user == "root@pam" else f" --users {shlex.quote(user)}"
    return (
        *made,
        *(
            f"pveum acl modify {path}{users} --tokens {shlex.quote(token)} --roles {_role(path)}"
            for path in sorted(paths)
        ),
    )


def _made(role: str, names: set[str], existing: set[str]) -> str:
    privileges = shlex.quote(",".join(sorted(names)))
    if role in existing:
        return f"pveum role modify {role} --append 1 --privs {privileges}"
    return f"pveum role add {role} --privs {privileges}"


def _role(path: str) -> str:
    return _ROLES.get(path.split("/")[1], "SetpointOther")
