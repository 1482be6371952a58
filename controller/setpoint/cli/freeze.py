"""`setpoint freeze`: no step begins, be it everywhere, on a target or of a kind, until that is ended."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from setpoint.cli.freezing import end_of, kind_option, target_option, tell, until_options, why_option
from setpoint.cli.output import examples, namespace_option, output_option
from setpoint.cli.settings import Daemon, daemon_option


@click.command(
    short_help="Let no step begin for now.",
    epilog=examples(
        'setpoint freeze --why "the fair is open" --for 4h',
        'setpoint freeze --kind KIND --why "the new version is looked at first"',
        'setpoint freeze --target KIND/NAME --why "disks are replaced" --until 2030-01-31T06:00',
    ),
)
@target_option
@kind_option
@why_option
@until_options
@namespace_option
@output_option
@daemon_option
def freeze(
    *,
    target: str | None,
    kind: str | None,
    why: str,
    until: datetime | None,
    lasting: timedelta | None,
    namespace: str,
    form: str,
    daemon: Daemon,
) -> None:
    """Let no step begin: everywhere, on one target, or of one kind.

    What is under way is brought to its end. Everything is still looked at, and what would be done is shown. It lasts until
    the time that is said, or until setpoint unfreeze.
    """
    asked = {"target": target, "kind": kind, "namespace": namespace, "why": why}
    told = daemon.client.post("/v1/freeze", {**asked, "until": end_of(until, lasting)})
    tell(told, told["freeze"], form)
