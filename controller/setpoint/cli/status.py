"""`setpoint status`: how every resource is, from the daemon, or from what it remembered when it does not run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import click

from setpoint.cli.client import DaemonDownError
from setpoint.cli.duration import Duration
from setpoint.cli.output import (
    Ending,
    Form,
    end,
    examples,
    namespace_option,
    output_option,
    print_json,
    selector_option,
)
from setpoint.cli.overview import overview
from setpoint.cli.pick import given_namespace, pick
from setpoint.cli.settings import Daemon, daemon_option
from setpoint.cli.staleness import stale, staleness
from setpoint.cli.tables import coloured
from setpoint.cli.verdict import verdict
from setpoint.model.errors import SetpointError

if TYPE_CHECKING:
    from setpoint.settings import Settings

_EVERY = 1.0


@click.command(
    short_help="Show how every resource is.",
    epilog=examples(
        "setpoint status",
        "setpoint status KIND/NAME -o json",
        "setpoint status -l 'name:web*'",
        "setpoint status --max-age 14d --exit-code",
        "setpoint status --watch",
    ),
)
@click.argument("what", metavar="[KIND/NAME|KIND]...", nargs=-1)
@selector_option
@namespace_option
@output_option
@click.option("--all", "everything", is_flag=True, help="List those in sync, too, however many there are.")
@click.option(
    "--max-age",
    "longest",
    type=Duration(),
    metavar="DURATION",
    help="Only those that were not seen in sync for longer than that, e.g. 14d, or never; and what was brought into force longer ago.",
)
@click.option(
    "--exit-code",
    "by_age",
    is_flag=True,
    help="With --max-age: end with 2 when there are any, else with 0, however the rest is.",
)
@click.option("--watch", is_flag=True, help="Show it again whenever something changed, until interrupted.")
@daemon_option
@click.pass_context
def status(
    context: click.Context,
    what: Sequence[str],
    selector: str | None,
    namespace: str,
    form: str,
    *,
    everything: bool,
    longest: timedelta | None,
    by_age: bool,
    watch: bool,
    daemon: Daemon,
) -> None:
    """Show how every resource is, or those that are named; the daemon need not run for what it remembers.

    Of more than 500 resources the table lists those that are not in sync, unless some are named or --all is given.

    Exit codes: 0 in sync, 2 drift or changes under way, 3 held, 1 failing or no daemon. With --exit-code: 0 all were
    seen in sync lately enough, 2 some were not, 1 no daemon.
    """
    if by_age and longest is None:
        raise SetpointError("--exit-code needs --max-age", remedy="write e.g. --max-age 14d --exit-code")
    only = given_namespace(context, namespace)
    brief = form != Form.JSON and not (what or selector or only or everything or longest)

    def look() -> tuple[dict[str, Any], DaemonDownError | None]:
        told, down = _ask(daemon, brief=brief)
        told["resources"] = pick(told["resources"], what, namespace, only, selector)
        if longest is not None:
            told["resources"] = stale(told["resources"], longest)
        return told, down

    if watch:
        with suppress(KeyboardInterrupt):
            _watch(look, form)
        end(Ending.FINE)
    told, down = look()
    _show(told, form, down, detailed=any("/" in text for text in what), partly=brief)
    end(Ending.ERROR if down else staleness(told["resources"]) if by_age else verdict(told))


def _ask(daemon: Daemon, *, brief: bool) -> tuple[dict[str, Any], DaemonDownError | None]:
    """What the daemon says, else what it remembered and why nobody answers."""
    try:
        return daemon.client.get("/v1/status", brief="true" if brief else None), None
    except DaemonDownError as error:
        return _remembered(daemon.settings, error), error


def _remembered(settings: Settings, why: DaemonDownError) -> dict[str, Any]:
    from setpoint.store.store import Store  # noqa: PLC0415  # only when nobody answers
    from setpoint.surface.remembered import remembered_status  # noqa: PLC0415  # only when nobody answers

    try:
        store = Store.open_readonly(settings.database_path)
    except OSError:
        raise why from None
    if store is None:
        raise why
    try:
        source = "git" if settings.source.git else "directory"
        return remembered_status(store, settings.estate, source, None)
    finally:
        store.close()


def _show(
    told: dict[str, Any],
    form: str,
    down: DaemonDownError | None,
    *,
    detailed: bool = False,
    partly: bool = False,
) -> None:
    if form == Form.JSON:
        print_json(told)
    else:
        left_out = told["declared"] - len(told["resources"]) if partly else 0
        click.echo("\n".join(overview(told, told["resources"], detailed=detailed, left_out=left_out)))
    if down is not None:
        click.echo(f"setpoint: {down}; shown is what it remembered", err=True)


def _watch(look: Callable[[], tuple[dict[str, Any], DaemonDownError | None]], form: str) -> NoReturn:
    before: object = None
    while True:
        told, down = look()
        if _essence(told) != before:
            if coloured():
                click.clear()
            _show(told, form, down)
            before = _essence(told)
        time.sleep(_EVERY)


def _essence(told: dict[str, Any]) -> object:
    """What is worth showing again when it changes; that somebody looked is not."""
    rows = [[row[name] for name in ("key", "outcome", "ready", "sentence")] for row in told["resources"]]
    source = told["source"]["version"], told["source"]["sentence"]
    left = [(row["key"], row["phase"], row["sentence"]) for row in told["deletions"]]
    state = told["phase"], told["problems"], told["waiting"], told["released"], told["freezes"]
    return rows, source, left, state
