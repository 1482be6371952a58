"""Brings wishes about in a NetBox: looks first, so that whoever is stopped, or loses a reply, can begin again."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol, cast

from setpoint.model.errors import SetpointError
from setpoint_netbox.api.failures import NetBoxError
from setpoint_netbox.verbs.client import Row
from setpoint_netbox.verbs.wishes import Ref, Wish

_CLOSED: Final = frozenset({"users/permissions"})
"""Endpoints of objects to whose lists nobody should add: more permissions are more than is needed."""


class State(StrEnum):
    """What became of a wish."""

    MADE = "made"
    THERE = "is there"
    DIFFERS = "differs"
    CHANGED = "changed"
    MISSING = "to make"


class StoppedError(SetpointError):
    """A wish could not be brought about; those before it are."""


@dataclass(frozen=True)
class Granted:
    """A wish and what became of it.

    Attributes:
        number: of the object; None where it is to be made.
        differences: by field, what is there and what was wished.
    """

    wish: Wish
    state: State
    number: int | None = None
    differences: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, "tuple[Any, Any]"])


class Books(Protocol):
    """The part of a client that is needed here; every call raises NetBoxError."""

    def rows(self, endpoint: str, **filters: Any) -> list[Row]:
        """The rows of a list."""
        ...

    def create(self, endpoint: str, bodies: list[Row]) -> list[Row]:
        """Make objects."""
        ...

    def update(self, endpoint: str, number: int, fields: Row) -> None:
        """Change fields of an object."""
        ...


def ensure(netbox: Books, wishes: Iterable[Wish], *, apply: bool, update: bool) -> Iterator[Granted]:
    """Each wish with what became of it, as soon as that is known.

    Args:
        netbox: where.
        wishes: in an order in which each comes after those to which it refers.
        apply: whether anything is made or changed.
        update: whether what differs is changed.

    Raises:
        StoppedError: a call failed; what was given before is done, and done for good.
    """
    ids: dict[Ref, int] = {}
    for wish in wishes:
        with going_on(f"the {wish} could not be looked at or made"):
            found = _found(netbox, wish)
            if found is not None:
                granted = _compared(netbox, wish, found, ids, change=apply and update)
            elif apply:
                (found,) = netbox.create(wish.endpoint, [_body(wish, ids)])
                granted = Granted(wish, State.MADE, int(found["id"]))
            else:
                granted = Granted(wish, State.MISSING)
        if granted.number is not None:
            ids[Ref(wish.endpoint, wish.name)] = granted.number
        yield granted


@contextmanager
def going_on(what: str) -> Generator[None]:
    """What fails inside tells `what`, and that another run goes on.

    Raises:
        StoppedError: it failed.
    """
    try:
        yield
    except NetBoxError as error:
        remedy = error.remedy or "correct that in NetBox"
        raise StoppedError(
            f"{what}: {error.message}", remedy=f"{remedy}, then run this again: it goes on from here"
        ) from None


def _found(netbox: Books, wish: Wish) -> Row | None:
    """The object of that name. NetBox ignores filters that it does not know, and case, so names are compared again."""
    rows = netbox.rows(wish.endpoint, **{wish.key: wish.name})
    return next((row for row in rows if str(row.get(wish.key)) == wish.name), None)


def _body(wish: Wish, ids: Mapping[Ref, int]) -> dict[str, Any]:
    return {wish.key: wish.name, **_resolved({**wish.once, **wish.body}, lambda ref: ids.get(ref, ref))}


def _resolved(value: Any, known: Callable[[Ref], Any]) -> Any:
    match value:
        case Ref():
            return known(value)
        case list():
            return [_resolved(one, known) for one in cast("Sequence[Any]", value)]
        case dict():
            return {name: _resolved(one, known) for name, one in cast("Mapping[str, Any]", value).items()}
        case _:
            return value


def _compared(netbox: Books, wish: Wish, row: Row, ids: Mapping[Ref, int], *, change: bool) -> Granted:
    body: dict[str, Any] = _resolved(wish.body, lambda ref: ids.get(ref, ref))
    if wish.endpoint not in _CLOSED:
        body = {name: _with_more(value, row.get(name)) for name, value in body.items()}
    apart = {
        name: (plain(row.get(name)), value)
        for name, value in body.items()
        if plain(row.get(name)) != plain(value) and name in row
    }
    if not apart:
        return Granted(wish, State.THERE, int(row["id"]))
    if change:
        netbox.update(wish.endpoint, int(row["id"]), {name: value for name, (_, value) in apart.items()})
    return Granted(wish, State.CHANGED if change else State.DIFFERS, int(row["id"]), apart)


def _with_more(wished: Any, there: Any) -> Any:
    """A list with what others added to it: a custom field may be of use for more types of objects."""
    if not (isinstance(wished, list) and isinstance(there, list)):
        return wished  # pyright: ignore[reportUnknownVariableType]
    more = [plain(one) for one in cast("Sequence[Any]", there)]
    return [*wished, *(one for one in more if one not in wished)]


def plain(value: Any) -> Any:
    """What NetBox tells of a value, as it is written: a choice by its value, an object by its id, a list in any order."""
    match value:
        case {"value": inner, "label": _}:
            return inner
        case {"id": int(number)}:
            return number
        case list():
            return sorted((plain(one) for one in cast("Sequence[Any]", value)), key=str)
        case _:
            return value
