"""What a VM's config may hold: which options exist, what type they have, and into which class each one falls."""

from __future__ import annotations

import re
from functools import cache

from setpoint_lab.proxmox.properties import parse_boolean
from setpoint_lab.proxmox.schema import Shape, load

_CONFIG = load().methods["PUT", "/nodes/{node}/qemu/{vmid}/config"]
_NO_OPTIONS = frozenset({"node", "vmid", "digest", "delete", "revert", "force", "skiplock"})
INTERNAL = frozenset({"meta", "parent", "snapstate", "snaptime", "vmstate", "runningmachine", "runningcpu"})
"""Options that only the system writes."""

DRIVE_BUSES = {"ide": 4, "scsi": 31, "virtio": 16, "sata": 6}
"""The buses in the order in which the first disk and the first CD-ROM are looked for."""

_DRIVES = frozenset(f"{bus}{number}" for bus, count in DRIVE_BUSES.items() for number in range(count))
_SPECIAL_DRIVES = frozenset({"efidisk0", "tpmstate0"})
_NUMBERED = re.compile(r"^([a-z]+)(0|[1-9]\d*)$")

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


@cache
def shape(key: str) -> Shape | None:
    """The description of an option, None when there is no such option."""
    if key in _NO_OPTIONS:
        return None
    if key in INTERNAL:
        return {"type": "integer" if key == "snaptime" else "string", "optional": 1}
    return _CONFIG.shape(key)


def exists(key: str) -> bool:
    """Whether an option of that name exists."""
    return shape(key) is not None


@cache
def is_number(key: str) -> bool:
    """Whether answers show the option as a JSON number."""
    return (shape(key) or {}).get("type") in {"integer", "boolean"}


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


@cache
def bus(key: str) -> str:
    """The name of a numbered option without its number, such as `scsi`; empty for options without one."""
    found = _NUMBERED.match(key)
    return found[1] if found else ""


def is_drive(key: str) -> bool:
    """Whether the option holds a disk, a CD-ROM, EFI variables or a TPM's state."""
    return key in _DRIVES or key in _SPECIAL_DRIVES


def is_net(key: str) -> bool:
    """Whether the option holds a network card."""
    return bus(key) == "net"


def is_unused(key: str) -> bool:
    """Whether the option holds a detached volume."""
    return bus(key) == "unused"


def boot_drives() -> list[str]:
    """Every drive that can be booted from, in the order in which the first one is looked for."""
    return [f"{bus}{number}" for bus, count in DRIVE_BUSES.items() for number in range(count)]


def all_drives() -> list[str]:
    """Every drive in the order in which their volumes are made."""
    return [*boot_drives(), *sorted(_SPECIAL_DRIVES)]


def applies_at_once(key: str) -> bool:
    """Whether a change of the option takes effect on a running VM without touching its hardware."""
    return key in _FAST or bus(key) == "ipconfig"
