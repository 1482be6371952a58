"""What came about in the world, whoever caused it: a test counts here what was made, destroyed, started and stopped.

Neighbour: `ledger`, which lists requests instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from setpoint_lab.clock import Clock

Kind = Literal[
    "guest_made",
    "guest_gone",
    "guest_moved",
    "volume_made",
    "volume_gone",
    "volume_renamed",
    "started",
    "stopped",
    "mac_made",
]


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that came about; `time` in seconds of the emulator's clock, `vmid` None when it is no guest's.

    `what` is the volume's id (`old -> new` for a renamed one), the node of a guest or of its process, or
    `net0=` with a generated address.
    """

    time: float
    kind: Kind
    vmid: int | None
    what: str


class Effects:
    """Everything that came about since the world began, in order."""

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self._clock = clock
        self.all: list[Happened] = []

    def note(self, kind: Kind, vmid: int | None, what: str = "") -> None:
        """Say that something came about just now."""
        self.all.append(Happened(self._clock.now(), kind, vmid, what))

    def begin(self) -> None:
        """Forget how the world came to be what it is."""
        self.all.clear()
