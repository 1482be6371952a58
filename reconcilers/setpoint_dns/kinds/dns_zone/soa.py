"""The start of authority as fields, and as the text of its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setpoint.model.tree import Json
from setpoint_dns.content import Id, RRset
from setpoint_dns.kinds.dns_zone.spec import Soa
from setpoint_dns.rdata import canonical_name

REFRESH, RETRY, EXPIRE, MINIMUM = 10_800, 3600, 1_209_600, 3600
"""Seconds that a new zone gets where nothing is declared: RIPE-203's spirit, with a quick retry."""


@dataclass(frozen=True)
class SoaData:
    """The record's data; names absolute, times in seconds."""

    primary: str
    contact: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int

    @classmethod
    def parse(cls, text: str) -> SoaData:
        """From the canonical text of the record."""
        primary, contact, *numbers = text.split()
        serial, refresh, retry, expire, minimum = map(int, numbers)
        return cls(primary, contact, serial, refresh, retry, expire, minimum)

    def __str__(self) -> str:
        numbers = (self.serial, self.refresh, self.retry, self.expire, self.minimum)
        return " ".join((self.primary, self.contact, *map(str, numbers)))

    @property
    def fields(self) -> dict[str, Json]:
        """What is compared: everything but the serial."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = ("primary", "contact", "refresh", "retry", "expire", "minimum")


def soa_in(sets: Mapping[Id, RRset], origin: str) -> SoaData | None:
    """The start of authority of a zone; None when it cannot be read."""
    found = sets.get((origin, "SOA"))
    try:
        return SoaData.parse(found.values[0]) if found is not None else None
    except (ValueError, IndexError):
        return None


def declared_fields(soa: Soa, origin: str) -> dict[str, Json]:
    """What was written, normalised."""
    given: dict[str, Json] = {name: getattr(soa, name) for name in FIELDS if getattr(soa, name) is not None}
    if soa.primary is not None:
        given["primary"] = canonical_name(soa.primary, origin)
    if soa.contact is not None:
        given["contact"] = mailbox(soa.contact, origin)
    return given


def mailbox(address: str, origin: str) -> str:
    """A mail address as the name that an SOA holds: `hostmaster@example.org` is `hostmaster.example.org.`."""
    if "@" not in address:
        return canonical_name(address, origin)
    local, _, domain = address.partition("@")
    label = local.replace(".", r"\.")
    return canonical_name(f"{label}.{domain.removesuffix('.')}.", origin)
