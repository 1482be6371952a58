"""What a VM needs of the node that it is made on: storages and bridges."""

from __future__ import annotations

from setpoint_proxmox.guest.syntax import storage_of
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec


def allocating(spec: VirtualMachineSpec) -> frozenset[str]:
    """The storages on which something is made for a VM."""
    others = (spec.firmware.efi, spec.tpm, spec.cloud_init, spec.clone)
    names = [
        *(disk.storage for disk in spec.disks.values()),
        *(one.storage for one in others if one is not None),
    ]
    return frozenset(name for name in names if name is not None)


def reading(spec: VirtualMachineSpec) -> frozenset[str]:
    """The storages with what a VM begins with or has in its drives."""
    volumes = [*(disk.image for disk in spec.disks.values()), *(drive.iso for drive in spec.cdroms.values())]
    return frozenset(name for volume in volumes if volume and (name := storage_of(volume)) is not None)


def bridges(spec: VirtualMachineSpec) -> frozenset[str]:
    """The bridges and vnets that it is connected to."""
    return frozenset(nic.bridge for nic in spec.nics.values())
