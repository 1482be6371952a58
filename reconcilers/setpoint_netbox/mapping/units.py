"""Sizes. NetBox says a number and never its unit, so the unit is always named, in the map and beside the value."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import PlainSerializer

from setpoint.model.quantity import Bytes, format_bytes
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Json
from setpoint_netbox.mapping.trouble import TroubleError


class Unit(StrEnum):
    """What a number of NetBox counts."""

    B = "B"
    KB = "KB"
    KIB = "KiB"
    MB = "MB"
    MIB = "MiB"
    GB = "GB"
    GIB = "GiB"
    TB = "TB"
    TIB = "TiB"


SIZES: Final = {
    Unit.B: 1,
    Unit.KB: 10**3,
    Unit.KIB: 1 << 10,
    Unit.MB: 10**6,
    Unit.MIB: 1 << 20,
    Unit.GB: 10**9,
    Unit.GIB: 1 << 30,
    Unit.TB: 10**12,
    Unit.TIB: 1 << 40,
}
DEFAULT: Final = Unit.MIB
_DIGITS: Final = 30
_WRITABLE: Final = frozenset({Unit.B, Unit.KIB, Unit.MIB, Unit.GIB, Unit.TIB})

Size = Annotated[Bytes, PlainSerializer(format_bytes, return_type=str)]


class UnitOf(Spec):
    """A number that is a size."""

    unit: str = described(
        "Unit of the number, e.g. MiB or GB, or the name under which the map has it in `units`.",
        min_length=1,
        examples=["memory", "GiB"],
    )
    multiple: Size = described("What it has to be a multiple of.", 1, examples=["1MiB"])
    least: Size = described("The smallest size that is believed; a smaller one is told as a wrong unit.", 0)
    most: Size | None = described(
        "The largest size that is believed; a larger one is told as a wrong unit.", None
    )
    round: Literal["up"] | None = described(
        "`up` makes it the next multiple; without it a size that is none is told.", None
    )


def measured(value: Json, of: UnitOf, unit: Unit, where: str) -> tuple[str, str]:
    """The size as a text with its unit, and how the number was read; `where` says where the unit is set.

    Raises:
        TroubleError: it is no number, or not to be believed.
    """
    number = _number(value)
    size = number * SIZES[unit]
    reading = f"read as {unit}"
    multiple = int(of.multiple) or 1
    if size % multiple and of.round:
        size, reading = (
            Fraction((size // multiple + 1) * multiple),
            f"{reading}, rounded up to {format_bytes(multiple)}",
        )
    remedy = f"correct the number in NetBox, or say what it counts in {where}, e.g. GiB"
    if size % multiple:
        raise TroubleError(
            f"{value}, read as {unit}, is no multiple of {format_bytes(multiple)}",
            f"{remedy}; or add `round: up` to the rule",
        )
    whole = int(size)
    if whole < of.least:
        raise TroubleError(
            f"{value}, read as {unit}, is less than {format_bytes(of.least)}",
            f"{remedy}; if it is meant so, lower `least` in the rule",
        )
    if of.most is not None and whole > of.most:
        raise TroubleError(
            f"{value}, read as {unit}, is more than {format_bytes(of.most)}",
            f"{remedy}; if it is meant so, raise `most` in the rule",
        )
    plain = unit in _WRITABLE and size == number * SIZES[unit] and number.denominator == 1
    return (f"{int(number)}{unit}" if plain else format_bytes(whole)), reading


def _number(value: Json) -> Fraction:
    if isinstance(value, bool | list | dict) or value is None:
        raise TroubleError("this is no number", "write the size in digits in NetBox")
    number = exact(str(value))
    if number < 0:
        raise TroubleError(f"'{value}' is no size", "write a positive number in NetBox")
    return number


def exact(text: str) -> Fraction:
    """The number that is written, to its last digit.

    Raises:
        TroubleError: it is none, or beyond what anything counts.
    """
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise TroubleError(f"'{text}' is no number", "write digits in NetBox")
    # Before it is a fraction: one of a huge power takes all memory.
    if number and abs(number.adjusted()) > _DIGITS:
        raise TroubleError(f"{text} is out of all proportion", "correct it in NetBox")
    return Fraction(number)
