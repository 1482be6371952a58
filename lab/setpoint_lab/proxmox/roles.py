"""The privileges that exist and the roles that come with them; neighbour: `access`, which grants them on paths."""

from __future__ import annotations

_DATASTORE = "Datastore.AllocateSpace Datastore.Audit"
_SDN = "SDN.Allocate SDN.Audit SDN.Use"
_VM_USER = (
    "VM.Audit VM.Backup VM.Config.CDROM VM.Config.Cloudinit VM.Console VM.GuestAgent.Audit "
    "VM.GuestAgent.FileRead VM.GuestAgent.FileSystemMgmt VM.GuestAgent.FileWrite VM.PowerMgmt "
)
_VM_ADMIN = (
    _VM_USER
    + "VM.Allocate VM.Clone VM.Config.CPU VM.Config.Disk VM.Config.HWType VM.Config.Memory VM.Config.Network "
    "VM.Config.Options VM.GuestAgent.Unrestricted VM.Migrate VM.Replicate VM.Snapshot VM.Snapshot.Rollback "
)
_ADMIN = (
    f"{_VM_ADMIN} {_SDN} {_DATASTORE} Datastore.Allocate Datastore.AllocateTemplate Group.Allocate "
    "Mapping.Audit Mapping.Use Pool.Allocate Pool.Audit Realm.AllocateUser Sys.Audit Sys.Console Sys.Syslog "
    "User.Modify "
)
_ROOT = (
    f"{_ADMIN} Mapping.Modify Permissions.Modify Realm.Allocate Sys.AccessNetwork Sys.Incoming Sys.Modify "
    "Sys.PowerMgmt"
)

BUILT_IN: dict[str, frozenset[str]] = {
    name: frozenset(privs.split())
    for name, privs in {
        "Administrator": _ROOT,
        "NoAccess": "",
        "PVEAdmin": _ADMIN,
        "PVEAuditor": "Datastore.Audit Mapping.Audit Pool.Audit SDN.Audit Sys.Audit VM.Audit VM.GuestAgent.Audit",
        "PVEDatastoreAdmin": f"{_DATASTORE} Datastore.Allocate Datastore.AllocateTemplate",
        "PVEDatastoreUser": _DATASTORE,
        "PVEMappingAdmin": "Mapping.Audit Mapping.Modify Mapping.Use",
        "PVEMappingUser": "Mapping.Audit Mapping.Use",
        "PVEPoolAdmin": "Pool.Allocate Pool.Audit",
        "PVEPoolUser": "Pool.Audit",
        "PVESDNAdmin": _SDN,
        "PVESDNUser": "SDN.Audit SDN.Use",
        "PVESysAdmin": "Sys.Audit Sys.Console Sys.Syslog",
        "PVETemplateUser": "VM.Audit VM.Clone",
        "PVEUserAdmin": "Group.Allocate Realm.AllocateUser User.Modify",
        "PVEVMAdmin": _VM_ADMIN,
        "PVEVMUser": _VM_USER,
    }.items()
}

PRIVILEGES = BUILT_IN["Administrator"]
"""Every privilege; what root@pam has everywhere."""
