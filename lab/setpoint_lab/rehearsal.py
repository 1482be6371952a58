"""The rehearsal: a data centre, a repository and a daemon on this machine, live or only until converged."""

from __future__ import annotations

import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from setpoint.cli.client import DaemonDownError
from setpoint.cli.news import LATEST, TOLD, fresh
from setpoint.cli.output import Ending
from setpoint.cli.overview import overview
from setpoint.cli.verdict import verdict
from setpoint.surface.views import time_text
from setpoint_lab.rehearsal_folder import prepare
from setpoint_lab.rehearsal_processes import Stage, on_stage
from setpoint_lab.rehearsal_show import event_lines, welcome

_TICK = 0.3


def rehearse(root: Path) -> None:
    """Run until interrupted, and tell what happens.

    Raises:
        SetpointError: something does not start, or ends by itself.
    """
    folder = prepare(root)
    began = time_text(time.time()) or ""
    with _interruptible(), on_stage(folder) as stage:
        click.echo(welcome(folder, stage.emulator.url, stage.netbox.url))
        told: list[dict[str, Any]] = []
        while True:
            told = _tell(stage, told, began)
            stage.check()
            time.sleep(_TICK)


def rehearse_once(root: Path, patience: timedelta) -> Ending:
    """Run until everything is ready, at most for so long, and print the table; how it ended.

    Raises:
        SetpointError: something does not start, or ends by itself.
    """
    folder = prepare(root)
    deadline = time.monotonic() + patience.total_seconds()
    with _interruptible(), on_stage(folder) as stage:
        status = stage.client.get("/v1/status")
        while not _converged(status) and time.monotonic() < deadline:
            stage.check()
            time.sleep(_TICK)
            status = stage.client.get("/v1/status")
        click.echo("\n".join(overview(status, status["resources"])))
    return Ending.FINE if _converged(status) else Ending.ERROR


def _converged(status: dict[str, Any]) -> bool:
    """Whether the source is good and everything that it declares is ready."""
    return status["phase"] == "running" and verdict(status) is Ending.FINE


def _tell(stage: Stage, told: list[dict[str, Any]], began: str) -> list[dict[str, Any]]:
    """Tell what is new; what was told with it."""
    try:
        events = stage.client.get("/v1/history", limit=LATEST)["events"]
    except DaemonDownError:
        return told  # `check` says why.
    events = [event for event in events if event["kind"] in TOLD and event["at"] >= began]
    for event in fresh(events, told):
        click.echo("\n".join(event_lines(event)))
    return events or told


@contextmanager
def _interruptible() -> Generator[None]:
    """SIGINT and SIGTERM end the block, also where a shell in the background has SIGINT ignored."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        click.echo("ended; everything is kept for the next start", err=True)
        raise click.exceptions.Exit(Ending.FINE.code) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
