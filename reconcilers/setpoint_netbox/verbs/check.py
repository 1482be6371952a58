"""`setpoint netbox check`: whether the daemon's token gets from NetBox what is needed; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from setpoint.cli.output import Ending, Form, end, examples, output_option, print_json
from setpoint.cli.settings import settings_option
from setpoint.model.errors import SetpointError
from setpoint.model.examine import Check, Verdict
from setpoint_netbox.verbs.access import NAME, netbox_settings, opening

if TYPE_CHECKING:
    from setpoint.settings import Settings


@click.command(
    name="check",
    short_help="Check the connection, the permissions and what has to be there.",
    epilog=examples("setpoint netbox check", "setpoint netbox check -o json"),
)
@output_option
@settings_option
def check(settings: Settings, form: str) -> None:
    """Check the NetBox of the settings with the token of the settings: version, clock, permissions, custom fields, webhook.

    Each check is one line with what to do about it, and each permission that is missing is named. What a constraint of a
    permission hides cannot be seen from outside. Nothing is changed; `setpoint netbox init` mends most of it.
    `setpoint doctor` makes the same checks among its own.

    Exit codes: 0 nothing is wrong (there may be warnings), 1 something is.
    """
    from setpoint.cli.doctor import document, summed_up, told  # noqa: PLC0415  # not for the help

    made: list[Check] = []
    for one in _checks(settings):
        made.append(one)
        if form == Form.TEXT:
            click.echo("\n".join(told(one)))
    if form == Form.JSON:
        print_json(document(made))
    else:
        click.echo(summed_up(made))
    end(Ending.ERROR if any(one.verdict is Verdict.WRONG for one in made) else Ending.FINE)


def _checks(settings: Settings) -> Iterator[Check]:
    from setpoint_netbox.verbs.checks import examine  # noqa: PLC0415  # not for the help

    told = netbox_settings(settings)
    try:
        yield from examine(told, opening(settings))
    except SetpointError as error:
        yield Check(NAME, Verdict.WRONG, error.message, error.remedy)
