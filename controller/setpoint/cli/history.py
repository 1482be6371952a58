"""`setpoint history`: what happened, newest first, and who caused it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from setpoint.cli.output import Form, examples, namespace_option, output_option, print_json
from setpoint.cli.settings import Daemon, daemon_option
from setpoint.cli.tables import field, seen, table, wanted
from setpoint.model.errors import SetpointError
from setpoint.model.key import Key
from setpoint.surface.bodies import MOST_EVENTS

_HEAD = ("WHEN", "KEY", "EVENT", "BY", "WHAT")


@click.command(
    short_help="Show what happened.",
    epilog=examples("setpoint history", "setpoint history KIND/NAME"),
)
@click.argument("key", metavar="[KIND/NAME]", required=False)
@click.option(
    "--limit", type=click.IntRange(1, MOST_EVENTS), default=50, show_default=True, help="At most so many."
)
@namespace_option
@output_option
@daemon_option
def history(key: str | None, limit: int, namespace: str, form: str, daemon: Daemon) -> None:
    """Show what happened to everything or to one resource, newest first; times are UTC."""
    told = daemon.client.get("/v1/history", key=_full(key, namespace), limit=limit)
    if form == Form.JSON:
        print_json(told)
    elif told["events"]:
        click.echo("\n".join(table(_HEAD, [_row(event) for event in told["events"]])))
    else:
        click.echo("Nothing is remembered.")


def _full(key: str | None, namespace: str) -> str | None:
    if key is None:
        return None
    try:
        return str(Key.parse(key, namespace=namespace))
    except ValueError as error:
        raise SetpointError(str(error)) from None


def _row(event: dict[str, Any]) -> tuple[str, ...]:
    what = "\n".join([event["sentence"], *_changes(event)])
    when = event["at"].replace("T", " ").rstrip("Z")
    return when, event["key"] or "-", event["kind"], event["actor"], what


def _changes(event: dict[str, Any]) -> Iterator[str]:
    for change in event["changes"]:
        if change["path"]:
            note = f" ({change['note']})" if change["note"] else ""
            yield f"{field(change['path'])}: {seen(change)} → {wanted(change)}{note}"
