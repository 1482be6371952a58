"""The part of a declaration that is the same for all kinds, and of a layer of defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, cast

from pydantic import Field, field_validator, model_validator

from setpoint.model.key import is_namespace
from setpoint.model.resource import API_VERSION
from setpoint.model.spec import Spec, described


def _judged(namespace: str) -> str:
    if not is_namespace(namespace):
        raise ValueError(
            f"'{namespace}' is no namespace; use at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit"
        )
    return namespace


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
        return _judged(value)


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

    @model_validator(mode="before")
    @classmethod
    def _not_refused(cls, given: Any) -> Any:
        """An inventory that cannot make a declaration says why in it, so that the key stays as it was."""
        why = cast("dict[str, Any]", given).get("refused") if isinstance(given, dict) else None
        if why:
            raise ValueError(str(why))
        return given  # pyright: ignore[reportUnknownVariableType]


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


class SetMetadata(Spec):
    """What a set is called."""

    name: str = described("The name of the set, for people.")


class SetSpec(Spec):
    """What a set makes."""

    rows: tuple[Mapping[str, Any], ...] | None = described("The rows: a value for each column.", None)
    csv: str | None = described(
        "The CSV file that holds the rows instead, seen from this file; its first line names the columns.",
        None,
    )
    template: Mapping[str, Any] = described(
        'A manifest with "{{ column }}" where a value of the row belongs.'
    )

    @model_validator(mode="after")
    def _rows(self) -> Self:
        if (self.rows is None) == (self.csv is None):
            raise ValueError("a set has rows or csv; write one of the two")
        return self


class ResourceSetFile(Spec):
    """One manifest for each row."""

    api_version: Literal["setpoint.dev/v1"] = described("May be left out.", API_VERSION)
    kind: Literal["ResourceSet"] = described("What it is.")
    metadata: SetMetadata = described("What it is called.")
    spec: SetSpec = described("What it makes.")


class Patch(Spec):
    """What some of the resources that an overlay declares have otherwise; it lies above their manifests."""

    kind: str = described('The kind that this is for, or "*" for every kind.')
    name: str | None = described("Only for the resource of this name.", None)
    labels: dict[str, str] | None = described("Only for resources that have all of these labels.", None)
    metadata: GivenMetadata = Field(default=GivenMetadata(), description="Labels that the resources get.")
    policy: Mapping[str, Any] = described("Policy that is otherwise.", {})
    target: str | None = described("The resource that holds them.", None)
    spec: Mapping[str, Any] = described("Fields that are otherwise; null takes one away.", {})


class Unwanted(Spec):
    """Resources that an overlay leaves out of what it is laid over."""

    kind: str = described("Their kind.")
    name: str = described("The name of the one.")


class OverlayFile(Spec):
    """What `overlay.yaml` says of its folder."""

    api_version: Literal["setpoint.dev/v1"] = described("May be left out.", API_VERSION)
    template: bool = described(
        "Nothing in this folder is declared by itself, only through the overlays that are laid over it.",
        False,
    )
    over: str | None = described(
        "The folder whose manifests are declared here as well, e.g. ../base; seen from this file.", None
    )
    namespace: str | None = described(
        "The namespace of all that is declared here, whatever the manifests say.",
        None,
        json_schema_extra={"pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
    )
    formerly: str | None = described(
        "The namespace in which all of this was declared before: makes the new one a move.", None
    )
    without: tuple[Unwanted, ...] = described("What is left out of the copy.", ())
    patches: tuple[Patch, ...] = described(
        "What is otherwise here; of two that say the same, the later one counts.", ()
    )

    @field_validator("namespace", "formerly")
    @classmethod
    def _namespaces(cls, value: str | None) -> str | None:
        return value if value is None else _judged(value)

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.template and (self.over or self.namespace or self.formerly or self.without or self.patches):
            raise ValueError(
                "a template is declared by the overlays over it, and says nothing else; remove template, or the rest"
            )
        if not self.template and self.namespace is None:
            raise ValueError("an overlay needs a namespace; add namespace, or template: true")
        if self.formerly is not None and self.formerly == self.namespace:
            raise ValueError("formerly is the namespace itself; write the one before, or remove formerly")
        if self.without and self.over is None:
            raise ValueError("nothing is copied, so nothing can be left out; add over, or remove without")
        return self
