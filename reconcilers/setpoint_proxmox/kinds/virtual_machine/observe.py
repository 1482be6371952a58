"""Reads one VM: where the cluster says that it is, never where the declaration says."""

from __future__ import annotations

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint.model.survey import Survey
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.answer import record, records
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts, Guest
from setpoint_proxmox.failures import GoneError, TakenError
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import Config, VmState

_UNFINISHED = ("create", "clone")
"""Locks under which the configuration is not what it will be."""


async def observe(cluster: Cluster, looking: Looking[VirtualMachineSpec]) -> Observation[VmState]:
    """Look at the guest of the vmid that is ours by declaration, inventory, mark or reservation."""
    survey: Survey[Facts] = looking.survey
    if looking.identity is None:
        return _without_id(looking, survey)
    vmid = int(str(looking.identity["vmid"]))
    guest = survey.facts.guests.get(vmid)
    if guest is None:
        return await _unlisted(cluster, vmid, survey.facts)
    return await _listed(cluster, guest, survey.facts)


async def _listed(cluster: Cluster, guest: Guest, facts: Facts) -> Observation[VmState]:
    vmid = guest.vmid
    if not facts.nodes.get(guest.node, False):
        return Unknown(f"VM {vmid} is on node {guest.node}, which is offline")
    if guest.kind != "qemu":
        return Present(VmState(vmid, guest.node, guest.kind), {"vmid": vmid}, None)
    try:
        state = await _read(cluster, guest)
    except GoneError:
        return Unknown(f"VM {vmid} left node {guest.node} while it was looked at")
    if state.lock in _UNFINISHED:
        return Unknown(_unfinished(state))
    return Present(state, {"vmid": vmid, "uuid": state.uuid}, state.mark)


def _without_id(looking: Looking[VirtualMachineSpec], survey: Survey[Facts]) -> Observation[VmState]:
    if not survey.complete:
        why = "; ".join(survey.errors.values())
        return Unknown(f"whether {looking.owner.key} exists cannot be told: {why}")
    return Absent(f"no guest of {survey.target_id} bears the mark of {looking.owner.key}")


async def _unlisted(cluster: Cluster, vmid: int, facts: Facts) -> Observation[VmState]:
    """The list shows no such guest; only the id being free proves that there is none."""
    if facts.blind:
        return Unknown(facts.blind)
    try:
        await cluster.api.get("cluster", "nextid", vmid=vmid)
    except TakenError:
        return Unknown(f"vmid {vmid} is taken, but the cluster's list does not show by whom")
    return Absent(f"vmid {vmid} is free")


async def _read(cluster: Cluster, guest: Guest) -> VmState:
    """Read configuration and power.

    Raises:
        TargetError: GoneError when the guest is not on that node any more.
    """
    path = ("nodes", guest.node, "qemu", guest.vmid)
    rows = records(await cluster.api.get(*path, "pending"))
    power = record(await cluster.api.get(*path, "status", "current"))
    current, coming = _configs(rows)
    return VmState(
        vmid=guest.vmid,
        node=guest.node,
        power=_power(power),
        current=current,
        coming=coming,
        digest=next((str(row.get("value")) for row in rows if row.get("key") == "digest"), ""),
        pool=guest.pool,
        template=current.get("template") == 1,
    )


def _configs(rows: list[dict[str, Json]]) -> tuple[Config, Config]:
    """The configuration in force and the one after the next start, from one read that shows both."""
    options = [(str(row["key"]), row) for row in rows if row.get("key") != "digest"]
    current = {key: _scalar(key, row["value"]) for key, row in options if "value" in row}
    coming = {
        key: _scalar(key, row["pending"] if "pending" in row else row["value"])
        for key, row in options
        if not row.get("delete") and ("pending" in row or "value" in row)
    }
    return current, coming


def _scalar(key: str, value: Json) -> Scalar:
    if isinstance(value, list | dict):
        raise RefusalError(f"Proxmox gave option '{key}' as a {type(value).__name__}")
    return value


def _power(status: dict[str, Json]) -> str:
    """`running` and `stopped` are the process; what QEMU says of a running one tells more."""
    if status.get("status") != "running":
        return str(status.get("status"))
    return str(status.get("qmpstatus") or "running")


def _unfinished(state: VmState) -> str:
    return (
        f"VM {state.vmid} is locked ({state.lock}) on node {state.node}, so it is just being made; "
        f"if no task works on it any more, look at it and run there: qm unlock {state.vmid}"
    )
