"""The command `setpoint`: finds the verb, and turns every error of ours into one line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

import click

from setpoint.cli.output import Ending
from setpoint.cli.verbs import Verbs
from setpoint.model.errors import SetpointError

WELCOME = """\
Setpoint keeps true what you declare in git. Nothing is configured here yet.
To try it:   setpoint lab                   starts a rehearsal data centre; setpoint --help lists every verb.
Your own:    setpoint explain, then write a manifest into a folder and check it with setpoint validate FOLDER."""

CODES = "\b\nExit codes:\n" + "\n".join(f"  {ending.code}  {ending.value}" for ending in Ending)


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    epilog=CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(version("setpoint"), prog_name="setpoint")
@click.pass_context
def setpoint(context: click.Context) -> None:
    """Holds machines and services at the state that is declared in git."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help() if _configured() else WELCOME)


def run(arguments: Sequence[str]) -> int:
    """Do what the command line says; the exit code."""
    try:
        code = setpoint.main(list(arguments), prog_name="setpoint", standalone_mode=False)
    except click.ClickException as error:
        error.show()
    except click.Abort:
        click.echo("setpoint: interrupted", err=True)
    except SetpointError as error:
        click.echo(f"setpoint: {error}", err=True)
    except BrokenPipeError:
        # Whoever read our output has gone; without this Python would complain once more while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        said = error.strerror or str(error)
        click.echo(f"setpoint: {where}{said}; make room, or make it accessible to you", err=True)
        if not error.filename:
            # Perhaps standard output itself, which Python would try to write once more while it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    else:
        return code if isinstance(code, int) else Ending.FINE.code
    return Ending.ERROR.code


def main() -> None:
    """The entry point of the command."""
    sys.exit(run(sys.argv[1:]))


def _configured() -> bool:
    """Whether there are settings to be found."""
    from setpoint.settings import PLACES, VARIABLE  # noqa: PLC0415  # verbs must not pay for it

    return bool(os.environ.get(VARIABLE)) or any(place.exists() for place in PLACES)
