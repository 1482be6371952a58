"""What a map can make of a value: a closed list, each a pure function. `README.md` beside this has them all."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from setpoint.model.spec import Spec, described
from setpoint.model.tree import Json, Scalar
from setpoint_netbox.mapping.paths import shown
from setpoint_netbox.mapping.trouble import TroubleError
from setpoint_netbox.mapping.units import UnitOf, exact

Word: TypeAlias = Literal[
    "integer",
    "number",
    "digits",
    "boolean",
    "text",
    "lower",
    "upper",
    "trim",
    "slug",
    "mac",
    "address",
    "cidr",
    "network",
    "prefixLength",
    "mailbox",
    "dotted",
    "lines",
    "first",
    "unique",
    "sort",
]
"""The transforms without arguments."""


class MapTo(Spec):
    """One of a few words for another."""

    map: dict[str, Scalar] = described(
        "By the value as NetBox has it, what it becomes; one that is not here says nothing, unless there is a `*`.",
        min_length=1,
        examples=[{"active": "running", "offline": "stopped"}],
    )
    keep: bool = described("Whether a value that is not here stays as it is.", default=False)


class Join(Spec):
    """A list as one text."""

    join: str = described("What stands between the items.", examples=[","])


class Split(Spec):
    """A text as a list."""

    split: str = described("What stands between the items.", min_length=1, examples=[","])


class Slot(Spec):
    """A name such as `eth0` as the slot of a device."""

    slot: dict[str, str] = described(
        "By what stands before the number, the word of the slot: {eth: net} makes net0 of eth0.",
        min_length=1,
        examples=[{"net": "net", "eth": "net"}],
    )


class Without(Spec):
    """A list without some of its items."""

    without: tuple[Scalar, ...] = described("The items that are left out.", examples=[["setpoint"]])


_NAMED: Final[tuple[tuple[str, type[Spec]], ...]] = (
    ("map", MapTo),
    ("join", Join),
    ("split", Split),
    ("slot", Slot),
    ("without", Without),
    ("unit", UnitOf),
)


def _form(given: Any) -> str:
    """Which transform this is, so that a mistake in it is told of that one alone."""
    for name, model in _NAMED:
        if isinstance(given, model) or (isinstance(given, dict) and name in given):
            return name
    return "map" if isinstance(given, dict) else "word"


Transform: TypeAlias = Annotated[
    Annotated[Word, Tag("word")]
    | Annotated[MapTo, Tag("map")]
    | Annotated[Join, Tag("join")]
    | Annotated[Split, Tag("split")]
    | Annotated[Slot, Tag("slot")]
    | Annotated[Without, Tag("without")]
    | Annotated[UnitOf, Tag("unit")],
    Discriminator(_form),
]


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str | dict) else given  # pyright: ignore[reportUnknownVariableType]


Transforms: TypeAlias = Annotated[tuple[Transform, ...], BeforeValidator(_listed), Field(min_length=1)]
"""One transform, or several that follow each other."""


def applied(value: Json, transform: Transform) -> Json:
    """What a transform makes of a value; None says nothing. Sizes are measured elsewhere, for they need a unit.

    Raises:
        TroubleError: it is no such value.
    """
    match transform:
        case Join():
            return transform.join.join(shown(item) for item in _items(value))
        case Without():
            left = {shown(item) for item in transform.without}
            return [item for item in _items(value) if shown(item) not in left] or None
        case str() if transform in _LISTS:
            return _LISTS[transform](_items(value))
        case _ if isinstance(value, list):
            made = (_applied_to_one(item, transform) for item in value)
            return [item for item in made if item is not None] or None
        case _:
            return _applied_to_one(value, transform)


def _applied_to_one(value: Json, transform: Transform) -> Json:
    match transform:
        case MapTo():
            other = value if transform.keep else transform.map.get("*")
            return transform.map.get(shown(value), other)
        case Split():
            return [part for piece in _text(value).split(transform.split) if (part := piece.strip())] or None
        case Slot():
            return _slot(_text(value), transform.slot)
        case str():
            return _WORDS[transform](value)
        case _:
            return value


def _items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def _natural(value: Json) -> tuple[tuple[int, str], ...]:
    """Numbers by their size, however long, so that net10 follows net9."""
    parts = re.split(r"([0-9]+)", shown(value))
    return tuple((len(part.lstrip("0")) if index % 2 else -1, part) for index, part in enumerate(parts))


def _text(value: Json) -> str:
    if isinstance(value, dict | list):
        raise TroubleError("there is more than one value", "name a field of it in the path, or add `first`")
    return shown(value)


def _integer(value: Json) -> Json:
    number = exact(_text(value))
    if number.denominator != 1:
        raise TroubleError(
            f"{_text(value)} is no whole number",
            "write one in NetBox, or map the value to a field for fractions",
        )
    return int(number)


def _number(value: Json) -> Json:
    number = exact(_text(value))
    return int(number) if number.denominator == 1 else float(number)


def _digits(value: Json) -> Json:
    text = _text(value)
    return int(text) if re.fullmatch(r"0|[1-9][0-9]{0,17}", text) else text


_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})


def _boolean(value: Json) -> Json:
    text = _text(value).lower()
    if text not in _TRUE | _FALSE:
        raise TroubleError(f"'{_text(value)}' is neither true nor false", "correct the value in NetBox")
    return text in _TRUE


def _slug(value: Json) -> Json:
    """As NetBox makes slugs; a dot stays, for names of hosts have some."""
    return re.sub(r"[^a-z0-9.]+", "-", _text(value).lower()).strip("-.") or None


_HEX: Final = re.compile(r"[0-9A-F]{12}")


def _mac(value: Json) -> Json:
    text = re.sub(r"[:.-]", "", _text(value).upper())
    if not _HEX.fullmatch(text):
        raise TroubleError(f"'{_text(value)}' is no MAC address", "correct it in NetBox")
    return ":".join(text[index : index + 2] for index in range(0, 12, 2))


def _interface(value: Json) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface:
    try:
        return ipaddress.ip_interface(_text(value))
    except ValueError:
        raise TroubleError(f"'{_text(value)}' is no IP address", "correct it in NetBox") from None


def _mailbox(value: Json) -> Json:
    r"""`john\.doe.example.org` of a zone as the mail address that it stands for."""
    text = _text(value).removesuffix(".")
    local, dot, domain = re.sub(r"\\\.", "\0", text).partition(".")
    return f"{local}@{domain}".replace("\0", ".") if dot and "@" not in text else text


def _dotted(value: Json) -> Json:
    text = _text(value)
    return text if text.endswith(".") else f"{text}."


_LISTS: Final[Mapping[str, Callable[[list[Json]], Json]]] = {
    "first": lambda items: items[0] if items else None,
    "unique": lambda items: [*{shown(item): item for item in items}.values()],
    "sort": lambda items: sorted(items, key=_natural),
}

_WORDS: Final[Mapping[str, Callable[[Any], Json]]] = {
    "integer": _integer,
    "number": _number,
    "digits": _digits,
    "boolean": _boolean,
    "text": _text,
    "lower": lambda value: _text(value).lower(),
    "upper": lambda value: _text(value).upper(),
    "trim": lambda value: _text(value).strip() or None,
    "slug": _slug,
    "mac": _mac,
    "address": lambda value: str(_interface(value).ip),
    "cidr": lambda value: str(_interface(value)),
    "network": lambda value: str(_interface(value).network),
    "prefixLength": lambda value: _interface(value).network.prefixlen,
    "mailbox": _mailbox,
    "dotted": _dotted,
    "lines": lambda value: [line.strip() for line in _text(value).splitlines() if line.strip()] or None,
}


def _slot(text: str, words: Mapping[str, str]) -> str:
    match = re.fullmatch(r"(.*?)(0|[1-9][0-9]*)", text)
    if match is None or match[1] not in words:
        example = next(iter(words.values()))
        raise TroubleError(
            f"'{text}' is no slot", f"name it {example}0 or the like in NetBox, or map it by `key`"
        )
    return words[match[1]] + match[2]
