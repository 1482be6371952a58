"""Reads one VM: where the cluster says that it is, never where the declaration says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint.model.survey import Survey
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.answer import records, text, whole
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts, Guest
from setpoint_proxmox.failures import GoneError, TakenError
from setpoint_proxmox.kinds.virtual_machine.observe_beside import power, read_beside
from setpoint_proxmox.kinds.virtual_machine.observe_inside import addresses, image_current
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import Config, Snapshot, VmState
from setpoint_proxmox.unfinished import LOCKS, look


async def observe(cluster: Cluster, looking: Looking[VirtualMachineSpec]) -> Observation[VmState]:
    """Look at the guest of the vmid that is ours by declaration, inventory, mark or reservation."""
    survey: Survey[Facts] = looking.survey
    if not survey.facts.quorate:
        why = f"{survey.target_id} has no quorum, so what it tells may be old and nothing can be changed"
        return Unknown(why, of_target=True)
    if looking.identity is None:
        return _without_id(looking, survey)
    vmid = int(str(looking.identity["vmid"]))
    guest = survey.facts.guests.get(vmid)
    if guest is None:
        return await _unlisted(cluster, vmid, survey.facts)
    return await _listed(cluster, guest, survey, routine=looking.routine)


def _without_id(looking: Looking[VirtualMachineSpec], survey: Survey[Facts]) -> Observation[VmState]:
    if survey.complete:
        return Absent(f"no guest of {survey.target_id} bears the mark of {looking.owner.key}")
    facts = survey.facts
    reasons = dict.fromkeys([facts.blind] if facts.blind else [guest.why for guest in facts.unclear])
    why = f"whether {looking.owner.key} exists cannot be told: {'; '.join(reasons)}"
    passing = not facts.blind and all(guest.passing for guest in facts.unclear)
    return Unknown(why, of_target=not passing, passing=passing)


async def _unlisted(cluster: Cluster, vmid: int, facts: Facts) -> Observation[VmState]:
    """The list shows no such guest; only the id being free proves that there is none."""
    if facts.blind:
        return Unknown(facts.blind, of_target=True)
    try:
        await cluster.api.get("cluster", "nextid", vmid=vmid)
    except TakenError:
        return Unknown(f"vmid {vmid} is taken, but the cluster's list does not show by whom")
    return Absent(f"vmid {vmid} is free")


async def _listed(
    cluster: Cluster, guest: Guest, survey: Survey[Facts], *, routine: bool
) -> Observation[VmState]:
    vmid = guest.vmid
    if not survey.facts.nodes.get(guest.node, False):
        return Unknown(f"VM {vmid} is on node {guest.node}, which is offline", of_target=True)
    if guest.kind != "qemu":
        return Present(VmState(vmid, guest.node, guest.kind), {"vmid": vmid}, None)
    try:
        return await _read(cluster, guest, survey.begun, routine=routine)
    except GoneError:
        return Unknown(f"VM {vmid} left node {guest.node} while it was looked at", passing=True)


async def _read(cluster: Cluster, guest: Guest, now: float, *, routine: bool) -> Observation[VmState]:
    """Read configuration, power and snapshots; of a running one also what it tells from inside.

    Raises:
        TargetError: GoneError when the guest is not on that node any more.
    """
    path = ("nodes", guest.node, "qemu", guest.vmid)
    rows = records(await cluster.api.get(*path, "pending"))
    current, coming = _configs(rows)
    lock = str(current.get("lock") or "")
    if lock in LOCKS:
        unfinished = await look(cluster, guest, lock)
        return Unknown(f"VM {unfinished.why}", passing=unfinished.passing)
    digest = next((str(row.get("value")) for row in rows if row.get("key") == "digest"), "")
    beside = await read_beside(cluster, guest, current, digest, now, routine=routine)
    told = await addresses(cluster, guest, current, beside.machine, now)
    state = VmState(
        vmid=guest.vmid,
        node=guest.node,
        power=power(beside),
        current=current,
        coming=coming,
        digest=digest,
        pool=guest.pool,
        template=current.get("template") == 1,
        snapshots=_snapshots(beside.snapshots),
        addresses=told.addresses,
        silence=told.silence,
        image_current=image_current(cluster, guest.vmid, beside.drive),
    )
    try:
        return Present(state, {"vmid": guest.vmid, "uuid": state.uuid}, state.mark)
    except ValueError as error:
        raise RefusalError(
            f"the configuration of VM {guest.vmid} cannot be read: {error}",
            remedy=f"see qm config {guest.vmid} on {guest.node}",
        ) from error


def _configs(rows: list[dict[str, Json]]) -> tuple[Config, Config]:
    """The configuration in force and the one after the next start, from one read that shows both."""
    options = [(text(row, "key"), row) for row in rows if row.get("key") != "digest"]
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


def _snapshots(rows: Iterable[Mapping[str, Json]]) -> tuple[Snapshot, ...]:
    """The snapshots by their times; the list's `current` is none."""
    found = [
        Snapshot(
            name=text(row, "name"),
            time=whole(row.get("snaptime")),
            description=str(row.get("description") or "").rstrip(),
            parent=str(row.get("parent") or ""),
            ram=row.get("vmstate") == 1,
        )
        for row in rows
        if row.get("name") != "current"
    ]
    return tuple(sorted(found, key=lambda snapshot: (snapshot.time, snapshot.name)))
