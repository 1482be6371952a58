"""`setpoint undelete`: an object that is to be deleted is kept, and its declaration printed."""

from __future__ import annotations

from typing import Any

import click
import yaml

from setpoint.cli.output import Form, examples, namespace_option, output_option, print_json
from setpoint.cli.settings import Daemon, daemon_option


@click.command(
    short_help="Keep what is to be deleted.",
    epilog=examples("setpoint undelete KIND/NAME", "setpoint undelete KIND/NAME > estate/name.yaml"),
)
@click.argument("key", metavar="KIND/NAME")
@namespace_option
@output_option
@daemon_option
def undelete(key: str, namespace: str, form: str, daemon: Daemon) -> None:
    """Take back the deletion of an object whose declaration was removed, at any time until its destruction has begun.

    The object is left alone as it is, stopped if it was stopped by then. Its declaration as it was last in force is
    printed; once that is committed again, the object is brought to what it says.
    """
    told = daemon.client.post("/v1/undelete", {"key": key, "namespace": namespace})
    if form == Form.JSON:
        print_json(told)
        return
    click.echo(manifest_text(told["manifest"]), nl=False)
    click.echo(
        f"{told['key']} is kept. To have it taken care of again, commit what is printed above; "
        f"it was declared in {told['origin']}.",
        err=True,
    )


def manifest_text(manifest: dict[str, Any]) -> str:
    """The manifest as YAML."""
    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=100)
