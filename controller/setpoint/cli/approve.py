"""`setpoint approve`: release what a hold or a rewritten history asks a person for."""

from __future__ import annotations

import click

from setpoint.cli.output import Form, examples, output_option, print_json
from setpoint.cli.settings import Daemon, daemon_option
from setpoint.model.errors import SetpointError


@click.command(
    short_help="Release what is held.",
    epilog=examples("setpoint approve 8c1f0a3b9d2e"),
)
@click.argument("token", metavar="TOKEN|COMMIT")
@output_option
@daemon_option
def approve(token: str, form: str, daemon: Daemon) -> None:
    """Release what `setpoint status` says is held until somebody approves TOKEN.

    A token or commit may be shortened to its first seven characters. Who approved what is kept in the history.
    """
    if not token:
        raise SetpointError("nothing is named to be approved", remedy="setpoint status shows the token")
    told = daemon.client.post("/v1/approve", {"token": token})
    if form == Form.JSON:
        print_json(told)
    else:
        click.echo(f"approved {told['approved']}: {told['releases']}")
