"""Privileges: which ones the kinds need, which ones are missing, and the command that grants them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Permissions: TypeAlias = Mapping[str, Mapping[str, int]]
"""Path -> privilege -> 1 when it also holds below the path, as `/access/permissions` tells."""


@dataclass(frozen=True, order=True)
class Privilege:
    """A privilege on a path of the access control list."""

    path: str
    name: str


@dataclass(frozen=True)
class Need:
    """What the kinds of this package need.

    Attributes:
        names: all of them are needed; of `A|B` one is enough.
        anywhere: a grant on one path below is enough to begin with, e.g. on a single storage.
        optional: only a feature needs it that not everybody uses, so lacking it is no fault.
    """

    path: str
    names: tuple[str, ...]
    why: str
    anywhere: bool = False
    optional: bool = False


NEEDS = (
    Need("/", ("Sys.Audit",), "to read the cluster's status"),
    Need(
        "/vms", ("VM.Audit",), "to see every guest, so that nothing is taken for absent that is only hidden"
    ),
    Need("/vms", ("VM.Allocate",), "to create guests"),
    Need(
        "/vms",
        (
            "VM.Config.CPU",
            "VM.Config.Disk",
            "VM.Config.HWType",
            "VM.Config.Memory",
            "VM.Config.Network",
            "VM.Config.Options",
        ),
        "to configure guests",
    ),
    Need("/vms", ("VM.PowerMgmt",), "to start and stop guests"),
    Need("/storage", ("Datastore.AllocateSpace",), "to create disks", anywhere=True),
    Need("/sdn", ("SDN.Use",), "to connect NICs to bridges", anywhere=True),
    Need("/storage", ("Datastore.Audit",), "to know where storages are", anywhere=True, optional=True),
    Need("/vms", ("VM.Clone",), "to clone templates", optional=True),
    Need("/vms", ("VM.Migrate",), "to migrate guests from where they may not be", optional=True),
    Need("/vms", ("VM.Config.Cloudinit",), "to make cloud-init drives anew", optional=True),
    Need("/vms", ("VM.Config.CDROM",), "to change CD-ROMs", optional=True),
    # Proxmox VE 8 knows the second one only.
    Need("/vms", ("VM.GuestAgent.Audit|VM.Monitor",), "to ask guest agents for addresses", optional=True),
    Need("/pool", ("Pool.Allocate",), "to put guests into pools", anywhere=True, optional=True),
    Need("/", ("Sys.Modify",), "to set the order in which guests start", optional=True),
)

_ROLES = (
    ("VM.", "PVEVMAdmin"),
    ("Datastore.A", "PVEDatastoreUser"),
    ("SDN.Use", "PVESDNUser"),
    ("SDN.", "PVESDNAdmin"),
    ("Pool.", "PVEPoolAdmin"),
    ("Sys.Audit", "PVEAuditor"),
)


def missing(permissions: Permissions) -> tuple[Privilege, ...]:
    """The privileges that are always needed and that are not granted."""
    return _lacking(permissions, optional=False)


def forgone(permissions: Permissions) -> tuple[Privilege, ...]:
    """The privileges that only some features need and that are not granted."""
    return _lacking(permissions, optional=True)


def _lacking(permissions: Permissions, *, optional: bool) -> tuple[Privilege, ...]:
    return tuple(
        Privilege(need.path, names.split("|")[0])
        for need in NEEDS
        if need.optional is optional
        for names in need.names
        if not any(_granted(permissions, need, name) for name in names.split("|"))
    )


def sees_all_guests(permissions: Permissions) -> bool:
    """Whether no guest is hidden from us."""
    return permissions.get("/vms", {}).get("VM.Audit", 0) == 1


def grant_command(path: str, privilege: str, token: str) -> str:
    """The command, to be run as root on a node, that grants `privilege` to a token `user@realm!name`.

    The user is named too: a token with privilege separation has only what its user has as well.
    """
    user = token.partition("!")[0]
    who = f"--users {shlex.quote(user)} --tokens {shlex.quote(token)}"
    for prefix, role in _ROLES:
        if privilege.startswith(prefix):
            return f"pveum acl modify {path} {who} --roles {role}"
    role = "Setpoint" + privilege.replace(".", "")
    return f"pveum role add {role} --privs {privilege} && pveum acl modify {path} {who} --roles {role}"


def _granted(permissions: Permissions, need: Need, name: str) -> bool:
    if need.path == "/":
        return name in permissions.get("/", {})
    if permissions.get(need.path, {}).get(name, 0) == 1:
        return True
    return need.anywhere and any(
        name in names for path, names in permissions.items() if path.startswith(need.path)
    )
