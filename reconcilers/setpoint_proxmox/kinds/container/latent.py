"""Which changes of a running container wait for its next start, known before they are written. Pure."""

from __future__ import annotations

from typing import Final

from setpoint.model.diff import MISSING, Change
from setpoint_proxmox.guest.volumes import is_vacant
from setpoint_proxmox.kinds.container.options import LAYOUT
from setpoint_proxmox.kinds.container.state import CtState

_LIVE: Final = frozenset(
    [
        "cores",
        "cpulimit",
        "cpuunits",
        "description",
        "hookscript",
        "memory",
        "net#",
        "onboot",
        "protection",
        "startup",
        "swap",
        "tags",
    ]
)
"""Options that Proxmox gives to a container while it runs. All others wait, but a new mount point."""


def is_latent(change: Change, ct: CtState) -> bool:
    """Whether a change that is written now takes effect only after a restart."""
    spot = LAYOUT.spot(change.path)
    if spot is None or spot.option.name in _LIVE:
        return False
    added = spot.option.name == "mp#" and change.desired is not MISSING and is_vacant(spot.name, ct)
    return ct.is_on and not added


def is_hot(name: str) -> bool:
    """Whether writing an option changes something in a running container."""
    return any(option.plugs or option.name == "mp#" for option, _ in LAYOUT.called(name))
