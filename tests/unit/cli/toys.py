"""A system and a verb, as a package would provide them."""

from __future__ import annotations

import click

from setpoint.model.kind import System
from tests.unit.desired.estate import KINDS

SYSTEM = System("toys", tuple(KINDS.values()))


@click.command(short_help="Play with the toys.")
def play() -> None:
    """Play with the toys."""
    click.echo("playing")
