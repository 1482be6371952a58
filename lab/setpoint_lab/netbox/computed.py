"""Fields that nobody writes: what follows from other objects, and what is not emulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.fields import Field
from setpoint_lab.untyped import is_list

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World


@dataclass(frozen=True)
class Fixed(Field):
    """Always the same; a part of NetBox that is not emulated, or a field that is never set."""

    value: Any = None
    stored = False

    def show(self, _view: View, _row: Row, /) -> Any:
        """The value."""
        return [*self.value] if is_list(self.value) else self.value

    def record(self, _world: World, _row: Row, /) -> Any:
        """The value."""
        return [*self.value] if is_list(self.value) else self.value


@dataclass(frozen=True)
class Count(Field):
    """How many objects of an endpoint have this one in a field.

    NetBox keeps a `cached` count with the object; others it looks up for lists and details, but neither for an object
    that was just made nor for one that is part of another's answer, which then have 0.
    """

    of: str = ""
    by: str = ""
    cached: bool = False
    logged: bool = False
    stored = False

    def show(self, view: View, row: Row, /) -> Any:
        """The count."""
        if not self.cached and (view.nested or view.fresh):
            return 0
        return len(view.world.table(self.of).where(self.by, row["id"]))

    def record(self, world: World, row: Row, /) -> Any:
        """The count."""
        return len(world.table(self.of).where(self.by, row["id"]))


@dataclass(frozen=True)
class Computed(Field):
    """What a function makes of the view and the row."""

    function: Callable[[View, Row], Any] = None  # type: ignore[assignment]  # always given; a base class has defaults
    logged: bool = False
    stored = False

    def show(self, view: View, row: Row, /) -> Any:
        """What the function says."""
        return self.function(view, row)


OWNER = Fixed("owner")
CREATED = Field("created", logged=False)
LAST_UPDATED = Field("last_updated", logged=False)
TIMES = (CREATED, LAST_UPDATED)
