"""What a person writes for the configuration of a host to be given: plain data, and what other resources publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias, cast

from pydantic import AfterValidator, Discriminator, GetJsonSchemaHandler, JsonValue, Tag
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from setpoint.model.handed import FromOutput
from setpoint.model.tree import Json

_HANDED: Final = frozenset({"from", "output"})


def _sort(value: Any) -> str:
    return "output" if isinstance(value, FromOutput) or _takes(value) else "plain"


def _takes(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    names = cast("dict[str, object]", value).keys()
    return "from" in names and names <= _HANDED


class _Either:
    """What takes an output is plain data too, as far as JSON Schema can tell."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler(schema)
        return {"anyOf": found.pop("oneOf"), **found}


Given: TypeAlias = Annotated[
    Annotated[FromOutput, Tag("output")] | Annotated[JsonValue, Tag("plain")],
    Discriminator(_sort),
    _Either(),
]


def _fit(given: dict[str, Any]) -> dict[str, Any]:
    for name, value in given.items():
        _check(value, name)
    return given


def _check(value: object, place: str) -> None:
    """Refuse what looks like more than plain data and would be nothing else."""
    if isinstance(value, dict):
        _check_mapping(cast("dict[str, object]", value), place)
    elif isinstance(value, list):
        for number, below in enumerate(cast("list[object]", value)):
            _check(below, f"{place}/{number}")


def _check_mapping(value: dict[str, object], place: str) -> None:
    if value.keys() == {"credential"}:
        raise ValueError(
            f"{place} names a secret, and everybody on the host can read what its configuration is given; "
            "let the host read it from a file, e.g. by sops-nix"
        )
    if _takes(value):
        raise ValueError(
            f"{place} would take an output, which only a whole entry of data can; make it one: "
            "{from: KIND/NAME, output: PATH}"
        )
    for name, below in value.items():
        _check(below, f"{place}/{name}")


Data: TypeAlias = Annotated[dict[str, Given], AfterValidator(_fit)]
"""By the names under which the configuration reads them."""


def lacking(written: Json, taken: Mapping[str, Any]) -> tuple[str, ...]:
    """The entries that were written and have no value, for nobody publishes it yet."""
    return tuple(name for name in written if name not in taken) if isinstance(written, dict) else ()
