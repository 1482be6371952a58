"""The mapping document: which objects of NetBox become which resources, and where each field comes from. It is data."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from setpoint.model.resource import API_VERSION
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Scalar
from setpoint_netbox.content import VIEWS
from setpoint_netbox.mapping.paths import parse
from setpoint_netbox.mapping.transforms import Transforms
from setpoint_netbox.mapping.units import Unit

PLACEHOLDER: Final = re.compile(r"\{\{ *([^{}]*?) *\}\}")
_FIELD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")


def _path(text: str) -> str:
    parse(text)
    return text


def _type(text: str) -> str:
    if text not in VIEWS:
        raise ValueError(f"'{text}' is no type of object that is read; write one of {', '.join(VIEWS)}")
    return text


def _target(text: str) -> str:
    if not _FIELD.fullmatch(text):
        raise ValueError(f"'{text}' is no field; write names with dots between them, e.g. cpu.type")
    return text


def _template(text: str) -> str:
    if re.search(r"\{\{|\}\}", PLACEHOLDER.sub("", text)) or not PLACEHOLDER.search(text):
        raise ValueError(f"'{text}' has no placeholder; write {{{{ path }}}} where a value belongs")
    for found in PLACEHOLDER.finditer(text):
        parse(found[1])
    return text


def _among(given: Any) -> Any:
    return [given] if isinstance(given, str | dict) else given  # pyright: ignore[reportUnknownVariableType]


PathText: TypeAlias = Annotated[str, AfterValidator(_path)]
Group: TypeAlias = Annotated[tuple[PathText, ...], BeforeValidator(_among), Field(min_length=1)]
"""Names for one thing: those that say something must say the same."""
Sources: TypeAlias = Annotated[tuple[Group, ...], BeforeValidator(_among), Field(min_length=1)]
"""Groups, of which the first that says something counts."""
FieldPath: TypeAlias = Annotated[str, AfterValidator(_target)]


class Condition(Spec):
    """A question about an object."""

    field: Sources | None = described("Where the value is that is asked for.", None)
    is_: Scalar = described("It is this; null for nothing.", None, alias="is")
    in_: tuple[Scalar, ...] = described("It is one of these.", (), alias="in", min_length=1)
    has: Scalar = described("It is a list with this in it.", None)
    set_: bool | None = described("Whether it says anything.", None, alias="set")
    tag: str | None = described("The object has the tag with this slug.", None)
    all: tuple[Condition, ...] | None = described("All of these hold.", None)
    any: tuple[Condition, ...] | None = described("One of these holds.", None)
    not_: Condition | None = described("This does not hold.", None, alias="not")

    @model_validator(mode="before")
    @classmethod
    def _all_of(cls, given: Any) -> Any:
        return {"all": given} if isinstance(given, list) else given  # pyright: ignore[reportUnknownVariableType]

    @model_validator(mode="after")
    def _one_question(self) -> Condition:
        given = self.model_fields_set
        if len(given & {"field", "tag", "all", "any", "not_"}) != 1:
            raise ValueError("a condition asks one thing; write one of field, tag, all, any and not")
        asked = given & {"is_", "in_", "has", "set_"}
        if "field" in given and len(asked) != 1:
            raise ValueError("say what the field has to be; add one of is, in, has and set")
        if asked and "field" not in given:
            raise ValueError("is, in, has and set are about a field; add field")
        return self


class Rule(Spec):
    """Where a value comes from; a path alone is one. What says nothing leaves the field out."""

    source: Sources | None = described(
        "A path, or several of which the first that says something counts. A list among them are names for one thing, which "
        "must say the same.",
        None,
        alias="from",
        examples=["vcpus", ["custom_fields.cores", "vcpus"]],
    )
    value: Any = described("The value itself.", None)
    text: Annotated[str, AfterValidator(_template)] | None = described(
        "A text with values in it; without one of them it is left out.",
        None,
        examples=["net{{ @index }}"],
    )
    each: PathText | None = described("A list, of which every item becomes an entry.", None)
    key: Annotated[tuple[Rule, ...], BeforeValidator(_among)] = described(
        "What the entry of an item is called; several lie inside each other.", ()
    )
    fields: dict[FieldPath, Rule] = described("The fields of an entry, seen from the item.", {})
    transforms: Transforms | None = described(
        "What is made of the value, one after the other.", None, alias="as", examples=["integer"]
    )
    default: Any = described("The value when nothing is said.", None)
    when: Condition | None = described("It counts only when this holds; with `each`, of the item.", None)
    otherwise: Rule | None = described("The rule that counts when this one says nothing.", None)
    collect: bool = described(
        "In an entry that several items share, one list of all their values.", default=False
    )

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, given: Any) -> Any:
        return {"from": given} if isinstance(given, str | list) else given  # pyright: ignore[reportUnknownVariableType]

    @model_validator(mode="after")
    def _one_origin(self) -> Rule:
        given = self.model_fields_set
        if len(given & {"source", "value", "text", "each"}) != 1:
            raise ValueError("a rule says where a value comes from; write one of from, value, text and each")
        if "each" in given and not (self.fields and self.key):
            raise ValueError("each makes entries; add key and fields")
        if "each" in given and given & {"transforms", "default", "collect", "otherwise"}:
            raise ValueError("as, default, otherwise and collect are about one value; write them in fields")
        if "each" not in given and given & {"fields", "key"}:
            raise ValueError("key and fields are about the items of a list; add each")
        return self


class Map(Spec):
    """What the objects of one type become."""

    of: Annotated[str, AfterValidator(_type)] = described(
        "Type of the objects, as NetBox calls it.", examples=["virtualization.virtualmachine"]
    )
    when: Condition | None = described("Only those of which this holds; another map may take the rest.", None)
    leave_out: Condition | None = described(
        "Those of which this holds are not declared; what was made of one stays and is let go.", None
    )
    kind: str = described("What they become.", examples=["VirtualMachine"])
    name: Rule = described("The name of the resource.")
    namespace: Rule | None = described("Its namespace; `default` when nothing is said.", None)
    labels: dict[str, Rule] = described("Its labels.", {})
    target: Rule | None = described("The resource that holds it.", None)
    policy: dict[FieldPath, Rule] = described(
        "Its policy; deletion is orphan unless a rule says otherwise.", {}
    )
    fields: dict[FieldPath, Rule] = described("Fields of its spec.", {})
    merge: tuple[PathText, ...] = described(
        "Trees that are laid below the fields, such as a part of the config context; the first is the highest.",
        (),
        examples=[["config_context.setpoint"]],
    )
    units: dict[str, Unit] = described(
        "What numbers without a unit count, by the name that rules have for it; MiB where nothing is said.",
        {},
        examples=[{"memory": "MiB", "disk": "MiB"}],
    )


class MappingFile(Spec):
    """How NetBox becomes declarations."""

    api_version: Literal["setpoint.dev/v1"] = described("May be left out.", API_VERSION)
    inventory: Literal["netbox"] = described(
        "Whose mapping this is; by it the file is known as no declaration."
    )
    maps: dict[str, Map] = described("The maps by name; the first that fits takes an object.", {})
