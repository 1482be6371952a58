"""`setpoint forget`: what is declared no more is let go of, whatever becomes of its object."""

from __future__ import annotations

import click

from setpoint.cli.output import Form, examples, namespace_option, output_option, print_json
from setpoint.cli.settings import Daemon, daemon_option


@click.command(
    short_help="Let go of what is declared no more.",
    epilog=examples("setpoint forget KIND/NAME"),
)
@click.argument("key", metavar="KIND/NAME")
@namespace_option
@output_option
@daemon_option
def forget(key: str, namespace: str, form: str, daemon: Daemon) -> None:
    """Drop what is remembered of an object whose declaration was removed, and whatever was to be done with it.

    Nothing is done to the object: it stays as it is and goes on bearing our mark, by which a new declaration of the
    same name takes it up again.
    """
    told = daemon.client.post("/v1/forget", {"key": key, "namespace": namespace})
    if form == Form.JSON:
        print_json(told)
        return
    click.echo(
        f"{told['forgotten']} is forgotten. Its object on {told['target']} was not touched and bears our mark still; "
        "a declaration of that name takes it up again."
    )
