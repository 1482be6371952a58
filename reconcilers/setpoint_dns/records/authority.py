"""Rules about the start of authority: how secondaries and caches keep time. Its serial is never declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from setpoint_dns.records.finding import Finding, Flaw, Level, advice, error
from setpoint_dns.records.zone import Ground

_DAY, _WEEK = 86_400, 604_800
_OFTEN = 300
SOA: Final = "soa"
"""The name of all of these rules together."""


@dataclass(frozen=True)
class Authority:
    """An SOA without its serial, as far as it is known; times in seconds."""

    primary: str | None = None
    contact: str | None = None
    refresh: int | None = None
    retry: int | None = None
    expire: int | None = None
    minimum: int | None = None


def check_authority(ground: Ground, authority: Authority) -> tuple[Finding, ...]:
    """What is wrong or unwise about it; places are `/soa/FIELD`. Of what is not known nothing is said."""
    lowered = SOA in ground.accept
    flaws = (*_people(authority), *_waits(authority), *_expiry(authority), *_caches(authority))
    return tuple(
        Finding(
            Level.ADVICE if lowered else flaw.level,
            SOA,
            f"/soa/{field}",
            ground.apex,
            "SOA",
            flaw.what,
            flaw.remedy,
        )
        for field, flaw in flaws
    )


def _people(soa: Authority) -> Iterator[tuple[str, Flaw]]:
    if soa.primary is not None and _is_address(soa.primary.rstrip(".")):
        yield "primary", error(f"{soa.primary} is an address", "write the name of the server")
    contact = soa.contact
    if contact is not None and (_is_address(contact.rstrip(".")) or not contact.strip(".")):
        yield "contact", error(f"'{contact}' is no mail address", "write hostmaster@example.org")


def _waits(soa: Authority) -> Iterator[tuple[str, Flaw]]:
    """How often secondaries ask."""
    for field, value in (("refresh", soa.refresh), ("retry", soa.retry)):
        if value == 0:
            yield field, error(f"with {field} 0 secondaries ask without a pause", "write 300 or more")
    if soa.retry is not None and soa.refresh is not None and soa.retry >= soa.refresh > 0:
        yield (
            "retry",
            advice("a failed look is repeated no sooner than a good one", "write less than refresh"),
        )
    if soa.refresh is not None and 0 < soa.refresh < _OFTEN:
        yield (
            "refresh",
            advice("secondaries ask every few minutes, although they are told of changes", "write 3600"),
        )


def _expiry(soa: Authority) -> Iterator[tuple[str, Flaw]]:
    """How long secondaries serve what they cannot renew."""
    if soa.expire is None:
        return
    twice = (soa.refresh or 0) + (soa.retry or 0)
    if soa.expire <= twice:
        yield (
            "expire",
            error(
                f"secondaries would give the zone up after {soa.expire} seconds, before they have tried twice",
                f"write more than refresh and retry together, {twice}; two weeks are usual",
            ),
        )
    elif soa.expire < _WEEK:
        yield (
            "expire",
            advice("an outage of some days would take the zone from its secondaries", "write 1209600"),
        )


def _caches(soa: Authority) -> Iterator[tuple[str, Flaw]]:
    if soa.minimum is not None and soa.minimum > _DAY:
        yield (
            "minimum",
            advice("a name that is added is unknown to many for more than a day (RFC 2308)", "write 3600"),
        )
    if soa.minimum == 0:
        yield (
            "minimum",
            advice("no answer of `no such name` is kept, so all of them come to you", "write 300"),
        )


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False
