"""What only a running VM tells: the addresses that its guest agent sees, and whether its cloud-init drive is current."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from setpoint.model.errors import RefusalError
from setpoint.model.tree import Json
from setpoint_proxmox.answer import record, records, whole
from setpoint_proxmox.cluster import Cluster, Silence
from setpoint_proxmox.guest.addresses import by_slot
from setpoint_proxmox.guest.state import Config
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.propstring import is_true, parse

FIRST_PAUSE = 60.0
LONGEST_PAUSE = 960.0
"""Seconds for which an agent that did not answer is left alone; doubled each time."""

_CLOUDINIT = re.compile(r"[:/](vm-\d+-)?cloudinit(\.[a-z0-9]+)?$")


@dataclass(frozen=True)
class Told:
    """Addresses by NIC slot; None when they are not known, for the reason in `silence` if there is one."""

    addresses: Mapping[str, tuple[str, ...]] | None = None
    silence: str = ""


async def addresses(cluster: Cluster, vm: VmState, machine: Mapping[str, Json], now: float) -> Told:
    """Ask the guest agent of a running VM that has one configured; one that is silent is soon left alone."""
    if machine.get("qmpstatus", machine.get("status")) != "running" or not has_agent(vm.current):
        return Told()
    pid = whole(machine.get("pid"))
    before = cluster.silences.get(vm.vmid)
    if before is not None and before.pid == pid and now < before.until:
        return Told(silence=before.why)
    path = ("nodes", vm.node, "qemu", vm.vmid, "agent", "network-get-interfaces")
    try:
        answer = record(await cluster.api.get(*path))
        found = by_slot(vm.macs, records(answer.get("result")))
    except RefusalError as error:
        longer = before is not None and before.pid == pid
        pause = min(before.pause * 2, LONGEST_PAUSE) if before is not None and longer else FIRST_PAUSE
        cluster.silences[vm.vmid] = Silence(pid, pause, now + pause, str(error))
        return Told(silence=str(error))
    cluster.silences.pop(vm.vmid, None)
    return Told(found)


def has_drive(config: Config) -> bool:
    """Whether there is a cloud-init drive."""
    return any(_is_cloudinit(text) for text in config.values())


def image_current(cluster: Cluster, vmid: int, drive: Iterable[Mapping[str, Json]] | None) -> bool | None:
    """Whether the cloud-init drive of a running VM was made of the present settings; each start makes it anew.

    Changed passwords and addresses never show: of the first Proxmox tells stars, of the second nothing. Those that
    we wrote ourselves are remembered until the drive was made anew. `drive` is what Proxmox tells of it, None when the VM
    does not run or has no such drive.
    """
    if drive is None:
        cluster.outdated.discard(vmid)
        return None
    if vmid in cluster.outdated:
        return False
    return not any(_differs(row) for row in drive if row.get("key") != "cipassword")


def has_agent(config: Config) -> bool:
    """Whether a guest agent is configured."""
    text = str(config.get("agent") or "")
    return bool(text) and is_true(parse(text, "enabled").get("enabled", "0"))


def _is_cloudinit(value: object) -> bool:
    return _CLOUDINIT.search(str(value).partition(",")[0]) is not None


def _differs(row: Mapping[str, Json]) -> bool:
    return bool(row.get("delete")) or ("pending" in row and row["pending"] != row.get("value"))
