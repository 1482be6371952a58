"""Tasks as the API shows them: /nodes/{node}/tasks and /cluster/tasks; neighbour: `proxmox.tasks`, which runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import Reply
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.upid import Upid

if TYPE_CHECKING:
    from collections.abc import Callable

    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import Task

PAGE = 50
"""Lines of a log and rows of a list when no limit is asked for."""

RECENT = 25
"""Tasks of a node that the cluster remembers."""

STOP_SECONDS = 1.0
_ONE = "/nodes/{node}/tasks/{upid}"


def _owns(call: Call, upid: Upid) -> bool:
    """Whether the task is the asking one's; a user owns the tasks of its tokens too."""
    return call.user in {upid.owner, upid.user}


def _common(upid: Upid) -> dict[str, object]:
    row: dict[str, object] = {
        "upid": str(upid),
        "node": upid.node,
        "pid": upid.pid,
        "pstart": upid.pstart,
        "starttime": upid.starttime,
        "type": upid.type,
        "id": upid.id,
        "user": upid.user,
    }
    return row | ({"tokenid": upid.tokenid} if upid.tokenid else {})


@route("GET", "/nodes/{node}/tasks")
async def list_tasks(call: Call) -> object:
    """A page of a node's tasks, the latest first."""
    node = call.text("node")
    everyone = call.allowed(f"/nodes/{node}", "Sys.Audit")
    wanted = [task for task in _sources(call, node) if everyone or _owns(call, task.upid)]
    for wants in _filters(call):
        wanted = [task for task in wanted if wants(task)]
    start = call.integer("start")
    page = wanted[start : start + call.integer("limit", PAGE)]
    return Reply([_row(task) for task in page], {"total": len(wanted)} if wanted else {})


def _sources(call: Call, node: str) -> list[Task]:
    """The running tasks, the finished ones, or the running before the finished."""
    source = call.text("source", "archive")
    mine = [task for task in reversed(call.world.tasks.all) if task.upid.node == node]
    running = [task for task in mine if task.running] if source != "archive" else []
    finished = [task for task in mine if not task.running] if source != "active" else []
    return running + sorted(finished, key=lambda task: -(task.endtime or 0))


def _filters(call: Call) -> list[Callable[[Task], bool]]:
    params, states = call.params, set(call.items("statusfilter"))
    return [
        lambda task: "vmid" not in params or task.upid.id == str(params["vmid"]),
        lambda task: call.text("typefilter", task.upid.type) == task.upid.type,
        lambda task: call.text("userfilter") in task.upid.user,
        lambda task: task.upid.starttime >= call.integer("since", task.upid.starttime),
        lambda task: task.upid.starttime <= call.integer("until", task.upid.starttime),
        lambda task: not call.flag("errors") or task.exitstatus not in {None, "OK"},
        lambda task: not states or task.running or _state(task) in states,
    ]


def _state(task: Task) -> str:
    status = task.exitstatus or ""
    if status == "OK":
        return "ok"
    if status.startswith("WARNINGS"):
        return "warning"
    return "unknown" if status == "unexpected status" else "error"


def _row(task: Task) -> dict[str, object]:
    if task.running:
        return _common(task.upid) | {"status": "RUNNING", "saved": "0"}
    return _common(task.upid) | {"status": task.exitstatus, "endtime": task.endtime}


@route("GET", "/cluster/tasks")
async def list_cluster_tasks(call: Call) -> object:
    """The running tasks and the latest finished ones of all nodes."""
    rows: list[dict[str, object]] = []
    everyone = call.allowed("/", "Sys.Audit")
    for node in call.world.nodes:
        mine = [task for task in reversed(call.world.tasks.all) if task.upid.node == node]
        running = [task for task in mine if task.running]
        recent = [task for task in mine if not task.running][: max(0, RECENT - len(running))]
        rows += [
            _cluster_row(call, task)
            for task in [*running, *recent]
            if everyone or task.upid.owner == task.upid.user == call.user
        ]
    return rows


def _cluster_row(call: Call, task: Task) -> dict[str, object]:
    row = _common(task.upid)
    del row["pstart"]
    if task.running:
        return row
    del row["pid"]
    # A worker's own end leaves a number; the next start of any task reads the list again, as text.
    fresh = task.ended_before == len(call.world.tasks.all)
    return row | {"status": task.exitstatus, "endtime": task.endtime, "saved": 1 if fresh else "1"}


def _parse(call: Call) -> Upid:
    upid = Upid.parse(call.text("upid"))
    if upid is None:
        raise ApiError.parameters({"upid": "unable to parse worker upid"})
    return upid


def _require(call: Call, upid: Upid, priv: str) -> None:
    if not _owns(call, upid):
        call.require(f"/nodes/{call.text('node')}", priv)


def _find(call: Call, upid: Upid) -> Task | None:
    task = call.world.tasks.find(str(upid))
    return task if task is not None and upid.node == call.text("node") else None


@route("GET", f"{_ONE}/status")
async def read_status(call: Call) -> object:
    """Whether the task runs, and how it ended."""
    upid = _parse(call)
    task = _find(call, upid)
    if task is None:
        raise ApiError.parameters({"upid": "no such task"})
    _require(call, upid, "Sys.Audit")
    if task.running:
        return _common(upid) | {"status": "running"}
    return _common(upid) | {"status": "stopped", "exitstatus": task.exitstatus}


@route("GET", f"{_ONE}/log")
async def read_log(call: Call) -> object:
    """A page of what the task printed; a log without lines has one that says so."""
    upid = _parse(call)
    _require(call, upid, "Sys.Audit")
    task = _find(call, upid)
    if task is None:
        lines = ["unable to open file - No such file or directory"]
    else:
        lines = task.log.lines or ["no content"]
    start, limit = call.integer("start"), call.integer("limit", PAGE)
    end = start + limit if limit else len(lines)
    rows = [{"n": number + 1, "t": lines[number]} for number in range(start, min(end, len(lines)))]
    return Reply(rows, {"total": len(lines)})


@route("DELETE", _ONE)
async def stop_task(call: Call) -> object:
    """Interrupt the worker and wait a moment for its end; nothing happens when it has ended."""
    upid = _parse(call)
    _require(call, upid, "Sys.Modify")
    task = _find(call, upid)
    if task is not None and task.running:
        call.world.tasks.interrupt(task)
        call.world.changed()
        await call.world.clock.sleep(STOP_SECONDS)
    return None
