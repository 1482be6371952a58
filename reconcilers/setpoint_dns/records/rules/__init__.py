"""Every rule about declared records, by what it speaks of. A new rule is one function and one line in its table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from setpoint_dns.records.authority import SOA
from setpoint_dns.records.rules import (
    address,
    alias,
    caa,
    delegation,
    dkim,
    dmarc,
    keys,
    mail,
    names,
    reverse,
    services,
    singles,
    spf,
    targets,
    ttl,
    types,
)
from setpoint_dns.records.rules.rule import Rule

OF_ALL: tuple[Rule, ...] = (
    *types.RULES,
    *names.RULES,
    *ttl.RULES,
    *singles.RULES,
    *alias.OF_ALL,
    *delegation.OF_ALL,
)
"""Those that hold for every set."""

_SOME: tuple[Rule, ...] = (
    *address.RULES,
    *alias.RULES,
    *targets.RULES,
    *delegation.RULES,
    *mail.RULES,
    *services.RULES,
    *reverse.RULES,
    *caa.RULES,
    *keys.RULES,
    *spf.RULES,
    *dmarc.RULES,
    *dkim.RULES,
)


def _by_type(rules: Iterable[Rule]) -> Mapping[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        for rtype in rule.types:
            found[rtype] = (*found.get(rtype, ()), rule)
    return found


BY_TYPE: Mapping[str, tuple[Rule, ...]] = _by_type(_SOME)
"""Those that hold for sets of one type."""

FIXED = frozenset(
    {
        "name",
        "twice",
        "syntax",
        "outside-zone",
        "duplicate-value",
        "single-value",
        "ptr-place",
        "cname-beside",
        "cname-apex",
    }
)
"""Rules that servers hold as well, so nobody can choose to break them."""

NAMES: tuple[str, ...] = ("name", "twice", "syntax", SOA, *(rule.name for rule in (*OF_ALL, *_SOME)))
"""Every rule by its name, those of the reading included."""
