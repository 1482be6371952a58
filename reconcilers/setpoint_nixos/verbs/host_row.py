"""A host in few words, from what the daemon told of it and of its system. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from setpoint.cli.output import Ending
from setpoint.cli.overview import COLOURS
from setpoint.cli.tables import Cell, age, span
from setpoint.cli.verdict import row_verdict, worst

HEAD = ("HOST", "SYSTEM", "KERNEL", "UP", "DEPLOYED", "DISK", "FAILED", "SEEN", "WHAT")
_NOT_KNOWN = "?"


@dataclass(frozen=True)
class HostRow:
    """One Host.

    Attributes:
        host: the row of the daemon.
        systems: the rows of what is deployed to it.
    """

    host: Mapping[str, Any]
    systems: Sequence[Mapping[str, Any]]

    @property
    def ending(self) -> Ending:
        """How it is, at worst."""
        return worst(row_verdict(dict(row)) for row in (self.host, *self.systems))

    @property
    def reachable(self) -> bool:
        """Whether the last look came through."""
        synced = self._synced()
        return synced is not None and synced["status"] == "True"

    @property
    def deployed_at(self) -> str | None:
        """When its last deploy came into force."""
        return max((row["renewedAt"] for row in self.systems if row["renewedAt"]), default=None)

    @property
    def worst_disk(self) -> tuple[str, float] | None:
        """The fullest filesystem, and how much of it is used, from 0 to 1."""
        free = {tuple(one["labels"]): one["value"] for one in self._numbers("filesystem_free_bytes")}
        used = [
            (str(one["labels"][0]), 1 - free[tuple(one["labels"])] / one["value"])
            for one in self._numbers("filesystem_size_bytes")
            if one["value"] and tuple(one["labels"]) in free
        ]
        return max(used, key=lambda each: each[1], default=None)

    @property
    def problems(self) -> list[str]:
        """What is wrong with it, or with what is deployed to it."""
        every = (("", self.host), *((f"{row['kind']}: ", row) for row in self.systems))
        return [f"{said}{row['sentence']}" for said, row in every if row["ready"] != "True"]

    def number(self, name: str) -> float | None:
        """A number without labels; None for one that is not known."""
        return next((one["value"] for one in self._numbers(name)), None)

    def cells(self) -> tuple[str | Cell, ...]:
        """The line of a table."""
        colour = COLOURS[self.ending]
        return (
            Cell(_name(self.host), colour),
            self._system(),
            self._kernel(),
            _count(self.number("uptime_seconds"), span),
            age(self.deployed_at),
            self._disk(),
            _count(self.number("units_failed"), _whole),
            self._seen(),
            "; ".join(self.problems) or "well",
        )

    def document(self) -> dict[str, Any]:
        """All of it for programs."""
        disk = self.worst_disk
        synced = self._synced()
        return {
            **{name: self.host[name] for name in ("key", "namespace", "name", "labels", "ready")},
            "reachable": self.reachable,
            "since": synced["since"] if synced else None,
            "os": self._told("os"),
            "generation": self.number("generation"),
            "kernel": self._told("kernel"),
            "rebootNeeded": bool(self.number("reboot_needed")),
            "uptimeSeconds": self.number("uptime_seconds"),
            "deployedAt": self.deployed_at,
            "failedUnits": self.number("units_failed"),
            "worstDisk": {"mountpoint": disk[0], "used": round(disk[1], 4)} if disk else None,
            "problems": self.problems,
            "facts": self.host["detail"],
            "systems": [{"key": row["key"], **row["detail"]} for row in self.systems],
        }

    def _system(self) -> str:
        generation = self.number("generation")
        return self._told("os") + (f" #{int(generation)}" if generation is not None else "")

    def _kernel(self) -> str:
        return self._told("kernel") + (" (another after a reboot)" if self.number("reboot_needed") else "")

    def _disk(self) -> str:
        disk = self.worst_disk
        return f"{disk[0]} {disk[1]:.0%}" if disk else _NOT_KNOWN

    def _seen(self) -> str | Cell:
        synced = self._synced()
        if synced is None:
            return "never"
        return (
            f"for {age(synced['since'])}" if self.reachable else Cell(f"away {age(synced['since'])}", "red")
        )

    def _told(self, name: str) -> str:
        said = self.host["detail"].get(name)
        return _NOT_KNOWN if said is None or str(said).startswith("not known") else str(said)

    def _numbers(self, name: str) -> list[dict[str, Any]]:
        measured = self.host["measured"]
        found: list[dict[str, Any]] = measured["numbers"].get(name, []) if measured else []
        return found

    def _synced(self) -> Mapping[str, Any] | None:
        return next((one for one in self.host["conditions"] if one["type"] == "Synced"), None)


def host_rows(hosts: Sequence[Mapping[str, Any]], every: Sequence[Mapping[str, Any]]) -> list[HostRow]:
    """The hosts, each with what is deployed to it."""
    return [HostRow(host, [row for row in every if row["target"] == host["key"]]) for host in hosts]


def _name(row: Mapping[str, Any]) -> str:
    return str(row["name"] if row["namespace"] == "default" else f"{row['namespace']}/{row['name']}")


def _count(value: float | None, text: Callable[[float], str]) -> str:
    return _NOT_KNOWN if value is None else text(value)


def _whole(value: float) -> str:
    return str(int(value))
