"""The options of the data centre: /cluster/options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.handlers.cluster import may_see
from setpoint_lab.proxmox.handlers.node_config import one_line_end
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.schema import Shape, load
from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

FOR_EVERYONE = ("console", "consent-text", "tag-style", "user-tag-access")
"""What those see who may not look at the rest."""

ALWAYS = {"mac_prefix": "BC:24:11", "description": ""}
"""What is shown though nobody has set it."""


@route("GET", "/cluster/options")
async def read_options(call: Call) -> object:
    """The options; those that hold several values come as objects."""
    options = call.world.datacenter
    shown = {key: _shown(key, value) for key, value in options.items()}
    if call.allowed("/", "Sys.Audit"):
        shown = ALWAYS | shown
    else:
        shown = {key: value for key, value in shown.items() if key in FOR_EVERYONE}
    return shown | {"allowed-tags": _tags(call)}


@route("PUT", "/cluster/options")
async def update_options(call: Call) -> None:
    """Set and take away options; those that hold several values are kept as they were sent."""
    await call.world.require_quorum("", "datacenter_cfg")
    options = call.world.datacenter
    for key in call.items("delete"):
        options.pop(key, None)
    options |= {key: value for key, value in call.params.items() if key != "delete"}
    if "description" in call.params:
        options["description"] = one_line_end(call.params["description"])
    call.world.changed()


def _tags(call: Call) -> list[str]:
    """The tags that the user may give: those of the guests that they see, and the registered ones."""
    found = set(split_list(str(call.world.datacenter.get("registered-tags", ""))))
    for guest in call.world.guests.values():
        if may_see(call, guest):
            found |= set(split_list(guest.tags or ""))
    return sorted(found)


def _shown(key: str, value: object) -> object:
    shape = load().methods["PUT", "/cluster/options"].shape(key) or {}
    form = shape.get("format")
    if not is_object(form) or not isinstance(value, str):
        return value
    parts: dict[str, Shape] = form
    return {
        name: int(text) if parts.get(name, {}).get("type") == "boolean" else text
        for name, text in split_properties(parts, value).items()
    }
