"""The port to a DNS server, whatever its make. Implemented by `powerdns` and `rfc2136`; it knows no policy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from typing import Protocol

from setpoint.model.errors import RefusalError
from setpoint.model.identity import Mark
from setpoint.model.tree import Json
from setpoint_dns.content import Batch, Id, RRset, Zone


class GoneError(RefusalError):
    """The server knows no such zone: a proof that it is absent."""


def copied(zone: str) -> RefusalError:
    """Why a zone is not looked after that its server takes from another one."""
    return RefusalError(
        f"{zone} is a secondary zone on this server: another server is its source, and undoes what is written here",
        remedy="declare it on the server that is its primary, or make it a primary zone here (`pdnsutil set-kind`)",
    )


class Can(Flag):
    """What a make of server lets be done over the wire beyond reading and writing records."""

    LIST = auto()
    """Tell all its zones."""
    CREATE = auto()
    """Make zones and remove them."""
    SIGN = auto()
    """Switch DNSSEC on and off."""
    SETTINGS = auto()
    """Change settings of a zone beside its records."""
    OWN_TYPES = auto()
    """Keep records of the types that PowerDNS made up: ALIAS and LUA."""
    NOTIFY = auto()
    """Tell secondaries on demand; a make without it does so by itself."""


@dataclass(frozen=True)
class ZoneRow:
    """A zone as the listing of a server tells of it.

    Attributes:
        mark: as far as the listing tells it.
        copy: whether another server is its source, so that it is never written here.
    """

    name: str
    serial: int
    mark: Mark | None = None
    copy: bool = False


class ZoneServer(Protocol):
    """One server, or one view of it.

    Every call raises TargetError as the tree of errors says: TransportError when nothing was done, OutcomeUnknownError when
    a write may have been, ConflictError when the zone moved, RefusalError with the server's own words. Zone names are
    absolute with their final dot. What was written is never believed: it is read back by the next observation.
    """

    can: Can

    async def identity(self) -> str:
        """What tells this server from others, the same after a restart."""
        ...

    async def version(self) -> str:
        """Make and version, for people."""
        ...

    async def zones(self) -> tuple[ZoneRow, ...]:
        """All zones; without Can.LIST none."""
        ...

    async def read(self, zone: str) -> Zone:
        """All of a zone. Raises GoneError."""
        ...

    async def is_still(self, zone: Zone, sets: Collection[Id]) -> bool:
        """Whether a zone that was read before is as it was, by all that tells a change and by these sets. Raises GoneError.

        Nobody's word for the rest: not everybody who changes a record raises the serial.
        """
        ...

    async def serial(self, zone: str) -> int:
        """The serial that is served now. Raises GoneError."""
        ...

    async def create(
        self, zone: str, settings: Mapping[str, Json], rrsets: tuple[RRset, ...], mark: Mark
    ) -> None:
        """Make a zone with its first records and our mark."""
        ...

    async def write(self, zone: str, batch: Batch) -> None:
        """Change records, all or nothing where the make can; the serial never goes down."""
        ...

    async def mark(self, zone: str, mark: Mark | None) -> None:
        """Write our mark onto a zone, or take it away."""
        ...

    async def configure(self, zone: str, settings: Mapping[str, Json]) -> None:
        """Change settings; those that are not named stay."""
        ...

    async def sign(self, zone: str, nsec3: str) -> None:
        """Switch DNSSEC on, with keys that the server makes, or change to these NSEC3 parameters; empty for NSEC."""
        ...

    async def unsign(self, zone: str) -> None:
        """Switch DNSSEC off, which destroys the keys."""
        ...

    async def destroy(self, zone: str) -> None:
        """Remove a zone with everything in it."""
        ...

    async def notify(self, zone: str) -> None:
        """Tell the secondaries to look; what comes of it is seen in their serials."""
        ...

    async def close(self) -> None:
        """Give sockets back."""
        ...
