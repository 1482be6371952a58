"""What a survey tells of a DNS server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from setpoint_dns.server import Can, ZoneRow


@dataclass(frozen=True)
class Facts:
    """A server as it answered last.

    Attributes:
        version: make and version, for people.
        can: what it lets be done beside reading and writing records.
        rows: its zones by name; empty where the make tells none.
    """

    version: str
    can: Can
    rows: Mapping[str, ZoneRow] = field(default_factory=dict[str, ZoneRow])
