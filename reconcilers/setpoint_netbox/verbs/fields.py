"""Which custom fields a NetBox needs: those of ours that maps read, and those that are written back. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from setpoint_netbox.mapping.model import Condition, Map, Rule
from setpoint_netbox.report.settings import FieldNames
from setpoint_netbox.settings import NetBoxSettings
from setpoint_netbox.watch.types import CLUSTERS, MACHINES, PREFIXES, VLANS, ZONES

OURS: Final = "setpoint_"
"""What the names of our own begin with; those of other integrations are theirs to make."""
MACHINE: Final = MACHINES.type
_CUSTOM: Final = re.compile(r"((?:\^\.)*)(?:(\w+)(?:\[[^]]*\])*\.)?custom_fields\.(\w+)")
_PARTS: Final = {part.place: part.type for part in MACHINES.parts}
_WRITTEN: Final = {"phase": "select", "vmid": "integer"}
_OF_MACHINES: Final = frozenset({"vmid", "node", "addresses"})
_TYPES: Final = {"integer": "integer", "boolean": "boolean", "lines": "longtext"}


@dataclass(frozen=True)
class Field:
    """A custom field.

    Attributes:
        types: of the objects that have it.
        type: what NetBox calls what it holds.
        uses: what it is read for, as `vmid of Container`.
        written: what we write into it, in a sentence; empty for one that people fill.
    """

    name: str
    types: frozenset[str]
    type: str
    uses: frozenset[str] = frozenset()
    written: str = ""

    @property
    def why(self) -> str:
        """What it is there for, in sentences."""
        read = f"Read for {', '.join(sorted(self.uses))}." if self.uses else ""
        return " ".join(filter(None, (self.written, read)))


def taken_types(settings: NetBoxSettings) -> frozenset[str]:
    """The types of objects that are taken, of which each may be told how it stands."""
    others = (
        (PREFIXES, settings.prefixes), (VLANS, settings.vlans), (CLUSTERS, settings.clusters), (ZONES, settings.zones),
    )  # fmt: skip
    return frozenset({MACHINE, *(root.type for root, those in others if those is not None)})


def written_fields(names: FieldNames, taken: frozenset[str]) -> dict[str, Field]:
    """The fields that are written back, by their names in NetBox."""
    found: dict[str, Field] = {}
    for what, name in names.named().items():
        types = frozenset({MACHINE}) if what in _OF_MACHINES else taken
        told = str(FieldNames.model_fields[what].description).partition(";")[0].rstrip(".")
        found[name] = Field(name, types, _WRITTEN.get(what, "text"), written=f"Written by Setpoint: {told}.")
    return found


def wanted_fields(
    maps: Mapping[str, Map], feedback: Mapping[str, Field], taken: frozenset[str]
) -> list[Field]:
    """The fields by name, of objects that are taken; where we write one that maps read as well, both are said."""
    found = dict(feedback)
    for one in maps.values():
        for field in _of_map(one) if one.of in taken else ():
            known = found.get(field.name)
            found[field.name] = field if known is None else _both(known, field)
    return [found[name] for name in sorted(found)]


def _both(known: Field, other: Field) -> Field:
    kind = known.type if known.written or other.type == "text" else other.type
    return Field(known.name, known.types | other.types, kind, known.uses | other.uses, known.written)


def _of_map(one: Map) -> Iterator[Field]:
    for condition in (one.when, one.leave_out):
        yield from _of_condition(condition, [one.of], f"whether it is a {one.kind}")
    for field, rule in [*one.fields.items(), *one.labels.items(), *one.policy.items()]:
        yield from _of_rule(rule, [one.of], f"{field} of {one.kind}")
    for what, who in (("name", one.name), ("namespace", one.namespace), ("target", one.target)):
        if who is not None:
            yield from _of_rule(who, [one.of], f"{what} of {one.kind}")


def _of_rule(rule: Rule, around: list[str], where: str) -> Iterator[Field]:
    inside = [*around, _PARTS.get(rule.each, "")] if rule.each else around
    kind = next(
        (_TYPES[one] for one in rule.transforms or () if isinstance(one, str) and one in _TYPES), "text"
    )
    for group in rule.source or ():
        for path in group:
            yield from _of_path(path, around, kind, where)
    for one in rule.key:
        yield from _of_rule(one, inside, where)
    for field, one in rule.fields.items():
        yield from _of_rule(one, inside, f"{where.partition(' ')[0]}.*.{field} {where.partition(' ')[2]}")
    if rule.otherwise is not None:
        yield from _of_rule(rule.otherwise, around, where)
    yield from _of_condition(rule.when, inside, where)


def _of_condition(condition: Condition | None, around: list[str], where: str) -> Iterator[Field]:
    if condition is None:
        return
    kind = "boolean" if isinstance(condition.is_, bool) else "text"
    for group in condition.field or ():
        for path in group:
            yield from _of_path(path, around, kind, where)
    for one in (*(condition.all or ()), *(condition.any or ()), condition.not_):
        yield from _of_condition(one, around, where)


def _of_path(path: str, around: list[str], kind: str, where: str) -> Iterator[Field]:
    match = _CUSTOM.fullmatch(path)
    if match is None or not match[3].startswith(OURS):
        return
    outer = around[: len(around) - len(match[1]) // 2] or [""]
    of = _PARTS.get(match[2], "") if match[2] else outer[-1]
    if of:
        yield Field(match[3], frozenset({of}), kind, frozenset({where}))
