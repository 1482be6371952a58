"""What the daemon's settings say of a NetBox, under `inventories.netbox`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from pydantic import field_validator

from setpoint.listen import checked, parts
from setpoint.model.quantity import Duration, format_duration
from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec, described
from setpoint_netbox.report.settings import WriteBack

_SOONEST: Final = timedelta(seconds=1)
_SNAPSHOT_SOONEST: Final = timedelta(minutes=1)
_FIELD = re.compile(r"[A-Za-z0-9_]+")


class Select(Spec):
    """Which virtual machines are taken: those that match every field that is given."""

    tags: tuple[str, ...] = described("Slugs of tags, all of which it must have.", ())
    roles: tuple[str, ...] = described("Slugs of roles, one of which it must have.", ())
    clusters: tuple[str, ...] = described("Names of clusters, one of which it must be in.", ())
    tenants: tuple[str, ...] = described("Slugs of tenants, one of which it must belong to.", ())
    sites: tuple[str, ...] = described("Slugs of sites, one of which it must be at.", ())
    status: tuple[str, ...] = described("Its status must be one of these, e.g. active or staged.", ())
    custom_fields: Mapping[str, str | int | float | bool] = described(
        "Custom fields by name, and the value that each must have.", {}
    )

    @field_validator("custom_fields")
    @classmethod
    def _names(cls, value: Mapping[str, str | int | float | bool]) -> Mapping[str, str | int | float | bool]:
        for name in value:
            if not _FIELD.fullmatch(name):
                raise ValueError(
                    f"'{name}' is no name of a custom field; they are made of letters, digits and _"
                )
        return value


class Others(Spec):
    """Which other objects are taken."""

    tags: tuple[str, ...] = described(
        "Slugs of tags, all of which it must have; all objects when left out.", ()
    )


class WebhookSettings(Spec):
    """Be called by NetBox at every change, beside polling."""

    listen: str = described(
        "Address and port, e.g. 127.0.0.1:9647; put a TLS proxy in front.", "127.0.0.1:9647"
    )
    secret: SecretRef = described("The secret of the webhook in NetBox, with which it signs its calls.")

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        return checked(value, "127.0.0.1:9647 or [::1]:9647")

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port; port 0 lets the system choose one."""
        return parts(self.listen)


class NetBoxSettings(Spec):
    """A NetBox in which people declare what is to be."""

    url: str = described(
        "Where it is, e.g. https://netbox.example.org; with the path below which it is, if any."
    )
    token: SecretRef = described(
        "The API token; `setpoint netbox init` makes one that may do what is needed."
    )
    ca: str = described(
        "PEM file of the authority that signed its certificate, by its whole path; the system's when empty.",
        "",
    )
    select: Select = described("Which virtual machines are taken; all when left out.", Select())
    prefixes: Others | None = described("Take prefixes too; `{}` for all.", None)
    vlans: Others | None = described("Take VLANs too; `{}` for all.", None)
    clusters: Others | None = described("Take clusters too; `{}` for all.", None)
    zones: Others | None = described(
        "Take zones of netbox-plugin-dns with their records too; `{}` for all.", None
    )
    config_context: bool = described(
        "Read the merged config context of each virtual machine too; NetBox has to work for it.", False
    )
    poll: Duration = described("How often to ask for changes; at least 1s.", timedelta(seconds=15))
    snapshot: Duration = described(
        "How often to read everything, for what NetBox tells in no change; at least 1m.",
        timedelta(minutes=15),
    )
    webhook: WebhookSettings | None = described("Be called at every change, beside polling.", None)
    write_back: WriteBack | None = described(
        "Write into NetBox how what it declares stands; `{}` for all of it. Nothing is written when left out.",
        None,
    )

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
            raise ValueError(f"'{value}' is no address of a NetBox; write e.g. https://netbox.example.org")
        if url.username is not None or url.password is not None:
            raise ValueError(
                "a NetBox is reached by a token and not by a password; write the URL without one"
            )
        return value.rstrip("/").removesuffix("/api")

    @field_validator("ca")
    @classmethod
    def _whole_path(cls, value: str) -> str:
        if value and not value.startswith("/"):
            raise ValueError(f"'{value}' is no whole path; write e.g. /etc/ssl/netbox.pem")
        return value

    @field_validator("poll")
    @classmethod
    def _poll_floor(cls, value: timedelta) -> timedelta:
        return _at_least(value, _SOONEST)

    @field_validator("snapshot")
    @classmethod
    def _snapshot_floor(cls, value: timedelta) -> timedelta:
        return _at_least(value, _SNAPSHOT_SOONEST)


def _at_least(value: timedelta, least: timedelta) -> timedelta:
    if value < least:
        raise ValueError(
            f"{format_duration(value)} is too often for NetBox; write at least {format_duration(least)}"
        )
    return value
