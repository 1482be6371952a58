"""What is kept of a guest beside its configuration: power, snapshots, and the state of a cloud-init drive.

What is known to be as before is not asked for again, so that a look at a guest at rest is one call.
"""

from __future__ import annotations

from collections.abc import Mapping

from setpoint.model.tree import Json
from setpoint_proxmox.answer import record, records, whole
from setpoint_proxmox.cluster import Beside, Cluster
from setpoint_proxmox.facts import Guest
from setpoint_proxmox.failures import GoneError
from setpoint_proxmox.guest.state import Keeper
from setpoint_proxmox.ha import wanted
from setpoint_proxmox.mark import parse_inline

LONGEST = 1800.0
"""Seconds after which power is read again whatever the cluster's list says of it."""


async def read_beside(
    cluster: Cluster, guest: Guest, digest: str, now: float, *, routine: bool, has_drive: bool = False
) -> Beside:
    """Read what may have changed since the last time.

    Snapshots and the state of the cloud-init drive are kept in the file of the configuration, whose digest tells that
    they are as before. The power is not: of a guest that was as declared the list is believed while it says what was
    last read, for it is a few seconds old at most; before anything is decided it is read.

    `digest` is of the configuration, which was just read; `routine` says that nothing is to be expected: the guest was
    as declared, nobody asked, and nothing was done since; `has_drive` that there is a drive for cloud-init.
    """
    before = cluster.beside.pop(guest.vmid, None)
    path = ("nodes", guest.node, guest.kind, guest.vmid)
    same = before if before is not None and digest and before.digest == digest else None
    known = before if before is not None and routine and _holds(before, guest, now) else None
    machine = known.machine if known else record(await cluster.api.get(*path, "status", "current"))
    snapshots = same.snapshots if same else tuple(records(await cluster.api.get(*path, "snapshot")))
    drive = same.drive if same else None
    if machine.get("status") != "running" or not has_drive:
        drive = None
    elif drive is None:
        drive = tuple(records(await cluster.api.get(*path, "cloudinit")))
    resource = known.resource if known else await _resource(cluster, guest, machine)
    found = Beside(digest, known.at if known else now, machine, snapshots, drive, resource)
    cluster.beside[guest.vmid] = found
    return found


async def _resource(cluster: Cluster, guest: Guest, machine: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """What the manager of high availability is told of a guest that it looks after."""
    managed = machine.get("ha")
    if not isinstance(managed, dict) or whole(managed.get("managed")) != 1:
        return None
    sid = f"{'ct' if guest.kind == 'lxc' else 'vm'}:{guest.vmid}"
    try:
        return record(await cluster.api.get("cluster", "ha", "resources", sid))
    except GoneError:
        return None


def keeper(beside: Beside) -> Keeper | None:
    """Who decides on the power, when what is wanted of the guest is declared."""
    row = beside.resource
    mark = None if row is None else parse_inline(str(row.get("comment") or ""), "sid")
    return None if row is None or mark is None else Keeper(wanted(row), mark.key)


def power(beside: Beside) -> str:
    """`running` and `stopped` are the process; what QEMU says of a running one tells more."""
    if beside.machine.get("status") != "running":
        return str(beside.machine.get("status"))
    return str(beside.machine.get("qmpstatus") or "running")


def _holds(before: Beside, guest: Guest, now: float) -> bool:
    return guest.status == power(before) and 0 <= now - before.at < LONGEST
