"""`setpoint drift`: every field that is not as declared, with both values, why, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

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
from setpoint.cli.pick import given_namespace, pick
from setpoint.cli.settings import Daemon, daemon_option
from setpoint.cli.tables import age, field, seen, table, wanted

CAUSES = {"drift": "by hand", "declared": "declared", "computed": "computed"}
_HEAD = ("KEY", "FIELD", "DECLARED", "SEEN", "CAUSE", "SINCE", "POLICY")


@click.command(
    short_help="Show what differs from the declarations.",
    epilog=examples("setpoint drift", "setpoint drift KIND/NAME -o json", "setpoint drift -l env=prod"),
)
@click.argument("what", metavar="[KIND/NAME|KIND]...", nargs=-1)
@selector_option
@namespace_option
@output_option
@daemon_option
@click.pass_context
def drift(
    context: click.Context,
    what: Sequence[str],
    selector: str | None,
    namespace: str,
    form: str,
    daemon: Daemon,
) -> None:
    """Show every field that differs from its declaration, as it was last seen.

    CAUSE says whether the declaration is new (`declared`), somebody changed the thing itself (`by hand`), or what a
    relative size comes to has moved (`computed`). What was
    changed by hand within the last day and is as declared again is listed below.

    Exit codes: 0 nothing differs, 2 something does, 1 no daemon.
    """
    client = daemon.client
    told = client.get("/v1/drift")
    only = given_namespace(context, namespace)
    if what or selector is not None or only is not None:
        rows = client.get("/v1/status")["resources"]
        keys = {row["key"] for row in pick(rows, what, namespace, only, selector)}
        told = {name: [row for row in rows if row["key"] in keys] for name, rows in told.items()}
    if form == Form.JSON:
        print_json(told)
    else:
        click.echo("\n".join(_lines(told)))
    end(Ending.DIFFERENT if told["drift"] else Ending.FINE)


def _lines(told: dict[str, Any]) -> Iterator[str]:
    if told["drift"]:
        yield from table(_HEAD, [_row(row) for row in told["drift"]])
    else:
        yield "Nothing differs from the declarations."
    if told["recent"]:
        yield ""
        yield "Changed by hand within the last day, and as declared again:"
        for row in told["recent"]:
            was = f"was {seen(row)}, declared is {wanted(row)}"
            yield f"  {age(row['foundAt'])} ago  {row['key']}  {field(row['path'])} {was}"


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    where = field(row["path"])
    cause, since = CAUSES[row["cause"]], age(row["since"])
    return row["key"], where, wanted(row), seen(row), cause, since, row["drift"]
