"""What a person writes about the records of a zone: `records: {NAME: {TYPE: what it holds}}`."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, GetJsonSchemaHandler, Tag
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from setpoint.model.handed import FromOutput
from setpoint.model.spec import Spec, described
from setpoint_dns.rdata import MAX_TTL, canonical_type
from setpoint_dns.records.types import KNOWN, QUESTIONS, SIGNING

DEFAULT = "default"
"""The view that a zone without a view is."""

_NUMBERED = re.compile(r"TYPE[0-9]{1,5}")


def is_type_name(text: str) -> bool:
    """Whether records of this type can be declared."""
    return text in KNOWN or (bool(_NUMBERED.fullmatch(text)) and canonical_type(text) == text)


def _type_name(text: str) -> str:
    if is_type_name(text):
        return text
    raise ValueError(_why_not(text))


def _why_not(text: str) -> str:
    upper = text.upper()
    reasons = (
        (upper in KNOWN, f"write types in capitals: {upper}"),
        (upper == "SOA", "the SOA is no record to declare; write its values in soa"),
        (upper in SIGNING, f"{upper} is made by the server that signs the zone, and is never declared"),
        (upper in QUESTIONS, f"{upper} exists in messages between servers only; leave it out"),
        (_is_type(text), f"write its mnemonic instead of {text}"),
    )
    unknown = f"there is no type {text}; write one such as A or MX, or TYPE65280 for one without a name"
    return next((why for holds, why in reasons if holds), unknown)


def _is_type(text: str) -> bool:
    try:
        return bool(canonical_type(text))
    except ValueError:
        return False


TypeName: TypeAlias = Annotated[str, AfterValidator(_type_name)]
"""The mnemonic of a type that can be declared, or `TYPE65280` for one without."""

Ttl: TypeAlias = Annotated[int, Field(ge=0, le=MAX_TTL)]
"""Seconds. 0 is a real value, for answers that nobody is to keep; it is advised against, not refused."""

Text: TypeAlias = Annotated[str, Field(min_length=1)]
"""The data of one record as in a zone file, on one line; names relative to the zone unless they end in a dot."""

View: TypeAlias = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
"""A view of a zone; `default` is the zone without one."""


def _form(given: Any) -> str:
    """Which form of what stands under a type this is, so that a mistake in it is told of that form alone."""
    match given:
        case dict():
            return "taken" if "from" in given or "output" in given else "set"
        case [RecordSet(), *_] | [{"values": _}, *_]:
            return "split"
        case list() | tuple():
            return "list"
        case FromOutput():
            return "taken"
        case RecordSet():
            return "set"
        case _:
            return "text"


def _plain_form(given: object) -> str:
    form = _form(given)
    return {"set": "taken", "split": "list"}.get(form, form)


_One: TypeAlias = Annotated[
    Annotated[Text, Tag("text")] | Annotated[FromOutput, Tag("taken")],
    Discriminator(lambda given: "taken" if isinstance(given, dict | FromOutput) else "text"),
]
_List: TypeAlias = Annotated[tuple[_One, ...], Field(min_length=1)]


class RecordSet(Spec):
    """The records of one name and type with what is said about all of them."""

    values: Annotated[
        Annotated[Text, Tag("text")] | Annotated[FromOutput, Tag("taken")] | Annotated[_List, Tag("list")],
        Discriminator(_plain_form),
    ] = described("The data of each record; one, or a list.", examples=[["192.0.2.10"]])
    ttl: Ttl | None = described(
        "Seconds that an answer may be kept, the same for all records of a set; the zone's when left out.",
        None,
        examples=[300],
    )
    views: tuple[View, ...] = described(
        "Views of the zone that have it; `default` is the zone without a view. All when left out.",
        (),
        examples=[["internal"]],
    )
    ptr: bool | None = described(
        "Whether the reverse zones get a PTR to this name, only for A and AAAA; as the zone says when left out.",
        None,
    )
    disabled: bool = described(
        "Whether the server keeps it without serving it; only PowerDNS can.", default=False
    )

    @property
    def items(self) -> tuple[str | FromOutput, ...]:
        """The values, also when one is written without a list."""
        return self.values if isinstance(self.values, tuple) else (self.values,)

    def within(self, view: str | None) -> bool:
        """Whether a view has it; None asks for no view."""
        return view is None or not self.views or view in self.views


_Split: TypeAlias = Annotated[tuple[RecordSet, ...], Field(min_length=1)]

Declared: TypeAlias = Annotated[
    Annotated[Text, Tag("text")]
    | Annotated[FromOutput, Tag("taken")]
    | Annotated[_List, Tag("list")]
    | Annotated[RecordSet, Tag("set")]
    | Annotated[_Split, Tag("split")],
    Discriminator(_form),
]
"""What is written under a type: a value, a list of them, a set, or the sets of several views."""


class _Types:
    """Lets editors complete the names of types, and say how the data of each are written."""

    @staticmethod
    def __get_pydantic_json_schema__(schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {"^[A-Z]": handler(schema)["additionalProperties"]},
            "propertyNames": {"anyOf": [{"enum": [*KNOWN]}, {"pattern": f"^{_NUMBERED.pattern}$"}]},
            "additionalProperties": False,
        }


ByType: TypeAlias = Annotated[dict[TypeName, Declared], Field(min_length=1), _Types]

Records: TypeAlias = dict[str, ByType]
"""By name, relative to the zone or absolute with its final dot, `@` for the zone itself; then by type."""


class RecordsSpec(Spec):
    """The base of every spec that declares records."""

    records: Records = described(
        "Records by name and type. A name is relative to the zone, `@` is the zone itself, `*` a wildcard. Under a type "
        "stands one value, a list of them, or `{values: ..., ttl: ...}`; a list of the latter when views differ.",
        default_factory=dict,
        examples=[{"www": {"A": "192.0.2.10"}, "@": {"MX": ["10 mail1", "20 mail2"]}}],
    )
