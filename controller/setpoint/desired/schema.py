"""JSON Schema of declarations, for editors and for checks outside of Setpoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import models_json_schema

from setpoint.desired.draft7 import DRAFT, TEMPLATE, tidy
from setpoint.desired.envelope import Envelope, Metadata, OverlayFile, ResourceSetFile
from setpoint.desired.sets import KIND as SETS
from setpoint.model.kind import Kind
from setpoint.model.policy import Policy
from setpoint.model.resource import API_VERSION

Schema: TypeAlias = dict[str, Any]

EDITORS = "setpoint.schema.json"
"""The file with every kind in one schema."""
OVERLAY = "overlay.schema.json"
"""The one for `overlay.yaml`."""


def kind_schema(kind: Kind[Any, Any]) -> Schema:
    """The whole declaration of a kind, for a manifest that gets nothing from defaults."""
    schema = tidy(_declaration(kind).model_json_schema(by_alias=True, ref_template=TEMPLATE))
    definitions = schema.pop("definitions")
    return {"$schema": DRAFT, "title": kind.name, **schema, "definitions": definitions}


def editor_schema(kinds: Mapping[str, Kind[Any, Any]]) -> Schema:
    """One schema for every kind; fields that a `defaults.yaml` may give are not asked for."""
    models = {name: _declaration(kinds[name]) for name in sorted(kinds)}
    _, whole = models_json_schema(
        [(model, "validation") for model in models.values()], by_alias=True, ref_template=TEMPLATE
    )
    definitions: Schema = tidy(whole).get("definitions", {})
    for name in models:
        _give_way(definitions, definitions[name])
    made = tidy(ResourceSetFile.model_json_schema(by_alias=True, ref_template=TEMPLATE))
    definitions |= made.pop("definitions") | {SETS: made}
    names = [*models, SETS]
    return {
        "$schema": DRAFT,
        "title": "Setpoint declaration",
        "type": "object",
        "required": ["kind", "metadata"],
        "properties": {"kind": {"enum": names, "description": "What it is."}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": name}}, "required": ["kind"]},
                "then": {"$ref": f"#/definitions/{name}"},
            }
            for name in names
        ],
        "definitions": definitions,
    }


def overlay_schema() -> Schema:
    """What an `overlay.yaml` may say."""
    schema = tidy(OverlayFile.model_json_schema(by_alias=True, ref_template=TEMPLATE))
    return {"$schema": DRAFT, "title": "Setpoint overlay", **schema}


def schema_files(kinds: Mapping[str, Kind[Any, Any]]) -> dict[str, str]:
    """Every schema by its path: kubeconform's layout for single kinds, and the one for editors."""
    group, version = API_VERSION.split("/")
    files = {f"{group}/{name.lower()}_{version}.json": kind_schema(kinds[name]) for name in sorted(kinds)}
    files[EDITORS] = editor_schema(kinds)
    files[OVERLAY] = overlay_schema()
    return {path: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for path, schema in files.items()}


def _declaration(kind: Kind[Any, Any]) -> type[BaseModel]:
    """The envelope with the parts that this kind has."""
    name = Field(
        description=f"The name of the {kind.name}. A new name is a new resource.",
        json_schema_extra={"pattern": f"^({kind.names.pattern})$"},
    )
    who: dict[str, Any] = {"name": (str, name)}
    metadata = create_model(f"{kind.name}Metadata", __base__=Metadata, __doc__=Metadata.__doc__, **who)
    needed = any(info.is_required() for info in kind.spec.model_fields.values())
    spec: Any = ... if needed else {}
    parts: dict[str, Any] = {
        "kind": (str, Field(description="What it is.", json_schema_extra={"const": kind.name})),
        "metadata": (metadata, Field(description="Who it is.")),
        "policy": (Policy, Field(default_factory=Policy, description="How, when and whether to converge.")),
        "spec": (kind.spec, Field(spec, description="What it should be.")),
    }
    if kind.hosted_by is None:
        parts["target"] = (None, Field(None, description="This kind has no target."))
    return create_model(kind.name, __base__=Envelope, __doc__=kind.summary, **parts)


def _give_way(definitions: Schema, declaration: Schema) -> None:
    """Ask for no field of the spec: a layer below may have it."""
    declaration["required"] = [name for name in declaration["required"] if name != "spec"]
    reference = declaration["properties"]["spec"]["allOf"][0]["$ref"]
    definitions[reference.rpartition("/")[2]].pop("required", None)
