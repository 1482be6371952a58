"""The part of a declaration that is the same for all kinds, and of a layer of defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from setpoint.model.key import is_namespace
from setpoint.model.resource import API_VERSION
from setpoint.model.spec import Spec, described


class Metadata(Spec):
    """Who it is."""

    name: str = described("The name; a kind says how its names look. A new name is a new resource.")
    namespace: str = described(
        "Site, environment or tenant that it belongs to.",
        "default",
        json_schema_extra={"pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
    )
    labels: dict[str, str] = described("Words to select resources by, on the command line and in layers.", {})
    formerly: str | None = described(
        "The name it had before, or namespace/Kind/name: makes a new name a move.", None
    )

    @field_validator("namespace")
    @classmethod
    def _namespace(cls, value: str) -> str:
        if not is_namespace(value):
            raise ValueError(
                f"'{value}' is no namespace; use at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit"
            )
        return value


class Envelope(Spec):
    """A declaration. `policy`, `target` and `spec` are judged by their own models once layers are merged."""

    api_version: Literal["setpoint.dev/v1"] = described("May be left out.", API_VERSION)
    kind: str = described("What it is; `setpoint explain` lists the kinds.")
    metadata: Metadata = described("Who it is.")
    policy: Mapping[str, Any] = described("How, when and whether to converge.", {})
    target: str | None = described(
        "The resource that holds it; may be left out when there is only one that can.", None
    )
    spec: Mapping[str, Any] = described("What it should be.", {})


class GivenMetadata(Spec):
    """What a layer says about who a resource is."""

    labels: dict[str, str | None] = described("Labels that the resources get.", {})


class Defaults(Spec):
    """One layer: what every declaration of a kind in a folder, or with some labels, has in common."""

    api_version: Literal["setpoint.dev/v1"] = described("May be left out.", API_VERSION)
    kind: str = described('The kind that this is for, or "*" for every kind.')
    labels: dict[str, str] | None = described("Only for resources that have all of these labels.", None)
    metadata: GivenMetadata = Field(default=GivenMetadata(), description="Labels that the resources get.")
    policy: Mapping[str, Any] = described("Policy that they share.", {})
    target: str | None = described("The resource that holds them.", None)
    spec: Mapping[str, Any] = described("Fields that they share.", {})
