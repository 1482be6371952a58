"""The orders under way. They are kept in memory only: after a restart what is declared counts again, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import ValidationError

from setpoint.model.errors import SetpointError
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.order import Order
from setpoint.model.outcome import Blocked, Changed, Held, Outcome, Wait
from setpoint.model.resource import Resource
from setpoint.model.spec import Spec
from setpoint.model.tree import Json, Pointer, parts, put
from setpoint.store.records import Status

KEPT: Final = 200
"""Orders of which is remembered how they ended."""


@dataclass(frozen=True)
class Placed:
    """An order for one resource.

    Attributes:
        spec: as it is for this time.
        generation: the declaration that it was given upon; with another one it is void.
        begun: whether a step was taken by it.
    """

    order: Order
    spec: Spec
    generation: str
    begun: bool = False


@dataclass
class Orders:
    """Who ordered what, and how that ended.

    Attributes:
        members: the resources of each order, by its id.
        ended: how each resource of an order was when it came to its end.
    """

    members: dict[str, tuple[Key, ...]] = field(default_factory=dict[str, tuple[Key, ...]])
    ended: dict[tuple[str, Key], Status] = field(default_factory=dict[tuple[str, Key], Status])
    _placed: dict[Key, Placed] = field(default_factory=dict[Key, Placed])

    def place(self, order: Order, specs: list[tuple[Resource, Spec]]) -> None:
        """Let it hold for these resources, in place of one before."""
        for resource, spec in specs:
            self._placed[resource.key] = Placed(order, spec, resource.spec_hash)
        self.members[order.id] = tuple(resource.key for resource, _ in specs)
        while len(self.members) > KEPT:
            oldest = next(iter(self.members))
            for key in self.members.pop(oldest):
                self.ended.pop((oldest, key), None)

    def of(self, resource: Resource, now: float) -> Placed | None:
        """The order that holds for it at that moment, as it is declared now."""
        placed = self._placed.get(resource.key)
        if placed is None:
            return None
        if now < placed.order.until and placed.generation == resource.spec_hash:
            return placed
        del self._placed[resource.key]
        return None

    def note(self, order: Order, status: Status, outcome: Outcome, *, target: Key, stepped: bool) -> bool:
        """Take in how a pass by this order ended; whether that was its end."""
        placed = self._placed.get(status.key)
        if placed is None or placed.order.id != order.id:
            return False
        placed = self._placed[status.key] = replace(placed, begun=placed.begun or stepped)
        if not is_end(outcome, target, begun=placed.begun):
            return False
        del self._placed[status.key]
        if order.id in self.members:
            self.ended[order.id, status.key] = status
        return True


def is_end(outcome: Outcome, target: Key, *, begun: bool) -> bool:
    """Whether nothing more comes of an order by itself, or not soon.

    What waits for another resource, or for its turn, goes on; what waits for its window, or was not begun because its
    target is away, does not.
    """
    match outcome:
        case Changed() | Wait():
            return False
        case Blocked(on=on):
            return on == target and not begun
        case Held(holds):
            return not all(hold.passing and not hold.until for hold in holds)
        case _:
            return True


def ordered(kind: Kind[Any, Any], resource: Resource, changes: Mapping[Pointer, Json]) -> Spec:
    """The spec of a resource with these changes.

    Raises:
        SetpointError: the kind does not let them be given for one time, or they do not fit the rest.
    """
    tree = deepcopy(resource.spec)
    for place, value in changes.items():
        if place not in kind.overridable:
            free = ", ".join(map(_dotted, kind.overridable)) or "nothing"
            raise SetpointError(
                f"{_dotted(place)} of {resource.key} cannot be set for one time",
                remedy=f"declare it; what can be set so of a {kind.name}: {free}",
            )
        put(tree, place, value)
    try:
        spec: Spec = kind.spec.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "its spec"
        what = first["msg"].removeprefix("Value error, ")
        wanted = ", ".join(f"{_dotted(place)}: {value}" for place, value in changes.items())
        raise SetpointError(
            f"{resource.key} cannot be with {wanted}: {where}: {what}",
            remedy="declare what that needs, or order it otherwise",
        ) from None
    return spec


def _dotted(place: Pointer) -> str:
    return ".".join(parts(place))
