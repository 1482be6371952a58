"""The manifests that a declaration makes beside its own, with the places of the declaration that makes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from setpoint.desired.layers import tree
from setpoint.desired.node import Fields, Items, Leaf, Node, child, nearest
from setpoint.model.errors import DeclarationProblem
from setpoint.model.expand import Expanded
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.origin import Origin
from setpoint.model.tree import Json, parts

_END: Final = ("expires", "deletion")
"""What of a policy says that the declaration ends, and how."""


@dataclass(frozen=True)
class Growth:
    """A manifest that a declaration makes.

    Attributes:
        by: the key of that declaration.
    """

    by: Key
    expanded: Expanded
    manifest: Fields

    def told(self, problem: DeclarationProblem) -> DeclarationProblem:
        """A mistake in the manifest, as one in the declaration that makes it."""
        field = problem.field
        if field == "spec" or field.startswith(("spec.", "spec[")):
            field = ".".join(("spec", *parts(self.expanded.at))) + field.removeprefix("spec")
        what = f"{problem.what} (for the {self.expanded.kind} that {self.by} makes)"
        return replace(problem, what=what, field=field)


def grown(kind: Kind[Any, Any], key: Key, written: Fields, merged: Fields) -> tuple[Growth, ...]:
    """What a declaration makes; namespace, labels and expiry are its own.

    Args:
        kind: of the declaration.
        key: of the declaration.
        written: as it stands in its file.
        merged: the same with all layers and patches.
    """
    if kind.expand is None:
        return ()
    return tuple(
        Growth(key, one, _manifest(one, written, merged))
        for one in kind.expand(key, tree(merged.fields["spec"]))
    )


def _manifest(one: Expanded, written: Fields, merged: Fields) -> Fields:
    place = nearest(merged.fields["spec"], parts(one.at))
    at = place.origin
    namespace = _at(written, "metadata", "namespace")
    labels = _at(merged, "metadata", "labels")
    metadata: dict[str, Node] = {"name": Leaf(one.name, at)}
    metadata |= {} if namespace is None else {"namespace": namespace}
    metadata |= {} if labels is None else {"labels": labels}
    fields: dict[str, Node] = {"kind": Leaf(one.kind, at), "metadata": Fields(metadata, at)}
    fields |= {} if one.target is None else {"target": Leaf(one.target, at)}
    if _at(merged, "policy", "expires") is not None:
        end = {name: node for name in _END if (node := _at(merged, "policy", name)) is not None}
        fields["policy"] = Fields(end, at)
    return Fields({**fields, "spec": _node(one.spec, place, at)}, at)


def _at(root: Fields, *steps: str) -> Node | None:
    node: Node | None = root
    for step in steps:
        node = None if node is None else child(node, step)
    return node


def _node(value: Json, there: Node | None, at: Origin) -> Node:
    """A value with the place at which it was written; what was written nowhere stands at the place of all."""
    origin = at if there is None else there.origin
    match value:
        case dict():
            below = {name: _node(one, _below(there, name), at) for name, one in value.items()}
            return Fields(below, origin)
        case list():
            return Items(tuple(_node(one, _below(there, n), at) for n, one in enumerate(value)), origin)
        case _:
            return Leaf(value, origin)


def _below(there: Node | None, step: str | int) -> Node | None:
    return None if there is None else child(there, step)
