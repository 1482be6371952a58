"""`setpoint adopt --all`: what taking over everything that is declared would write, and, once a person says so, does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from setpoint.cli.apply import converge
from setpoint.cli.foresight import Named, declared_now, foresee, open_foresight
from setpoint.cli.output import Ending, Form, counted, end, print_json
from setpoint.cli.plan_text import row_lines
from setpoint.cli.plan_view import CHANGE, FAILED, HELD, IN_SYNC, WAITING, all_holds, plan_view
from setpoint.cli.verdict import needs_a_person, verdict, worst
from setpoint.model.errors import SetpointError, StateError
from setpoint.model.observation import Present
from setpoint.run.desk import Report
from setpoint.settings import Settings
from setpoint.store.lock import StateInUseError

_PATIENCE = timedelta(minutes=10)


def adopt_all(settings: Settings, folder: Path | None, form: str, *, really: bool) -> None:
    """Show it; with `really` do it, if it is nothing but marks.

    Raises:
        SetpointError: something cannot be read, or a daemon holds the state.
    """
    if really and folder is not None:
        raise SetpointError(
            "--yes adopts what the settings' source declares, and --source names another one",
            remedy="leave out one of the two",
        )
    told = asyncio.run(_foreseen(settings, folder))
    if really and told["marks"] and _ending(told) is Ending.FINE:
        told |= _done(settings)
    if form == Form.JSON:
        print_json(told)
    else:
        click.echo("\n".join(_lines(told, really=really)))
    end(_ending(told))


async def _foreseen(settings: Settings, folder: Path | None) -> dict[str, Any]:
    """The plan of everything, and what in it is our mark alone."""
    async with open_foresight(settings) as (estate, memory):
        content = await declared_now(settings, estate, folder)
        reports = await foresee(estate, content, Named(), base=None)
        plan = plan_view(estate, reports, version=content.version, memory=memory, detailed=False)
        pairs = list(zip(plan["resources"], reports, strict=True))
        marks = [row["key"] for row, report in pairs if _is_mark(row, report)]
        others = [row["key"] for row, _ in pairs if row["verdict"] != IN_SYNC and row["key"] not in marks]
        return {"plan": plan, "marks": marks, "others": others, "adopted": False}


def _is_mark(row: dict[str, Any], report: Report) -> bool:
    """Whether nothing but our mark is to be written; what is locked gets it as soon as it is not."""
    now = report.learned
    if row["verdict"] not in (CHANGE, WAITING) or row["changes"] or not isinstance(now.observation, Present):
        return False
    return [planned.step for planned in now.planned] == [now.kind.mark(now.owner, now.observation.state)]


def _done(settings: Settings) -> dict[str, Any]:
    """Do it, and look at how it went."""
    try:
        status, late = asyncio.run(converge(settings, _PATIENCE))
    except StateInUseError as error:
        remedy = "that daemon adopts it by itself once it is in its branch; to look now: setpoint resync --all --wait"
        raise StateError(error.message, remedy=remedy) from None
    ending = Ending.DIFFERENT if late else verdict(status)
    return {"adopted": ending is Ending.FINE, "ending": ending.name}


def _ending(told: dict[str, Any]) -> Ending:
    if "ending" in told:
        return Ending[told["ending"]]
    plan = told["plan"]
    others = [_other(row) for row in plan["resources"] if row["key"] in told["others"]]
    return worst([*others, Ending.ERROR if plan["problems"] or plan["waiting"] else Ending.FINE])


def _other(row: dict[str, Any]) -> Ending:
    """What a resource amounts to that would get more than our mark."""
    if row["verdict"] == FAILED:
        return Ending.ERROR
    held = row["verdict"] == HELD and any(map(needs_a_person, all_holds(row)))
    return Ending.HELD if held else Ending.DIFFERENT


def _lines(told: dict[str, Any], *, really: bool) -> list[str]:
    plan = told["plan"]
    rows = [line for row in plan["resources"] if row["key"] in told["others"] for line in row_lines(row)]
    problems = [problem["text"] for problem in (*plan["problems"], *plan["waiting"])]
    return [*problems, *rows, *([""] if rows else []), _sentence(told, really=really)]


def _sentence(told: dict[str, Any], *, really: bool) -> str:
    ours = counted(told["plan"]["summary"][IN_SYNC], "resource")
    marks = counted(len(told["marks"]), "object")
    if told["adopted"]:
        return f"{marks} adopted, nothing else was written."
    if told["others"]:
        why = "so nothing was written" if really else "so --yes would write nothing"
        others = counted(len(told["others"]), "resource")
        return f"{marks} to be marked; {others} would be changed beyond that, {why}: declare what is there, or run plan."
    if told["plan"]["problems"] or told["plan"]["waiting"]:
        return f"{marks} to be marked, and nothing is written before the mistakes are mended."
    if not told["marks"]:
        return f"Nothing to adopt: {ours} in sync."
    if really:
        return f"{marks} to be marked, and not all are: setpoint status tells why."
    return f"{marks} to be marked, and nothing else will be written; {ours} in sync. With --yes it is done."
