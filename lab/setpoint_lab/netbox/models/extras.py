"""Tags, custom fields, webhooks, the journal and config contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.computed import CREATED, LAST_UPDATED, Computed, Fixed
from setpoint_lab.netbox.fields import Choice, ChoiceList, Decimal, Flag, Integer, Json, JsonObject, Text
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.netbox.model import PLAIN_BRIEF, Model, Unique, register
from setpoint_lab.netbox.models.common import (
    COMMENTS,
    DESCRIPTION,
    NAME_AND_SLUG,
    NAMED,
    OWNER,
    TAGS,
    TIMES,
    custom,
)
from setpoint_lab.netbox.pairs import Choices
from setpoint_lab.netbox.relations import AnyObject, Ref, RefMany, TypeName, TypeNames
from setpoint_lab.netbox.times import parse_time

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

UNIQUE_NAME = (Unique(("name",)),)
KINDS = {"info": "Info", "success": "Success", "warning": "Warning", "danger": "Danger"}
FIELD_TYPES = {
    "text": "Text",
    "longtext": "Text (long)",
    "integer": "Integer",
    "decimal": "Decimal",
    "boolean": "Boolean (true/false)",
    "date": "Date",
    "datetime": "Date & time",
    "url": "URL",
    "json": "JSON",
    "select": "Selection",
    "multiselect": "Multiple selection",
    "object": "Object",
    "multiobject": "Multiple objects",
}
DATA_TYPES = {
    "integer": "integer",
    "decimal": "decimal",
    "boolean": "boolean",
    "json": "object",
    "object": "object",
    "multiselect": "array",
    "multiobject": "array",
}
ONLY_WORD = "Only alphanumeric characters and underscores are allowed."


def _tagged(view: View, row: Row) -> int:
    if view.fresh or view.nested:
        return 0
    return sum(len(table.where("tags", row["id"])) for table in view.world.tables.values())


register(
    Model(
        endpoint="extras/tags",
        type="extras.tag",
        class_name="Tag",
        verbose="tag",
        ordering=("weight", "name"),
        brief=("id", "url", "display", "name", "slug", "color", "description"),
        unique=NAME_AND_SLUG,
        fields=(
            Text("name", required=True, longest=100, natural=False),
            *NAMED[1:],
            Text("color", default="9e9e9e", longest=6),
            DESCRIPTION,
            Integer("weight", null=False, default=1000, least=0, most=32767),
            TypeNames("object_types"),
            Computed("tagged_items", function=_tagged),
            *TIMES,
        ),
    )
)


def _field_label(_world: World, row: Row) -> str:
    return str(row["label"] or row["name"].replace("_", " ").capitalize())


def _data_type(_view: View, row: Row) -> str:
    return DATA_TYPES.get(row["type"], "string")


register(
    Model(
        endpoint="extras/custom-fields",
        type="extras.customfield",
        class_name="CustomField",
        verbose="custom field",
        display=_field_label,
        natural="name",
        ordering=("group_name", "weight", "name"),
        brief=PLAIN_BRIEF,
        search=("name", "label", "group_name", "description", "comments"),
        unique=UNIQUE_NAME,
        fields=(
            TypeNames("object_types", required=True),
            Choice("type", labels=FIELD_TYPES, required=True, default="text"),
            TypeName("related_object_type"),
            Computed("data_type", function=_data_type),
            Text("name", required=True, longest=50, pattern=r"^[A-Za-z0-9_]+$", complaint=ONLY_WORD),
            Text("label", longest=50),
            Text("group_name", longest=50),
            DESCRIPTION,
            Flag("required"),
            Flag("unique"),
            Integer("search_weight", null=False, default=1000, least=0, most=32767),
            Choice(
                "filter_logic",
                labels={"disabled": "Disabled", "loose": "Loose", "exact": "Exact"},
                default="loose",
            ),
            Choice(
                "ui_visible",
                labels={"always": "Always", "if-set": "If set", "hidden": "Hidden"},
                default="always",
            ),
            Choice("ui_editable", labels={"yes": "Yes", "no": "No", "hidden": "Hidden"}, default="yes"),
            Flag("is_cloneable"),
            Json("default"),
            Json("related_object_filter"),
            Integer("weight", null=False, default=100, least=0, most=32767),
            Decimal("validation_minimum", places=4),
            Decimal("validation_maximum", places=4),
            Text("validation_regex", longest=500),
            Json("validation_schema"),
            Ref("choice_set", to="extras/custom-field-choice-sets"),
            OWNER,
            COMMENTS,
            *TIMES,
        ),
    )
)


def _choices_count(_view: View, row: Row) -> int:
    return len(row["extra_choices"] or ())


register(
    Model(
        endpoint="extras/custom-field-choice-sets",
        type="extras.customfieldchoiceset",
        class_name="CustomFieldChoiceSet",
        verbose="custom field choice set",
        page="extras/custom-field-choices",
        natural="name",
        brief=(*PLAIN_BRIEF, "choices_count"),
        unique=UNIQUE_NAME,
        fields=(
            Text("name", required=True, longest=100),
            DESCRIPTION,
            Choice(
                "base_choices",
                labels={"IATA": "IATA", "ISO_3166": "ISO 3166", "UN_LOCODE": "UN/LOCODE"},
                null=True,
            ),
            Choices("extra_choices"),
            Json("choice_colors", default={}),
            Flag("order_alphabetically"),
            Computed("choices_count", function=_choices_count),
            OWNER,
            *TIMES,
        ),
    )
)


def _entry(_world: World, row: Row) -> str:
    moment = parse_time(row["created"])
    return f"{moment:%Y-%m-%d %H:%M} ({KINDS[row['kind']]})"


register(
    Model(
        endpoint="extras/journal-entries",
        type="extras.journalentry",
        class_name="JournalEntry",
        verbose="journal entry",
        display=_entry,
        ordering=("-created",),
        parent="assigned_object_id",
        brief=("id", "url", "display", "created"),
        search=("comments",),
        fields=(
            TypeName("assigned_object_type", required=True, null=False),
            Integer("assigned_object_id", required=True, null=False),
            AnyObject("assigned_object", by_type="assigned_object_type", by_id="assigned_object_id"),
            CREATED,
            Ref("created_by", to="users/users", bare=True, on_delete="clear"),
            Choice("kind", labels=KINDS, default="info"),
            Text("comments", required=True),
            TAGS,
            custom("extras.journalentry"),
            LAST_UPDATED,
        ),
    )
)


@hook("before_save", "extras/journal-entries")
def note_author(unit: Unit, old: Row | None, new: Row | None) -> None:
    """The server knows who wrote an entry."""
    if old is None and new is not None:
        new["created_by"] = unit.author.user


register(
    Model(
        endpoint="extras/webhooks",
        type="extras.webhook",
        class_name="Webhook",
        verbose="webhook",
        natural="name",
        brief=PLAIN_BRIEF,
        search=("name", "description", "payload_url"),
        unique=UNIQUE_NAME,
        fields=(
            Text("name", required=True, longest=150),
            DESCRIPTION,
            Text("payload_url", required=True, longest=500),
            Choice(
                "http_method",
                labels={each: each for each in ("GET", "POST", "PUT", "PATCH", "DELETE")},
                default="POST",
                bare=True,
            ),
            Text("http_content_type", default="application/json", longest=100),
            Text("additional_headers"),
            Text("body_template"),
            Text("secret", longest=255),
            Flag("ssl_verification", default=True),
            Text("ca_file_path", null=True, default=None, longest=4096),
            custom("extras.webhook"),
            OWNER,
            TAGS,
            *TIMES,
        ),
    )
)

EVENTS = (
    "object_created",
    "object_updated",
    "object_deleted",
    "job_started",
    "job_completed",
    "job_failed",
    "job_errored",
)

register(
    Model(
        endpoint="extras/event-rules",
        type="extras.eventrule",
        class_name="EventRule",
        verbose="event rule",
        natural="name",
        brief=PLAIN_BRIEF,
        unique=UNIQUE_NAME,
        fields=(
            TypeNames("object_types", required=True),
            Text("name", required=True, longest=150),
            Flag("enabled", default=True),
            ChoiceList("event_types", required=True, labels=EVENTS),
            Json("conditions"),
            Choice(
                "action_type",
                labels={"webhook": "Webhook", "script": "Script", "notification": "Notification"},
                default="webhook",
            ),
            TypeName("action_object_type", required=True, null=False),
            Integer("action_object_id"),
            AnyObject("action_object", by_type="action_object_type", by_id="action_object_id"),
            DESCRIPTION,
            custom("extras.eventrule"),
            OWNER,
            TAGS,
            *TIMES,
        ),
    )
)

register(
    Model(
        endpoint="extras/config-templates",
        type="extras.configtemplate",
        class_name="ConfigTemplate",
        verbose="config template",
        natural="name",
        brief=PLAIN_BRIEF,
        fields=(
            Text("name", required=True, longest=100),
            DESCRIPTION,
            JsonObject("environment_params", default={}),
            Text("template_code", required=True),
            Text("mime_type", longest=50),
            Text("file_name", longest=200),
            Text("file_extension", longest=15),
            Flag("as_attachment", default=True),
            Fixed("data_source"),
            Fixed("data_path", value=""),
            Fixed("data_file"),
            Flag("auto_sync_enabled"),
            Fixed("data_synced"),
            OWNER,
            TAGS,
            *TIMES,
        ),
    )
)


def _empty(*names: str) -> tuple[Any, ...]:
    return tuple(Fixed(name, value=[]) for name in names)


register(
    Model(
        endpoint="extras/config-contexts",
        type="extras.configcontext",
        class_name="ConfigContext",
        verbose="config context",
        natural="name",
        ordering=("weight", "name"),
        brief=PLAIN_BRIEF,
        unique=UNIQUE_NAME,
        fields=(
            Text("name", required=True, longest=100),
            Integer("weight", null=False, default=1000, least=0, most=32767),
            Fixed("profile"),
            DESCRIPTION,
            Flag("is_active", default=True),
            *_empty("regions", "site_groups"),
            RefMany("sites", to="dcim/sites"),
            *_empty("locations"),
            RefMany("device_types", to="dcim/device-types"),
            RefMany("roles", to="dcim/device-roles"),
            RefMany("platforms", to="dcim/platforms"),
            RefMany("cluster_types", to="virtualization/cluster-types"),
            *_empty("cluster_groups"),
            RefMany("clusters", to="virtualization/clusters"),
            *_empty("tenant_groups"),
            RefMany("tenants", to="tenancy/tenants"),
            OWNER,
            TAGS,
            Fixed("data_source"),
            Fixed("data_path", value=""),
            Fixed("data_file"),
            Fixed("data_synced"),
            JsonObject("data", required=True, null=False),
            *TIMES,
        ),
    )
)
