"""What lies inside VMs as far as their agents reach: files, processes, passwords, frozen file systems.

Neighbours: `behaviour`, which says how a system behaves, and `qemu.agent_calls`, which asks for all this.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.world import World

FIRST_PID = 700


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a process ended: its exit code and what it wrote."""

    exitcode: int = 0
    out: str = ""
    err: str = ""


@dataclass(slots=True)
class Inside:
    """One system; `processes` are those whose end nobody asked for yet, `frozen` the start of the machine that is so."""

    files: dict[str, str] = field(default_factory=dict[str, str])
    passwords: dict[str, str] = field(default_factory=dict[str, str])
    commands: list[str] = field(default_factory=list[str])
    processes: dict[int, Outcome] = field(default_factory=dict[int, Outcome])
    next_pid: int = FIRST_PID
    frozen: float | None = None

    def run(self, command: str, outcome: Outcome) -> int:
        """Run a program, which ends at once; its number."""
        self.next_pid += 1
        self.commands.append(command)
        self.processes[self.next_pid] = outcome
        return self.next_pid


class Insides:
    """The systems of all VMs by their number."""

    KEY: ClassVar[str] = "inside"

    def __init__(self, world: World, given: object) -> None:  # noqa: ARG002  # the form of all parts
        """Begin with what a state says of each: `files`, `passwords`, `commands`; processes do not outlive it."""
        found: Mapping[str, Mapping[str, Any]] = given if is_object(given) else {}
        self._known = {int(vmid): Inside(**dict(words)) for vmid, words in found.items()}

    def state(self) -> object:
        """The section that makes them again."""
        kept = ("files", "passwords", "commands")
        return {str(vmid): {key: asdict(inside)[key] for key in kept} for vmid, inside in self._known.items()}

    def of(self, vmid: int) -> Inside:
        """The system of one VM."""
        return self._known.setdefault(vmid, Inside())
