"""Roles, groups and realms: /access/roles, /access/groups, /access/domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.roles import PRIVILEGES
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.users import Group, Role

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

REALMS = {"pam": "Linux PAM standard authentication", "pve": "Proxmox VE authentication server"}
AUDITORS = ("Sys.Audit", "Group.Allocate", "User.Modify")


@route("GET", "/access/domains")
async def list_realms(call: Call) -> object:
    """The realms that users can log in to."""
    return call.world.shuffled(
        {"realm": realm, "type": realm, "comment": REALMS.get(realm, realm)}
        for realm in call.world.access.realms
    )


@route("GET", "/access/roles")
async def list_roles(call: Call) -> object:
    """All roles with their privileges as text."""
    return call.world.shuffled(
        {
            "roleid": role.roleid,
            "privs": ",".join(sorted(role.privs)),
            **({"special": 1} if role.special else {}),
        }
        for role in call.world.access.roles.values()
    )


def _role(call: Call, failed: str = "") -> Role:
    roleid = call.text("roleid")
    role = call.world.access.roles.get(roleid)
    if role is None:
        raise ApiError.internal(f"{failed}role '{roleid}' does not exist")
    if failed and role.special:
        raise ApiError.internal(f"auto-generated role '{roleid}' cannot be modified")
    return role


def _privileges(call: Call) -> frozenset[str]:
    privs = frozenset(call.items("privs"))
    unknown = sorted(privs - PRIVILEGES)
    if unknown:
        raise ApiError.internal(f"invalid privilege '{unknown[0]}'")
    return privs


@route("GET", "/access/roles/{roleid}")
async def read_role(call: Call) -> object:
    """The privileges of one role."""
    return dict.fromkeys(sorted(_role(call).privs), 1)


@route("POST", "/access/roles")
async def create_role(call: Call) -> object:
    """A new role."""
    roleid, access = call.text("roleid"), call.world.access
    await call.world.require_quorum("create role failed", "user_cfg")
    if roleid in access.roles:
        raise ApiError.internal(f"create role failed: role '{roleid}' already exists")
    access.roles[roleid] = Role(roleid, _privileges(call))
    access.changed()
    return None


@route("PUT", "/access/roles/{roleid}")
async def update_role(call: Call) -> object:
    """Other privileges, or more of them with `append`."""
    role = _role(call, "update role failed: ")
    privs = _privileges(call)
    role.privs = role.privs | privs if call.flag("append") else privs
    call.world.access.changed()
    return None


@route("DELETE", "/access/roles/{roleid}")
async def delete_role(call: Call) -> object:
    """Remove a role; entries that name it give nothing from then on."""
    role = _role(call, "delete role failed: ")
    del call.world.access.roles[role.roleid]
    call.world.access.changed()
    return None


@route("GET", "/access/groups")
async def list_groups(call: Call) -> object:
    """The groups that the user may see, with their members."""
    access = call.world.access
    wide = not access.privileges(call.user, "/access/groups").isdisjoint(AUDITORS)
    return call.world.shuffled(
        {"groupid": group.groupid, **_comment(group), "users": ",".join(_members(call, group))}
        for group in access.groups.values()
        if wide or not access.privileges(call.user, f"/access/groups/{group.groupid}").isdisjoint(AUDITORS)
    )


def _comment(group: Group) -> dict[str, object]:
    return {"comment": group.comment} if group.comment is not None else {}


def _members(call: Call, group: Group) -> list[str]:
    return sorted(user.userid for user in call.world.access.users.values() if group.groupid in user.groups)


def _group(call: Call, failed: str = "") -> Group:
    groupid = call.text("groupid")
    group = call.world.access.groups.get(groupid)
    if group is None:
        raise ApiError.internal(f"{failed}group '{groupid}' does not exist")
    return group


@route("GET", "/access/groups/{groupid}")
async def read_group(call: Call) -> object:
    """One group with its members."""
    group = _group(call)
    return {**_comment(group), "members": _members(call, group)}


@route("POST", "/access/groups")
async def create_group(call: Call) -> object:
    """A new group."""
    groupid, access = call.text("groupid"), call.world.access
    await call.world.require_quorum("create group failed", "user_cfg")
    if groupid in access.groups:
        raise ApiError.internal(f"create group failed: group '{groupid}' already exists")
    access.groups[groupid] = Group(groupid, call.text_or_none("comment"))
    access.changed()
    return None


@route("PUT", "/access/groups/{groupid}")
async def update_group(call: Call) -> object:
    """Another comment."""
    group = _group(call, "update group failed: ")
    group.comment = call.text_or_none("comment") or group.comment
    call.world.access.changed()
    return None


@route("DELETE", "/access/groups/{groupid}")
async def delete_group(call: Call) -> object:
    """Remove a group from its members and from the access control list."""
    group = _group(call, "delete group failed: ")
    for user in call.world.access.users.values():
        user.groups.discard(group.groupid)
    del call.world.access.groups[group.groupid]
    call.world.access.forget_owner(group.groupid)
    return None
