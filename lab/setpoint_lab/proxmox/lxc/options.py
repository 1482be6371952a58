"""What a container's config may hold: which options exist, and which changes need no restart."""

from __future__ import annotations

from setpoint_lab.proxmox.option_table import OptionTable, bus

TABLE = OptionTable(
    "/nodes/{node}/lxc/{vmid}/config", frozenset({"parent", "snapname", "snapstate", "snaptime"})
)

MOUNT_POINTS = 256
REQUIRED = frozenset({"memory", "ostype", "rootfs"})
FAST = frozenset(
    {
        "cores",
        "description",
        "hookscript",
        "hostname",
        "lock",
        "onboot",
        "protection",
        "startup",
        "tags",
    }
)
"""What takes effect on a running container without anyone touching it."""

LIMITS = frozenset({"cpulimit", "cpuunits", "memory", "swap"})
"""What the kernel can be told while the container runs."""


def shown(key: str, value: str) -> object:
    """The value as answers show it."""
    return int(value) if TABLE.is_number(key) else value


def is_mount(key: str) -> bool:
    """Whether the option holds the root file system or a mount point."""
    return key == "rootfs" or bus(key) == "mp"


def mounts() -> list[str]:
    """Every option that holds a volume, in the order in which volumes are made."""
    return ["rootfs", *(f"mp{number}" for number in range(MOUNT_POINTS))]
