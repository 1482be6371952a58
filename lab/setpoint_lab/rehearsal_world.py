"""The emulated data centre of the rehearsal: three nodes, and a token with no more than Setpoint needs."""

from __future__ import annotations

from typing import Any

USER = "setpoint@pve"
TOKEN = f"{USER}!controller"
ROOT_TOKEN = "root@pam!lab"  # noqa: S105  # a name, not a secret
NODES = ("pve1", "pve2", "pve3")
ROLES = {
    "SetpointCluster": ("/", ("Sys.Audit",)),
    "SetpointGuests": (
        "/vms",
        (
            "VM.Allocate",
            "VM.Audit",
            "VM.Config.CPU",
            "VM.Config.Disk",
            "VM.Config.HWType",
            "VM.Config.Memory",
            "VM.Config.Network",
            "VM.Config.Options",
            "VM.PowerMgmt",
        ),
    ),
    "SetpointStorage": ("/storage", ("Datastore.AllocateSpace",)),
    "SetpointNetwork": ("/sdn", ("SDN.Use",)),
}
"""Role -> the path on which it is granted, and its privileges."""


def first_world(token: str, root_token: str) -> dict[str, Any]:
    """The state in which the emulator begins; both arguments are secrets, as uuids.

    A token with privilege separation has what it and its user are granted, so both are.
    """
    return {
        "nodes": [
            {"name": name, "ip": f"10.99.0.{number}", "online": True, "local": number == 1}
            for number, name in enumerate(NODES, 1)
        ],
        "cluster": {"name": "lab"},
        "storages": {
            "local": {
                "type": "dir",
                "content": "iso,snippets,vztmpl",
                "path": "/var/lib/vz",
                "total": 1 << 38,
            },
            "local-zfs": {
                "type": "zfspool",
                "content": "images,rootdir",
                "pool": "rpool/data",
                "sparse": 1,
                "total": 1 << 40,
            },
        },
        "bridges": [{"iface": "vmbr0", "type": "bridge", "active": 1, "bridge_vlan_aware": 1}],
        "users": [{"userid": "root@pam", "enable": 1}, {"userid": USER, "enable": 1}],
        "tokens": [
            {"tokenid": TOKEN, "secret": token, "privsep": 1},
            {"tokenid": ROOT_TOKEN, "secret": root_token, "privsep": 0},
        ],
        "roles": [{"roleid": role, "privs": ",".join(privs)} for role, (_, privs) in ROLES.items()],
        "acls": [
            {"path": path, "type": kind, "ugid": who, "roleid": role, "propagate": 1}
            for role, (path, _) in ROLES.items()
            for kind, who in (("user", USER), ("token", TOKEN))
        ],
    }
