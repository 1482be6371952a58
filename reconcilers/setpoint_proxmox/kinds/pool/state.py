"""What is seen of a pool."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.model.identity import Mark
from setpoint.model.tree import Json
from setpoint_proxmox.mark import parse_mark


@dataclass(frozen=True)
class PoolState:
    """A pool as the cluster tells of it.

    Attributes:
        comment: with our mark, where it bears one.
        storages: by name.
        guests: vmids of its members.
    """

    pool: str
    comment: str
    storages: tuple[str, ...]
    guests: tuple[int, ...]

    @property
    def mark(self) -> Mark | None:
        """The mark in its comment."""
        return parse_mark(self.comment, "pool")


def status(state: PoolState) -> dict[str, Json]:
    """What `status` shows."""
    return {"pool": state.pool, "guests": list[Json](state.guests)}
