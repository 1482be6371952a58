"""What there is to learn about a field, told from its JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from setpoint.desired.draft7 import unit
from setpoint.desired.schema import Schema
from setpoint.model.reference import ANY, Reference

_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "nothing",
    "object": "mapping",
    "array": "list",
}
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
    "multipleOf": "a multiple of {}",
}


@dataclass(frozen=True)
class Lesson:
    """One field.

    Attributes:
        form: its type in words, with its bounds.
        default: what holds when it is left out; None when that is nothing.
        deeper: it has fields of its own.
    """

    name: str
    form: str
    description: str
    required: bool
    default: Any
    examples: tuple[Any, ...]
    deeper: bool


class Book:
    """The schema of a kind, to look things up in."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._definitions: Mapping[str, Schema] = schema.get("definitions", {})

    def find(self, path: tuple[str, ...]) -> Schema:
        """The schema of the field at `path`; lists and mappings by name lead on without a step.

        Raises:
            KeyError: there is no such field; the argument is the first step that leads nowhere.
        """
        here = self._schema
        for step in path:
            below = next((fields[step] for fields in self._fields(here) if step in fields), None)
            if below is None:
                raise KeyError(step)
            here = below
        return here

    def fields_of(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The path without names of members: that of `disks.scsi0.size`, or `disks.SLOT.size`, is `disks.size`."""
        here, kept = self._schema, list[str]()
        for step in path:
            below = next((fields[step] for fields in self._fields(here) if step in fields), None)
            if below is not None:
                here = below
            elif self._names_member(here, step):
                continue
            kept.append(step)
        return tuple(kept)

    def _names_member(self, schema: Schema, step: str) -> bool:
        """Whether a mapping by name may hold such a member, or `step` stands for any, in capitals."""
        schema = self._resolved(schema)
        mappings = [one for one in (schema, *map(self._resolved, _alternatives(schema))) if _values(one)]
        patterns = [pattern for one in mappings for pattern in one.get("patternProperties", {})]
        return bool(mappings) and (step.isupper() or any(re.search(pattern, step) for pattern in patterns))

    def names(self, schema: Schema) -> list[str]:
        """The names of the fields below."""
        return [name for fields in self._fields(schema) for name in fields]

    def lessons(self, schema: Schema) -> list[Lesson]:
        """Every field below, in the order in which the author wrote them."""
        found: dict[str, Lesson] = {}
        for holder in self._holders(schema):
            required = holder.get("required", [])
            for name, field in holder.get("properties", {}).items():
                found.setdefault(name, self.lesson(name, field, required=name in required))
        return list(found.values())

    def lesson(self, name: str, field: Schema, *, required: bool = False) -> Lesson:
        """What there is to know about one field."""
        return Lesson(
            name=name,
            form=", ".join([self.form(field), *self._bounds(field)]),
            description=self._resolved(field).get("description", ""),
            required=required,
            default=field.get("default"),
            examples=tuple(field.get("examples", ())),
            deeper=bool(self._fields(field)),
        )

    def form(self, schema: Schema) -> str:
        """The type in words."""
        schema = self._resolved(schema)
        if unit(schema):
            return unit(schema)
        if "enum" in schema:
            return f"one of {', '.join(map(str, schema['enum']))}"
        if "const" in schema:
            return f"always {schema['const']}"
        if Reference.MARK in schema:
            kind = schema[Reference.MARK]
            return "KIND/NAME of a resource" if kind == ANY else f"name of a {kind}"
        alternatives = [self.form(one) for one in _alternatives(schema) if one.get("type") != "null"]
        if alternatives:
            return " or ".join(dict.fromkeys(alternatives))
        return self._composite(schema) or _TYPES.get(schema.get("type", ""), "anything")

    def _composite(self, schema: Schema) -> str:
        if "items" in schema:
            return f"list of {self.form(schema['items'])}"
        values = _values(schema)
        return f"mapping from name to {self.form(values[0])}" if values else ""

    def _bounds(self, schema: Schema) -> Iterator[str]:
        for one in (schema, *_alternatives(self._resolved(schema))):
            if not unit(one) and not unit(schema) and Reference.MARK not in one:
                yield from (text.format(one[name]) for name, text in _BOUNDS.items() if name in one)

    def _fields(self, schema: Schema) -> list[Mapping[str, Schema]]:
        return [found for holder in self._holders(schema) if (found := holder.get("properties"))]

    def _holders(self, schema: Schema) -> Iterator[Schema]:
        """Every mapping with fields that a value of this schema is, or holds."""
        schema = self._resolved(schema)
        if "properties" in schema:
            yield schema
        below = [*_alternatives(schema), *_values(schema), *([schema["items"]] if "items" in schema else [])]
        for one in below:
            yield from self._holders(one)

    def _resolved(self, schema: Schema) -> Schema:
        """Behind references, with what is said at the place itself on top."""
        wrapped = schema.get("allOf", [schema])
        reference = wrapped[0].get("$ref", "")
        if not reference:
            return schema
        return {**self._resolved(self._definitions[reference.rpartition("/")[2]]), **_beside(schema)}


def _beside(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if name not in ("$ref", "allOf")}


def _alternatives(schema: Schema) -> list[Schema]:
    return [*schema.get("anyOf", []), *schema.get("oneOf", [])]


def _values(schema: Schema) -> list[Schema]:
    """What a mapping by name holds."""
    named = [*schema.get("patternProperties", {}).values()]
    others = schema.get("additionalProperties")
    return named if named or not isinstance(others, dict) else [others]
