"""`setpoint resume`: a resource that was paused is taken care of again."""

from __future__ import annotations

import click

from setpoint.cli.freezing import tell
from setpoint.cli.output import examples, namespace_option, output_option
from setpoint.cli.settings import Daemon, daemon_option


@click.command(short_help="End a pause.", epilog=examples("setpoint resume KIND/NAME"))
@click.argument("key", metavar="KIND/NAME")
@namespace_option
@output_option
@daemon_option
def resume(key: str, namespace: str, form: str, daemon: Daemon) -> None:
    """End the pause of one resource, and look at it at once."""
    told = daemon.client.post("/v1/unfreeze", {"key": key, "namespace": namespace})
    tell(told, told["ended"], form, ended=True)
