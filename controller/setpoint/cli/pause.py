"""`setpoint pause`: one resource is left alone until it is resumed."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from setpoint.cli.freezing import end_of, tell, until_options, why_option
from setpoint.cli.output import examples, namespace_option, output_option
from setpoint.cli.settings import Daemon, daemon_option


@click.command(
    short_help="Leave one resource alone for now.",
    epilog=examples('setpoint pause KIND/NAME --why "I work on it by hand" --for 2h'),
)
@click.argument("key", metavar="KIND/NAME")
@why_option
@until_options
@namespace_option
@output_option
@daemon_option
def pause(
    key: str,
    *,
    why: str,
    until: datetime | None,
    lasting: timedelta | None,
    namespace: str,
    form: str,
    daemon: Daemon,
) -> None:
    """Leave one resource alone: it is looked at, and nothing is done to it until the time that is said, or setpoint resume.

    A step that is under way is brought to its end.
    """
    asked = {"key": key, "namespace": namespace, "why": why, "until": end_of(until, lasting)}
    told = daemon.client.post("/v1/freeze", asked)
    tell(told, told["freeze"], form)
