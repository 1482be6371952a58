"""Serials of PowerDNS: who raises them, and that they never go down. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SPACE: Final = 1 << 32
SELF_RAISING: Final = frozenset({"DEFAULT", "INCREASE", "EPOCH", "SOA-EDIT-INCREASE"})
"""Values of `soa_edit_api` with which the server raises the serial at every change of records."""
SILENT: Final = frozenset({"", "OFF", "SOA-EDIT"})
"""Values with which it does not (SOA-EDIT only together with a `soa_edit`), so that we do."""


@dataclass(frozen=True)
class Rule:
    """How a zone's serial moves.

    Attributes:
        live: the serial in the zone's SOA as it is stored.
        soa_edit_api: as the server has it.
    """

    live: int
    soa_edit_api: str

    @property
    def raises(self) -> bool:
        """Whether the server itself raises the serial with every change."""
        return self.soa_edit_api.upper() in SELF_RAISING

    def lowers_at(self, now: float) -> bool:
        """Whether a change at this moment would lower the serial, or leave it: EPOCH makes it the time whatever it was."""
        return self.soa_edit_api.upper() == "EPOCH" and self.live >= int(now)

    def next(self) -> int:
        """The serial to write where the server raises none."""
        return (self.live + 1) % _SPACE

    def soa(self, value: str) -> str:
        """The data of an SOA to write: what it wants, with a serial that does not go down."""
        fields = value.split()
        wanted = int(fields[2])
        least = self.live if self.raises else self.next()
        fields[2] = str(wanted if is_newer(wanted, least) else least)
        return " ".join(fields)


def is_newer(one: int, other: int) -> bool:
    """Whether a serial comes after another in the arithmetic of RFC 1982, by which secondaries decide."""
    return 0 < (one - other) % _SPACE < _SPACE // 2
