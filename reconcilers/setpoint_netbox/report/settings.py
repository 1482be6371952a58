"""What the daemon's settings say of writing back, under `inventories.netbox.writeBack`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self

from pydantic import field_validator, model_validator

from setpoint.model.spec import Spec, described

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,50}")


class Journal(StrEnum):
    """What becomes an entry of an object's journal."""

    FAILURES = "failures"
    """What went wrong and its end, and what was destroyed."""
    ALL = "all"
    """Also what waits for an approval."""
    NONE = "none"


class FieldNames(Spec):
    """The custom fields that are written, each by its name in NetBox; null for one that is not."""

    phase: str | None = described(
        "Where it is between being declared and being so, in a word; text or a selection.", "setpoint_phase"
    )
    message: str | None = described("Why, in a sentence of at most 200 characters; text.", "setpoint_message")
    observed_hash: str | None = described(
        "The beginning of the hash of the declaration that was last looked at; text.",
        "setpoint_observed_hash",
    )
    vmid: str | None = described("The id of the guest in its cluster; integer or text.", "pve_vmid")
    node: str | None = described("The node that it is on; text.", "pve_node")
    addresses: str | None = described("The addresses that it tells; text.", "setpoint_addresses")
    drift: str | None = described("The places at which it is not as declared; text.", "setpoint_drift")

    @field_validator("*")
    @classmethod
    def _is_name(cls, value: str | None) -> str | None:
        if value is not None and not _NAME.fullmatch(value):
            raise ValueError(
                f"'{value}' is no name of a custom field; they are made of at most 50 letters, digits and _"
            )
        return value

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        many = [name for name, count in Counter(self.named().values()).items() if count > 1]
        if many:
            raise ValueError(f"the custom field '{many[0]}' is named twice; give each its own, or null")
        return self

    def named(self) -> Mapping[str, str]:
        """What is written -> the custom field into which."""
        return {what: name for what in type(self).model_fields if (name := getattr(self, what)) is not None}


class WriteBack(Spec):
    """Write into NetBox how what it declares stands."""

    fields: FieldNames = described("The custom fields that are written.", FieldNames())
    journal: Journal = described("What becomes an entry of an object's journal.", Journal.FAILURES)
