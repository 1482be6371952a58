"""`setpoint apply`: converge once with the engine of the daemon, tell what is done, and end by how it went."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import click

from setpoint.cli.duration import Duration
from setpoint.cli.engine import open_engine
from setpoint.cli.news import LATEST, TOLD, fresh
from setpoint.cli.output import Ending, Form, end, examples, output_option, print_json
from setpoint.cli.overview import overview
from setpoint.cli.settings import settings_option
from setpoint.cli.verdict import verdict, worst
from setpoint.model.errors import StateError
from setpoint.model.quantity import format_duration
from setpoint.run.estate import Estate
from setpoint.run.supervisor import Supervisor
from setpoint.settings import LogLevel, LogSettings, Settings
from setpoint.sources.layered import LayeredSource
from setpoint.store.lock import StateInUseError
from setpoint.store.records import Event
from setpoint.surface.answers import Answers
from setpoint.surface.bodies import StatusQuery
from setpoint.surface.log import set_up_log


@click.command(
    short_help="Converge once and say how it went.",
    epilog=examples("setpoint apply", "setpoint apply --timeout 1h"),
)
@click.option(
    "--timeout",
    type=Duration(),
    default="10m",
    show_default=True,
    help="How long to wait until nothing more happens by itself.",
)
@output_option
@settings_option
def apply(settings: Settings, form: str, timeout: timedelta) -> None:
    """Make true what is declared now, and end when nothing more happens by itself.

    What is done is told on standard error, the status at the end on standard output. Where a daemon runs, it
    converges already: use `setpoint resync --all --wait`.

    Exit codes: 0 in sync, 2 not done in time or drift only reported, 3 held, 1 a failure or a mistake.
    """
    set_up_log(LogSettings(format=settings.log.format, level=LogLevel.ERROR), sys.stderr)
    try:
        told, late = asyncio.run(converge(settings, timeout))
    except StateInUseError as error:
        remedy = "that daemon converges already; to have it look now: setpoint resync --all --wait"
        raise StateError(error.message, remedy=remedy) from None
    if form == Form.JSON:
        print_json(told)
    else:
        click.echo("\n".join(overview(told, told["resources"])))
    if late:
        click.echo(f"setpoint: not settled within {format_duration(timeout)}", err=True)
    end(worst([verdict(told), Ending.DIFFERENT if late else Ending.FINE]))


async def converge(settings: Settings, patience: timedelta) -> tuple[dict[str, Any], bool]:
    """Make true what is declared now: the status at the end, and whether the time was up before everything had settled.

    Raises:
        StateInUseError: a daemon does so already.
        SetpointError: a system, the source or the store cannot be used.
    """
    began = time.time()
    stop = asyncio.Event()
    async with open_engine(settings) as supervisor, _told(supervisor, began):
        if isinstance(supervisor.source, LayeredSource):
            # Else it would settle by what was read last, maybe long ago.
            await supervisor.source.refresh()
        running = asyncio.create_task(supervisor.run(stop))
        settling = asyncio.create_task(supervisor.settle(began))
        try:
            done, _ = await asyncio.wait(
                (running, settling), timeout=patience.total_seconds(), return_when=asyncio.FIRST_COMPLETED
            )
            told = await Answers(supervisor).status(StatusQuery())
        finally:
            settling.cancel()
            stop.set()
            await running
        return told, not done


@asynccontextmanager
async def _told(supervisor: Supervisor, began: float) -> AsyncGenerator[None]:
    """Tell on standard error what happens, to the last."""
    told: list[Event] = []
    telling = asyncio.create_task(_tell(supervisor, began, told))
    try:
        yield
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
        await _tell_news(supervisor.estate, began, told)


async def _tell(supervisor: Supervisor, began: float, told: list[Event]) -> None:
    async for _ in supervisor.updates():
        await _tell_news(supervisor.estate, began, told)


async def _tell_news(estate: Estate, began: float, told: list[Event]) -> None:
    """Tell what is not `told` yet, and take it in there."""
    events = await estate.calls.call(estate.store.history, None, LATEST)
    events = [event for event in events if event.at >= began and event.kind in TOLD]
    for event in fresh(events, told):
        click.echo(f"{event.key or 'source'}: {event.sentence}", err=True)
    told[:] = events or told
