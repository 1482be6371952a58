"""`setpoint plan`: what the daemon would do, without a daemon and without a write to a target or to the state."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from setpoint.cli.foresight import Named, base_of, foresee, open_foresight, snapshot
from setpoint.cli.output import Ending, end, examples, namespace_option, print_json, selector_option
from setpoint.cli.plan_text import markdown_lines, text_lines
from setpoint.cli.plan_view import plan_ending, plan_view
from setpoint.cli.refusal import refuse
from setpoint.cli.settings import settings_option, source_option
from setpoint.cli.sheets import beneath
from setpoint.model.errors import SourceError
from setpoint.settings import LogLevel, LogSettings, Settings
from setpoint.sources.snapshot import HistoryRewrittenError
from setpoint.surface.log import set_up_log


@click.command(
    short_help="Show what would be done.",
    epilog=examples(
        "setpoint plan",
        "setpoint plan --source .",
        "setpoint plan -l 'env=prod and not canary'",
        "setpoint plan --against my-branch",
        "setpoint plan --source . --against origin/main -o markdown",
    ),
)
@click.argument("keys", metavar="[KIND/NAME]...", nargs=-1)
@source_option("Plan the declarations of this folder instead of those of the settings' source.")
@click.option(
    "--against",
    "revision",
    metavar="REV",
    help="Plan a branch, tag or commit of the git source; with --source, only what DIR declares otherwise than REV "
    "of the repository that DIR is in.",
)
@click.option("--effective", "detailed", is_flag=True, help="Show every value in force with its origin.")
@click.option(
    "--no-inventory",
    "without",
    is_flag=True,
    help="Ask no inventory of the settings: what was read of it last counts.",
)
@selector_option
@namespace_option
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="text for people, json for programs, markdown for a review.",
)
@settings_option
def plan(
    settings: Settings,
    keys: Sequence[str],
    *,
    folder: Path | None,
    revision: str | None,
    selector: str | None,
    namespace: str,
    form: str,
    detailed: bool,
    without: bool,
) -> None:
    """Look at the targets and show, step by step, what would be done; nothing is written anywhere.

    For the review of a change: --source DIR --against REV shows what comes of the difference between the two.

    Exit codes: 0 nothing to do, 2 changes to make or drift only reported, 3 something is held, 1 a mistake or a
    failure.
    """
    set_up_log(LogSettings(level=LogLevel.ERROR), sys.stderr)
    try:
        named = Named(keys, namespace, selector)
        asked = Asked(folder, revision, detailed=detailed, afresh=not without)
        told = asyncio.run(_plan(settings, named, asked))
    except HistoryRewrittenError as error:
        first = f"to see its plan first: setpoint plan --against {error.commit[:12]}"
        refuse(SourceError(error.message, remedy=f"{error.remedy}; {first}"), as_json=form == "json")
        end(Ending.HELD)
    if form == "json":
        print_json(told)
    else:
        click.echo("\n".join(markdown_lines(told) if form == "markdown" else text_lines(told)))
    end(plan_ending(told))


@dataclass(frozen=True)
class Asked:
    """Of which declarations a plan is wanted, how much of it is shown, and whether inventories are asked for it."""

    folder: Path | None
    revision: str | None
    detailed: bool
    afresh: bool


async def _plan(settings: Settings, named: Named, asked: Asked) -> dict[str, Any]:
    folder, revision = asked.folder, asked.revision
    async with open_foresight(settings) as (estate, memory):
        in_force = estate.store.accepted("git")
        content = await snapshot(settings, folder, revision, in_force)
        base = await base_of(folder, revision) if folder is not None and revision is not None else None
        async with beneath(settings, estate.kinds, estate.store, afresh=asked.afresh) as sheets:
            estate.inventories.update(sheets.states)
            below = await sheets.below(base) if base is not None else None
            chosen = await foresee(estate, await sheets.below(content), named, base=below)
            told = plan_view(estate, chosen, version=content.version, memory=memory, detailed=asked.detailed)
        return {**told, "notes": [*told["notes"], *sheets.told]}
