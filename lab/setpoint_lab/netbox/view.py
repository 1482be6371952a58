"""How objects are shown: in full, in brief, with a selection of fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.model import MODELS, Model

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

_UI = {"url", "display_url", "display"}


@dataclass(frozen=True, slots=True)
class View:
    """What answers depend on: the world, and the address under which the client knows the server.

    Attributes:
        world: where objects are looked up.
        base: `http://host`, or "" where addresses are paths.
        nested: whether the object shown is a part of another's answer.
        fresh: whether it was just made, when counters have not been looked up.
    """

    world: World
    base: str
    nested: bool = False
    fresh: bool = False

    def full(self, model: Model, row: Row, names: tuple[str, ...] | None = None) -> dict[str, Any]:
        """The object with all fields, or those named."""
        shown = (each.name for each in model.fields if not each.hidden or (self.fresh and each.once))
        wanted = names if names is not None else tuple(shown)
        return {name: self.value(model, row, name) for name in ("id", *_head(wanted), *wanted)}

    def brief(self, model: Model, row: Row) -> dict[str, Any]:
        """The object as others refer to it."""
        inner = View(self.world, self.base, nested=True)
        return {name: inner.value(model, row, name) for name in model.brief}

    def select(self, model: Model, row: Row, names: list[str]) -> dict[str, Any]:
        """The fields of that name, where they exist."""
        return {name: self.value(model, row, name) for name in names}

    def value(self, model: Model, row: Row, name: str) -> Any:
        """One field."""
        if name == "id":
            return row["id"]
        if name == "url":
            return f"{self.base}/api/{model.endpoint}/{row['id']}/"
        if name == "display_url":
            return f"{self.base}/{model.page or model.endpoint}/{row['id']}/"
        if name == "display":
            return model.display(self.world, row)
        return model.by_name[name].show(self, row)

    def reference(self, endpoint: str, number: Any) -> dict[str, Any] | None:
        """An object of another endpoint in brief; None when there is none."""
        row = self.world.row(endpoint, number)
        return self.brief(MODELS[endpoint], row) if row is not None else None


def _head(wanted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in ("url", "display_url", "display") if name not in wanted)


def field_names(model: Model) -> list[str]:
    """The keys of an object in full, in order."""
    head = ["id", "url", "display"] if model.page == "" else ["id", "url", "display_url", "display"]
    return [*head, *(each.name for each in model.fields if not each.hidden)]
