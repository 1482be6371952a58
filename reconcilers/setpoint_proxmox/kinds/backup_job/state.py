"""What is seen of a backup job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from setpoint.model.identity import Mark
from setpoint.model.tree import Json
from setpoint_proxmox.answer import whole
from setpoint_proxmox.kinds.backup_job.options import split
from setpoint_proxmox.mark import parse_inline


@dataclass(frozen=True)
class JobState:
    """A job as the cluster's list tells of it.

    Attributes:
        row: everything that is told.
        names: the guests that the declaration names, by vmid; one may be named in more than one way.
        unread: whether the declaration names one whose mark nobody can read at the moment, e.g. on a node that is off.
    """

    job: str
    row: Mapping[str, Json]
    names: Mapping[str, tuple[str, ...]]
    unread: bool = False

    @property
    def comment(self) -> str:
        """With our mark, where it bears one."""
        return str(self.row.get("comment") or "")

    @property
    def mark(self) -> Mark | None:
        """The mark in its comment."""
        return parse_inline(self.comment, "job")

    @property
    def selection(self) -> Json:
        """Which guests it is about, in the words of the declaration."""
        if self.row.get("vmid"):
            return {"named": self._named("vmid")}
        if self.row.get("pool"):
            return {"pool": str(self.row["pool"])}
        return {"all": True, "exclude": self._named("exclude")}

    def _named(self, option: str) -> Json:
        numbers = split(self.row.get(option))
        return list[Json](sorted({name for number in numbers for name in self.names.get(number, (number,))}))


def status(state: JobState) -> dict[str, Json]:
    """What `status` shows."""
    run = whole(state.row.get("next-run"))
    return {
        "job": state.job,
        "guests": state.selection,
        "nextRun": datetime.fromtimestamp(run, UTC).isoformat() if run else None,
    }
