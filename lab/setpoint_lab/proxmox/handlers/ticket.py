"""Logging in: /access/ticket; neighbour: `tickets`, which signs them."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.access import Access
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import World

CAPABILITIES: dict[str, tuple[re.Pattern[str], tuple[str, ...]]] = {
    name: (re.compile(pattern), tuple(paths.split()))
    for name, (pattern, paths) in {
        "access": (r"User\.|Group\.|Permissions\.Modify", "/access"),
        "dc": (r"Sys\.Audit|Sys\.Modify|SDN\.", ""),
        "mapping": (r"Mapping\.|Permissions\.Modify", "/mapping"),
        "nodes": (r"Sys\.|Permissions\.Modify", "/nodes"),
        "sdn": (r"SDN\.|Permissions\.Modify", "/sdn"),
        "storage": (r"Datastore\.|Permissions\.Modify", "/storage"),
        "vms": (r"VM\.|Permissions\.Modify", "/vms"),
    }.items()
}
"""By part of the user interface: which privileges count, below which paths (and on /)."""


@route("GET", "/access/ticket")
async def read_ticket(_call: Call) -> object:
    """Nothing; it exists so that a page for logging in can be asked for."""
    return None


@route("POST", "/access/ticket")
async def create_ticket(call: Call) -> object:
    """A ticket for a user and password, or for a ticket that is still good."""
    username = call.text("username")
    if call.text_or_none("realm") is not None and "@" not in username:
        username = f"{username}@{call.text('realm')}"
    world, now = call.world, call.world.clock.now()
    user = world.access.users.get(username)
    if (
        user is None
        or not user.active(now)
        or not _knows(world, username, user.password, call.text("password"))
    ):
        raise ApiError(401, "authentication failure")
    answer: dict[str, object] = {
        "username": username,
        "ticket": world.signer.ticket(username, now),
        "CSRFPreventionToken": world.signer.csrf(username, now),
        "cap": capabilities(world.access, username),
    }
    return answer | ({"clustername": world.cluster} if world.cluster else {})


def _knows(world: World, userid: str, password: str | None, given: str) -> bool:
    if world.signer.user_of(given, world.clock.now()) == userid:
        return True
    return password is not None and hmac.compare_digest(password.encode(), given.encode())


def capabilities(access: Access, user: str) -> dict[str, dict[str, int]]:
    """What the user interface may show the user."""
    everywhere = access.everywhere(user)
    found: dict[str, dict[str, int]] = {name: {} for name in CAPABILITIES}
    for path, granted in everywhere.items():
        for name, (pattern, paths) in CAPABILITIES.items():
            if path == "/" or path.startswith(paths):
                found[name] |= {priv: flag for priv, flag in granted.items() if pattern.match(priv)}
    return found
