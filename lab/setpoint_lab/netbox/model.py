"""How a model is declared, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from setpoint_lab.netbox.store import Row

if TYPE_CHECKING:
    from setpoint_lab.netbox.fields import Field
    from setpoint_lab.netbox.world import World

Display = Callable[["World", Row], str]
Predicate = Callable[[Row], bool]
Filter = Callable[["World", list[str]], Predicate]
"""Makes a predicate from the values of a query parameter; raises `Invalid`."""

PLAIN_BRIEF = ("id", "url", "display", "name", "description")
SLUG_BRIEF = ("id", "url", "display", "name", "slug", "description")


def by_name(_world: World, row: Row) -> str:
    """The name is the display."""
    return str(row["name"])


@dataclass(frozen=True, slots=True)
class Unique:
    """Fields that no two objects share; `error` replaces the text that NetBox would make of their names.

    With `folded`, case does not count. Objects in which a field is None never collide, unless `nulls` says so.
    """

    fields: tuple[str, ...]
    error: str | None = None
    folded: bool = False
    nulls: bool = False


@dataclass(frozen=True)
class Model:
    """A kind of object: where it is served, its fields in the order of the answer, and its rules.

    `parent` is the reference whose target is the related object of its changes; `natural` is the field by which
    filters name an object of it; `page` is its path in the user interface where that is not the endpoint, "" where it has none.
    """

    endpoint: str
    type: str
    class_name: str
    verbose: str
    fields: tuple[Field, ...]
    brief: tuple[str, ...] = SLUG_BRIEF
    display: Display = by_name
    ordering: tuple[str, ...] = ("name",)
    natural: str = "slug"
    search: tuple[str, ...] = ("name", "description")
    unique: tuple[Unique, ...] = ()
    filters: Mapping[str, Filter] = field(default_factory=dict[str, Filter])
    page: str | None = None
    parent: str | None = None
    read_only: bool = False
    logged: bool = True

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names."""
        return {each.name: each for each in self.fields}

    @cached_property
    def app(self) -> str:
        """The name of the app, `ipam`."""
        return self.type.partition(".")[0]


MODELS: dict[str, Model] = {}
"""All models by endpoint."""

TYPES: dict[str, Model] = {}
"""All models by type, `ipam.ipaddress`."""


def register(model: Model) -> Model:
    """Add a model to the registry."""
    MODELS[model.endpoint] = model
    TYPES[model.type] = model
    return model
