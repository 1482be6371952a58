"""Reads one container: its configuration, power, snapshots, and the addresses of one that runs."""

from __future__ import annotations

from dataclasses import replace

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Looking
from setpoint.model.observation import Observation, Unknown
from setpoint_proxmox.answer import records
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Guest
from setpoint_proxmox.guest.addresses import by_slot
from setpoint_proxmox.guest.beside import read_beside
from setpoint_proxmox.guest.observe import find, present, read_config, seen
from setpoint_proxmox.guest.words import CONTAINER
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState


async def observe(cluster: Cluster, looking: Looking[ContainerSpec]) -> Observation[CtState]:
    """Look at the guest of the vmid that is ours by declaration, inventory, mark or reservation."""

    async def read(guest: Guest) -> Observation[CtState]:
        return await _read(cluster, guest, looking)

    return await find(cluster, looking, CtState, read)


async def _read(cluster: Cluster, guest: Guest, looking: Looking[ContainerSpec]) -> Observation[CtState]:
    found = await read_config(cluster, guest, CONTAINER)
    if isinstance(found, Unknown):
        return found
    now, routine = looking.survey.begun, looking.routine
    beside = await read_beside(cluster, guest, found.digest, now, routine=routine)
    ct = seen(CtState, guest, found, beside, looking.spec.placement)
    told, silence = await _addresses(cluster, ct)
    state = replace(ct, addresses=told, silence=silence, since=looking.since)
    return present(state, lambda ct: {"vmid": ct.vmid})


async def _addresses(cluster: Cluster, ct: CtState) -> tuple[dict[str, tuple[str, ...]] | None, str]:
    """The addresses by NIC; None when they are not known, with the reason if there is one."""
    if ct.power != "running":
        return None, ""
    try:
        rows = records(await cluster.api.get("nodes", ct.node, "lxc", ct.vmid, "interfaces") or [])
        return by_slot(ct.macs, rows), ""
    except RefusalError as error:
        return None, str(error)
