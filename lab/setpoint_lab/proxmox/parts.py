"""What parts of the emulator keep in a world beyond its core; made when first asked for, from what the state said.

Neighbours: `state`, which hands a part its section of a state, and `snapshot`, which asks for it back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World


class Part(Protocol):
    """Something a world has one of; `KEY` names its section of a state."""

    KEY: ClassVar[str]

    def __init__(self, world: World, given: object, /) -> None:
        """Begin with the section of the state, None when it has none."""
        ...

    def state(self) -> object:
        """The section that makes this part again."""
        ...
