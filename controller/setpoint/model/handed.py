"""Values that one resource hands out to fields of others: addresses of a range, numbers, and the like."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import field_serializer, model_validator

from setpoint.model.key import Key
from setpoint.model.reference import ANY, Name, Reference
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Pointer


class Handed(Spec):
    """The base of what a person writes in a field whose value another resource is to hand out.

    The field stands at the same place in the spec and in the comparable tree of its kind.
    """

    wants: ClassVar[str]
    """What it takes, as `Space.gives` says it."""
    beside: ClassVar[Mapping[str, str]] = {}
    """Fields beside it that get what comes with the value, by its name in `Space.values`, unless they are written."""

    @property
    @abstractmethod
    def giver(self) -> Name:
        """The resource that hands it out."""


class FromOutput(Handed):
    """What another resource publishes."""

    wants: ClassVar = ""
    source: Annotated[str, Reference(ANY)] = described(
        "The resource, as KIND/NAME.", alias="from", examples=["Kind/name"]
    )
    output: str = described(
        "What it publishes, as `setpoint status KIND/NAME` names it; the first of several.",
        pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$",
        examples=["addresses.v4"],
    )

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: object) -> object:
        if isinstance(given, str):
            raise ValueError(  # noqa: TRY004  # pydantic takes only this one for a mistake of the user
                "this names no output; write {from: KIND/NAME, output: PATH} for what another resource publishes"
            )
        return given

    @field_serializer("source")
    def _written(self, source: str) -> str:
        """As it is written, with the kind that a name does not say."""
        return f"{source.kind}/{source}" if isinstance(source, Name) else source

    @property
    def giver(self) -> Name:
        """The resource that publishes it."""
        assert isinstance(self.source, Name)  # noqa: S101  # what Reference makes of a text
        return self.source


class EachOutput(FromOutput):
    """What another resource publishes, in the place of an item of a list."""

    every: bool = described("Take all of several instead of the first: each becomes an item.", default=False)


VALUE = "value"
"""The name, in `Space.values`, of what stands in the field itself."""


@dataclass(frozen=True)
class Space:
    """The numbers that a resource hands out, each to one field of one resource.

    Attributes:
        gives: what they are, for people: `IPv4 address`.
        room: all that may be handed out or kept, for people: `192.0.2.0/24`.
        ranges: what is handed out anew, lowest first and without overlap; both ends belong to it.
        number: the number that a text stands for; None for a text that stands for none of the room.
        text: the plain text of a number of the room, as other resources publish it.
        values: what a number of the room gives, by name; VALUE is what stands in the field.
        isolated: the same values may exist elsewhere: only what takes from here counts, and it counts nowhere else.
    """

    gives: str
    room: str
    ranges: tuple[tuple[int, int], ...]
    number: Callable[[str], int | None]
    text: Callable[[int], str]
    values: Callable[[int], Mapping[str, str]]
    isolated: bool = False

    @property
    def size(self) -> int:
        """How many numbers can be handed out anew."""
        return sum(high - low + 1 for low, high in self.ranges)

    def offers(self, number: int) -> bool:
        """Whether the number may be handed out anew."""
        return any(low <= number <= high for low, high in self.ranges)

    def lowest_free(self, taken: AbstractSet[int]) -> int | None:
        """The lowest number that is not taken; None when all are."""
        free = (number for low, high in self.ranges for number in range(low, high + 1))
        return next((number for number in free if number not in taken), None)


@dataclass(frozen=True)
class Grant:
    """A number of a space that belongs to a field of a key.

    Attributes:
        space: the resource that handed it out.
        field: the place of the field in the spec.
        at: since when, seconds since the epoch.
        left_at: when the field or its resource was gone; 0 while it is there.
    """

    space: Key
    number: int
    key: Key
    field: Pointer
    at: float
    left_at: float = 0.0


@dataclass(frozen=True)
class Conflict:
    """Why a field cannot have the value that belongs to it, or must not, and what would help."""

    field: Pointer
    why: str
    release: str
