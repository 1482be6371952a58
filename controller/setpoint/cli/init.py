"""`setpoint init`: the repository of a first estate; never writes over anything."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import click
from pydantic import ValidationError

from setpoint.cli.output import Ending, Form, counted, end, examples, output_option, print_json
from setpoint.cli.skeleton import DECLARATIONS, Forge, Wanted, skeleton_files
from setpoint.cli.takeover import read_estate
from setpoint.cli.takeover_options import Asked, takeover_options
from setpoint.cli.takeover_text import reading_lines, reading_view
from setpoint.cli.writing import write_new
from setpoint.model.errors import SetpointError
from setpoint.settings import Settings
from setpoint.systems import installed_systems


@click.command(
    short_help="Write a first estate to start from.",
    epilog=examples(
        "setpoint init",
        "setpoint init my-estate --estate home --forge forgejo",
        "setpoint init my-estate --url https://forge.example.org/me/estate.git",
        "setpoint init my-estate --from SYSTEM --endpoint URL --token ID --token-file FILE",
    ),
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--estate", metavar="NAME", help="The name of the estate.  [default: made from that of FOLDER]")
@click.option(
    "--url",
    default=".",
    metavar="URL",
    help="The repository that the daemon will follow.  [default: FOLDER itself]",
)
@click.option(
    "--forge",
    type=click.Choice([forge.value for forge in Forge]),
    default=Forge.GITHUB.value,
    show_default=True,
    help="Whose CI checks pull requests with `validate`, and shows them the `plan`.",
)
@takeover_options
@output_option
def init(folder: Path, estate: str | None, url: str, forge: str, form: str, asked: Asked) -> None:
    """Write the repository of a first estate into FOLDER: declarations to fill in, settings, editor schemas and CI.

    It is valid as it is, and makes nothing yet. No file is written over: when one is there already nothing is written
    and all of them are listed.

    With --from it declares what is there: each object of the target in a file of its own, what most of them share in
    defaults.yaml. The target is only read. `setpoint adopt --all` then takes all of it over as it is.

    Exit codes: 0 written, 2 written without what could not be seen (--incomplete), 1 nothing was written.
    """
    name = _estate_name(estate or _made_from(folder))
    wanted, systems = Wanted(name, url, Forge(forge)), installed_systems()
    _refuse_if_there(folder, skeleton_files(wanted, systems, {}))
    reading = asyncio.run(read_estate(asked.way(name, folder, systems), systems)) if asked.system else None
    found = skeleton_files(wanted, systems, None if reading is None else reading.files)
    _refuse_if_there(folder, found)
    for path, text in found.items():
        write_new(folder / path, text, "name another folder, or make room")
    told = {"folder": str(folder), "estate": name, "files": sorted(found)}
    if form == Form.JSON:
        print_json(told if reading is None else told | reading_view(reading))
    else:
        lines = _next_steps(folder, found) if reading is None else reading_lines(reading, _enter(folder))
        click.echo("\n".join([f"wrote {counted(len(found), 'file')} into {folder}", *lines]))
    end(Ending.FINE if reading is None or reading.stock.complete else Ending.DIFFERENT)


def _made_from(folder: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")[:40].strip("-") or "home"


def _estate_name(name: str) -> str:
    """The name, judged as the settings will judge it.

    Raises:
        SetpointError: it is none.
    """
    try:
        return Settings.model_validate({"estate": name, "source": {"directory": {"path": "."}}}).estate
    except ValidationError as error:
        what, _, remedy = error.errors()[0]["msg"].removeprefix("Value error, ").partition("; ")
        raise SetpointError(f"--estate: {what}", remedy=remedy) from None


def _refuse_if_there(folder: Path, found: Iterable[str]) -> None:
    there = sorted(path for path in found if (folder / path).exists() or (folder / path).is_symlink())
    if there:
        raise SetpointError(
            f"{folder} has {', '.join(there)} already, so nothing was written",
            remedy="name an empty folder, and take from it what you need",
        )


def _next_steps(folder: Path, found: Iterable[str]) -> list[str]:
    """What a person does now, in three lines."""
    declared = [path for path in sorted(found) if path.startswith(f"{DECLARATIONS}/")]
    return [
        f"1. Fill in {', '.join(declared)}; setpoint explain tells every field.",
        f"2. {_enter(folder)}setpoint validate {DECLARATIONS} && git init -b main && git add . && git commit -m 'Begin'",
        "3. setpoint doctor tells what is missing; then setpoint plan, and setpoint run to hold it.",
    ]


def _enter(folder: Path) -> str:
    """What a command begins with that is to be run in the folder."""
    return "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
