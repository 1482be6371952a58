"""Which changes of a running VM wait for its next start, known before they are written. Pure; neighbour: `plan`."""

from __future__ import annotations

from typing import Final

from setpoint.model.diff import Change
from setpoint.model.tree import Pointer
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.state import VmState

_AT_START: Final = frozenset(
    [
        "acpi",
        "affinity",
        "agent",
        "audio0",
        "bios",
        "boot",
        "cores",
        "cpu",
        "hostpci#",
        "keyboard",
        "kvm",
        "localtime",
        "machine",
        "memory",
        "numa",
        "ostype",
        "rng0",
        "scsihw",
        "serial#",
        "sockets",
        "vga",
        "watchdog",
    ]
)
"""Options that Proxmox gives to a VM only when it starts. Of drives and network cards it depends on what changes."""
_LIVE: Final[Pointer] = "/agent/fstrimClonedDisks"
"""What Proxmox itself reads, not the VM."""


def is_latent(change: Change, vm: VmState) -> bool:
    """Whether a change that is written now takes effect only after a restart."""
    spot = LAYOUT.spot(change.path)
    if spot is None or spot.option.name not in _AT_START or change.path == _LIVE:
        return False
    return spot.option.name != "memory" or "memory" not in str(vm.current.get("hotplug") or "")
