"""What a NetBox needs beside its data, as a list in the order in which it is made. Pure; `ensure` brings it about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from setpoint.model.standing import Stand
from setpoint_netbox.settings import NetBoxSettings
from setpoint_netbox.verbs.fields import MACHINE, Field, taken_types

GROUP: Final = "setpoint"
"""The group of our custom fields in NetBox's forms."""
CHOICES: Final = "Setpoint phases"
HOOK: Final = "Setpoint"
VIEWED: Final = (
    MACHINE, "virtualization.vminterface", "virtualization.virtualdisk", "virtualization.cluster",
    "ipam.ipaddress", "ipam.prefix", "ipam.vlan", "ipam.service",
    "dcim.macaddress", "dcim.device", "dcim.site",
    "extras.tag", "extras.customfield", "core.objectchange",
)  # fmt: skip
"""What is read."""
ZONES: Final = ("netbox_dns.zone", "netbox_dns.record")
_EVENTS: Final = ("object_created", "object_updated", "object_deleted")
_CALLED_FOR: Final = (
    MACHINE, "virtualization.vminterface", "virtualization.virtualdisk", "ipam.ipaddress", "ipam.service",
    "dcim.macaddress",
)  # fmt: skip


@dataclass(frozen=True)
class Ref:
    """The id of an object that is made before, by its natural name."""

    endpoint: str
    name: str


@dataclass(frozen=True)
class Wish:
    """An object that has to be there.

    Attributes:
        endpoint: `extras/tags`.
        key: the field that names it, and `name` its value there.
        body: what it has to say beside its name; a `Ref` stands for an id.
        why: what it is for, in a sentence.
        once: what is said only when it is made.
    """

    endpoint: str
    name: str
    why: str
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    key: str = "name"
    once: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        """The custom field setpoint_vmid, as people call it."""
        return f"{_NOUNS[self.endpoint]} {self.name}"


_NOUNS: Final = {
    "extras/tags": "tag",
    "extras/custom-field-choice-sets": "choice set",
    "extras/custom-fields": "custom field",
    "extras/webhooks": "webhook",
    "extras/event-rules": "event rule",
    "tenancy/tenants": "tenant",
    "dcim/sites": "site",
    "dcim/device-roles": "role",
    "dcim/platforms": "platform",
    "virtualization/cluster-types": "cluster type",
    "virtualization/clusters": "cluster",
    "ipam/vlans": "VLAN",
    "users/users": "user",
    "users/permissions": "permission",
}


def tags(slugs: Iterable[str]) -> Iterator[Wish]:
    """The tags of the selection."""
    for slug in slugs:
        yield Wish("extras/tags", slug, "Machines with it are taken.", key="slug", once={"name": slug})


def custom_fields(fields: Iterable[Field]) -> Iterator[Wish]:
    """The custom fields, and before them the choices of one."""
    fields = list(fields)
    if any(one.type == "select" for one in fields):
        yield Wish(
            "extras/custom-field-choice-sets",
            CHOICES,
            "The phases of a resource.",
            {"extra_choices": [[str(phase), str(phase)] for phase in Stand]},
        )
    for one in fields:
        body: dict[str, Any] = {
            "object_types": sorted(one.types),
            "type": one.type,
            "group_name": GROUP,
            "is_cloneable": False,
            "ui_editable": "no" if one.written and not one.uses else "yes",
        }
        if one.type == "select":
            body["choice_set"] = Ref("extras/custom-field-choice-sets", CHOICES)
        yield Wish("extras/custom-fields", one.name, one.why, body, once={"description": one.why[:200]})


def hook(url: str, secret: str, extra: Iterable[str] = ()) -> Iterator[Wish]:
    """The webhook that rings at every change, and the rule that calls it."""
    yield Wish(
        "extras/webhooks",
        HOOK,
        "Calls Setpoint at every change, signed with the secret of the settings.",
        {
            "payload_url": url,
            "http_method": "POST",
            "http_content_type": "application/json",
            "secret": secret,
        },
        once={"ssl_verification": True},
    )
    yield Wish(
        "extras/event-rules",
        HOOK,
        "Says which changes the webhook is called for.",
        {
            "object_types": sorted({*_CALLED_FOR, *extra}),
            "event_types": [*_EVENTS],
            "enabled": True,
            "action_type": "webhook",
            "action_object_type": "extras.webhook",
            "action_object_id": Ref("extras/webhooks", HOOK),
        },
    )


def user(name: str, password: str) -> Wish:
    """Who reads NetBox for Setpoint, and does nothing else."""
    return Wish(
        "users/users",
        name,
        "Setpoint reads NetBox under this name, and its changes stand under it.",
        {"is_active": True},
        key="username",
        once={"password": password},
    )


def permissions(name: str, settings: NetBoxSettings, *, writes: bool) -> Iterator[Wish]:
    """The least that this user has to be allowed.

    Reading is not confined to the selection: what loses its tag would look deleted.
    """
    who = [Ref("users/users", name)]
    viewed = (*VIEWED, *(ZONES if settings.zones is not None else ()))
    yield Wish(
        "users/permissions",
        "Setpoint: read",
        "What is declared in NetBox is read.",
        {"object_types": sorted(viewed), "actions": ["view"], "users": who, "enabled": True},
    )
    if not writes:
        return
    chosen = settings.select.tags
    yield Wish(
        "users/permissions",
        "Setpoint: write back",
        "How what is taken stands is written into its custom fields.",
        {
            "object_types": sorted(taken_types(settings)),
            "actions": ["change"],
            "users": who,
            "enabled": True,
            "constraints": {"tags__slug": chosen[0]} if chosen else None,
        },
    )
    yield Wish(
        "users/permissions",
        "Setpoint: journal",
        "Failures and deletions are told in the journal of the machine.",
        {"object_types": ["extras.journalentry"], "actions": ["add", "view"], "users": who, "enabled": True},
    )
