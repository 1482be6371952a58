"""The command `setpoint`: finds the verb, and turns every error of ours into one line and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

import click

from setpoint.cli.output import Ending
from setpoint.cli.refusal import in_our_words, refuse, wants_json
from setpoint.cli.verbs import Verbs
from setpoint.model.errors import SetpointError

WELCOME = """\
Setpoint keeps true what you declare in git. Nothing is configured here yet.
To try it:   setpoint lab           starts a rehearsal data centre; setpoint --help lists every verb.
Your own:    setpoint init FOLDER   writes a first estate to fill in; setpoint doctor then tells what is missing."""

CODES = "\b\nExit codes:\n" + "\n".join(f"  {ending.code}  {ending.value}" for ending in Ending)


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    epilog=CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="setpoint", prog_name="setpoint")
@click.pass_context
def setpoint(context: click.Context) -> None:
    """Holds machines and services at the state that is declared in git."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help() if _configured() else WELCOME)


def run(arguments: Sequence[str]) -> int:
    """Do what the command line says; the exit code."""
    try:
        return _done(arguments)
    except BrokenPipeError:
        # Whoever read our output has gone; without this Python would complain once more while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        said = error.strerror or str(error)
        # Where no file is named it is perhaps standard output itself, so no document is written there.
        as_json = bool(error.filename) and wants_json(arguments)
        refuse(
            SetpointError(f"{where}{said}", remedy="make room, or make it accessible to you"), as_json=as_json
        )
        if not error.filename:
            # Python would try to write it once more while it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Ending.ERROR.code


def main() -> None:
    """The entry point of the command."""
    # Thousands of long-lived values, of imports at first: with the default thresholds the collector walks them again and again.
    gc.set_threshold(50_000, 20, 20)
    sys.exit(run(sys.argv[1:]))


def _done(arguments: Sequence[str]) -> int:
    try:
        code = setpoint.main(list(arguments), prog_name="setpoint", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
    except click.ClickException as error:
        refuse(in_our_words(error), as_json=wants_json(arguments))
    except click.Abort:
        refuse(SetpointError("interrupted"), as_json=wants_json(arguments))
    except SetpointError as error:
        refuse(error, as_json=wants_json(arguments))
    else:
        return code if isinstance(code, int) else Ending.FINE.code
    return Ending.ERROR.code


def _configured() -> bool:
    """Whether there are settings to be found."""
    from setpoint.settings_place import PLACES, VARIABLE  # noqa: PLC0415  # verbs must not pay for it

    return bool(os.environ.get(VARIABLE)) or any(place.exists() for place in PLACES)
