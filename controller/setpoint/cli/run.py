"""`setpoint run`: the daemon in the foreground, as a service manager wants it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack

import click
import structlog

from setpoint.cli.engine import open_engine
from setpoint.cli.output import examples
from setpoint.cli.settings import settings_option
from setpoint.settings import Settings
from setpoint.surface.hook_serve import serve_hook
from setpoint.surface.log import set_up_log
from setpoint.surface.metrics.meters import PrometheusMeters
from setpoint.surface.metrics.serve import serve_metrics
from setpoint.surface.notify import Notifier, keeping_told, take_notifier
from setpoint.surface.socket import serve_socket

_log = structlog.stdlib.get_logger("setpoint.daemon")


@click.command(
    short_help="Run the daemon.", epilog=examples("setpoint run", "setpoint run --config setpoint.yaml")
)
@settings_option
def run(settings: Settings) -> None:
    """Follow the source and hold the estate at what is declared, until SIGTERM or SIGINT.

    The step under way is ended first; a second signal ends at once.
    """
    set_up_log(settings.log, sys.stderr)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop, notifier, meters = asyncio.Event(), take_notifier(os.environ), PrometheusMeters()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _ask_to_stop, number, stop, notifier)
    async with AsyncExitStack() as stack:
        supervisor = await stack.enter_async_context(open_engine(settings, meters))
        meters.expect(supervisor.estate.kinds)
        await stack.enter_async_context(serve_socket(settings.socket_path, supervisor, settings.roles))
        await stack.enter_async_context(serve_metrics(settings.metrics, supervisor, meters))
        if settings.hook is not None:
            branch = settings.source.git.branch if settings.source.git else ""
            await stack.enter_async_context(serve_hook(settings.hook, branch, supervisor.source.poke))
        for inventory in supervisor.inventories:
            await stack.enter_async_context(inventory.serving())
        _log.info("daemon_started", estate=settings.estate, state=str(settings.state))
        tell_ready = await stack.enter_async_context(keeping_told(notifier, supervisor))

        def ready() -> None:
            _log.info("daemon_ready", version=supervisor.estate.version[:12])
            tell_ready()

        await supervisor.run(stop, ready=ready)
    _log.info("daemon_stopped")


def _ask_to_stop(number: int, stop: asyncio.Event, notifier: Notifier) -> None:
    _log.info("stop_asked", signal=signal.Signals(number).name)
    stop.set()
    notifier.tell(STOPPING=1)
    loop = asyncio.get_running_loop()
    for again in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(again)
        # The next one ends the process as the system would: whoever sends two means it.
        signal.signal(again, signal.SIG_DFL)
