"""What jobs take and what none takes: the volumes of a job, and guests in no job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.backup.jobs import BackupJobs
from setpoint_lab.proxmox.backup.selection import chosen_vmids, config_of, disks_of
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.guests import Guest


@route("GET", "/cluster/backup/{id}/included_volumes")
async def included_volumes(call: Call) -> object:
    """The guests of a job that there are, each with its disks."""
    name = call.text("id")
    job = call.world.part(BackupJobs).by_id.get(name)
    if job is None:
        raise ApiError.parameters({"id": f"No such job '{name}'"})
    guests = [call.world.guests.get(vmid) for vmid in chosen_vmids(call.world, job)]
    return {"children": [_branch(guest) for guest in guests if guest is not None]}


def _branch(guest: Guest) -> dict[str, object]:
    leaves = [
        {
            "id": disk.key,
            "name": disk.volid,
            "included": int(disk.included),
            "reason": disk.reason,
            "leaf": 1,
        }
        for disk in disks_of(guest)
    ]
    return {
        "id": guest.vmid,
        "type": guest.type,
        "name": given_name(guest),
        "leaf": int(not leaves),
        "children": leaves,
    }


def given_name(guest: Guest) -> str | None:
    """The name in the guest's config, None when it has none."""
    return config_of(guest).get("name" if guest.type == "qemu" else "hostname")


@route("GET", "/cluster/backup-info/not-backed-up")
async def not_backed_up(call: Call) -> object:
    """The guests that no job takes, as far as the user may see them."""
    world = call.world
    taken = {vmid for job in world.part(BackupJobs).by_id.values() for vmid in chosen_vmids(world, job)}
    return world.shuffled(
        {"vmid": guest.vmid, "type": guest.type, "name": guest.name}
        for guest in world.guests.values()
        if guest.vmid not in taken and call.allowed(f"/vms/{guest.vmid}", "VM.Audit")
    )
