"""How a verb that ends in an error says so: a sentence for people, and a document where JSON was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import click

from setpoint.cli.output import Form, print_json
from setpoint.model.errors import SetpointError


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether a command line asks for JSON, told from its words alone, for it may be one that cannot be parsed."""
    words = list(arguments)
    if "--" in words:
        words = words[: words.index("--")]
    joined = {f"-o{Form.JSON}", f"--output={Form.JSON}"}
    return bool(joined & {*words}) or any(
        option in ("-o", "--output") and form == Form.JSON for option, form in pairwise(words)
    )


def refuse(error: SetpointError, *, as_json: bool) -> None:
    """Tell the error: always on standard error, and as a document on standard output where JSON was asked for."""
    from setpoint.surface.views import error_view  # noqa: PLC0415  # verbs that end well must not pay for it

    click.echo(f"setpoint: {error}", err=True)
    if as_json:
        print_json(error_view(error))


def in_our_words(error: click.ClickException) -> SetpointError:
    """What click found wrong with a command line, as one sentence that ends with where to learn more."""
    what, _, remedy = _complaint(error).partition("; ")
    possible: list[str] = getattr(error, "possibilities", None) or []
    if possible:
        remedy = f"did you mean {' or '.join(possible)}?"
    if isinstance(error, click.UsageError):
        see = f"see {error.ctx.command_path if error.ctx else 'setpoint'} --help"
        remedy = f"{remedy} ({see})" if remedy else see
    return SetpointError(f"{what[:1].lower()}{what[1:]}".rstrip("."), remedy=remedy)


def _complaint(error: click.ClickException) -> str:
    match error:
        case click.MissingParameter():
            return " ".join(error.format_message().split())
        case click.BadParameter(param=click.Option() as option):
            return f"{max(option.opts, key=len)}: {error.message}"
        case _:
            return error.message
