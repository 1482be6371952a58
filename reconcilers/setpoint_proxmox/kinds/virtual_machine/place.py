"""Where a VM with a placement is made or goes: what it needs of a node, and what ties it to the one that it is on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setpoint.model.plan import Obstacle, Step
from setpoint.model.tree import Json
from setpoint_proxmox.answer import record, records
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.clone import bound, source_of
from setpoint_proxmox.guest.placing import Needs, placer
from setpoint_proxmox.guest.words import MACHINE
from setpoint_proxmox.kinds.virtual_machine.compute import compute as sized
from setpoint_proxmox.kinds.virtual_machine.needs import allocating, bridges, reading
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState


def _storages(spec: VirtualMachineSpec) -> frozenset[str]:
    return allocating(spec) | reading(spec)


def _barred(spec: VirtualMachineSpec, node: str, facts: Facts) -> str:
    """A copy can be made only where its source can be read; one without a source is told of by the plan."""
    if spec.clone is None:
        return ""
    source = source_of(spec.clone, facts, (), MACHINE)
    return "" if isinstance(source, Step) else bound(spec.clone, source, node, facts, MACHINE)


async def _tied(cluster: Cluster, vm: VmState, to: str) -> Obstacle | None:
    """Proxmox itself tells what a migration would stumble over, and begins it nevertheless."""
    found = record(await cluster.api.get("nodes", vm.node, "qemu", vm.vmid, "migrate"))
    devices = sorted(_devices(found, vm))
    if devices:
        why = f"{vm} uses {', '.join(devices)} of {vm.node}, so it cannot be migrated to {to}"
        return Obstacle(why, f"take that away from it first, or add {vm.node} to spec.placement.nodes")
    discs = sorted(
        f"{row.get('drivename')} with {row.get('volid')}"
        for row in records(found.get("local_disks") or [])
        if row.get("cdrom") and not row.get("is_cloudinit")
    )
    if discs:
        why = f"{vm} has {', '.join(discs)}, which only {vm.node} has, so it cannot be migrated to {to}"
        return Obstacle(why, "empty the CD-ROM drive (iso: null), or take an image from a shared storage")
    return None


def _devices(found: Mapping[str, Json], vm: VmState) -> Iterator[str]:
    names = ("local_resources", "mapped-resources") if vm.is_on else ("local_resources",)
    for name in names:
        listed = found.get(name) or []
        if isinstance(listed, list):
            yield from (str(one) for one in listed)


compute = placer(Needs(_storages, bridges, _barred, _tied), sized)
