"""A server, or one view of it, by signed updates and zone transfers. It implements `setpoint_dns.server.ZoneServer`."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import NoReturn

import dns.name

from setpoint.model.errors import RefusalError, TargetError
from setpoint.model.identity import Mark
from setpoint.model.kind import Gate
from setpoint.model.tree import Json
from setpoint_dns.content import Batch, Id, RRset, Zone
from setpoint_dns.rfc2136.answers import is_denied, rdatas, soa_of
from setpoint_dns.rfc2136.failures import KeyRefusedError, gone
from setpoint_dns.rfc2136.found import common
from setpoint_dns.rfc2136.marking import set_mark
from setpoint_dns.rfc2136.proof import Proof
from setpoint_dns.rfc2136.wire import Endpoint, Patience, Tsig, Wire
from setpoint_dns.rfc2136.writing import write
from setpoint_dns.server import Can, GoneError, ZoneRow


class Rfc2136Server:
    """One server, or the view of it that the key chooses.

    It makes and removes no zones and signs none, for neither can be said in an update; it tells its secondaries by
    itself.
    """

    can: Can = Can(0)

    def __init__(
        self, endpoint: Endpoint, tsig: Tsig | None, gate: Gate, patience: Patience | None = None
    ) -> None:
        """Prepare; nothing is sent yet. Without a key nothing is signed, for servers that go by address alone."""
        self._wire = Wire(endpoint, tsig, gate, patience or Patience())
        self._proof = Proof()
        self._make: str | None = None

    async def identity(self) -> str:
        """What it calls itself (RFC 4892), else where it is asked.

        Views of one server, and servers of one machine, may have the same; raises TargetError when it gives no
        answer, for silence is no reason to take it for another one, and when it is known that it does not know our key.
        """
        await self._proof.demand(self._wire)
        return await self._told("id.server") or await self._told("hostname.bind") or str(self._wire.endpoint)

    async def version(self) -> str:
        """What it tells of its make and version; empty when it tells nothing."""
        return await self._told("version.server") or await self._told("version.bind")

    async def zones(self) -> tuple[ZoneRow, ...]:
        """None: no call lists them."""
        return ()

    async def read(self, zone: str) -> Zone:
        """See `ZoneServer.read`. Its settings are empty."""
        try:
            found = await self._wire.transfer(zone)
        except GoneError:
            raise
        except KeyRefusedError:
            self._proof.told(zone, taken=False)
            raise
        except RefusalError:
            if await self._is_denied(zone):
                raise gone(zone, str(self._wire.endpoint)) from None
            raise
        self._proof.told(zone, taken=True)
        # Texts of ten thousand records take a while, and other lanes go on meanwhile.
        return await asyncio.to_thread(common, zone, found)

    async def is_still(self, zone: Zone, sets: Collection[Id]) -> bool:  # noqa: ARG002  # the port names them
        """See `ZoneServer.is_still`; here a write has the serial as its condition, so no other one comes into force."""
        return await self.serial(zone.name) == zone.serial

    async def serial(self, zone: str) -> int:
        """See `ZoneServer.serial`."""
        return (await soa_of(self._wire, zone)).data.serial

    async def create(
        self,
        zone: str,
        settings: Mapping[str, Json],  # noqa: ARG002  # the port names them
        rrsets: tuple[RRset, ...],  # noqa: ARG002
        mark: Mark,  # noqa: ARG002
    ) -> None:
        """Refused."""
        _by_hand(f"the zone {zone} cannot be made by updates", "add the zone to the server's configuration")

    async def write(self, zone: str, batch: Batch) -> None:
        """See `ZoneServer.write`: all or nothing up to a thousand records, and never over what somebody else wrote."""
        if batch.put or batch.drop:
            await write(self._wire, zone, batch, gathers=await self._may_gather())

    async def mark(self, zone: str, mark: Mark | None) -> None:
        """See `ZoneServer.mark`: a TXT record at `_setpoint` below the zone's name."""
        await set_mark(self._wire, zone, mark)

    async def configure(self, zone: str, settings: Mapping[str, Json]) -> None:
        """Refused, unless there is nothing to set."""
        if settings:
            _by_hand(
                f"the settings {', '.join(sorted(settings))} of {zone} cannot be changed by updates",
                "set them in the server's configuration",
            )

    async def sign(self, zone: str, nsec3: str) -> None:  # noqa: ARG002  # the port names it
        """Refused."""
        _by_hand(f"DNSSEC of {zone} cannot be switched on by updates", _SIGNING)

    async def unsign(self, zone: str) -> None:
        """Refused."""
        _by_hand(f"DNSSEC of {zone} cannot be switched off by updates", _SIGNING)

    async def destroy(self, zone: str) -> None:
        """Refused."""
        _by_hand(
            f"the zone {zone} cannot be removed by updates", "take the zone out of the server's configuration"
        )

    async def notify(self, zone: str) -> None:
        """Nothing: such a server tells its secondaries after every change."""

    async def close(self) -> None:
        """Nothing is open between calls."""

    async def _told(self, name: str) -> str:
        answer = await self._wire.chaos(name)
        texts = rdatas(answer, dns.name.from_text(name), "TXT")
        return b"".join(getattr(texts[0], "strings", ())).decode("utf-8", "replace") if texts else ""

    async def _may_gather(self) -> bool:
        """Whether it is Knot, or does not say what it is."""
        if self._make is None:
            self._make = await self.version()
        return not self._make or "Knot" in self._make

    async def _is_denied(self, zone: str) -> bool:
        """Whether a zone above it proves that there is no such zone: the server tells more there than that it refuses."""
        with suppress(TargetError):
            return is_denied(await self._wire.ask(zone, "SOA"), zone)
        return False


_SIGNING = (
    "set it in the server's configuration: Knot: `dnssec-signing` and `dnssec-policy`; BIND: `dnssec-policy`; "
    "PowerDNS: `pdnsutil secure-zone` or `pdnsutil disable-dnssec`"
)


def _by_hand(message: str, remedy: str) -> NoReturn:
    raise RefusalError(message, remedy=remedy)
