"""An estate that was there, as the files of its declarations: who is called what, and what is said once. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from setpoint.cli.manifest_text import compact_text
from setpoint.desired.factor import factor
from setpoint.desired.layers import FILE
from setpoint.model.key import DEFAULT_NAMESPACE, Key, is_namespace
from setpoint.model.kind import Kind
from setpoint.model.spec import Spec
from setpoint.model.stock import Entrance
from setpoint.model.tree import Pointer, Tree, covers
from setpoint.run.stock import Found

Kinds = Mapping[str, Kind[Any, Any]]
_NO_NAME = re.compile(r"[^a-z0-9]+")
_HEAD = (
    "# What all below this folder have in common; a file further down says otherwise, and null takes a value away.\n"
    "# They were made by hand: `adopt` takes them over, and what differs later is only told. For corrections: drift: enforce\n"
)


@dataclass(frozen=True)
class Taken:
    """An object that gets a declaration.

    Attributes:
        path: of its file below the folder of the declarations.
        title: the name that it has; empty when it has none.
    """

    key: Key
    ident: str
    path: str
    spec: Tree
    untold: tuple[str, ...]
    title: str

    @property
    def renamed(self) -> bool:
        """Whether it cannot keep the name that it has, and gets that of its declaration."""
        return self.title != self.key.name


def slug(text: str) -> str:
    """A name or namespace as near to `text` as can be; empty when nothing is left of it."""
    return _NO_NAME.sub("-", text.lower()).strip("-")[:60].strip("-")


def taken(found: Iterable[Found], kinds: Kinds, folder: str, by: str) -> tuple[Taken, ...]:
    """Who is called what: the first of two that share a name keeps it, the other one gets its id behind it.

    `by` is the sort of groups that become namespaces; any other word for none.
    """
    found = list(found)
    spaces = {_namespace(one, by) for one in found}
    keys: set[Key] = set()
    paths: set[str] = set()
    told: list[Taken] = []
    for one in found:
        namespace, kind = _namespace(one, by), kinds[one.stray.kind]
        key = Key(namespace, kind.name, _name(one, kind))
        while key in keys:
            key = replace(key, name=f"{key.name}-{one.listed.ident}")
        place = folder if spaces <= {DEFAULT_NAMESPACE} else f"{folder}/{namespace}"
        path = f"{place}/{_file(key)}.yaml"
        if path in paths:
            path = f"{place}/{_file(key)}-{kind.name.lower()}.yaml"
        keys.add(key)
        paths.add(path)
        told.append(Taken(key, one.listed.ident, path, one.stray.spec, one.stray.untold, one.stray.title))
    return tuple(told)


def _file(key: Key) -> str:
    """Of a name that has a slash no folder is made."""
    return key.name.replace("/", "-")


def _namespace(one: Found, by: str) -> str:
    group = next(iter(one.listed.groups.get(by, ())), "")
    name = group if is_namespace(group) else slug(group)
    return name or DEFAULT_NAMESPACE


def _name(one: Found, kind: Kind[Any, Any]) -> str:
    title = one.stray.title
    lower = title.lower()
    if kind.names.fullmatch(lower):
        return lower
    return slug(title) or slug(f"{kind.name} {one.listed.ident}")


def declarations(told: Sequence[Taken], kinds: Kinds, folder: str, entrance: Entrance) -> dict[str, str]:
    """Text by path: a manifest for each, and the layers below them."""
    own = {one.key: one.spec for one in told}
    layers: dict[str, dict[str, Tree]] = {folder: {}}
    for kind, members in _by(told, lambda one: one.key.kind).items():
        layers[folder][kind] = _take_out(own, members, kinds, entrance, taking=True)
    for place, inside in _by(told, lambda one: one.path.rpartition("/")[0]).items():
        if place != folder:
            layers[place] = {
                kind: _take_out(own, members, kinds, entrance, taking=False)
                for kind, members in _by(inside, lambda one: one.key.kind).items()
            }
    files = {f"{place}/{FILE}": _layer(given, top=place == folder) for place, given in layers.items()}
    manifests = {one.path: _manifest(one, own[one.key]) for one in told}
    return {path: text for path, text in {**files, **manifests}.items() if text}


def _by(told: Iterable[Taken], of: Callable[[Taken], str]) -> dict[str, list[Taken]]:
    found: dict[str, list[Taken]] = {}
    for one in told:
        found.setdefault(of(one), []).append(one)
    return found


def _take_out(
    own: dict[Key, Tree], members: Sequence[Taken], kinds: Kinds, entrance: Entrance, *, taking: bool
) -> Tree:
    """What members of one kind share; it is gone from what each says for itself."""
    name = members[0].key.kind
    patterns = entrance.apart.get(name, ())

    def apart(place: Pointer) -> bool:
        return any(covers(pattern, place) for pattern in patterns)

    found = factor([own[one.key] for one in members], taking=taking, apart=apart)
    own |= {one.key: _in_order(rest, kinds[name].spec) for one, rest in zip(members, found.own, strict=True)}
    return _in_order(found.shared, kinds[name].spec)


def _in_order(tree: Tree, spec: type[Spec]) -> Tree:
    """The fields in the order in which they are explained."""
    places = {field.alias or name: place for place, (name, field) in enumerate(spec.model_fields.items())}
    return {name: tree[name] for name in sorted(tree, key=lambda name: places.get(name, len(places)))}


def _layer(given: Mapping[str, Tree], *, top: bool) -> str:
    documents = [compact_text({"kind": kind, "spec": spec}, few=1) for kind, spec in given.items() if spec]
    if top:
        documents.insert(0, _HEAD + compact_text({"kind": "*", "policy": {"adopt": True}}))
    return "---\n".join(documents)


def _manifest(one: Taken, spec: Tree) -> str:
    namespace: Tree = {} if one.key.namespace == DEFAULT_NAMESPACE else {"namespace": one.key.namespace}
    note = f"# Not declared, and left as it is: {', '.join(one.untold)}\n" if one.untold else ""
    metadata: Tree = {"name": one.key.name, **namespace}
    return note + compact_text({"kind": one.key.kind, "metadata": metadata, "spec": spec})
