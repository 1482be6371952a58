"""How a field of a spec names another resource: `room: Annotated[str, Reference("Room")]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from setpoint.model.key import Key

ANY: Final = "*"
"""In the place of a kind: the text says it itself, `Kind/name` or `namespace/Kind/name`."""


class Name(str):
    """The name of another resource as it was written, `name` or `namespace/name`, and the kind it must be of."""

    __slots__ = ("kind",)
    kind: str

    def __new__(cls, text: str, kind: str) -> Self:
        """A text that remembers the kind."""
        name = super().__new__(cls, text)
        name.kind = kind
        return name

    def __reduce__(self) -> tuple[type[Name], tuple[str, str]]:
        """What a copy is made from."""
        return Name, (str(self), self.kind)


@dataclass(frozen=True)
class Reference:
    """Marks a text field as the name of a resource of `kind`, which becomes a dependency.

    A name without a namespace is looked up in the namespace of the resource that it stands in, then in `default`.
    Only what a person wrote counts: a default value is not a dependency.
    """

    MARK: ClassVar = "x-setpoint-reference"
    """The key in JSON Schema that says which kind is named."""

    kind: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Text that is not empty, as a Name."""
        return core_schema.no_info_after_validator_function(self._name, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """A text; MARK tells editors and docs what it names."""
        return {**handler(schema), "minLength": 1, self.MARK: self.kind}

    def _name(self, text: str) -> Name:
        if self.kind == ANY:
            try:
                key = Key.parse(text, namespace="")
            except ValueError:
                raise ValueError(
                    f"'{text}' names no resource; write Kind/name or namespace/Kind/name"
                ) from None
            return Name(f"{key.namespace}/{key.name}" if key.namespace else key.name, key.kind)
        if not text:
            raise ValueError(f"this names no {self.kind}; write its metadata.name")
        return Name(text, self.kind)
