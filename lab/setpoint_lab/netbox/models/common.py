"""Fields and rules that many models share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.netbox.computed import CREATED, LAST_UPDATED, OWNER, TIMES
from setpoint_lab.netbox.custom_fields import CustomFields
from setpoint_lab.netbox.fields import Text
from setpoint_lab.netbox.model import Unique
from setpoint_lab.netbox.relations import Ref, Tags

if TYPE_CHECKING:
    from setpoint_lab.netbox.fields import Field

__all__ = [
    "COMMENTS",
    "CREATED",
    "DESCRIPTION",
    "LAST_UPDATED",
    "NAMED",
    "NAME_AND_SLUG",
    "OWNER",
    "TAGS",
    "TENANT",
    "TIMES",
    "custom",
    "named",
]

SLUG_TEXT = "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens."
DESCRIPTION = Text("description", longest=200)
COMMENTS = Text("comments")
TAGS = Tags()
TENANT = Ref("tenant", to="tenancy/tenants")
NAME_AND_SLUG = (Unique(("name",)), Unique(("slug",)))


def custom(type_name: str) -> CustomFields:
    """The custom fields of a type."""
    return CustomFields(type=type_name)


def named(longest: int = 100) -> tuple[Field, ...]:
    """A name and a slug."""
    return (
        Text("name", required=True, longest=longest),
        Text("slug", required=True, longest=longest, pattern=r"^[-a-zA-Z0-9_]+$", complaint=SLUG_TEXT),
    )


NAMED = named()
