"""What is held open to a DNS server, and what this life of the daemon remembers of its zones beside the store."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from setpoint.model.errors import TargetError
from setpoint.model.kind import Gate
from setpoint_dns.content import Zone
from setpoint_dns.server import Can, ZoneServer

FRESH: Final = 60.0
"""Seconds after a write in which a secondary that is behind is no trouble yet."""
AGAIN: Final = 600.0
"""Seconds after which secondaries that are still behind are told once more."""


@dataclass
class Reach:
    """A server that is spoken to.

    Attributes:
        gate: what calls to secondaries go through, too.
        secondaries: who serves its zones as well, as they were declared.
        last: each zone as it was read last.
    """

    server: ZoneServer
    gate: Gate
    secondaries: tuple[str, ...] = ()
    last: dict[str, Zone] = field(default_factory=dict[str, Zone])
    _written: dict[str, float] = field(default_factory=dict[str, float])
    _told: dict[str, float] = field(default_factory=dict[str, float])

    async def read(self, zone: str) -> Zone:
        """See `ZoneServer.read`; it is remembered as the last one."""
        self.last.pop(zone, None)
        found = self.last[zone] = await self.server.read(zone)
        return found

    def wrote(self, zone: str) -> None:
        """Remember that a zone was changed now, or may have been."""
        self._written[zone] = monotonic()

    def is_fresh(self, zone: str) -> bool:
        """Whether it was changed moments ago."""
        return monotonic() - self._written.get(zone, -FRESH) < FRESH

    def may_tell(self, zone: str) -> bool:
        """Whether its secondaries can be told to look, and were not told lately."""
        return Can.NOTIFY in self.server.can and monotonic() - self._told.get(zone, -AGAIN) >= AGAIN

    def untold(self, zone: str) -> None:
        """Take it that not all of its secondaries heard, so that they are told again as soon as they are behind."""
        self._told.pop(zone, None)

    async def tell(self, zone: str) -> None:
        """Tell the secondaries to look.

        Raises:
            TargetError: they may not have been told.
        """
        await self.server.notify(zone)
        self._told[zone] = monotonic()

    async def tell_after_write(self, zone: str) -> None:
        """Tell the secondaries where that can be done; a failure is seen in their serials and made good from there."""
        if Can.NOTIFY in self.server.can:
            with suppress(TargetError):
                await self.tell(zone)
