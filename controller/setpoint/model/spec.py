"""The base of everything a person writes: frozen, no unknown fields, camelCase, every field described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Spec(BaseModel):
    """A part of a declaration. `model_fields_set` tells what the person wrote: only that is ever compared."""

    also_called: ClassVar[Mapping[str, str]] = {}
    """What people write elsewhere for a field, and the field: a mistake in it is answered with that."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        # What reads or checks nothing of a kind does not wait for its models: each is built when it is first used.
        defer_build=True,
    )


def described(text: str, default: Any = ..., **constraints: Any) -> Any:
    """A field with its one-sentence description, including the unit where there is one."""
    return Field(default, description=text, **constraints)
