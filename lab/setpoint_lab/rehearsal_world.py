"""The emulated data centre of the rehearsal: nodes, a template, a VM made by hand, and a token with no more than is needed."""

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
            "VM.Clone",
            "VM.Config.CDROM",
            "VM.Config.CPU",
            "VM.Config.Cloudinit",
            "VM.Config.Disk",
            "VM.Config.HWType",
            "VM.Config.Memory",
            "VM.Config.Network",
            "VM.Config.Options",
            "VM.GuestAgent.Audit",
            "VM.Migrate",
            "VM.PowerMgmt",
        ),
    ),
    "SetpointStorage": ("/storage", ("Datastore.AllocateSpace", "Datastore.Audit")),
    "SetpointNetwork": ("/sdn", ("SDN.Use",)),
}
"""Role -> the path on which it is granted, and its privileges."""
TEMPLATE = {
    "vmid": 9000,
    "type": "qemu",
    "node": "pve1",
    "status": "stopped",
    "config": {
        "name": "debian-13",
        "template": 1,
        "memory": 1024,
        "cores": 1,
        "ostype": "l26",
        "scsihw": "virtio-scsi-single",
        "scsi0": "local-zfs:base-9000-disk-0,size=4G",
        "net0": "virtio=BC:24:11:00:90:00,bridge=vmbr0",
        "ide2": "local-zfs:vm-9000-cloudinit,media=cdrom",
        "boot": "order=scsi0",
        "serial0": "socket",
        "vga": "serial0",
        "smbios1": "uuid=3f0a6f2e-6c54-4f6e-9a52-0c3a51a09000",
    },
}
"""What app01 is a copy of."""
BY_HAND = {
    "vmid": 200,
    "type": "qemu",
    "node": "pve2",
    "status": "running",
    "config": {
        "name": "files01",
        "description": "Do not touch. Ask Karl.\n",
        "memory": 2048,
        "cores": 2,
        "ostype": "l26",
        "scsihw": "virtio-scsi-single",
        "scsi0": "local-zfs:vm-200-disk-0,size=32G",
        "net0": "virtio=BC:24:11:00:02:00,bridge=vmbr0,tag=30",
        "boot": "order=scsi0",
        "smbios1": "uuid=7b1f0c5d-2f3e-4d0a-8f6b-5f8b9c100200",
    },
}
"""What files01 takes over."""
FORGOTTEN = {
    "vmid": 201,
    "type": "qemu",
    "node": "pve3",
    "status": "running",
    "config": {
        "name": "wiki01",
        "agent": "1",
        "boot": "order=scsi0",
        "cores": 2,
        "cpu": "x86-64-v2-AES",
        "memory": 4096,
        "net0": "virtio=BC:24:11:00:02:01,bridge=vmbr0,firewall=1",
        "onboot": 1,
        "ostype": "l26",
        "scsi0": "local-zfs:vm-201-disk-0,iothread=1,size=20G",
        "scsihw": "virtio-scsi-single",
        "smbios1": "uuid=7b1f0c5d-2f3e-4d0a-8f6b-5f8b9c100201",
    },
}
"""What nobody has declared yet."""


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
            "tank": {
                "type": "zfspool",
                "content": "images",
                "pool": "tank/vms",
                "sparse": 1,
                "total": 1 << 42,
            },
        },
        "bridges": [{"iface": "vmbr0", "type": "bridge", "active": 1, "bridge_vlan_aware": 1}],
        "guests": [TEMPLATE, BY_HAND, FORGOTTEN],
        "guest_behaviour": [{"guest_agent": "running"}],
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
