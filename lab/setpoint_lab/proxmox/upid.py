"""The name of a task: `UPID:node:pid:pstart:starttime:type:id:user:`; neighbour: `tasks`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PATTERN = re.compile(
    r"^UPID:([a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?):([0-9A-Fa-f]{8}):([0-9A-Fa-f]{8,9}):([0-9A-Fa-f]{8}):"
    r"([^:\s]+):([^:\s]*):([^:\s]+):$"
)


@dataclass(frozen=True, slots=True)
class Upid:
    """The parts of a task's name; `pstart` is in ticks since boot, `starttime` in seconds since the epoch."""

    node: str
    pid: int
    pstart: int
    starttime: int
    type: str
    id: str
    owner: str

    def __str__(self) -> str:
        return (
            f"UPID:{self.node}:{self.pid:08X}:{self.pstart:08X}:{self.starttime:08X}:"
            f"{self.type}:{self.id}:{self.owner}:"
        )

    @classmethod
    def parse(cls, text: str) -> Upid | None:
        """Read a UPID, None when it is none."""
        found = _PATTERN.match(text)
        if found is None:
            return None
        node, pid, pstart, starttime, kind, ident, owner = found.groups()
        return cls(node, int(pid, 16), int(pstart, 16), int(starttime, 16), kind, ident, owner)

    @property
    def user(self) -> str:
        """The owner without the name of its token."""
        return self.owner.partition("!")[0]

    @property
    def tokenid(self) -> str | None:
        """The name of the owner's token, None when a ticket started the task."""
        return self.owner.partition("!")[2] or None
