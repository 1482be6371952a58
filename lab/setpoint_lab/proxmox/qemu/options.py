"""What a VM's config may hold: which options exist, what type they have, and into which class each one falls."""

from __future__ import annotations

from functools import cache

from setpoint_lab.proxmox import option_table
from setpoint_lab.proxmox.option_table import OptionTable
from setpoint_lab.proxmox.properties import parse_boolean

INTERNAL = frozenset({"meta", "parent", "snapstate", "snaptime", "vmstate", "runningmachine", "runningcpu"})
"""Options that only the system writes."""

_TABLE = OptionTable("/nodes/{node}/qemu/{vmid}/config", INTERNAL)
shape = cache(_TABLE.shape)
exists = _TABLE.exists
is_number = _TABLE.is_number
bus = option_table.bus
is_net = option_table.is_net
is_unused = option_table.is_unused

DRIVE_BUSES = {"ide": 4, "scsi": 31, "virtio": 16, "sata": 6}
"""The buses in the order in which the first disk and the first CD-ROM are looked for."""

_DRIVES = frozenset(f"{bus}{number}" for bus, count in DRIVE_BUSES.items() for number in range(count))
_SPECIAL_DRIVES = frozenset({"efidisk0", "tpmstate0"})

CLOUDINIT = frozenset(
    {"cicustom", "cipassword", "citype", "ciupgrade", "ciuser", "nameserver", "searchdomain", "sshkeys"}
)
_FAST = CLOUDINIT | {
    "description",
    "hookscript",
    "lock",
    "migrate_downtime",
    "migrate_speed",
    "name",
    "onboot",
    "protection",
    "shares",
    "startup",
    "tags",
    "vmstatestorage",
}


def canonical(key: str, value: str) -> str:
    """The form in which the config file holds a value: integers without leading zeros, booleans as 1 and 0."""
    if not is_number(key):
        return value
    truth = parse_boolean(value) if (shape(key) or {}).get("type") == "boolean" else None
    return truth or str(int(value))


def shown(key: str, value: str) -> object:
    """The value as answers show it."""
    if key == "cipassword":
        return "**********"
    return int(value) if is_number(key) else value


def is_drive(key: str) -> bool:
    """Whether the option holds a disk, a CD-ROM, EFI variables or a TPM's state."""
    return key in _DRIVES or key in _SPECIAL_DRIVES


def boot_drives() -> list[str]:
    """Every drive that can be booted from, in the order in which the first one is looked for."""
    return [f"{bus}{number}" for bus, count in DRIVE_BUSES.items() for number in range(count)]


def all_drives() -> list[str]:
    """Every drive in the order in which their volumes are made."""
    return [*boot_drives(), *sorted(_SPECIAL_DRIVES)]


def applies_at_once(key: str) -> bool:
    """Whether a change of the option takes effect on a running VM without touching its hardware."""
    return key in _FAST or bus(key) == "ipconfig"
