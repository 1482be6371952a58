"""`setpoint doctor`: every check of what Setpoint needs to work, each with its remedy, also after one that failed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from setpoint.cli.doctor_checks import examination
from setpoint.cli.output import Ending, Form, counted, end, examples, output_option, print_json
from setpoint.cli.settings import config_option
from setpoint.cli.tables import paint
from setpoint.model.examine import Check, Verdict

_COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.WRONG: "red"}
_WIDTH = max(map(len, Verdict))


@click.command(
    short_help="Check what Setpoint needs to work.",
    epilog=examples(
        "setpoint doctor",
        "sudo -u setpoint setpoint doctor --config /etc/setpoint/setpoint.yaml",
        "setpoint doctor -o json",
    ),
)
@config_option
@output_option
def doctor(config: Path | None, form: str) -> None:
    """Check the settings, the state directory, git, the declarations, inventories, secrets, the daemon, the clock and every target.

    Each check is one line: how it ended, what is the matter, and what to do about it; commands to copy follow, one a
    line. All are made, also after one that failed. Nothing is changed anywhere. Run it as the user of the daemon, with
    the same environment, for it sees what that user sees. Inventories and targets are examined for whatever their systems
    need of them: versions, clocks, each permission.

    Exit codes: 0 nothing is wrong (there may be warnings), 1 something is.
    """
    checks = asyncio.run(_made(config, form))
    if form == Form.JSON:
        print_json(document(checks))
    else:
        click.echo(summed_up(checks))
    end(Ending.ERROR if any(check.verdict is Verdict.WRONG for check in checks) else Ending.FINE)


async def _made(config: Path | None, form: str) -> list[Check]:
    """Every check; told as soon as it is made, where people read."""
    checks: list[Check] = []
    async for check in examination(config):
        checks.append(check)
        if form == Form.TEXT:
            click.echo("\n".join(told(check)))
    return checks


def told(check: Check) -> Iterator[str]:
    """The lines of a check, as people read it."""
    remedy = f"; {check.remedy}" if check.remedy else ""
    verdict = paint(check.verdict.ljust(_WIDTH), _COLOURS[check.verdict])
    yield f"{verdict}  {check.name}: {check.sentence}{remedy}{':' if check.commands else ''}"
    yield from (f"    {command}" for command in check.commands)


def summed_up(checks: Sequence[Check]) -> str:
    """How many checks ended in which way."""
    counts = Counter(check.verdict for check in checks)
    parts = [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]]
    return f"{counted(len(checks), 'check')}: {', '.join(parts)}"


def document(checks: Sequence[Check]) -> dict[str, object]:
    """All checks for programs."""
    counts = Counter(check.verdict for check in checks)
    return {
        "checks": [asdict(check) for check in checks],
        "summary": {str(verdict): counts[verdict] for verdict in Verdict},
    }
