"""Long operations: Proxmox runs them as tasks, named by a UPID that also tells the node."""

from __future__ import annotations

from setpoint.model.errors import OutcomeUnknownError, RefusalError, TargetError
from setpoint.model.plan import Finished, Intent, OperationState, Running
from setpoint.model.tree import Scalar
from setpoint_proxmox.answer import operation as task_of
from setpoint_proxmox.answer import record, records, text, whole
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.uploads import PREFIX

SKEW = 60
"""Seconds by which a node's clock may be behind ours. An older task that is taken for ours does no harm: it has
ended, and the guest is observed afresh."""

TYPES = {
    "create": ("qmcreate", "vzcreate"),
    "configure": ("qmconfig",),
    "resize": ("resize",),
    "move": ("qmmove", "move_volume"),
    "migrate": ("qmigrate", "vzmigrate", "hamigrate"),
    "start": ("qmstart", "vzstart", "hastart"),
    "resume": ("qmresume",),
    "shutdown": ("qmshutdown", "vzshutdown", "hastop"),
    "restart": ("qmreboot", "vzreboot"),
    "destroy": ("qmdestroy", "vzdestroy"),
    "download": ("download",),
    "compare": ("download",),
    "upload": ("imgcopy",),
}
"""The verb of a step -> the types of the tasks that it starts under the guest's own id, or the name of the file.

A clone's task bears the id of its source and cannot be told from another clone of it; the lock on the new guest tells.
"""

_MAKERS = ("qmcreate", "qmrestore", "qmclone", "vzcreate", "vzrestore", "vzclone")


async def poll(cluster: Cluster, operation: str) -> OperationState:
    """How a task stands, or an upload that is to become one; a task that ended with warnings ended well."""
    if operation.startswith(PREFIX):
        return await _poll_upload(cluster, operation)
    return await _poll_task(cluster, operation)


async def _poll_upload(cluster: Cluster, operation: str) -> OperationState:
    """Of one that this process knows nothing about, its task is what is left, and what came of it is seen on the storage."""
    running = cluster.uploads.running
    upload = running.get(operation)
    if upload is None:
        return Running("its file is copied to the storage") if await _is_copying(cluster) else Finished()
    if not upload.answer.done():
        return Running(upload.progress)
    try:
        upid = task_of(upload.answer.result())
    except OutcomeUnknownError:
        del running[operation]
        return Running("its answer was lost")
    except TargetError as error:
        del running[operation]
        return Finished(str(error))
    cluster.contents.asked(upid, upload.place, upload.checksum)
    ended = await _poll_task(cluster, upid)
    if isinstance(ended, Finished):
        del running[operation]
    return ended


async def _is_copying(cluster: Cluster) -> bool:
    """Whether a file that we uploaded is on its way from the node that took it to the storage."""
    rows = records(await cluster.api.get("cluster", "tasks"))
    return any(
        row.get("type") == "imgcopy"
        and "endtime" not in row
        and f"{row.get('user')}!{row.get('tokenid')}" == cluster.api.token
        for row in rows
    )


async def _poll_task(cluster: Cluster, upid: str) -> OperationState:
    status = record(await cluster.api.get("nodes", node_of(upid), "tasks", upid, "status"))
    if status.get("status") != "stopped":
        return Running()
    ended = _ended(str(status.get("exitstatus", "unexpected status")))
    cluster.contents.ended(upid, ended.error)
    return ended


def _ended(result: str) -> Finished:
    if result == "OK" or result.startswith("WARNINGS:"):
        return Finished()
    if result == "unexpected status":
        return Finished("its worker was killed")
    return Finished(result)


async def find(cluster: Cluster, intent: Intent) -> str | None:
    """The newest task of the intent's kind on its object that began after the intent, running or ended."""
    node, types = intent.arguments.get("node"), TYPES.get(intent.verb)
    if not isinstance(node, str) or types is None:
        return None
    if intent.verb == "upload":
        return f"{PREFIX}left" if await _is_copying(cluster) else None
    vmid, file = intent.identity.get("vmid"), intent.arguments.get("file")
    if isinstance(vmid, int):
        return await _newest(cluster, node, types, intent, vmid=vmid)
    if isinstance(file, str):
        return await _newest(cluster, node, types, intent, typefilter=types[0])
    return None


async def _newest(
    cluster: Cluster, node: str, types: tuple[str, ...], intent: Intent, **wanted: Scalar
) -> str | None:
    named = str(wanted.get("vmid") or intent.arguments["file"])
    since = int(intent.began) - SKEW
    rows = records(
        await cluster.api.get("nodes", node, "tasks", since=since, source="all", limit=50, **wanted)
    )
    found = [
        (whole(text(row, "starttime")), text(row, "upid"))
        for row in rows
        if row.get("type") in types and str(row.get("id")) == named
    ]
    return max(found, default=(0, None))[1]


async def is_making(cluster: Cluster, node: str, vmid: int, lock: str) -> bool:
    """Whether a task on `node` may be making the guest: one with its id, or any clone while it is locked so.

    A container that is a copy in the making is locked as any new one.
    """
    rows = records(await cluster.api.get("nodes", node, "tasks", source="active", limit=500))
    running = [row for row in rows if "endtime" not in row and row.get("type") in _MAKERS]
    cloners = {"clone": ("qmclone", "vzclone"), "create": ("vzclone",)}.get(lock, ())
    return any(str(row.get("id")) == str(vmid) or row["type"] in cloners for row in running)


def node_of(upid: str) -> str:
    """The node that a task runs on.

    Raises:
        RefusalError: the text names no task.
    """
    parts = upid.split(":")
    if len(parts) < 2 or parts[0] != "UPID":  # noqa: PLR2004  # UPID:node:…
        raise RefusalError(f"'{upid}' is no task of Proxmox")
    return parts[1]
