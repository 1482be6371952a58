"""What a person writes about everything that holds a volume."""

from __future__ import annotations

from enum import StrEnum

from pydantic import field_validator, model_validator

from setpoint.model.quantity import Bytes
from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.texts import NEW, STORAGE, VOLUME
from setpoint_proxmox.sizes import MIB

_GRAIN = 4 * MIB


class Cache(StrEnum):
    """How the node caches a disk."""

    NONE = "none"
    WRITETHROUGH = "writethrough"
    WRITEBACK = "writeback"
    UNSAFE = "unsafe"
    DIRECTSYNC = "directsync"


class Aio(StrEnum):
    """How the node reads and writes a disk."""

    NATIVE = "native"
    THREADS = "threads"
    IO_URING = "io_uring"


class Format(StrEnum):
    """How a file holds a disk."""

    RAW = "raw"
    QCOW2 = "qcow2"
    VMDK = "vmdk"


class Limits(Spec):
    """How much a disk may be used; null for no limit."""

    iops: int | None = described("Operations per second.", None, ge=10)
    iops_read: int | None = described("Reads per second.", None, ge=10)
    iops_write: int | None = described("Writes per second.", None, ge=10)
    iops_burst: int | None = described("Operations per second for a short time.", None, ge=10)
    iops_read_burst: int | None = described("Reads per second for a short time.", None, ge=10)
    iops_write_burst: int | None = described("Writes per second for a short time.", None, ge=10)
    mbps: float | None = described("MB per second.", None, ge=1)
    mbps_read: float | None = described("MB read per second.", None, ge=1)
    mbps_write: float | None = described("MB written per second.", None, ge=1)
    mbps_burst: float | None = described("MB per second for a short time.", None, ge=1)
    mbps_read_burst: float | None = described("MB read per second for a short time.", None, ge=1)
    mbps_write_burst: float | None = described("MB written per second for a short time.", None, ge=1)


class Disk(Spec):
    """A disk that belongs to the VM."""

    storage: str = described(
        "Storage that the disk lies on; another one moves it there.", pattern=STORAGE, examples=["local-zfs"]
    )
    size: Bytes = described(
        "Size of the disk, a multiple of 4MiB because some storages round up to it; it can grow, never shrink.",
        examples=["32GiB"],
    )
    image: str | None = described(
        "Volume or downloaded image that a new disk is a copy of; looked at when the disk is made, never later.",
        None,
        pattern=VOLUME,
        examples=["local:import/debian-13.qcow2"],
    )
    format: Format | None = described(
        "Format of the file on a storage of files, when the disk is made or moved; the storage's own when left out.",
        None,
    )
    volume: str | None = described(
        f"Detached volume of this VM to attach when the slot is empty; '{NEW}' makes an empty disk "
        "although a detached volume lies on the storage.",
        None,
        pattern=f"{VOLUME}|^{NEW}$",
        examples=["local-zfs:vm-101-disk-1"],
    )
    cache: Cache = described("How the node caches the disk.", Cache.NONE)
    discard: bool = described("Whether space that the guest frees is given back.", default=False)
    ssd: bool = described("Whether the disk shows itself as an SSD; not on virtio.", default=False)
    iothread: bool = described(
        "Whether the disk has a thread of its own; only on scsi and virtio.", default=False
    )
    aio: Aio | None = described("How the node reads and writes; Proxmox's choice when null.", None)
    backup: bool = described("Whether backups hold the disk.", default=True)
    replicate: bool = described("Whether replication copies the disk.", default=True)
    read_only: bool = described("Whether the guest can only read; only on scsi and virtio.", default=False)
    detect_zeroes: bool | None = described(
        "Whether written zeroes save space; Proxmox's choice when null.", None
    )
    serial: str | None = described(
        "Serial number that the guest sees; null for none.",
        None,
        min_length=1,
        max_length=20,
        pattern=r"^[\x20-\x7e]+$",
    )
    limits: Limits = described("How much the disk may be used.", default_factory=Limits)

    @field_validator("size")
    @classmethod
    def _whole(cls, value: int) -> int:
        if not value or value % _GRAIN:
            raise ValueError("a disk's size is a multiple of 4MiB, so that every storage can hold exactly it")
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> Disk:
        if self.image is not None and self.volume not in (None, NEW):
            raise ValueError("a disk is a copy of an image or an attached volume; leave out image or volume")
        return self


class Cdrom(Spec):
    """A CD-ROM drive."""

    iso: str | None = described(
        "Volume of the disc in the drive; null for none.",
        pattern=VOLUME,
        examples=["local:iso/debian-13-netinst.iso"],
    )


class Efi(Spec):
    """Where a UEFI firmware keeps its variables; made when there is none, and never changed."""

    storage: str = described("Storage of the small disk.", pattern=STORAGE, examples=["local-zfs"])
    pre_enrolled_keys: bool = described(
        "Whether it begins with the keys of Microsoft and the distributions, with secure boot on.",
        default=True,
    )


class FirmwareType(StrEnum):
    """What starts the guest."""

    SEABIOS = "seabios"
    OVMF = "ovmf"


class Firmware(Spec):
    """BIOS or UEFI."""

    type: FirmwareType = described("seabios for a BIOS, ovmf for UEFI.", FirmwareType.SEABIOS)
    efi: Efi | None = described(
        "Where UEFI keeps its variables, boot entries and keys; null to do without, so that they are lost at each stop.",
        None,
    )


class TpmVersion(StrEnum):
    """The standard that a TPM follows."""

    V1_2 = "v1.2"
    V2_0 = "v2.0"


class Tpm(Spec):
    """A trusted platform module; made when there is none, and never changed."""

    storage: str = described("Storage of its state.", pattern=STORAGE, examples=["local-zfs"])
    version: TpmVersion = described("Standard that it follows.", TpmVersion.V2_0)
