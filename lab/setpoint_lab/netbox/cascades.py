"""What deleting an object takes along, what it takes apart, and what forbids it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from setpoint_lab.netbox.errors import CONFLICT, detail
from setpoint_lab.netbox.model import MODELS
from setpoint_lab.netbox.relations import AnyObject, Ref, RefMany

if TYPE_CHECKING:
    from collections.abc import Iterator

    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.world import World

Held = tuple["Model", "Row"]


@cache
def _references(endpoint: str) -> tuple[tuple[Model, Ref], ...]:
    """The fields of other models that refer to an endpoint; the last declared come first, as parts do."""
    return tuple(
        (model, each)
        for model in reversed(MODELS.values())
        if not model.read_only
        for each in model.fields
        if isinstance(each, Ref) and each.to == endpoint
    )


@cache
def _attachments() -> tuple[tuple[Model, AnyObject], ...]:
    """The fields that refer to objects of any type."""
    return tuple(
        (model, each)
        for model in reversed(MODELS.values())
        if not model.read_only
        for each in model.fields
        if isinstance(each, AnyObject)
    )


@dataclass(slots=True)
class _Doom:
    """The objects that go, parts before wholes."""

    world: World
    seen: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    found: list[Held] = field(default_factory=list["Held"])

    def add(self, model: Model, row: Row) -> None:
        """Add an object and all its parts."""
        key = (model.endpoint, row["id"])
        if key in self.seen:
            return
        self.seen.add(key)
        for part in self._parts(model, row["id"]):
            self.add(*part)
        self.found.append((model, row))

    def _parts(self, model: Model, number: int) -> Iterator[Held]:
        for other, by in _attachments():
            for row in self.world.table(other.endpoint).where(by.by_id, number):
                if row[by.by_type] == model.type:
                    yield other, row
        for other, ref in _references(model.endpoint):
            if ref.on_delete == "cascade":
                for row in self.world.table(other.endpoint).where(ref.name, number):
                    yield other, row

    def dependent(self) -> list[Held]:
        """What stays and cannot be without something that goes."""
        found: dict[tuple[str, int], Held] = {}
        for model, row in self.found:
            for other, ref in _references(model.endpoint):
                if isinstance(ref, RefMany) or ref.on_delete != "protect":
                    continue
                for each in self.world.table(other.endpoint).where(ref.name, row["id"]):
                    key = (other.endpoint, each["id"])
                    if key not in self.seen:
                        found[key] = (other, each)
        return list(found.values())


def doomed_with(world: World, model: Model, row: Row) -> list[Held]:
    """The object and what goes with it, parts before wholes.

    Raises:
        Refused: others depend on one of them.
    """
    doom = _Doom(world)
    doom.add(model, row)
    dependent = doom.dependent()
    if dependent:
        named = ", ".join(f"{other.display(world, each)} ({each['id']})" for other, each in dependent)
        text = f"Unable to delete object. {len(dependent)} dependent objects were found: {named}"
        raise detail(CONFLICT, text)
    return doom.found


def release(unit: Unit, model: Model, number: int) -> None:
    """Take an object out of the fields of those that stay; what lists it is not saved, only changed."""
    for other, ref in _references(model.endpoint):
        if not isinstance(ref, RefMany) and ref.on_delete != "clear":
            continue
        for old in unit.world.table(other.endpoint).where(ref.name, number):
            if (other.endpoint, old["id"]) in unit.going:
                continue
            if isinstance(ref, RefMany):
                rest = [each for each in old[ref.name] if each != number]
                unit.store(other, old, old | {ref.name: rest}, touch=False)
            else:
                unit.store(other, old, old | {ref.name: None})


def forget(unit: Unit, model: Model, number: int) -> None:
    """Empty the fields that refer to an object that is gone, which nobody is told of."""
    for other, ref in _references(model.endpoint):
        if ref.on_delete == "forget":
            for row in unit.world.table(other.endpoint).where(ref.name, number):
                unit.put(other.endpoint, row | {ref.name: None})
