"""Users, tokens, roles and the access control list, and what they give a user on a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.acl import AclEntry, Kind, prefixes
from setpoint_lab.proxmox.roles import BUILT_IN, PRIVILEGES
from setpoint_lab.proxmox.users import Group, Role, Token, User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.ledger import Ledger
    from setpoint_lab.proxmox.world import Pool

ROOT = "root@pam"
ROOT_PASSWORD = "setpoint"  # noqa: S105  # the lab's own, known to everyone
"""With which root@pam logs in unless a state says otherwise."""

TOP_PATHS = ("/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms")

Granted = dict[str, int]
"""Privileges with whether they propagate (1) or hold on the path alone (0)."""


class Access:
    """Who may do what."""

    def __init__(self, ledger: Ledger, pools: Mapping[str, Pool]) -> None:
        """Know root@pam alone."""
        self._ledger = ledger
        self._pools = pools
        self.realms = ["pam", "pve"]
        self.users: dict[str, User] = {ROOT: User(ROOT, password=ROOT_PASSWORD)}
        self.groups: dict[str, Group] = {}
        self.roles = {name: Role(name, privs, special=True) for name, privs in BUILT_IN.items()}
        self.acl: dict[AclEntry, bool] = {}
        self._known: dict[tuple[str, str], frozenset[str]] = {}
        self._known_at = 0

    def changed(self) -> None:
        """Say that the user configuration was written."""
        self._ledger.changed()

    def token(self, owner: str) -> Token | None:
        """The token of `name@realm!token`."""
        userid, _, name = owner.partition("!")
        user = self.users.get(userid)
        return user.tokens.get(name) if user else None

    def grant(self, entry: AclEntry, *, propagate: bool = True) -> None:
        """Add an entry to the list."""
        self.acl[entry] = propagate
        self.changed()

    def revoke(self, entry: AclEntry) -> None:
        """Remove an entry from the list if it is there."""
        self.acl.pop(entry, None)
        self.changed()

    def forget_path(self, path: str) -> None:
        """Remove every entry on a path, as the end of a guest does with `/vms/100`."""
        for entry in [entry for entry in self.acl if entry.path == path]:
            self.revoke(entry)

    def forget_owner(self, owner: str) -> None:
        """Remove every entry of a user or token that is no more, the tokens of a user included."""
        mine = [entry for entry in self.acl if entry.ugid == owner or entry.ugid.startswith(f"{owner}!")]
        for entry in mine:
            self.revoke(entry)

    def privileges(self, user: str, path: str) -> frozenset[str]:
        """The privileges of `name@realm` or `name@realm!token` on an ACL path."""
        if self._known_at != self._ledger.version:
            self._known.clear()
            self._known_at = self._ledger.version
        found = self._known.get((user, path))
        if found is None:
            found = self._known[user, path] = frozenset(self.granted(user, path))
        return found

    def granted(self, user: str, path: str) -> Granted:
        """The privileges on a path with their propagation; a separated token has those that its user has too."""
        if user == ROOT:
            return dict.fromkeys(PRIVILEGES, 1)
        userid, mark, _ = user.partition("!")
        if not mark:
            return self._own(user, path)
        token = self.token(user)
        if token is None:
            return {}
        of_user = self.granted(userid, path)
        if not token.privsep:
            return of_user
        return {priv: flag & of_user[priv] for priv, flag in self._own(user, path).items() if priv in of_user}

    def everywhere(self, user: str) -> dict[str, Granted]:
        """The privileges on every path that something names; paths without any are left out."""
        paths = {*TOP_PATHS, *(entry.path for entry in self.acl)}
        for pool in self._pools.values():
            paths.add(f"/pool/{pool.id}")
            paths.update(f"/vms/{vmid}" for vmid in pool.guests)
            paths.update(f"/storage/{storage}" for storage in pool.storages)
        found = {path: self.granted(user, path) for path in sorted(paths)}
        return {path: granted for path, granted in found.items() if granted}

    def _own(self, owner: str, path: str) -> Granted:
        """What the list itself says, on the pools of the path's guest or storage too."""
        roles = self._roles(owner, path)
        for pool in self._pools_of(path):
            of_pool = dict.fromkeys(self._roles(owner, f"/pool/{pool}"), False)
            if "NoAccess" in {*roles, *of_pool}:
                return {}
            roles = of_pool | roles
        granted: Granted = {}
        for role, propagate in roles.items():
            for priv in self.roles[role].privs if role in self.roles else ():
                granted[priv] = granted.get(priv, 0) | int(propagate)
        return granted

    def _pools_of(self, path: str) -> list[str]:
        kind, _, name = path.removeprefix("/").partition("/")
        if kind == "vms" and name.isdigit():
            return [pool.id for pool in self._pools.values() if int(name) in pool.guests]
        if kind == "storage":
            return [pool.id for pool in self._pools.values() if name in pool.storages]
        return []

    def _roles(self, owner: str, path: str) -> dict[str, bool]:
        """The roles that hold: those of the deepest entry; the owner's own ones before those of groups."""
        groups = self.users[owner].groups if owner in self.users else set[str]()
        kind: Kind = "token" if "!" in owner else "user"
        depths = {prefix: depth for depth, prefix in enumerate(prefixes(path))}
        own: dict[int, dict[str, bool]] = {}
        of_groups: dict[int, dict[str, bool]] = {}
        for entry, propagate in self.acl.items():
            depth = depths.get(entry.path)
            if depth is None or not (propagate or entry.path == path):
                continue
            if entry.kind == kind and entry.ugid == owner:
                own.setdefault(depth, {})[entry.role] = propagate
            elif entry.kind == "group" and entry.ugid in groups:
                of_groups.setdefault(depth, {})[entry.role] = propagate
        deepest = max(own.keys() | of_groups.keys(), default=0)
        roles = own.get(deepest) or of_groups.get(deepest, {})
        return {"NoAccess": roles["NoAccess"]} if "NoAccess" in roles else roles
