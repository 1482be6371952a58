"""What a person writes about a virtual machine. Only what was written is compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, field_validator, model_validator

from setpoint.model.quantity import Bytes
from setpoint.model.spec import described
from setpoint_proxmox.guest.clone_spec import Clone
from setpoint_proxmox.guest.size_spec import MachineCores, MemoryOrPart, MemoryPart
from setpoint_proxmox.guest.spec import GuestSpec, Power, mebibytes
from setpoint_proxmox.guest.texts import (
    NODE,
    BootSlot,
    CdromSlot,
    DiskSlot,
    NicSlot,
    PciSlot,
    SerialSlot,
    UsbSlot,
)
from setpoint_proxmox.kinds.virtual_machine.spec_cloud import CloudInit
from setpoint_proxmox.kinds.virtual_machine.spec_device import (
    Agent,
    Audio,
    Cpu,
    Nic,
    NicModel,
    Pci,
    Rng,
    Usb,
    Vga,
    Watchdog,
)
from setpoint_proxmox.kinds.virtual_machine.spec_disk import Cdrom, Disk, Firmware, FirmwareType, Tpm
from setpoint_proxmox.sizes import MIB

__all__ = ["Disk", "Nic", "NicModel", "Power", "VirtualMachineSpec"]

DEFAULT_MEMORY: Final = 1024 * MIB
_MACHINE = r"^(pc|q35|virt|(pc(-i440fx|-q35)?|virt)-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?)$"
_KEYBOARDS = (
    "^(de|de-ch|da|en-gb|en-us|es|fi|fr|fr-be|fr-ca|fr-ch|hu|is|it|ja|lt|mk|nl|no|pl|pt|pt-br|sv|sl|tr)$"
)
_OS = "^(other|wxp|w2k|w2k3|w2k8|wvista|win7|win8|win10|win11|l24|l26|solaris)$"
_CONTROLLERS = "^(lsi|lsi53c810|virtio-scsi-pci|virtio-scsi-single|megasas|pvscsi)$"


def _whole(value: int | None) -> int | None:
    return None if value is None else mebibytes(int(value))


class VirtualMachineSpec(GuestSpec):
    """A virtual machine, with empty disks, from an image, or as a clone."""

    also_called: ClassVar[Mapping[str, str]] = {**GuestSpec.also_called, "vcpus": "cores", "bios": "firmware"}

    node: str | None = described(
        "Node that the VM is created on; may be left out when the cluster has only one, or for a clone, which is "
        "made where its source is. Where the VM is moved later is no drift.",
        None,
        pattern=NODE,
        examples=["pve1"],
    )
    clone: Clone | None = described("What the VM begins as a copy of; empty disks are made without it.", None)
    cores: MachineCores = described(
        "Number of CPU cores (per socket), or the part of its node's processors that they are.",
        1,
        examples=[4, "25%"],
    )
    sockets: int = described("Number of CPU sockets.", 1, ge=1, le=8)
    cpu: Cpu = described("What the guest sees of the processor.", default_factory=Cpu)
    numa: bool = described("Whether the guest sees NUMA nodes, one for each socket.", default=False)
    memory: MemoryOrPart = described(
        "Memory, a multiple of 1MiB, at least 16MiB, or the part of its node's memory that it is.",
        DEFAULT_MEMORY,
        examples=["2GiB", "25%"],
        json_schema_extra={"default": "1GiB"},
    )
    balloon: Annotated[Bytes | Literal[False] | None, AfterValidator(_whole)] = described(
        "Memory that the guest keeps when the node runs short, a multiple of 1MiB; false for no balloon device, "
        "null for all of its memory.",
        None,
        examples=["512MiB"],
    )
    machine: str = described(
        "Machine that is imitated: pc, q35, virt, or a version of one.", "pc", pattern=_MACHINE
    )
    iommu: str | None = described(
        "IOMMU that the guest sees; null for none.", None, pattern="^(intel|virtio)$"
    )
    firmware: Firmware = described("What starts the guest, BIOS or UEFI.", default_factory=Firmware)
    tpm: Tpm | None = described("Trusted platform module; null for none.", None)
    os_type: str = described("Family of the guest's operating system, e.g. l26 or win11.", "l26", pattern=_OS)
    scsi_controller: str = described(
        "Hardware that SCSI disks are attached to.", "virtio-scsi-single", pattern=_CONTROLLERS
    )
    disks: dict[DiskSlot, Disk] = described(
        "Disks by slot: scsi0-30, virtio0-15, sata0-5, ide0-3. One that is declared no more is detached and kept.",
        default_factory=dict,
    )
    cdroms: dict[CdromSlot, Cdrom] = described(
        "CD-ROM drives by slot: scsi0-30, sata0-5, ide0-3.", default_factory=dict
    )
    nics: dict[NicSlot, Nic] = described("Network cards by slot: net0-net31.", default_factory=dict)
    cloud_init: CloudInit | None = described("What cloud-init sets up in the guest.", None)
    agent: bool | Agent = described("Whether the guest runs QEMU's agent, and how it is used.", default=False)
    boot: tuple[BootSlot, ...] = described(
        "Slots to boot from, first tried first; Proxmox's choice when left out.",
        (),
        min_length=1,
        examples=[["scsi0", "net0"]],
    )
    pci: dict[PciSlot, Pci] = described("PCI devices by slot: hostpci0-15.", default_factory=dict)
    usb: dict[UsbSlot, Usb] = described("USB devices by slot: usb0-13.", default_factory=dict)
    serial: dict[SerialSlot, str] = described(
        "Serial ports by slot, serial0-3: 'socket', or a device of the node, which only root with a password may set.",
        default_factory=dict,
    )
    vga: Vga = described("Card and memory of the screen.", default_factory=Vga)
    rng: Rng | None = described("Source of random numbers; null for none.", None)
    watchdog: Watchdog | None = described(
        "Timer that the guest must keep from running out; null for none.", None
    )
    audio: Audio | None = described("Sound card; null for none.", None)
    tablet: bool = described(
        "Whether the pointer is a tablet, which follows the viewer's exactly.", default=True
    )
    hotplug: tuple[Literal["network", "disk", "cpu", "memory", "usb", "cloudinit"], ...] = described(
        "What can be plugged while it runs, without order.", ("disk", "network", "usb")
    )
    keyboard: str | None = described(
        "Layout of the viewer's keyboard; null for the cluster's.", None, pattern=_KEYBOARDS
    )
    acpi: bool = described("Whether the guest has ACPI, which a shutdown needs.", default=True)
    kvm: bool = described("Whether the processor runs the guest itself.", default=True)
    local_time: bool | None = described(
        "Whether its clock shows local time; null for what the OS expects.", None
    )

    @field_validator("serial")
    @classmethod
    def _ports(cls, value: dict[str, str]) -> dict[str, str]:
        for slot, port in value.items():
            if not re.fullmatch(r"socket|/dev/[^,\s]+", port):
                raise ValueError(
                    f"{slot}: '{port}' is no port; write 'socket' or a device such as /dev/ttyS0"
                )
        return value

    @model_validator(mode="after")
    def _consistent(self) -> VirtualMachineSpec:
        for why in (*self._shared_slots(), *self._misplaced(), *self._firmware(), *self._balloon()):
            raise ValueError(why)
        return self

    def _shared_slots(self) -> tuple[str, ...]:
        both = sorted(self.disks.keys() & self.cdroms.keys())
        drive = self.cloud_init.slot if self.cloud_init is not None else None
        if drive in self.disks or drive in self.cdroms:
            both.append(str(drive))
        return tuple(f"slot {slot} is declared twice; choose another one for the CD-ROM" for slot in both)

    def _misplaced(self) -> tuple[str, ...]:
        found: list[str] = []
        for slot, disk in self.disks.items():
            simple, virtio = slot.startswith(("sata", "ide")), slot.startswith("virtio")
            if simple and (disk.iothread or disk.read_only):
                found.append(f"{slot}: iothread and readOnly exist only on scsi and virtio; leave them out")
            if virtio and disk.ssd:
                found.append(f"{slot}: ssd does not exist on virtio; use scsi, or leave it out")
        return tuple(found)

    def _firmware(self) -> tuple[str, ...]:
        lost = "efi" not in self.firmware.model_fields_set and self.clone is None
        if self.firmware.type is FirmwareType.OVMF and lost:
            why = "UEFI forgets its boot entries without a place for them"
            return (
                f"{why}; write firmware: {{type: ovmf, efi: {{storage: NAME}}}}, or efi: null to do without",
            )
        return ()

    def _balloon(self) -> tuple[str, ...]:
        most = self.memory.max if isinstance(self.memory, MemoryPart) else self.memory
        if self.balloon and "memory" in self.model_fields_set and most is not None and self.balloon > most:
            return ("balloon is what the guest keeps of its memory, so it cannot be more than memory",)
        return ()
