"""The rows of everything that holds a volume: disks and CD-ROMs on every bus, EFI variables, the TPM's state."""

from __future__ import annotations

from typing import Final

from setpoint.model.diff import UNSEEN
from setpoint.model.tree import Json
from setpoint_proxmox.guest.forms import (
    DECIMAL,
    ESCAPED,
    FLAG,
    MEDIUM,
    NUMBER,
    ON,
    SIZE,
    STORAGE,
    TEXT,
    Form,
)
from setpoint_proxmox.guest.layout import Option, Row
from setpoint_proxmox.kinds.virtual_machine.strings import DRIVE, is_cdrom, is_disk

BUSES: Final = ("scsi", "virtio", "sata", "ide")
PLUGGED: Final = ("scsi", "virtio")
"""The buses on which a running VM takes a disk."""

_OPTIONS: Final[tuple[tuple[str, str, Form, Json], ...]] = (
    ("cache", "cache", TEXT, "none"),
    ("discard", "discard", ON, False),
    ("ssd", "ssd", FLAG, False),
    ("iothread", "iothread", FLAG, False),
    ("aio", "aio", TEXT, None),
    ("backup", "backup", FLAG, True),
    ("replicate", "replicate", FLAG, True),
    ("readOnly", "ro", FLAG, False),
    ("detectZeroes", "detect_zeroes", FLAG, None),
    ("serial", "serial", ESCAPED, None),
    ("limits/iops", "iops", NUMBER, None),
    ("limits/iopsRead", "iops_rd", NUMBER, None),
    ("limits/iopsWrite", "iops_wr", NUMBER, None),
    ("limits/iopsBurst", "iops_max", NUMBER, None),
    ("limits/iopsReadBurst", "iops_rd_max", NUMBER, None),
    ("limits/iopsWriteBurst", "iops_wr_max", NUMBER, None),
    ("limits/mbps", "mbps", DECIMAL, None),
    ("limits/mbpsRead", "mbps_rd", DECIMAL, None),
    ("limits/mbpsWrite", "mbps_wr", DECIMAL, None),
    ("limits/mbpsBurst", "mbps_max", DECIMAL, None),
    ("limits/mbpsReadBurst", "mbps_rd_max", DECIMAL, None),
    ("limits/mbpsWriteBurst", "mbps_wr_max", DECIMAL, None),
)
"""Place below a disk, sub-option, form, and meaning when absent."""


def _disk(bus: str) -> Option:
    place = f"/disks/{bus}#"
    rows = (
        Row(f"{place}/storage", "file", STORAGE, UNSEEN),
        Row(f"{place}/size", "size", SIZE, UNSEEN),
        *(Row(f"{place}/{below}", key, form, absent) for below, key, form, absent in _OPTIONS),
    )
    return Option(
        f"{bus}#", rows, DRIVE, place, holds=is_disk, plugs=bus in PLUGGED, volume=True, core="file"
    )


def _cdrom(bus: str) -> Option:
    place = f"/cdroms/{bus}#"
    rows = (Row(f"{place}/iso", "file", MEDIUM, UNSEEN),)
    return Option(f"{bus}#", rows, DRIVE, place, {"file": "none", "media": "cdrom"}, is_cdrom)


DRIVES: Final = (
    *(_disk(bus) for bus in BUSES),
    *(_cdrom(bus) for bus in BUSES if bus != "virtio"),
    Option(
        "efidisk0",
        (
            Row("/firmware/efi/storage", "file", STORAGE, UNSEEN),
            Row("/firmware/efi/preEnrolledKeys", "pre-enrolled-keys", FLAG, False),
        ),
        DRIVE,
        "/firmware/efi",
        {"efitype": "4m", "pre-enrolled-keys": "1"},
        volume=True,
        core="file",
    ),
    Option(
        "tpmstate0",
        (
            Row("/tpm/storage", "file", STORAGE, UNSEEN),
            Row("/tpm/version", "version", absent="v1.2"),
        ),
        DRIVE,
        "/tpm",
        {"version": "v2.0"},
        volume=True,
        core="file",
    ),
)
