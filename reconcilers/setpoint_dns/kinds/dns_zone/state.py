"""What is seen of a zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

from setpoint.model.kind import Outputs, Problem
from setpoint.model.spec import described
from setpoint.model.tree import Json
from setpoint_dns.content import Id, RRset, Zone
from setpoint_dns.kinds.dns_zone.names import relative, shown
from setpoint_dns.kinds.dns_zone.spec import Ownership
from setpoint_dns.server import Can

SHOWN = 10
"""How many names of records that are left alone are listed."""


class Standing(Enum):
    """How a secondary stands to the zone."""

    CURRENT = auto()
    """It serves the same serial, or one that the zone has by now."""
    BEHIND = auto()
    AHEAD = auto()
    """It serves a serial that the zone does not have, and takes no lower one."""
    UNHEARD = auto()


@dataclass(frozen=True)
class SecondaryState:
    """A secondary as it answered.

    Attributes:
        place: as it was declared.
        serial: None when there is none.
        why: what is wrong, when there is no serial.
    """

    place: str
    standing: Standing
    serial: int | None
    why: str = ""


@dataclass(frozen=True)
class ZoneState:
    """A zone with what was compared of it.

    Attributes:
        sets: the records that are compared; neither SOA nor what is left alone.
        left: what is there and not touched: name and type, and why.
        can: what its server lets be done.
        fresh: it was written moments ago, so that a secondary may well be behind.
        tell: secondaries that are behind may be told to look.
    """

    zone: Zone
    sets: Mapping[Id, RRset]
    left: Mapping[Id, str]
    secondaries: tuple[SecondaryState, ...]
    can: Can
    ownership: Ownership = Ownership.ZONE
    fresh: bool = False
    tell: bool = False

    @property
    def origin(self) -> str:
        """The zone's name, with its final dot."""
        return self.zone.name

    @cached_property
    def pointing(self) -> Mapping[str, tuple[Id, ...]]:
        """The PTR sets that are compared, by each name that they point to."""
        found: dict[str, tuple[Id, ...]] = {}
        for which, one in self.sets.items():
            for value in one.values if which[1] == "PTR" else ():
                found[value] = (*found.get(value, ()), which)
        return found


def problems(state: ZoneState) -> tuple[Problem, ...]:
    """What is wrong although the zone is as declared: secondaries that do not serve it as it is."""
    late = (one for one in state.secondaries if one.standing is not Standing.CURRENT)
    return () if state.fresh else tuple(_problem(state, one) for one in late)


def _problem(state: ZoneState, one: SecondaryState) -> Problem:
    zone, serial = state.origin, state.zone.serial
    match one.standing:
        case Standing.UNHEARD:
            return Problem(
                "SecondaryUnreachable",
                f"secondary {one.place} does not answer for {zone}: {one.why}; check that it runs, that it is "
                f"configured for the zone, and that dig @{one.place} {zone} SOA answers from here",
            )
        case Standing.AHEAD:
            return Problem(
                "SecondaryAhead",
                f"secondary {one.place} serves {zone} with serial {one.serial}, which is above {serial}, so it takes "
                f"nothing from here until the zone's serial is above its own; raise the serial beyond {one.serial}, or "
                "have it drop its copy",
            )
        case _:
            return Problem(
                "SecondaryBehind",
                f"secondary {one.place} serves {zone} with serial {one.serial}, and it is at {serial}; check that it is "
                "told (notify), may transfer the zone from the server, and what its log says of the transfer",
            )


def status(state: ZoneState) -> dict[str, Json]:
    """What `status` shows."""
    told: dict[str, Json] = {"serial": state.zone.serial, "records": len(state.sets)}
    if state.left:
        first = sorted(state.left)[:SHOWN]
        listed: list[Json] = [f"{shown(one, state.origin)}: {state.left[one]}" for one in first]
        told["leftAlone"] = {"count": len(state.left), "first": listed}
    if state.secondaries:
        told["secondaries"] = {
            one.place: one.why if one.serial is None else one.serial for one in state.secondaries
        }
    if state.zone.signing is not None:
        told["signed"] = state.zone.signing.enabled
    return told


class ZoneOutputs(Outputs):
    """What a zone publishes."""

    serial: int | None = described("The serial that its server serves.", None)
    nameservers: tuple[str, ...] = described("The names in its own NS records, with their final dots.", ())
    ds: tuple[str, ...] = described(
        "DS records for the parent zone, as text; empty when it is not signed.", ()
    )


def publish(state: ZoneState) -> ZoneOutputs:
    """The outputs of what is seen."""
    apex = state.zone.rrsets.get((state.origin, "NS"))
    return ZoneOutputs(
        serial=state.zone.serial,
        nameservers=() if apex is None else apex.values,
        ds=() if state.zone.signing is None else state.zone.signing.ds,
    )


def title(state: ZoneState) -> str:
    """What people call it."""
    return relative(state.origin, ".")
