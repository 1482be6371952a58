"""How a person writes a size: absolute, as a percentage of a node, or as a share of it. Neighbour: `size`, the arithmetic."""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    WithJsonSchema,
    model_validator,
)

from setpoint.model.quantity import Bytes
from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.spec import Memory
from setpoint_proxmox.sizes import MIB

_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)\s*%", re.ASCII)
_SHORT: Final = {"type": "string", "pattern": r"^[0-9]{1,4}(\.[0-9]{1,3})?\s*%$", "examples": ["25%"]}
LEAST_MEMORY: Final = 16 * MIB


class Of(StrEnum):
    """What a part is taken of."""

    CAPACITY = "capacity"
    """All that the node has."""
    FREE = "free"
    """What its other guests leave of that, as far as they may take it."""
    USED = "used"
    """What the node used over the last day on average."""


def parse_percent(value: object) -> Decimal:
    """The number of `25%` or `12.5 %`; where nothing else can be meant also of 25.

    Raises:
        ValueError: it is no percentage.
    """
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal(str(value))
    match = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"'{value}' is no percentage; write e.g. 25% or 12.5%")
    return Decimal(match[1])


def _percent_text(value: Decimal) -> str:
    return f"{value.normalize():f}%"


Percent = Annotated[
    Decimal,
    BeforeValidator(parse_percent),
    PlainSerializer(_percent_text, return_type=str, when_used="json"),
    WithJsonSchema({"anyOf": [_SHORT, {"type": "number", "minimum": 0}], "examples": ["25%"]}),
]


class Part(Spec):
    """A part of what a node has, leaves free, or uses."""

    percent: Percent | None = described(
        "Part in percent, more than 0% and at most 1000%; else a share.", None, gt=0, le=1000
    )
    share: int | None = described(
        "Weight among all guests on the node that declare a share of the same: 2 gets twice as much as 1.",
        None,
        ge=1,
        le=1000,
    )
    of: Of = described(
        "What it is a part of: all that the node has, what its other guests leave free of that, or what the node used "
        "over the last day on average.",
        Of.CAPACITY,
    )
    hysteresis: Percent = described(
        "How far it must move away before what is in force is changed.",
        Decimal(10),
        ge=0,
        lt=100,
        json_schema_extra={"default": "10%"},
    )

    @model_validator(mode="after")
    def _is_one(self) -> Part:
        if (self.percent is None) is (self.share is None):
            raise ValueError("a part is either a percent or a share; write one of them, e.g. percent: 25%")
        return self


class MemoryPart(Part):
    """Memory as a part of a node."""

    min: Bytes = described("Least memory, a multiple of 1MiB.", LEAST_MEMORY, examples=["1GiB"])
    max: Bytes | None = described(
        "Most memory, a multiple of 1MiB; what the node has when left out.", None, examples=["16GiB"]
    )
    step: Bytes = described(
        "Memory is a multiple of this, rounded down, unless it is min or max.", 64 * MIB, examples=["512MiB"]
    )

    @model_validator(mode="after")
    def _is_whole(self) -> MemoryPart:
        for name, size in (("min", self.min), ("max", self.max), ("step", self.step)):
            if size is not None and (size % MIB or size == 0):
                raise ValueError(f"{name} is a multiple of 1MiB, and more than nothing")
        if self.min < LEAST_MEMORY:
            raise ValueError("min is at least 16MiB, for no guest starts with less")
        if self.max is not None and self.max < self.min:
            raise ValueError("max is less than min; swap them, or leave one out")
        return self


class CoresPart(Part):
    """A number of cores as a part of a node."""

    min: int = described("Fewest cores.", 1, ge=1, le=1024)
    max: int | None = described("Most cores; what the node has when left out.", None, ge=1, le=1024)
    step: int = described(
        "Cores are a multiple of this, rounded down, unless they are min or max.", 1, ge=1, le=64
    )

    @model_validator(mode="after")
    def _is_ordered(self) -> CoresPart:
        if self.max is not None and self.max < self.min:
            raise ValueError("max is less than min; swap them, or leave one out")
        return self


def _shorthand(value: object) -> object:
    """`25%` is a whole part by itself."""
    return {"percent": value} if isinstance(value, str) else value


def which(value: Any) -> str:
    """In which of the forms a size is written."""
    if isinstance(value, dict | Part):
        return "part"
    return "percent" if isinstance(value, str) and value.rstrip().endswith("%") else "plain"


MemoryOrPart = Annotated[
    Annotated[Memory, Tag("plain")]
    | Annotated[MemoryPart, BeforeValidator(_shorthand), WithJsonSchema(_SHORT), Tag("percent")]
    | Annotated[MemoryPart, Tag("part")],
    Discriminator(which),
]
"""Memory in bytes, or a part of the node's."""

_CoresPercent = Annotated[CoresPart, BeforeValidator(_shorthand), WithJsonSchema(_SHORT), Tag("percent")]

MachineCores = Annotated[
    Annotated[int, Field(ge=1, le=1024), Tag("plain")] | _CoresPercent | Annotated[CoresPart, Tag("part")],
    Discriminator(which),
]
"""A number of cores, or a part of the node's."""

ContainerCores = Annotated[
    Annotated[int, Field(ge=1, le=8192), Tag("plain")] | _CoresPercent | Annotated[CoresPart, Tag("part")],
    Discriminator(which),
]
"""A number of cores, or a part of the node's."""
