"""Fields that refer to other objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from setpoint_lab.netbox.content_types import type_number
from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.netbox.fields import Field, Writable
from setpoint_lab.netbox.model import MODELS, TYPES
from setpoint_lab.netbox.ordering import order_rows
from setpoint_lab.untyped import is_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

TAGS = "extras/tags"
TAG_KEYS = ("id", "url", "display_url", "display", "name", "slug", "color")

OnDelete = Literal["protect", "cascade", "clear", "forget"]
"""Refuse, go too, be saved without the target, or lose it unsaved."""


@dataclass(frozen=True)
class Ref(Writable):
    """One object of another endpoint, kept as its id.

    `bare` shows the id; `keys` shows other fields of the target than its brief form; `on_delete` is what becomes of
    this object when the target goes.
    """

    to: str = ""
    null: bool = True
    bare: bool = False
    keys: tuple[str, ...] = ()
    on_delete: OnDelete = "protect"

    def parse(self, world: World, raw: Any, /) -> Any:
        """An id, or a dict of attributes."""
        return find_object(world, self.to, raw)

    def show(self, view: View, row: Row, /) -> Any:
        """The target in brief."""
        number = row.get(self.name)
        if self.bare:
            return number
        target = view.world.row(self.to, number)
        if target is None:
            return None
        if self.keys:
            return view.select(MODELS[self.to], target, list(self.keys))
        return view.brief(MODELS[self.to], target)


@dataclass(frozen=True)
class RefMany(Ref):
    """Several objects of another endpoint, kept as a list of ids."""

    null: bool = False

    def parse(self, world: World, raw: Any, /) -> Any:
        """A list of ids or dicts of attributes."""
        if not is_list(raw):
            raise Invalid({"non_field_errors": [f'Expected a list of items but got type "{_kind(raw)}".']})
        found = [find_object(world, self.to, item) for item in raw]
        return list(dict.fromkeys(found))

    def show(self, view: View, row: Row, /) -> Any:
        """The targets in brief, in their own order."""
        model = MODELS[self.to]
        found = [view.world.row(self.to, number) for number in row.get(self.name) or ()]
        targets = [target for target in found if target is not None]
        if self.bare:
            return [target["id"] for target in targets]
        return [
            view.select(model, target, list(self.keys)) if self.keys else view.brief(model, target)
            for target in order_rows(view.world, model, targets, list(model.ordering))
        ]

    def record(self, _world: World, row: Row, /) -> Any:
        """The ids."""
        return sorted(row.get(self.name) or ())

    def initial(self) -> Any:
        """None at all."""
        return []


def _kind(raw: Any) -> str:
    return type(raw).__name__


def find_object(world: World, endpoint: str, raw: Any) -> int:
    """The id of the object that a client refers to.

    Raises:
        Invalid: there is none, or the reference is no id and no dict.
    """
    if is_object(raw):
        return _by_attributes(world, endpoint, raw)
    if isinstance(raw, bool) or not re.fullmatch(r"-?\d+", str(raw)):
        raise Invalid(
            "Related objects must be referenced by numeric ID or by dictionary of attributes. "
            f"Received an unrecognized value: {raw}"
        )
    number = int(raw)
    if world.row(endpoint, number) is None:
        raise Invalid(f"Related object not found using the provided numeric ID: {number}")
    return number


def _by_attributes(world: World, endpoint: str, wanted: dict[str, Any]) -> int:
    table = world.table(endpoint)
    found = [
        row
        for row in table.rows.values()
        if all(row.get(key) == value for key, value in wanted.items()) and world.sees(endpoint, row)
    ]
    if not found:
        raise Invalid(f"Related object not found using the provided attributes: {wanted}")
    if len(found) > 1:
        raise Invalid(f"Multiple objects match the provided attributes: {wanted}")
    return int(found[0]["id"])


@dataclass(frozen=True)
class Tags(RefMany):
    """The tags of an object."""

    name: str = "tags"
    to: str = TAGS
    keys: tuple[str, ...] = TAG_KEYS

    def parse(self, world: World, raw: Any, /) -> Any:
        """A list of ids or dicts; text is refused."""
        if not is_list(raw):
            raise Invalid(f'Expected a list of items but got type "{_kind(raw)}".')
        return list(dict.fromkeys(find_object(world, self.to, item) for item in raw))

    def record(self, world: World, row: Row, /) -> Any:
        """The names."""
        tags = world.table(TAGS).rows
        return sorted(str(tags[number]["name"]) for number in row.get(self.name) or () if number in tags)


@dataclass(frozen=True)
class TypeName(Writable):
    """The type of an object, `ipam.ipaddress`; the change log has its number."""

    null: bool = True

    def parse(self, _world: World, raw: Any, /) -> Any:
        """A known type."""
        if not isinstance(raw, str) or raw not in TYPES:
            raise Invalid(f"Invalid content type: {raw}")
        return raw

    def record(self, _world: World, row: Row, /) -> Any:
        """Its number."""
        value = row.get(self.name)
        return None if value is None else type_number(value)


@dataclass(frozen=True)
class TypeNames(TypeName):
    """Several types of objects."""

    null: bool = False

    def parse(self, world: World, raw: Any, /) -> Any:
        """A list of known types."""
        if not is_list(raw):
            raise Invalid({"non_field_errors": [f'Expected a list of items but got type "{_kind(raw)}".']})
        one = TypeName(self.name)
        return [one.parse(world, item) for item in raw]

    def record(self, _world: World, row: Row, /) -> Any:
        """Their numbers."""
        return sorted(type_number(value) for value in row.get(self.name) or ())

    def initial(self) -> Any:
        """None at all."""
        return []


@dataclass(frozen=True)
class AnyObject(Field):
    """The object that two other fields name by type and id."""

    by_type: str = ""
    by_id: str = ""
    logged: bool = False
    stored = False

    def show(self, view: View, row: Row, /) -> Any:
        """It in brief, None when it is gone."""
        model = TYPES.get(str(row.get(self.by_type)))
        return view.reference(model.endpoint, row.get(self.by_id)) if model else None


def check_targets(world: World, model: Model, old: Row | None, new: Row) -> None:
    """Refuse an object that names another by type and id, where there is none.

    Raises:
        Invalid: with the error of the id.
    """
    for each in model.fields:
        if not isinstance(each, AnyObject):
            continue
        kind, number = new.get(each.by_type), new.get(each.by_id)
        same = old is not None and (old.get(each.by_type), old.get(each.by_id)) == (kind, number)
        if kind is None or number is None or same:
            continue
        if world.row(TYPES[kind].endpoint, number) is None:
            raise Invalid({each.by_id: [f"Related object not found using the provided value: {number}."]})
