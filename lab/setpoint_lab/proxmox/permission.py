"""Runs a method's own permission check as the schema states it, before its parameters are verified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.access import ROOT
from setpoint_lab.proxmox.acl import normalize_path
from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.errors import ApiError

if TYPE_CHECKING:
    from setpoint_lab.proxmox.access import Access
    from setpoint_lab.proxmox.schema import Method

Params = Mapping[str, Any]
Check = list[Any]

_PLACE = re.compile(r"\{(\w+)\}")
_MODIFY = {"storage": "Datastore.Allocate", "vms": "VM.Allocate", "pool": "Pool.Allocate"}


def require_permission(access: Access, method: Method, user: str, params: Params) -> None:
    """Raise 403 unless the user may call the method with these (unverified) parameters."""
    if user == ROOT or method.user in {"all", "world"}:
        return
    if method.check is None:
        raise ApiError.forbidden("user != root@pam" if method.user is None else None)
    _Checker(access, user, params).run(method.check)


def may_modify(access: Access, user: str, path: str) -> bool:
    """Whether the user may change who has rights on the path."""
    return not access.privileges(user, path).isdisjoint(_modifiers(path))


def require_modify(access: Access, user: str, path: str) -> None:
    """Raise 403 unless the user may change who has rights on the path."""
    if not may_modify(access, user, path):
        raise ApiError.forbidden(f"{path}, {'|'.join(_modifiers(path))}")


def _modifiers(path: str) -> list[str]:
    kind, _, name = path.removeprefix("/").partition("/")
    return ["Permissions.Modify", *([_MODIFY[kind]] if name and kind in _MODIFY else [])]


class _Checker:
    """One check of one user; every step raises 403 with the words of the real one."""

    def __init__(self, access: Access, user: str, params: Params) -> None:
        self._access = access
        self._user = user
        self._params = params

    def run(self, check: Check) -> None:
        match check[0]:
            case "and":
                for part in check[1:]:
                    self.run(part)
            case "or":
                if not any(self._passes(part) for part in check[1:]):
                    raise ApiError.forbidden()
            case "perm":
                self._perm(check[1], check[2], _options(check[3:]))
            case "perm-modify":
                require_modify(self._access, self._user, self._path(check[1]))
            case "userid-param":
                self._userid_param(check[1])
            case "userid-group":
                self._userid_group(check[1], _options(check[2:]))
            case _:
                raise ApiError.internal(f"unknown permission test '{check[0]}'")

    def _passes(self, check: Check) -> bool:
        try:
            self.run(check)
        except ApiError:
            return False
        return True

    def _path(self, template: str) -> str:
        filled = _PLACE.sub(lambda found: str(self._params.get(found[1], "")), template)
        return normalize_path(filled) or "/"

    def _perm(self, template: str, privs: list[str], options: Params) -> None:
        needed = options.get("require_param")
        if needed is not None and self._params.get(needed) is None:
            raise ApiError.forbidden()
        path = self._path(template)
        if options.get("any"):
            self._any(path, privs)
            return
        held = self._access.privileges(self._user, path)
        for priv in privs:
            if priv not in held:
                raise ApiError.forbidden(f"{path}, {priv}")

    def _any(self, path: str, privs: list[str]) -> None:
        if self._access.privileges(self._user, path).isdisjoint(privs):
            raise ApiError.forbidden(f"{path}, {'|'.join(privs)}")

    def _userid_param(self, test: str) -> None:
        userid = str(self._params.get("userid", ""))
        if test == "self":
            if self._user != userid or userid not in self._access.users:
                raise ApiError.forbidden()
            return
        self._any(f"/access/realm/{userid.rpartition('@')[2]}", [test])

    def _userid_group(self, privs: list[str], options: Params) -> None:
        userid = str(self._params.get("userid", ""))
        way = options.get("groups_param")
        if way != "create" and userid not in self._access.users:
            raise ApiError.internal(f"no such user ('{userid}')")
        if not self._access.privileges(self._user, "/access/groups").isdisjoint(privs):
            return
        if way is not None:
            self._groups_param(privs)
        if way != "create" and not self._shares_group(userid, privs):
            raise ApiError.forbidden()

    def _groups_param(self, privs: list[str]) -> None:
        groups = split_list(str(self._params.get("groups") or ""))
        if not groups:
            raise ApiError.forbidden(f"/access/groups, {'|'.join(privs)}")
        for group in groups:
            self._any(f"/access/groups/{group}", privs)

    def _shares_group(self, userid: str, privs: list[str]) -> bool:
        return any(
            not self._access.privileges(self._user, f"/access/groups/{group}").isdisjoint(privs)
            for group in self._access.users[userid].groups
        )


def _options(rest: list[Any]) -> dict[str, Any]:
    """The options behind a test, which come as name, value, name, value."""
    return dict(zip(rest[::2], rest[1::2], strict=True))
