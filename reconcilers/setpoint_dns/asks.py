"""How anything asks for records in a zone: the topic and the entry that zones gather."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from setpoint.model.gather import Ask, Inside, Written
from setpoint.model.tree import Json, Pointer

TOPIC: Final = "dns"
RECORDS: Final = "/records"
"""Where records are written that have the form of a zone's own; what is wrong with one is told at its own place."""


def records_ask(zone: str, records: Json, field: Pointer) -> Ask:
    """Records wanted in every view of a zone, as their own `views` say, or in one: `example.org!internal`.

    Args:
        zone: its name without the final dot.
        records: as `RecordsSpec` has them.
        field: where they were written.
    """
    return Ask(TOPIC, {"zone": zone, "records": records}, field)


def told_at(by: Written, field: Pointer) -> Written:
    """Where something about a record is told: at the record in zones and records, else at the ask as a whole."""
    if isinstance(by, Inside):
        return Inside(by.by, field)
    return replace(by, field=field) if by.field == RECORDS else by
