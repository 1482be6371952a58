"""`setpoint unfreeze`: steps begin again."""

from __future__ import annotations

import click

from setpoint.cli.freezing import kind_option, target_option, tell
from setpoint.cli.output import examples, namespace_option, output_option
from setpoint.cli.settings import Daemon, daemon_option


@click.command(
    short_help="End a freeze.",
    epilog=examples("setpoint unfreeze", "setpoint unfreeze --kind KIND"),
)
@target_option
@kind_option
@namespace_option
@output_option
@daemon_option
def unfreeze(target: str | None, kind: str | None, namespace: str, form: str, daemon: Daemon) -> None:
    """End a freeze: that of everything, of one target, or of one kind. What it held is looked at at once."""
    told = daemon.client.post("/v1/unfreeze", {"target": target, "kind": kind, "namespace": namespace})
    tell(told, told["ended"], form, ended=True)
