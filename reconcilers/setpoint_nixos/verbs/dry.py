"""What an order to deploy would do: the plan of the chosen hosts, once their systems are evaluated."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from setpoint.cli.foresight import declared_now, open_foresight
from setpoint.cli.plan_view import plan_view
from setpoint.model.key import Key
from setpoint.model.order import Order
from setpoint.model.outcome import Held
from setpoint.run.declare import declare
from setpoint.run.desk import Report
from setpoint.run.estate import Estate, SourceState
from setpoint.run.orders import ordered
from setpoint.run.preview import Preview
from setpoint.settings import Settings
from setpoint.surface.rows import full_rows
from setpoint_nixos.verbs.alone import Choose


async def foresee_deploy(
    settings: Settings, folder: Path | None, choose: Choose, order: Mapping[str, Any]
) -> dict[str, Any]:
    """The plan, as `setpoint plan` tells it.

    Raises:
        SetpointError: the source or the store cannot be read, or nothing is meant.
    """
    async with open_foresight(settings) as (estate, memory):
        content = await declared_now(settings, estate, folder)
        await declare(estate, content)
        estate.source = SourceState(good=True, sentence="read for this plan", at=estate.ports.now())
        keys = [Key.parse(key) for key in choose(full_rows(estate, estate.store.statuses()))]
        _place(estate, keys, order)
        reports = await _settled(estate, keys, float(order["seconds"]))
        return plan_view(estate, reports, version=content.version, memory=memory, detailed=False)


def _place(estate: Estate, keys: Sequence[Key], told: Mapping[str, Any]) -> None:
    """Let the order hold in this copy of what is remembered."""
    now, changes = estate.ports.now(), told["changes"]
    until = now + 2 * told["seconds"]
    order = Order("dry", getpass.getuser(), now, until, at_once=told["atOnce"], changes=changes)
    resources = [estate.resources[key] for key in keys]
    specs = [(one, ordered(estate.kinds[one.key.kind], one, changes)) for one in resources]
    estate.orders.place(order, specs)


async def _settled(estate: Estate, keys: Sequence[Key], patience: float) -> list[Report]:
    """The preview once everything is evaluated, which may take more than one look."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        reports = await Preview(estate).of(keys)
        if loop.time() >= deadline or not any(map(_evaluates, reports)):
            return reports
        await asyncio.sleep(1)


def _evaluates(report: Report) -> bool:
    """Whether it waits only for what is worked on here: what cannot be had from elsewhere is told at once."""
    held = isinstance(report.outcome, Held) and bool(report.learned.lacking)
    return held and all("evaluated" in one.why for one in report.learned.lacking.values())
