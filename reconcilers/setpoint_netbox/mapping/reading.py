"""The maps in force: those that systems lend, and over them what `netbox.yaml` of the repository says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from setpoint.desired.fields import named
from setpoint.desired.node import Fields, Leaf, Node, Path, as_fields, child, nearest
from setpoint.desired.places import rendered
from setpoint.desired.reader import read
from setpoint.desired.suggest import remedy as suggestion
from setpoint.desired.validate import check
from setpoint.model.errors import DeclarationProblem
from setpoint.model.kind import Kind
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint_netbox.mapping.model import Map, MappingFile, Rule

FILE: Final = "netbox.yaml"
"""The mapping in a repository, at the root of its declarations."""
_NOWHERE: Final = Origin(FILE)
_EMPTY: Final = Fields({"inventory": Leaf("netbox", _NOWHERE)}, _NOWHERE)
_SECTIONS: Final = frozenset({"labels", "policy", "fields", "units"})
"""Parts of a map that are laid over those of a lent one entry by entry; anything else is replaced."""


@dataclass(frozen=True)
class Maps:
    """The maps in the order in which they are tried, and what is wrong with them; with a problem there are none."""

    maps: Mapping[str, Map]
    problems: tuple[DeclarationProblem, ...] = ()


def read_mapping(own: bytes | None, lent: Mapping[str, str], kinds: Mapping[str, Kind[Any, Any]]) -> Maps:
    """The maps that count.

    Args:
        own: the mapping of the repository; None when it has none.
        lent: what systems lend, by their names.
        kinds: every installed one, by name.
    """
    problems: list[DeclarationProblem] = []
    roots = [
        _document(f"the mapping of {system}", text.encode(), problems)
        for system, text in sorted(lent.items())
    ]
    given = _EMPTY if own is None else _document(FILE, own, problems)
    root = _together(roots, given, problems)
    said, found = check(MappingFile, root)
    problems.extend(found)
    if said is None:
        return Maps({}, tuple(problems))
    problems.extend(_misfits(root, said, kinds))
    return Maps({} if problems else said.maps, tuple(problems))


def _document(path: str, content: bytes, problems: list[DeclarationProblem]) -> Fields:
    parsed = read(path, content)
    problems.extend(parsed.problems)
    problems.extend(
        DeclarationProblem(other.root.origin, "a mapping is one document", "put all maps into one")
        for other in parsed.documents[1:]
    )
    root = next((document.root for document in parsed.documents), Fields({}, Origin(path)))
    if not isinstance(root, Fields):
        problems.append(
            DeclarationProblem(root.origin, "a mapping has maps by name", "write maps: {NAME: ...}")
        )
    return as_fields(root)


def _together(lent: list[Fields], own: Fields, problems: list[DeclarationProblem]) -> Fields:
    """Maps of the repository's own come first, for they are the more special ones."""
    below: dict[str, Node] = {}
    for root in lent:
        for name, one in as_fields(child(root, "maps") or Fields({}, root.origin)).fields.items():
            if name in below:
                what = f"the map {name} is lent by two systems"
                problems.append(DeclarationProblem(one.origin, what, "rename one of them"))
            below[name] = one
    given = child(own, "maps")
    if given is not None and not isinstance(given, Fields):
        return own
    above = as_fields(given or Fields({}, own.origin)).fields
    maps = {name: one for name, one in above.items() if name not in below and not _is_null(one)}
    for name, one in below.items():
        if name not in above:
            maps[name] = one
        elif not _is_null(above[name]):
            maps[name] = _laid(one, above[name])
    return own.replacing(maps=Fields(maps, own.origin))


def _is_null(node: Node) -> bool:
    return isinstance(node, Leaf) and node.value is None


def _laid(lower: Node, higher: Node) -> Node:
    """A map of the repository over a lent one of the same name."""
    if not (isinstance(lower, Fields) and isinstance(higher, Fields)):
        return higher
    fields = dict(lower.fields)
    for name, value in higher.fields.items():
        below = fields.get(name)
        if _is_null(value):
            fields.pop(name, None)
        elif name in _SECTIONS and isinstance(below, Fields) and isinstance(value, Fields):
            fields[name] = _entries(below, value)
        else:
            fields[name] = value
    return Fields(fields, higher.origin)


def _entries(lower: Fields, higher: Fields) -> Fields:
    """Entry by entry; one that says nothing but `fields` is laid over the entries of a lent list."""
    fields = dict(lower.fields)
    for name, value in higher.fields.items():
        below = fields.get(name)
        if _is_null(value):
            fields.pop(name, None)
        elif isinstance(value, Fields) and [*value.fields] == ["fields"] and isinstance(below, Fields):
            fields[name] = _laid(below, value)
        else:
            fields[name] = value
    return Fields(fields, higher.origin)


def _misfits(
    root: Fields, said: MappingFile, kinds: Mapping[str, Kind[Any, Any]]
) -> Iterator[DeclarationProblem]:
    """What names something that is not there."""
    for name, one in said.maps.items():
        at: Path = ("maps", name)
        kind = kinds.get(one.kind)
        if kind is None:
            remedy = suggestion(one.kind, kinds, otherwise="the kinds are")
            yield _misfit(root, (*at, "kind"), f"there is no kind '{one.kind}'", remedy)
            continue
        if one.target is not None and kind.hosted_by is None:
            yield _misfit(root, (*at, "target"), f"a {kind.name} has no target", "remove it")
        yield from _unknown(root, (*at, "fields"), one.fields, {*named(kind.spec)}, f"a {kind.name}")
        yield from _unknown(root, (*at, "policy"), one.policy, {*named(Policy)}, "a policy")


def _unknown(
    root: Fields, at: Path, rules: Mapping[str, Rule], known: set[str], whose: str
) -> Iterator[DeclarationProblem]:
    for field in rules:
        first = field.split(".", maxsplit=1)[0]
        if first not in known:
            remedy = suggestion(first, known, otherwise="the fields are")
            yield _misfit(root, (*at, field), f"{whose} has no field '{first}'", remedy)


def _misfit(root: Fields, path: Path, what: str, remedy: str) -> DeclarationProblem:
    return DeclarationProblem(nearest(root, path).origin, what, remedy, rendered(path))
