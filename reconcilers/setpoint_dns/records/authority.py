"""Rules about the start of authority: how secondaries and caches keep time. Its serial is never declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from setpoint_dns.records.finding import Finding, Flaw, advice, error
from setpoint_dns.records.zone import Ground

_DAY, _WEEK = 86_400, 604_800
_OFTEN = 300


@dataclass(frozen=True)
class Authority:
    """An SOA without its serial; times in seconds."""

    primary: str
    contact: str
    refresh: int
    retry: int
    expire: int
    minimum: int


def check_authority(ground: Ground, authority: Authority) -> tuple[Finding, ...]:
    """What is wrong or unwise about it; places are `/soa/FIELD`."""
    return tuple(
        Finding(flaw.level, "soa", f"/soa/{field}", ground.apex, "SOA", flaw.what, flaw.remedy)
        for field, flaw in (*_people(authority), *_secondaries(authority), *_caches(authority))
    )


def _people(soa: Authority) -> Iterator[tuple[str, Flaw]]:
    if _is_address(soa.primary.rstrip(".")):
        yield "primary", error(f"{soa.primary} is an address", "write the name of the server")
    if _is_address(soa.contact.rstrip(".")) or not soa.contact.strip("."):
        yield "contact", error(f"'{soa.contact}' is no mail address", "write hostmaster@example.org")


def _secondaries(soa: Authority) -> Iterator[tuple[str, Flaw]]:
    for field, value in (("refresh", soa.refresh), ("retry", soa.retry)):
        if value == 0:
            yield field, error(f"with {field} 0 secondaries ask without a pause", "write 300 or more")
    if soa.expire <= soa.refresh + soa.retry:
        yield (
            "expire",
            error(
                f"secondaries would give the zone up after {soa.expire} seconds, before they have tried twice",
                f"write more than refresh and retry together, {soa.refresh + soa.retry}; two weeks are usual",
            ),
        )
    elif soa.expire < _WEEK:
        yield (
            "expire",
            advice("an outage of some days would take the zone from its secondaries", "write 1209600"),
        )
    if soa.retry >= soa.refresh > 0:
        yield (
            "retry",
            advice("a failed look is repeated no sooner than a good one", "write less than refresh"),
        )
    if 0 < soa.refresh < _OFTEN:
        yield (
            "refresh",
            advice("secondaries ask every few minutes, although they are told of changes", "write 3600"),
        )


def _caches(soa: Authority) -> Iterator[tuple[str, Flaw]]:
    if soa.minimum > _DAY:
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
