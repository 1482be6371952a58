"""Reads one VM: its configuration, power, snapshots, and of a running one also what it tells from inside."""

from __future__ import annotations

from dataclasses import replace

from setpoint.model.kind import Looking
from setpoint.model.observation import Observation, Unknown
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Guest
from setpoint_proxmox.guest.beside import read_beside
from setpoint_proxmox.guest.observe import find, present, read_config, seen
from setpoint_proxmox.guest.words import MACHINE
from setpoint_proxmox.kinds.virtual_machine.observe_inside import addresses, has_drive, image_current
from setpoint_proxmox.kinds.virtual_machine.observe_key import Shown, host_key
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState


async def observe(cluster: Cluster, looking: Looking[VirtualMachineSpec]) -> Observation[VmState]:
    """Look at the guest of the vmid that is ours by declaration, inventory, mark or reservation."""

    async def read(guest: Guest) -> Observation[VmState]:
        return await _read(cluster, guest, looking)

    return await find(cluster, looking, VmState, read)


async def _read(cluster: Cluster, guest: Guest, looking: Looking[VirtualMachineSpec]) -> Observation[VmState]:
    found = await read_config(cluster, guest, MACHINE)
    if isinstance(found, Unknown):
        return found
    drive = has_drive(found.current)
    now, routine = looking.survey.begun, looking.routine
    beside = await read_beside(cluster, guest, found.digest, now, routine=routine, has_drive=drive)
    vm = seen(VmState, guest, found, beside, looking.spec.placement)
    told = await addresses(cluster, vm, beside.machine, now)
    wanted = looking.spec.host is not None and looking.spec.host.host_key is None
    pid = beside.machine.get("pid")
    shown = await host_key(cluster, vm, told, pid, routine=routine) if wanted else Shown()
    state = replace(
        vm,
        since=looking.since,
        host_key=shown.key,
        keyless=shown.silence,
        addresses=told.addresses,
        silence=told.silence,
        image_current=image_current(cluster, guest.vmid, beside.drive),
    )
    return present(state, lambda vm: {"vmid": vm.vmid, "uuid": vm.uuid})
