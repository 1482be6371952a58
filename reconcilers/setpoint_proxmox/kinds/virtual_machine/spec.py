"""What a person writes about a virtual machine. Only what was written is compared."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints, field_validator

from setpoint.model.quantity import Bytes
from setpoint.model.spec import Spec, described
from setpoint_proxmox.mark import TAG
from setpoint_proxmox.sizes import MIB

NODE = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$"
STORAGE = r"^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$"
BRIDGE = r"^[A-Za-z][A-Za-z0-9_.-]{0,14}$"

DiskSlot = Annotated[
    str,
    StringConstraints(
        pattern=r"^(scsi([0-9]|[12][0-9]|30)|virtio([0-9]|1[0-5])|sata[0-5]|ide[0-3])$",
    ),
]
"""Where a disk is attached: scsi0-30, virtio0-15, sata0-5 or ide0-3."""

NicSlot = Annotated[str, StringConstraints(pattern=r"^net([0-9]|[12][0-9]|3[01])$")]
"""Where a NIC is attached: net0-31."""

_GRAIN = 4 * MIB
_TAG = re.compile(r"[a-z0-9_][a-z0-9_+.-]*")
_MAC = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")


class Power(StrEnum):
    """Whether a guest runs."""

    RUNNING = "running"
    STOPPED = "stopped"


class NicModel(StrEnum):
    """The hardware that a NIC imitates."""

    VIRTIO = "virtio"
    E1000 = "e1000"
    E1000E = "e1000e"
    RTL8139 = "rtl8139"
    VMXNET3 = "vmxnet3"


class Disk(Spec):
    """A disk that belongs to the VM."""

    storage: str = described(
        "Storage that the disk is created on; a later difference is shown, never acted on.",
        pattern=STORAGE,
        examples=["local-zfs"],
    )
    size: Bytes = described(
        "Size of the disk, a multiple of 4MiB because some storages round up to it; it can grow, never shrink.",
        examples=["32GiB"],
    )

    @field_validator("size")
    @classmethod
    def _whole(cls, value: int) -> int:
        if not value or value % _GRAIN:
            raise ValueError("a disk's size is a multiple of 4MiB, so that every storage can hold exactly it")
        return value


class Nic(Spec):
    """A network card."""

    bridge: str = described(
        "Bridge or SDN vnet that the NIC is connected to.", pattern=BRIDGE, examples=["vmbr0"]
    )
    model: NicModel = described("Hardware that the NIC imitates.", NicModel.VIRTIO)
    mac: str | None = described(
        "MAC address in hex with colons; without it Proxmox chooses one, which is then kept.",
        None,
        examples=["BC:24:11:00:00:01"],
    )
    vlan: int | None = described("VLAN tag, 1-4094; null for untagged.", None, ge=1, le=4094)
    firewall: bool = described("Whether Proxmox's firewall filters the NIC.", default=False)

    @field_validator("mac")
    @classmethod
    def _unicast(cls, value: str | None) -> str | None:
        if value is None:
            return None
        mac = value.upper()
        if not _MAC.fullmatch(mac):
            raise ValueError(f"'{value}' is no MAC address; write six hex pairs with colons")
        if int(mac[:2], 16) & 1:
            raise ValueError(f"'{value}' is a multicast address; the first pair must be even")
        return mac


class VirtualMachineSpec(Spec):
    """A virtual machine with empty disks."""

    node: str | None = described(
        "Node that the VM is created on; may be left out when the cluster has only one. "
        "Where the VM is moved later is no drift.",
        None,
        pattern=NODE,
        examples=["pve1"],
    )
    vmid: int | None = described(
        "Fixed id of the VM; without it the lowest free id of the cluster's range is reserved.",
        None,
        ge=100,
        le=999_999_999,
    )
    cores: int = described("Number of CPU cores (per socket).", 1, ge=1, le=1024)
    memory: Bytes = described("Memory, a multiple of 1MiB, at least 16MiB.", 1024 * MIB, examples=["2GiB"])
    disks: dict[DiskSlot, Disk] = described(
        "Disks by slot: scsi0-30, virtio0-15, sata0-5, ide0-3.", default_factory=dict
    )
    nics: dict[NicSlot, Nic] = described("Network cards by slot: net0-net31.", default_factory=dict)
    tags: tuple[str, ...] = described(
        f"Tags shown in Proxmox, without order and in lower case; the tag '{TAG}' is always added.", ()
    )
    description: str = described(
        "Notes shown in Proxmox; our mark is added as the last line.", "", max_length=7500
    )
    onboot: bool = described("Whether the VM starts with its node.", default=False)
    power: Power | None = described(
        "Whether the VM runs; left out, its power state is not touched and a new VM stays off.", None
    )
    force_stop: bool = described(
        "Whether a VM that is to be stopped and does not shut down within 3 minutes is switched off.",
        default=False,
    )

    @field_validator("memory")
    @classmethod
    def _mebibytes(cls, value: int) -> int:
        if value % MIB or value < 16 * MIB:
            raise ValueError("memory is a multiple of 1MiB and at least 16MiB")
        return value

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        tags = {tag.lower() for tag in value}
        for tag in sorted(tags):
            if not _TAG.fullmatch(tag):
                raise ValueError(
                    f"'{tag}' is no tag; use letters, digits and _ + . - and begin with a letter, digit or _"
                )
        return tuple(sorted(tags - {TAG}))
