"""`setpoint hosts`: every machine with its system, how long it is up, when it was deployed, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from setpoint.cli.output import (
    Form,
    end,
    examples,
    namespace_option,
    output_option,
    print_json,
    selector_option,
)
from setpoint.cli.pick import given_namespace
from setpoint.cli.settings import Daemon, daemon_option
from setpoint.cli.tables import plain, table
from setpoint.cli.verdict import worst
from setpoint_nixos.verbs.choose import chosen
from setpoint_nixos.verbs.host_row import HEAD, HostRow, host_rows


@click.command(
    short_help="Show hosts, their systems and last deploys.",
    epilog=examples(
        "setpoint hosts",
        "setpoint hosts web01",
        "setpoint hosts -l 'web and not canary'",
        "setpoint hosts -o json",
    ),
)
@click.argument("names", metavar="[NAME|Host/NAME]...", nargs=-1)
@selector_option
@namespace_option
@output_option
@daemon_option
@click.pass_context
def hosts(
    context: click.Context,
    names: Sequence[str],
    selector: str | None,
    namespace: str,
    form: str,
    *,
    daemon: Daemon,
) -> None:
    """Show how every host is, as the daemon saw it last; with one NAME, all that is known of that.

    SYSTEM ends with the number of its generation, DEPLOYED is the age of the last deploy that came into force, DISK its
    fullest filesystem, FAILED the units that failed, SEEN since when it answers or is away.

    Exit codes: 0 all are well and in sync, 2 changes under way, 3 held, 1 something is wrong, or no daemon.
    """
    told = daemon.client.get("/v1/status")["resources"]
    only = given_namespace(context, namespace)
    meant = chosen(told, names, kind="Host", namespace=namespace, only=only, selector=selector)
    rows = host_rows(meant, told)
    if form == Form.JSON:
        print_json({"hosts": [row.document() for row in rows]})
    else:
        lines = table(HEAD, [row.cells() for row in rows])
        click.echo("\n".join([*lines, *(_facts(rows[0]) if names and len(rows) == 1 else ())]))
    end(worst(row.ending for row in rows))


def _facts(row: HostRow) -> Iterator[str]:
    """All that is known of one host, and of what is deployed to it."""
    for one in (row.host, *row.systems):
        yield ""
        yield f"{one['key']}, declared at {one['origin']}:"
        yield from (
            f"  {name}: {plain(value)}" for name, value in one["detail"].items() if value not in ("", [], {})
        )
