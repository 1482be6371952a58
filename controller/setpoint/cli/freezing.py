"""What `freeze`, `unfreeze`, `pause` and `resume` share: their options, and how they answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from setpoint.cli.duration import Duration
from setpoint.cli.output import Form, print_json
from setpoint.model.errors import SetpointError

V = TypeVar("V", bound=Callable[..., Any])


class Moment(click.ParamType[datetime]):
    """A date and time, as `2030-01-31T06:00`; in the time zone of this host unless it names one."""

    name = "moment"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The moment, or a refusal that says how to write one."""
        try:
            return value if isinstance(value, datetime) else datetime.fromisoformat(value).astimezone()
        except (ValueError, OverflowError):
            self.fail(
                f"'{value}' is no time; write e.g. 2030-01-31T06:00 or 2030-01-31T06:00+01:00", param, ctx
            )


target_option = click.option("--target", metavar="KIND/NAME", help="All that this target holds.")
kind_option = click.option("--kind", metavar="KIND", help="Every resource of this kind.")
why_option = click.option("--why", required=True, help="The reason; it is shown to everybody who wonders.")


def until_options(verb: V) -> V:
    """`--until` and `--for`; the verb gets them as `until` and `lasting`."""
    until = click.option("--until", type=Moment(), metavar="TIME", help="When it ends by itself.")
    lasting = click.option("--for", "lasting", type=Duration(), help="How long it lasts, e.g. 4h.")
    return until(lasting(verb))


def end_of(until: datetime | None, lasting: timedelta | None) -> float:
    """When it ends by itself, seconds since the epoch; 0 for when somebody ends it.

    Raises:
        SetpointError: both were said.
    """
    if until is not None and lasting is not None:
        raise SetpointError("both --until and --for are given", remedy="say one of them")
    if lasting is not None:
        return time.time() + lasting.total_seconds()
    return until.timestamp() if until is not None else 0.0


def tell(told: dict[str, Any], freeze: dict[str, Any], form: str, *, ended: bool = False) -> None:
    """Say what is in force now, or no more."""
    if form == Form.JSON:
        print_json(told)
    elif ended:
        click.echo(f"no more: {freeze['sentence']}")
    else:
        click.echo(f"{freeze['sentence']}; to end it: {freeze['release']}")
