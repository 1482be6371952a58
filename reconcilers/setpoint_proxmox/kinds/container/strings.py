"""How a container's options with sub-options are split and put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from setpoint_proxmox.guest.syntax import properties, storage_of

NIC: Final = properties(first=("name", "bridge"))
MOUNT: Final = properties("volume", first=("mp",))
DEVICE: Final = properties("path")


def is_volume(mount: Mapping[str, str]) -> bool:
    """Whether a mount point is a volume of a storage."""
    return storage_of(mount.get("volume", "")) is not None


def is_bind(mount: Mapping[str, str]) -> bool:
    """Whether a mount point is a folder or device of the node."""
    return mount.get("volume", "").startswith("/")
