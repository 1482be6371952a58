"""A duration as an option: `90s`, `10m`, `1h30m`."""

from __future__ import annotations

from datetime import timedelta

import click

from setpoint.model.quantity import parse_duration


class Duration(click.ParamType[timedelta]):
    """Reads what `parse_duration` reads."""

    name = "duration"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """The duration, or a refusal that says how to write one."""
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
