"""Finished tasks of the past, from a state; those that only count are made up so that all counts come out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.tasks import Task
from setpoint_lab.proxmox.upid import Upid

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

SECONDS_APART = 10
FIRST_FILLER = 100
FAILED = "interrupted by signal"
WARNED = "WARNINGS: 1"
OTHER_OWNER = "someone@pve"


def read_history(world: World, state: Mapping[str, Any]) -> None:
    """Put the tasks of a state into the world, oldest first; a virtual clock then stands right behind them."""
    listed = [_task(spec) for spec in state.get("tasks", [])]
    listed.sort(key=lambda task: (task.endtime or 0, task.upid.pid))
    index = state.get("task_index")
    fillers = _fillers(listed, index) if index else []
    world.tasks.restore([*fillers, *listed])


def _task(spec: Mapping[str, Any]) -> Task:
    upid = Upid.parse(spec["upid"])
    if upid is None:
        raise ValueError(f"{spec['upid']} is no UPID")
    task = Task(upid, exitstatus=spec["exitstatus"], endtime=int(spec.get("endtime", upid.starttime)))
    task.log(_last_line(spec["exitstatus"]))
    return task


def _last_line(exitstatus: str) -> str:
    if exitstatus == "OK":
        return "TASK OK"
    return f"TASK {exitstatus}" if exitstatus.startswith("WARNINGS") else f"TASK ERROR: {exitstatus}"


def _fillers(listed: list[Task], index: Mapping[str, Any]) -> list[Task]:
    """As many older tasks as the index counts beyond the listed ones.

    The index has counts by filter: `total`, `typefilter=T`, `userfilter=U`, `with_vmid_N`, `errors=1` (with
    warnings) and `statusfilter=error` (without).
    """
    missing = index["total"] - len(listed)
    kinds = _column(index, r"typefilter=(\w+)", [task.upid.type for task in listed])
    idents = _column(index, r"with_vmid_(\d+)", [task.upid.id for task in listed])
    owners = [owner for owner in dict.fromkeys(task.upid.owner for task in listed) for _ in range(missing)]
    named = sum(
        _column_counts(index, r"userfilter=(\w+)", [task.upid.user.partition("@")[0] for task in listed])
    )
    failed = index["statusfilter=error"] - sum(map(_is_error, listed))
    warned = index["errors=1"] - index["statusfilter=error"] - sum(map(_is_warning, listed))
    outcomes = [FAILED] * failed + [WARNED] * warned
    first = min((task.upid.starttime for task in listed), default=0)
    return [
        _filler(
            Upid(
                index["node"],
                FIRST_FILLER + number,
                FIRST_FILLER + number,
                first - SECONDS_APART * (missing - number),
                kinds[number] if number < len(kinds) else "startall",
                idents[number - len(kinds)] if 0 <= number - len(kinds) < len(idents) else "",
                owners[0] if number < named else OTHER_OWNER,
            ),
            outcomes[number] if number < len(outcomes) else "OK",
        )
        for number in range(missing)
    ]


def _column(index: Mapping[str, Any], pattern: str, present: list[str]) -> list[str]:
    """The values that a kind of filter names, each as often as it is missing."""
    found = [(match[1], count) for key, count in index.items() if (match := re.fullmatch(pattern, key))]
    return [value for value, count in found for _ in range(count - present.count(value))]


def _column_counts(index: Mapping[str, Any], pattern: str, present: list[str]) -> list[int]:
    return [len(_column({key: count}, pattern, present)) for key, count in index.items()]


def _filler(upid: Upid, status: str) -> Task:
    return Task(upid, exitstatus=status, endtime=upid.starttime + 1)


def _is_warning(task: Task) -> bool:
    return (task.exitstatus or "").startswith("WARNINGS")


def _is_error(task: Task) -> bool:
    return task.exitstatus != "OK" and not _is_warning(task)
