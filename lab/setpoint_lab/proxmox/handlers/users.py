"""Users: /access/users and their passwords; neighbour: `tokens`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.access import ROOT
from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.users import User

if TYPE_CHECKING:
    from setpoint_lab.proxmox.access import Access
    from setpoint_lab.proxmox.call import Call

DETAILS = ("comment", "email", "firstname", "lastname", "keys")
MODIFIERS = ("User.Modify", "Sys.Audit")


def existing_user(access: Access, userid: str) -> User:
    """The user of that id; 500 when there is none."""
    user = access.users.get(userid)
    if user is None:
        raise ApiError.internal(f"no such user ('{userid}')")
    return user


@route("GET", "/access/users")
async def list_users(call: Call) -> object:
    """The users that the asking one may see."""
    shown = [user for user in call.world.access.users.values() if _may_see(call, user)]
    if "enabled" in call.params:
        shown = [user for user in shown if user.enable == call.flag("enabled")]
    return call.world.shuffled(_row(user, full=call.flag("full")) for user in shown)


def _may_see(call: Call, user: User) -> bool:
    paths = ["/access/groups", *(f"/access/groups/{group}" for group in user.groups)]
    privileges = call.world.access.privileges
    return call.user == user.userid or any(
        not privileges(call.user, path).isdisjoint(MODIFIERS) for path in paths
    )


def _row(user: User, *, full: bool) -> dict[str, object]:
    row: dict[str, object] = {"userid": user.userid, "realm-type": user.realm, **_common(user)}
    if full:
        row["groups"] = ",".join(sorted(user.groups))
        row["tokens"] = [{"tokenid": name, **token_info(user, name)} for name in sorted(user.tokens)]
    return row


def _common(user: User) -> dict[str, object]:
    return {"enable": int(user.enable), "expire": user.expire, **user.details}


def token_info(user: User, name: str) -> dict[str, object]:
    """What is told of a token, which is never its secret."""
    token = user.tokens[name]
    comment = {"comment": token.comment} if token.comment is not None else {}
    return {"expire": token.expire, "privsep": int(token.privsep), **comment}


@route("GET", "/access/users/{userid}")
async def read_user(call: Call) -> object:
    """One user with groups and tokens."""
    user = existing_user(call.world.access, call.text("userid"))
    found = {**_common(user), "groups": sorted(user.groups)}
    tokens = {name: token_info(user, name) for name in user.tokens}
    return found | ({"tokens": tokens} if tokens else {})


@route("POST", "/access/users")
async def create_user(call: Call) -> object:
    """A new user."""
    userid, access = call.text("userid"), call.world.access
    await call.world.require_quorum("create user failed", "user_cfg")
    if userid in access.users:
        raise ApiError.internal(f"create user failed: user '{userid}' already exists")
    user = User(userid)
    if user.realm not in access.realms:
        raise ApiError.internal(f"create user failed: domain '{user.realm}' does not exist")
    user.password = call.text_or_none("password")
    _update(call, user)
    access.users[userid] = user
    access.changed()
    return None


@route("PUT", "/access/users/{userid}")
async def update_user(call: Call) -> object:
    """Change what is given."""
    user = existing_user(call.world.access, call.text("userid"))
    await call.world.require_quorum("update user failed", "user_cfg")
    _update(call, user)
    call.world.access.changed()
    return None


def _update(call: Call, user: User) -> None:
    user.enable = call.flag("enable", default=user.enable)
    user.expire = call.integer("expire", user.expire)
    for name in DETAILS:
        if name in call.params:
            user.details[name] = call.text(name)
    if "groups" in call.params:
        groups = set(split_list(call.text("groups")))
        unknown = sorted(groups - set(call.world.access.groups))
        if unknown:
            raise ApiError.internal(f"no such group '{unknown[0]}'")
        user.groups = user.groups | groups if call.flag("append") else groups


@route("DELETE", "/access/users/{userid}")
async def delete_user(call: Call) -> object:
    """Remove a user with its tokens and its entries in the access control list."""
    userid, access = call.text("userid"), call.world.access
    existing_user(access, userid)
    if userid == ROOT:
        raise ApiError.internal(f"delete user failed: user '{userid}' cannot be deleted")
    await call.world.require_quorum("delete user failed", "user_cfg")
    del access.users[userid]
    access.forget_owner(userid)
    return None


@route("PUT", "/access/password")
async def change_password(call: Call) -> object:
    """Set the password of a user."""
    user = existing_user(call.world.access, call.text("userid"))
    user.password = call.text("password")
    call.world.access.changed()
    return None
