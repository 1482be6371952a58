"""The roots of the plugins, which list what a plugin serves, also what is not emulated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.netbox.dispatch import READ_METHODS, ROUTES, Route
from setpoint_lab.netbox.request import Answer

if TYPE_CHECKING:
    from setpoint_lab.netbox.access import Who
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.world import World

PLUGINS = "/api/plugins/"
ROOT = f"{PLUGINS}netbox-dns/"
SERVED = (
    *("contacts", "dnsseckeytemplates", "dnssecpolicies", "nameservers", "prefixes", "records"),
    *("recordtemplates", "registrars", "views", "zones", "zonetemplates"),
)


def plugins(_world: World, _who: Who | None, request: Request) -> Answer:
    """The plugins."""
    listed = {"installed-plugins": f"{request.base}{PLUGINS}installed-plugins/"}
    return Answer(200, listed | {"netbox-dns": f"{request.base}{ROOT}"})


def root(_world: World, _who: Who | None, request: Request) -> Answer:
    """What the plugin serves."""
    return Answer(200, {name: f"{request.base}{ROOT}{name}/" for name in SERVED})


ROUTES[PLUGINS] = Route(READ_METHODS, special=plugins)
ROUTES[ROOT] = Route(READ_METHODS, special=root)
