"""The access control list and what it gives: /access/acl, /access/permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.acl import AclEntry, Kind, is_acl_path, normalize_path
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.permission import may_modify
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.access import Access
    from setpoint_lab.proxmox.call import Call

FAILED = "ACL update failed"
OWNERS: dict[Kind, str] = {"group": "groups", "user": "users", "token": "tokens"}


@route("GET", "/access/acl")
async def list_acl(call: Call) -> object:
    """The entries on paths whose rights the user may change."""
    access = call.world.access
    return call.world.shuffled(
        {
            "path": entry.path,
            "type": entry.kind,
            "ugid": entry.ugid,
            "roleid": entry.role,
            "propagate": int(propagate),
        }
        for entry, propagate in access.acl.items()
        if may_modify(access, call.user, entry.path)
    )


@route("PUT", "/access/acl")
async def update_acl(call: Call) -> object:
    """Add entries for each role and each user, group and token, or remove them."""
    owners: list[tuple[Kind, str]] = [
        (kind, name) for kind, parameter in OWNERS.items() for name in call.items(parameter)
    ]
    if not owners:
        text = "either 'users', 'groups' or 'tokens' is required."
        raise ApiError.parameters(dict.fromkeys(OWNERS.values(), text))
    path = normalize_path(call.text("path"))
    if path is None or not is_acl_path(path):
        raise ApiError.parameters({"path": f"invalid ACL path '{call.text('path')}'"})
    await call.world.require_quorum(FAILED, "user_cfg")
    access = call.world.access
    for role in call.items("roles"):
        if role not in access.roles:
            raise ApiError.internal(f"{FAILED}: role '{role}' does not exist")
        for kind, owner in owners:
            _require_owner(access, kind, owner)
            entry = AclEntry(path, kind, owner, role)
            if call.flag("delete"):
                access.revoke(entry)
            else:
                access.grant(entry, propagate=call.flag("propagate", default=True))
    return None


def _require_owner(access: Access, kind: Kind, owner: str) -> None:
    userid, _, name = owner.partition("!")
    match kind:
        case "group":
            if owner not in access.groups:
                raise ApiError.internal(f"{FAILED}: group '{owner}' does not exist")
        case "user":
            if owner not in access.users:
                raise ApiError.internal(f"{FAILED}: no such user ('{owner}')")
        case "token":
            if userid not in access.users or name not in access.users[userid].tokens:
                raise ApiError.internal(f"{FAILED}: no such token '{name}' for user '{userid}'")


@route("GET", "/access/permissions")
async def read_permissions(call: Call) -> object:
    """What a user may do, on one path or on all that something names."""
    userid = call.text("userid", call.user)
    if call.user not in {userid, userid.partition("!")[0]}:
        call.require("/access", "Sys.Audit")
    access = call.world.access
    if "path" not in call.params:
        return access.everywhere(userid)
    path = normalize_path(call.text("path"))
    if path is None:
        raise ApiError.parameters({"path": f"invalid ACL path '{call.text('path')}'"})
    return {path: access.granted(userid, path)}
