"""What came of an apply: its task ends well even when a node failed, so the nodes themselves are asked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from setpoint.model.plan import Finished, Intent, OperationState
from setpoint_proxmox.answer import record, records, text, whole
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.failures import GoneError
from setpoint_proxmox.kinds.network.lock import recover
from setpoint_proxmox.kinds.network.options import split_names
from setpoint_proxmox.kinds.network.standing import APPLY, standings
from setpoint_proxmox.kinds.network.state import AVAILABLE
from setpoint_proxmox.tasks import SKEW, node_of, poll

_PREFIX = "sdn/"
_USUAL = re.compile(r"\S+: reloading network config|TASK .*|no content")


def operation_text(zone: str, upid: str) -> str:
    """The id of an operation that applies the networks for the sake of a zone."""
    return f"{_PREFIX}{zone}/{upid}"


def is_apply(operation: str) -> bool:
    """Whether an operation is one of those."""
    return operation.startswith(_PREFIX)


async def poll_apply(cluster: Cluster, operation: str) -> OperationState:
    """How an apply stands; ended well only when every node that is online has the zone, or the zone is gone."""
    zone, _, upid = operation.removeprefix(_PREFIX).partition("/")
    state = await poll(cluster, upid)
    if not isinstance(state, Finished) or state.error:
        return state
    try:
        running = record(await cluster.api.get("cluster", "sdn", "zones", zone, running=True))
    except GoneError:
        return Finished(await _complaints(cluster, upid))
    names = split_names(running.get("nodes"))
    rows = records(await cluster.api.get("nodes"))
    nodes = {text(row, "node"): True for row in rows if row.get("status") == "online"}
    found = await standings(cluster, {name: True for name in nodes if not names or name in names}, zone)
    failed = [
        f"{name} has not taken zone {zone} over ({one.why or one.status})"
        for name, one in found.items()
        if one.status not in ("", AVAILABLE)
    ]
    if not failed:
        return Finished()
    told = await _complaints(cluster, upid)
    return Finished(f"{', '.join(failed)}" + (f"; the log says: {told}" if told else ""))


async def find_apply(cluster: Cluster, intent: Intent) -> str | None:
    """The newest apply of ours that began after the intent, running or ended; without one, its change was cut off.

    Raises:
        BusyError: it may have left the lock of the networks, which cannot be given back yet.
    """
    zone = str(intent.identity["zone"])
    await recover(cluster, intent)
    since = int(intent.began) - SKEW
    rows = records(await cluster.api.get("cluster", "tasks"))
    found = [
        (whole(text(row, "starttime")), text(row, "upid"))
        for row in rows
        if row.get("type") == APPLY and _is_ours(cluster, row) and whole(text(row, "starttime")) >= since
    ]
    newest = max(found, default=(0, None))[1]
    cluster.cut_off.add(zone)
    return None if newest is None else operation_text(zone, newest)


def _is_ours(cluster: Cluster, row: Mapping[str, object]) -> bool:
    return cluster.api.token in (row.get("user"), f"{row.get('user')}!{row.get('tokenid')}")


async def _complaints(cluster: Cluster, upid: str) -> str:
    """What the log of an apply tells beside the usual."""
    rows = records(await cluster.api.get("nodes", node_of(upid), "tasks", upid, "log", limit=0))
    lines = [str(row.get("t") or "").strip() for row in rows]
    return "; ".join(line for line in lines if line and not _USUAL.fullmatch(line))
