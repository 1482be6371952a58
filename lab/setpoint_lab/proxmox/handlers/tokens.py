"""API tokens: /access/users/{userid}/token; neighbour: `users`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.handlers.users import existing_user, token_info
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.state import new_uuid
from setpoint_lab.proxmox.users import Token

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.users import User

_PATH = "/access/users/{userid}/token"
_ONE = f"{_PATH}/{{tokenid}}"


def _find(call: Call) -> tuple[User, str]:
    """The user and the name of the token; 500 when either does not exist."""
    user = existing_user(call.world.access, call.text("userid"))
    name = call.text("tokenid")
    if name not in user.tokens:
        raise ApiError.internal(f"no such token '{name}' for user '{user.userid}'")
    return user, name


@route("GET", _PATH)
async def list_tokens(call: Call) -> object:
    """The tokens of a user."""
    user = existing_user(call.world.access, call.text("userid"))
    return call.world.shuffled({"tokenid": name, **token_info(user, name)} for name in user.tokens)


@route("GET", _ONE)
async def read_token(call: Call) -> object:
    """One token."""
    return token_info(*_find(call))


@route("POST", _ONE)
async def create_token(call: Call) -> object:
    """A new token; the only answer that holds its secret."""
    user = existing_user(call.world.access, call.text("userid"))
    name = call.text("tokenid")
    if name in user.tokens:
        raise ApiError.parameters({"tokenid": "Token already exists."})
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9.\-_]+", name) is None:
        raise ApiError.parameters({"tokenid": "value does not match the regex pattern"})
    await call.world.require_quorum("generating token failed", "user_cfg")
    secret = new_uuid(call.world)
    privsep = call.flag("privsep", default=True)
    user.tokens[name] = Token(secret, privsep, call.integer("expire"), call.text_or_none("comment"))
    call.world.access.changed()
    info = {"privsep": 1} | _sent(call)
    return {"full-tokenid": f"{user.userid}!{name}", "value": secret, "info": info}


def _sent(call: Call) -> dict[str, object]:
    """What was given, as it was sent: a form's numbers come back as text."""
    return {key: call.sent[key] for key in ("privsep", "expire", "comment") if key in call.params}


@route("PUT", _ONE)
async def update_token(call: Call) -> object:
    """Change what is given; `regenerate` makes a new secret."""
    user, name = _find(call)
    await call.world.require_quorum("updating token failed", "user_cfg")
    token = user.tokens[name]
    for key in call.items("delete"):
        if key == "comment":
            token.comment = None
    token.privsep = call.flag("privsep", default=token.privsep)
    token.expire = call.integer("expire", token.expire)
    token.comment = call.text_or_none("comment") or token.comment
    call.world.access.changed()
    answer: dict[str, object] = token_info(user, name)
    if token.expire == 0 and "expire" not in call.params:
        del answer["expire"]
    answer |= _sent(call)
    if call.flag("regenerate"):
        token.secret = new_uuid(call.world)
        answer["value"] = token.secret
    return answer


@route("DELETE", _ONE)
async def delete_token(call: Call) -> object:
    """Remove a token and its entries in the access control list."""
    user, name = _find(call)
    await call.world.require_quorum("deleting token failed", "user_cfg")
    del user.tokens[name]
    call.world.access.forget_owner(f"{user.userid}!{name}")
    return None
