"""A map read backwards: what NetBox would have to hold of a machine so that its sheet says what is declared. Pure.

Nothing here is believed: `intake` makes the sheet of the result by the map itself, and compares.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from setpoint.model.quantity import parse_bytes
from setpoint.model.resource import Resource
from setpoint.model.tree import Json
from setpoint_netbox.mapping.model import Condition, Map, Rule
from setpoint_netbox.mapping.paths import Every, Path, Pick, Scope, parse
from setpoint_netbox.mapping.rules import Context, holds
from setpoint_netbox.mapping.transforms import Join, MapTo, Slot, Split, Transform, Without
from setpoint_netbox.mapping.trouble import TroubleError
from setpoint_netbox.mapping.units import DEFAULT, SIZES, Unit, UnitOf

CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "status": frozenset({"active", "offline", "staged", "planned", "failed", "decommissioning", "paused"}),
    "start_on_boot": frozenset({"on", "off", "laststate"}),
    "mode": frozenset({"access", "tagged", "tagged-all"}),
}
"""What NetBox takes there."""
QUIET: Final = {"status": "paused", "start_on_boot": "laststate"}
"""What says nothing of the power and of what happens when the node starts, where nothing is declared of them."""
_LONGEST: Final = {"description": 200, "name": 64}
_CUSTOM: Final = "custom_fields"
_PARTS: Final = ("interfaces", "disks")

View = dict[str, Any]


def inverted(resource: Resource, one: Map, known: frozenset[str], tags: tuple[str, ...]) -> View:
    """The machine that a map would make this resource of, as far as it can be said backwards.

    Args:
        resource: what is declared, of the kind of the map.
        one: the map.
        known: the custom fields that there are.
        tags: what it has to have so that it is taken.
    """
    view: View = {"id": 0, _CUSTOM: {}, "tags": [], "interfaces": [], "disks": [], "services": []}
    writing = _Writing(known, Context("", one.units))
    scope = Scope(view)
    key = resource.key
    writing.leaf(one.name, key.name, scope)
    if one.namespace is not None and key.namespace != "default":
        writing.leaf(one.namespace, key.namespace, scope)
    if one.target is not None and resource.target is not None:
        writing.leaf(one.target, resource.target.name, scope)
    for label, rule in one.labels.items():
        if label in resource.labels:
            writing.leaf(rule, resource.labels[label], scope)
    writing.fields(one.fields, resource.spec, scope)
    writing.satisfy(one.when, scope)
    _complete(view, tags)
    return view


def _complete(view: View, tags: tuple[str, ...]) -> None:
    """What NetBox fills in by itself, and nothing that it would not take."""
    for name, value in QUIET.items():
        view.setdefault(name, value)
    view["tags"] += [{"slug": tag} for tag in tags if {"slug": tag} not in view["tags"]]
    for interface in view["interfaces"]:
        interface.setdefault("enabled", True)
        interface.setdefault(_CUSTOM, {})
        interface["ip_addresses"] = [one for one in interface.get("ip_addresses", ()) if _is_address(one)]
        if "untagged_vlan" in interface:
            interface.setdefault("mode", "access")
    disks: list[View] = [disk for disk in view["disks"] if isinstance(disk.get("size"), int)]
    view["disks"] = [View({_CUSTOM: {}, **disk}) for disk in disks]
    if disks:
        view["disk"] = sum(int(disk["size"]) for disk in disks)


def _is_address(entry: Mapping[str, Any]) -> bool:
    try:
        ipaddress.ip_interface(str(entry["address"]))
    except (KeyError, ValueError):
        return False
    return True


@dataclass(frozen=True)
class _Writing:
    """Puts values where rules would find them."""

    known: frozenset[str]
    context: Context
    notes: list[str] = field(default_factory=list[str])

    def fields(self, rules: Mapping[str, Rule], declared: Mapping[str, Json], scope: Scope) -> None:
        for name, rule in rules.items():
            value = _below(declared, name.split("."))
            if value is None:
                continue
            if rule.each is None:
                self.leaf(rule, value, scope)
            elif rule.each in _PARTS and isinstance(value, dict) and len(rule.key) == 1:
                for key, entry in value.items():
                    self._entry(rule, key, entry, scope)

    def leaf(self, rule: Rule, value: Json, scope: Scope) -> bool:
        """Whether the value could be put somewhere."""
        if isinstance(value, dict) or not self.satisfy(rule.when, scope):
            return False
        for group in rule.source or ():
            for text in group:
                for raw in self._raws(value, rule.transforms or ()):
                    if self._put(text, scope, raw):
                        return True
        return False

    def satisfy(self, condition: Condition | None, scope: Scope) -> bool:
        """Make a condition hold, if that is possible; whether it holds."""
        if condition is None or self._holds(condition, scope):
            return True
        if condition.all is not None:
            return all(self.satisfy(part, scope) for part in condition.all)
        if condition.any is not None:
            return any(self.satisfy(part, scope) for part in condition.any)
        if condition.tag is not None:
            return self._put("tags[*].slug", scope, condition.tag)
        wanted = condition.in_[0] if condition.in_ else condition.is_
        if wanted is None or condition.not_ is not None or condition.set_ is not None:
            return False
        return any(self._put(text, scope, wanted) for group in condition.field or () for text in group)

    def _holds(self, condition: Condition, scope: Scope) -> bool:
        try:
            return holds(condition, scope, self.context)
        except TroubleError:
            return False

    def _entry(self, rule: Rule, key: str, entry: Json, scope: Scope) -> None:
        """An item of a list by its name, which the rules for other fields may have made."""
        items: list[View] = cast("View", scope.item)[str(rule.each)]
        fresh: View = {"name": key, _CUSTOM: {}}
        item = next((one for one in items if one.get("name") == key), fresh)
        if item is fresh:
            items.append(item)
        inner = Scope(item, "", scope)
        if isinstance(entry, dict):
            self.fields(rule.fields, entry, inner)
        self.satisfy(rule.when, inner)

    def _put(self, text: str, scope: Scope, value: Json) -> bool:
        path = parse(text)
        for _ in range(path.ups):
            if scope.outer is None:
                return False
            scope = scope.outer
        return self._is_usable(path) and _at(cast("View", scope.item), path.steps, value)

    def _is_usable(self, path: Path) -> bool:
        """Only custom fields that are there, and nothing that NetBox sums up by itself."""
        if path.own or path.steps in (("disk",), ("cluster", "id")) or "device" in path.steps:
            return False
        return _CUSTOM not in path.steps or path.steps[-1] in self.known

    def _raws(self, value: Json, transforms: tuple[Transform, ...]) -> Iterator[Json]:
        """What the transforms might have made the value of."""
        if not transforms:
            yield value
            return
        for before in self._before(value, transforms[-1]):
            yield from self._raws(before, transforms[:-1])

    def _before(self, value: Json, transform: Transform) -> Iterator[Json]:
        match transform:
            case MapTo():
                yield from (key for key, to in transform.map.items() if to == value and key != "*")
                if transform.keep and value not in transform.map.values():
                    yield value
            case Join():
                yield cast("Json", str(value).split(transform.join))
            case Split() if isinstance(value, list):
                yield transform.split.join(map(str, value))
            case UnitOf():
                yield from self._number(value, transform)
            case "lines" if isinstance(value, list):
                yield "\n".join(map(str, value))
            case "digits" | "text":
                yield str(value)
            case str() | Slot() | Without():
                yield value
            case _:
                return

    def _number(self, value: Json, of: UnitOf) -> Iterator[Json]:
        fixed = of.unit in {unit.value for unit in Unit}
        unit = Unit(of.unit) if fixed else self.context.units.get(of.unit, DEFAULT)
        try:
            size = parse_bytes(str(value))
        except ValueError:
            return
        if size % SIZES[unit] == 0:
            yield size // SIZES[unit]


def _below(tree: Mapping[str, Json], path: list[str]) -> Json:
    value: Json = dict(tree)
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _at(item: View, steps: tuple[str | Pick, ...], value: Json) -> bool:
    """Put a value into an object; False when another one is there, or NetBox would not take it."""
    head, *rest = steps
    if not isinstance(head, str):
        return False
    if not rest:
        return _set(item, head, value)
    if isinstance(rest[0], Every):
        return _among(item.setdefault(head, []), rest[0], tuple(rest[1:]), value)
    if isinstance(rest[0], int) or not isinstance(item.get(head, {}), dict):
        return False
    child: View = dict(item.get(head, {}))
    done = _at(child, tuple(rest), value)
    if done:
        item[head] = child
    return done


def _set(item: View, name: str, value: Json) -> bool:
    if name in CHOICES and value not in CHOICES[name]:
        return False
    if len(str(value)) > _LONGEST.get(name, 1 << 20) or item.get(name, value) != value:
        return False
    item[name] = value
    return True


def _among(items: list[View], every: Every, rest: tuple[str | Pick, ...], value: Json) -> bool:
    """Into the item that the tests choose, or one for each value where they choose all."""
    if not rest or any(test.negated for test in every.tests):
        return False
    if not every.tests:
        for one in value if isinstance(value, list) else [value]:
            entry: View = {}
            if not _at(entry, rest, one):
                return False
            if entry not in items:
                items.append(entry)
        return True
    chosen = {test.field: _plain(test.value) for test in every.tests}
    entry = next((one for one in items if one.items() >= chosen.items()), dict(chosen))
    if not _at(entry, rest, value):
        return False
    if entry not in items:
        items.append(entry)
    return True


def _plain(text: str) -> Json:
    return None if text == "null" else int(text) if text.isdecimal() else text
