"""Every rule about declared records, by what it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from setpoint_dns.records.rules import names, singles, ttl, types
from setpoint_dns.records.rules.rule import Rule

OF_ALL: tuple[Rule, ...] = (*types.RULES, *names.RULES, *ttl.RULES, *singles.RULES)
"""Those that hold for every set."""

_SOME: tuple[Rule, ...] = ()


def _by_type(rules: Iterable[Rule]) -> Mapping[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in rules:
        for rtype in rule.types:
            found[rtype] = (*found.get(rtype, ()), rule)
    return found


BY_TYPE: Mapping[str, tuple[Rule, ...]] = _by_type(_SOME)
"""Those that hold for sets of one type."""
