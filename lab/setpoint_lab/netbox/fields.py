"""Fields of plain values: how they are read from a body, shown, and written to the change log."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.untyped import is_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

NO_NULL = "This field may not be null."
NO_BLANK = "This field may not be blank."
REQUIRED = "This field is required."


@dataclass(frozen=True)
class Field:
    """A field that clients see but cannot write, kept in the row as it is.

    Attributes:
        name: its key in rows and answers.
        required: whether an object cannot be made without.
        default: what it is when nobody says.
        null: whether None is a value of it.
        logged: whether the data of changes contain it.
        hidden: whether answers leave it out.
        once: whether whoever makes the object sees it all the same.
    """

    name: str
    required: bool = False
    default: Any = None
    null: bool = False
    logged: bool = True
    hidden: bool = False
    once: bool = False
    writable = False
    stored = True

    def parse(self, _world: World, raw: Any, /) -> Any:
        """The value that a client meant; never called for None unless `takes_null`.

        Raises:
            Invalid: it is none.
        """
        return raw

    def show(self, _view: View, row: Row, /) -> Any:
        """The value in an answer."""
        return row.get(self.name)

    def record(self, _world: World, row: Row, /) -> Any:
        """The value in the data of a change."""
        return row.get(self.name)

    def initial(self) -> Any:
        """The value of an object that is made without it; never shared."""
        return copy.copy(self.default)


@dataclass(frozen=True)
class Writable(Field):
    """A field that clients write."""

    writable = True


@dataclass(frozen=True)
class Json(Writable):
    """Any JSON."""

    null: bool = True


@dataclass(frozen=True)
class JsonObject(Json):
    """A JSON object."""

    def parse(self, _world: World, raw: Any, /) -> Any:
        """Any object."""
        if not is_object(raw):
            raise Invalid('JSON data must be in object form. Example: {"foo": 123}')
        return raw


@dataclass(frozen=True)
class Text(Writable):
    """Text; `pattern` and `complaint` say what else it must look like.

    What is `natural` is ordered as people count, and without regard to case; other text by its code points.
    """

    default: Any = ""
    longest: int | None = None
    blank: bool = True
    pattern: str = ""
    complaint: str = ""
    lower: bool = False
    natural: bool = True

    def parse(self, _world: World, raw: Any, /) -> Any:
        """Trimmed text."""
        if isinstance(raw, bool) or not isinstance(raw, str | int | float):
            raise Invalid("Not a valid string.")
        text = str(raw).strip()
        if not text and (self.required or not self.blank):
            raise Invalid(NO_BLANK)
        if self.longest is not None and len(text) > self.longest:
            raise Invalid(f"Ensure this field has no more than {self.longest} characters.")
        if text and self.pattern and not re.search(self.pattern, text):
            raise Invalid(self.complaint)
        if not text and self.null:
            return None
        return text.lower() if self.lower else text


@dataclass(frozen=True)
class Integer(Writable):
    """A whole number."""

    null: bool = True
    least: int | None = None
    most: int | None = None

    def parse(self, _world: World, raw: Any, /) -> Any:
        """An int, or text of one."""
        if isinstance(raw, bool) or not re.fullmatch(r"-?\d+(\.0+)?", str(raw).strip()):
            raise Invalid("A valid integer is required.")
        number = int(str(raw).strip().partition(".")[0])
        check_range(number, self.least, self.most)
        return number


@dataclass(frozen=True)
class Decimal(Writable):
    """A number with a fixed count of decimals; the change log has it as text."""

    null: bool = True
    places: int = 2
    least: float | None = None
    most: float | None = None

    def parse(self, _world: World, raw: Any, /) -> Any:
        """A number, or text of one."""
        try:
            number = float(raw) if not isinstance(raw, bool) else None
        except (TypeError, ValueError):
            number = None
        if number is None:
            raise Invalid("A valid number is required.")
        check_range(number, self.least, self.most)
        return number

    def record(self, _world: World, row: Row, /) -> Any:
        """With its decimals, as the database has it."""
        value = row.get(self.name)
        return None if value is None else f"{value:.{self.places}f}"


def check_range(number: float, least: float | None, most: float | None) -> None:
    """Refuse numbers out of range.

    Raises:
        Invalid: it is.
    """
    if least is not None and number < least:
        raise Invalid(f"Ensure this value is greater than or equal to {least}.")
    if most is not None and number > most:
        raise Invalid(f"Ensure this value is less than or equal to {most}.")


@dataclass(frozen=True)
class Flag(Writable):
    """True or false."""

    default: Any = False

    def parse(self, _world: World, raw: Any, /) -> Any:
        """What DRF takes for a flag."""
        text = str(raw).lower()
        if text in {"true", "1", "t", "yes", "y", "on"}:
            return True
        if text in {"false", "0", "f", "no", "n", "off"}:
            return False
        raise Invalid("Must be a valid boolean.")


@dataclass(frozen=True)
class Choice(Writable):
    """One of several values, shown with its label unless `bare`; None is what an empty value means."""

    labels: Mapping[Any, str] = None  # type: ignore[assignment]  # always given; a base class has defaults
    bare: bool = False

    def parse(self, _world: World, raw: Any, /) -> Any:
        """A value; its label is none."""
        if raw == "" and self.null:
            return None
        if not isinstance(raw, str | int | float) or raw not in self.labels:
            raise Invalid(f"{raw} is not a valid choice.")
        return raw

    def show(self, _view: View, row: Row, /) -> Any:
        """Value and label."""
        value = row.get(self.name)
        if value is None or value == "" or self.bare:
            return value if self.bare else None
        return {"value": value, "label": self.labels.get(value, str(value))}


@dataclass(frozen=True)
class ChoiceList(Writable):
    """Several bare values."""

    labels: tuple[str, ...] = ()

    def parse(self, _world: World, raw: Any, /) -> Any:
        """A list of known values."""
        if not is_list(raw):
            raise Invalid(f'Expected a list of items but got type "{type(raw).__name__}".')
        for item in raw:
            if item not in self.labels:
                raise Invalid({"0": [f'"{item}" is not a valid choice.']})
        return list(raw)

    def initial(self) -> Any:
        """None at all."""
        return []


@dataclass(frozen=True)
class Integers(Writable):
    """A list of whole numbers."""

    least: int = 0
    most: int = 65535

    def parse(self, world: World, raw: Any, /) -> Any:
        """A list of numbers in range."""
        if not is_list(raw):
            raise Invalid(f'Expected a list of items but got type "{type(raw).__name__}".')
        if not raw:
            raise Invalid("This list may not be empty.")
        one = Integer(self.name, least=self.least, most=self.most)
        return [one.parse(world, item) for item in raw]

    def initial(self) -> Any:
        """None at all."""
        return []
