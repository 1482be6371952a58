"""The verbs: ours by a table, those of systems by entry point; none is imported before it is called.

A package that adds verbs keeps their words in a file (`completion_words`), so that help and completion need not import it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from setpoint.desired.suggest import remedy
from setpoint.model.errors import SetpointError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "setpoint.verbs"
OURS = "setpoint.cli"
"""Where the words of our own verbs are."""

TABLE: Mapping[str, str] = {
    "init": "Write a first estate to start from.",
    "validate": "Check declarations and tell every mistake.",
    "explain": "Teach the kinds and their fields.",
    "adopt": "Declare what was made by hand.",
    "plan": "Show what would be done.",
    "apply": "Converge once and say how it went.",
    "run": "Run the daemon.",
    "status": "Show how every resource is.",
    "drift": "Show what differs from the declarations.",
    "resync": "Look at resources now.",
    "approve": "Release what is held.",
    "freeze": "Let no step begin for now.",
    "unfreeze": "End a freeze.",
    "pause": "Leave one resource alone for now.",
    "resume": "End a pause.",
    "undelete": "Keep what is to be deleted.",
    "forget": "Let go of what is declared no more.",
    "history": "Show what happened.",
    "doctor": "Check what Setpoint needs to work.",
    "schema": "Write JSON Schemas for editors and checks.",
    "completion": "Print the script for a shell's completion.",
}
"""Our verbs in the order of the help: `setpoint.cli.NAME` has a command of that name. One without a module is not shown."""


class Verbs(click.Group):
    """A group that finds its commands late."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all verbs."""
        del ctx
        ours = [name for name in TABLE if _is_ours(name)]
        return [*ours, *sorted(foreign_verbs().keys() - set(ours))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb, imported now; None when there is none of that name.

        Raises:
            ClickException: the package that provides it is broken.
        """
        if ctx.resilient_parsing and (standing := _standing_in(cmd_name)) is not None:
            return standing
        if _is_ours(cmd_name):
            found = getattr(import_module(f"setpoint.cli.{cmd_name}"), cmd_name)
        elif cmd_name in (foreign := foreign_verbs()):
            found = _loaded(foreign[cmd_name])
        else:
            return None
        if not isinstance(found, click.Command):
            raise click.ClickException(f"the verb {cmd_name} is no command; install what provides it again")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that the first word names.

        Raises:
            SetpointError: there is none of that name.
        """
        if (
            not ctx.resilient_parsing
            and not args[0].startswith("-")
            and self.get_command(ctx, args[0]) is None
        ):
            known = remedy(args[0], self.list_commands(ctx), otherwise="there are")
            raise SetpointError(f"there is no verb '{args[0]}'", remedy=f"{known} (see setpoint --help)")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        """The verbs that begin so, and our own options."""
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        verbs = [CompletionItem[Any](name, help=TABLE.get(name) or _told(name)) for name in names]
        # Beyond the group's own, which would load each verb for its help.
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help; ours are told by the table, so that nothing has to be imported for them."""
        names = self.list_commands(ctx)
        width = formatter.width - 6 - max(map(len, names), default=0)
        rows = [(name, TABLE.get(name) or self._foreign_help(ctx, name, width)) for name in names]
        if rows:
            with formatter.section("Verbs"):
                formatter.write_dl(rows)

    def _foreign_help(self, ctx: click.Context, name: str, width: int) -> str:
        told = _told(name)
        if told is not None:
            return told
        try:
            command = self.get_command(ctx, name)
        except click.ClickException as error:
            return error.message
        return command.get_short_help_str(width) if command else ""


def _standing_in(name: str) -> click.Command | None:
    """A verb for completion, which cannot wait until the real one is loaded; None where its package keeps no words."""
    from setpoint.cli.completion_words import stand_in  # noqa: PLC0415  # only completion pays for it

    if name in TABLE:
        return stand_in(name, OURS)
    entry = foreign_verbs().get(name)
    return stand_in(name, package_of(entry)) if entry is not None else None


def _told(name: str) -> str | None:
    """What a verb of a system is for, in a line; None where its package keeps no words."""
    from setpoint.cli.completion_words import help_of  # noqa: PLC0415  # only help and completion pay for it

    entry = foreign_verbs().get(name)
    return help_of(name, package_of(entry)) if entry is not None else None


def package_of(entry: EntryPoint) -> str:
    """The package that provides a verb: to look for a module inside of it would import it."""
    return entry.module.partition(".")[0]


def _is_ours(name: str) -> bool:
    return name in TABLE and find_spec(f"setpoint.cli.{name}") is not None


def _loaded(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise click.ClickException(f"the verb {entry.name} cannot be loaded: {error}") from error


def foreign_verbs() -> dict[str, EntryPoint]:
    """The verbs of systems; one whose package is gone is not there."""
    from importlib.metadata import entry_points  # noqa: PLC0415  # our own verbs need not wait for it

    return {entry.name: entry for entry in entry_points(group=GROUP) if _is_there(entry)}


def _is_there(entry: EntryPoint) -> bool:
    return find_spec(package_of(entry)) is not None
