"""The page of the command line: every verb with its arguments and options, as its own help tells them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from setpoint.cli.main import setpoint
from setpoint.cli.reference.markdown import code, fenced, page, section, table


def commands_page() -> str:
    """Every verb."""
    context = click.Context(setpoint, info_name="setpoint")
    verbs = [part for name, command, below in _walk(context) for part in (_verb(name, command, below),)]
    return page(
        "The command line",
        "For whoever types or scripts `setpoint`. Every verb has `--help`; with `-o json` it answers with one document, an "
        'error too (`{"error": {"message": ..., "remedy": ...}}`). How verbs end: [exit codes](exit-codes.md).',
        *verbs,
    )


def _walk(context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    group = context.command
    assert isinstance(group, click.Group)  # noqa: S101  # nothing else is walked through
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            below = click.Context(command, info_name=name, parent=context)
            yield below.command_path, command, below
            if isinstance(command, click.Group):
                yield from _walk(below)


def _verb(name: str, command: click.Command, context: click.Context) -> list[str]:
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    options = (one.get_help_record(context) for one in command.params if isinstance(one, click.Option))
    return section(
        code(name),
        fenced("text", usage),
        _told(command.help or ""),
        table(("option", "meaning"), ((code(names), meaning) for names, meaning in filter(None, options))),
        _examples(command.epilog or ""),
    )


def _told(text: str) -> list[str]:
    return inspect.cleandoc(text.replace("\b\n", "")).splitlines()


def _examples(epilog: str) -> list[str]:
    found = re.findall(r"^  (.+)$", epilog, re.MULTILINE)
    return fenced("text", "\n".join(found)) if found else []
