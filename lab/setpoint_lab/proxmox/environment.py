"""What lies outside the API and is only shown by it: disks, pools and the like, as far as a state tells of them.

The section `environment` of a state has answers by name under `take_from_entries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

KEY = "environment"


def told(world: World, name: str) -> object | None:
    """What the state says of `zfs pools`, `disks` and so on; None when it says nothing."""
    section = world.other.get(KEY)
    answers: Any = section.get("take_from_entries") if is_object(section) else None
    return answers.get(name) if is_object(answers) else None
