"""Whether a server knows our key, so that the server tells of a wrong one, and not each of its zones for itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from setpoint.model.errors import RefusalError
from setpoint_dns.rfc2136.failures import KeyRefusedError
from setpoint_dns.rfc2136.wire import Wire

_ROOT = "."


@dataclass
class Proof:
    """What is known of our key in this life.

    BIND and PowerDNS judge the signature of any question. Knot does so only where it has the zone, and there a key that it
    knows for others is as unknown as any: the key is wrong when no zone that was read takes it.
    """

    _taken: dict[str, bool] = field(default_factory=dict[str, bool])

    def told(self, zone: str, *, taken: bool) -> None:
        """Remember whether the key was taken when a zone was read."""
        self._taken[zone] = taken

    async def demand(self, wire: Wire) -> None:
        """Ask something that is answered only to a key that is known.

        Raises:
            TargetError: KeyRefusedError when it is not.
        """
        try:
            await wire.ask(_ROOT, "SOA")
        except KeyRefusedError:
            raise
        except RefusalError:
            await self._ask_zones(wire)

    async def _ask_zones(self, wire: Wire) -> None:
        """Ask those that were read, first those that took it, until one takes it."""
        refused: KeyRefusedError | None = None
        for zone in sorted(self._taken, key=lambda zone: not self._taken[zone]):
            try:
                await wire.ask(zone, "SOA")
            except KeyRefusedError as error:
                refused, self._taken[zone] = error, False
            except RefusalError:
                self._taken.pop(zone, None)  # It has the zone no more, and tells nothing.
            else:
                self._taken[zone] = True
                return
        if refused is not None:
            raise refused
