"""What a manifest takes of the sheets of its key (`policy.take`), and what of that cannot be meant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from setpoint.desired.fields import named
from setpoint.desired.files import inventory_of
from setpoint.desired.layers import EVERY, Layer, Stack
from setpoint.desired.node import Fields, Node, Path, child, nearest
from setpoint.desired.sheet import Sheet, read_sheet
from setpoint.desired.suggest import remedy as suggestion
from setpoint.model.errors import DeclarationProblem
from setpoint.model.kind import Kind
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy, field_of
from setpoint.model.tree import Json, Pointer, covers, join, parts


@dataclass(frozen=True)
class Spoilt:
    """Why nobody can say what a declaration is: what is to be below it cannot be told."""

    what: str
    remedy: str

    def at(self, origin: Origin) -> DeclarationProblem:
        """The same of the declaration that is written at `origin`."""
        return DeclarationProblem(origin, self.what, self.remedy)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a manifest takes of one sheet: these fields, or None for all."""

    path: str
    content: bytes
    fields: tuple[Pointer, ...] | None

    @property
    def layer(self) -> Layer:
        """As a layer."""
        layer = read_sheet(self.path, self.content).layer
        assert layer is not None  # noqa: S101  # of a sheet without one nothing is taken
        return layer if self.fields is None else _limited(layer, self.fields)


@dataclass(frozen=True)
class Fault:
    """What is wrong with a word of `policy.take`; `path` leads to it in the policy."""

    path: Path
    what: str
    remedy: str


def laid_under(stack: Stack, found: Sequence[Sheet], take: Json) -> Stack | Spoilt:
    """What is around a manifest, with what it takes of the sheets of its key.

    Args:
        stack: what is around it otherwise.
        found: those sheets.
        take: its `policy.take` as it is without them.
    """
    wanted = [(sheet, _fields_taken(take, inventory_of(sheet.path))) for sheet in found]
    wanted = [(sheet, fields) for sheet, fields in wanted if fields is None or fields]
    if not wanted:
        return stack
    if len(wanted) > 1:
        paths = " and ".join(sheet.path for sheet, _ in wanted)
        return Spoilt(f"gets values from {paths}, which both declare it", "see to it that one of them does")
    sheet, fields = wanted[0]
    if sheet.layer is None:
        return Spoilt(f"gets values from {sheet.path}, which is not valid", f"mend {sheet.path} first")
    return replace(stack, sheet=Taken(sheet.path, sheet.content, fields))


def _fields_taken(take: Json, inventory: str) -> tuple[Pointer, ...] | None:
    """Which fields are taken of an inventory; None for all. What is no such list is told where the policy is judged."""
    fields = take.get(inventory) if isinstance(take, dict) else None
    if not isinstance(fields, list):
        return None
    return tuple(field_of(one) for one in fields if isinstance(one, str))


def _limited(layer: Layer, taken: Sequence[Pointer]) -> Layer:
    """Only these fields of its spec, and nothing of what is beside that."""
    spec = layer.given.fields.get("spec")
    kept = None if spec is None else _kept(spec, "", taken)
    given = Fields({} if kept is None else {"spec": kept}, layer.given.origin)
    return Layer.of(given, layer.kind, None)


def _kept(node: Node, at: Pointer, taken: Sequence[Pointer]) -> Node | None:
    if any(covers(one, at) for one in taken):
        return node
    if not isinstance(node, Fields):
        return None
    below = {name: _kept(value, join(at, name), taken) for name, value in node.fields.items()}
    fields = {name: value for name, value in below.items() if value is not None}
    return Fields(fields, node.origin) if fields else None


def formerly_of(stack: Stack) -> Node | None:
    """The name that a sheet says its object had before."""
    metadata = stack.sheet.layer.given.fields.get("metadata") if stack.sheet is not None else None
    return child(metadata, "formerly") if metadata is not None else None


def unknown_field(policy: Policy, kind: Kind[Any, Any]) -> Fault | None:
    """The first field in a policy's `take` that the kind does not have."""
    if not policy.take:
        return None
    known = named(kind.spec)
    for inventory, fields in policy.take.items():
        for index, one in enumerate(fields):
            name = parts(field_of(one))[0]
            if name != "*" and name not in known:
                remedy = suggestion(name, known, otherwise="the fields are")
                return Fault(("take", inventory, index), f"a {kind.name} has no field '{name}'", remedy)
    return None


def is_for_every_kind(stack: Stack, policy: Fields, fault: Fault) -> bool:
    """Whether it stands in a layer or patch for every kind, where not every kind has to have the field."""
    origin = nearest(policy, fault.path).origin
    path = ("policy", *fault.path)
    layers = (layer for layer in (*(stack.below or ()), *stack.above) if layer.kind == EVERY)
    return any(nearest(layer.given, path).origin == origin for layer in layers)


def misnamed(take: Collection[str], found: Sequence[Sheet]) -> Fault | None:
    """An inventory in `take` whose name is nearly that of one which declares the same resource."""
    if not take or not found:
        return None
    there = [inventory_of(sheet.path) for sheet in found]
    forgotten = [name for name in there if name not in take]
    for name in take:
        remedy = suggestion(name, forgotten) if name not in there else ""
        if remedy.startswith("did you mean"):
            return Fault(("take", name), f"'{name}' does not declare this resource", remedy)
    return None
