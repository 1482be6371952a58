"""`setpoint validate`: every mistake of a folder of declarations, without a daemon and without a target."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setpoint.cli.beneath import conflict_lines
from setpoint.cli.output import Ending, Form, counted, end, examples, output_option, print_json
from setpoint.cli.settings import config_option
from setpoint.desired.compile import compile_set
from setpoint.desired.compiled import Compiled
from setpoint.desired.files import is_sheet
from setpoint.desired.gather import advice, put_together
from setpoint.desired.layers import folders_above
from setpoint.model.errors import DeclarationProblem, SetpointError, SettingsError
from setpoint.model.kind import Kind
from setpoint.sources.folder import look, read_all
from setpoint.surface.inventories import conflict_rows
from setpoint.surface.views import problem_view, waiting_view
from setpoint.systems import installed_kinds

if TYPE_CHECKING:
    from setpoint.settings import Settings

_SHOWN = 5
"""How many resources that wait for the same thing are told one by one."""
_NOTES = 20
"""How much advice is shown to people."""


@click.command(
    short_help="Check declarations and tell every mistake.",
    epilog=examples("setpoint validate estate/", "setpoint validate --root estate estate/vms/web01.yaml"),
)
@click.argument("path", type=click.Path(exists=True, path_type=Path), default=Path())
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The top of the declarations, when PATH is only a part of them.  [default: PATH, or here for a file]",
)
@output_option
@config_option
def validate(path: Path, root: Path | None, form: str, config: Path | None) -> None:
    """Check the declarations in PATH, a folder or a file, and tell every mistake at once.

    Each is shown as `file:line:column: field: what is wrong; what would be right`. What is valid and hardly as it was meant
    is shown with `advice:` before it, and fails nothing. Where there are settings and they name inventories, what was read
    of those last lies below the manifests; nobody is asked, and mistakes in there are told by `setpoint status`.
    """
    top = root or (path if path.is_dir() else Path())
    files = _read(top)
    part = _relative(path, top)
    chosen = [name for name in files if _is_in(name, part)]
    if not chosen:
        raise SetpointError(f"{path} declares nothing", remedy="name a folder with .yaml files")
    kinds = installed_kinds()
    read, said = _compiled(files, kinds, config)
    whole = put_together(read, kinds)
    compiled = _within(whole, part)
    notes = tuple(one for one in advice(whole, kinds) if _is_in(one.origin.path, part))
    if form == Form.JSON:
        print_json({**_document(compiled, notes, len(chosen)), "inventories": list(said)})
    else:
        told = said if _leans(compiled, whole) else ()
        *lines, summary = _lines(compiled, notes, len(chosen))
        click.echo("\n".join((*lines, *(f"Note: {one}" for one in told), summary)))
    end(Ending.ERROR if compiled.problems or compiled.suspended else Ending.FINE)


def _compiled(
    files: Mapping[str, bytes], kinds: Mapping[str, Kind[Any, Any]], config: Path | None
) -> tuple[Compiled, tuple[str, ...]]:
    """What is declared above the sheets of inventories as they were read last, and what is to be known of those.

    Raises:
        SettingsError: the settings that were named, or what they say of an inventory, cannot be.
    """
    settings = _settings(config)
    if settings is not None and settings.inventories:
        from setpoint.cli.sheets import compiled_as_kept  # noqa: PLC0415  # only where there are inventories

        return asyncio.run(compiled_as_kept(settings, files, kinds))
    return compile_set(files, kinds, version="working tree"), ()


def _settings(config: Path | None) -> Settings | None:
    """None where there are none: declarations can be checked where nothing else of Setpoint is, and nobody named any."""
    from setpoint.settings import load_settings  # noqa: PLC0415  # not for the help

    try:
        return load_settings(config, os.environ)
    except SettingsError:
        if config is not None:
            raise
        return None


def _read(top: Path) -> Mapping[str, bytes]:
    files = read_all(top, look(top))
    if files is None:
        raise SetpointError(f"{top} changed while it was read", remedy="run it again")
    return files


def _relative(path: Path, top: Path) -> str:
    """The part of the declarations that is asked for; `.` for all of them."""
    try:
        return path.resolve().relative_to(top.resolve()).as_posix()
    except ValueError:
        raise SetpointError(f"{path} is not below {top}", remedy="name its top with --root") from None


def _is_in(name: str, part: str) -> bool:
    return not is_sheet(name) and (part in (".", name) or name.startswith(f"{part}/"))


def _leans(compiled: Compiled, whole: Compiled) -> bool:
    """Whether what is told of a part may be another thing with other sheets."""
    sheets = {key for key, one in whole.resources.items() if is_sheet(one.origin.path)}
    return bool(compiled.problems or compiled.suspended) or any(
        any(map(is_sheet, one.through)) or not sheets.isdisjoint(one.references)
        for one in compiled.resources.values()
    )


def _within(compiled: Compiled, part: str) -> Compiled:
    """What concerns the part: its own files, and the defaults above it."""
    above = (
        {f"{folder.lstrip('/')}defaults.yaml" for folder in folders_above(part)}
        if part != "."
        else set[str]()
    )
    return replace(
        compiled,
        resources={
            key: r
            for key, r in compiled.resources.items()
            if any(_is_in(path, part) for path in (r.origin.path, *r.through))
        },
        conflicts={
            key: found
            for key, found in compiled.conflicts.items()
            if any(_is_in(one.origin.path, part) for one in found)
        },
        problems=tuple(p for p in compiled.problems if _is_in(p.origin.path, part) or p.origin.path in above),
        suspended={key: p for key, p in compiled.suspended.items() if _is_in(p.origin.path, part)},
    )


def _lines(compiled: Compiled, notes: Sequence[DeclarationProblem], files: int) -> Iterator[str]:
    yield from map(str, compiled.problems)
    yield from _waiting(compiled.suspended.values())
    yield from conflict_lines(conflict_rows(compiled.conflicts))
    yield from (f"advice: {note}" for note in notes[:_NOTES])
    if len(notes) > _NOTES:
        yield f"advice: and {len(notes) - _NOTES} more, which -o json shows"
    waiting = f", {len(compiled.suspended)} waiting" if compiled.suspended else ""
    valid, problems = counted(len(compiled.resources), "resource"), counted(len(compiled.problems), "problem")
    yield f"{valid} valid{waiting}, {problems} in {counted(files, 'file')}"


def _waiting(problems: Iterable[DeclarationProblem]) -> Iterator[str]:
    """What waits for something else to be mended; many for one reason in one line."""
    causes: defaultdict[str, list[DeclarationProblem]] = defaultdict(list)
    for problem in sorted(problems, key=lambda problem: problem.origin):
        causes[problem.what].append(problem)
    for what, group in causes.items():
        yield from map(str, group[:_SHOWN])
        if len(group) > _SHOWN:
            yield f"and {len(group) - _SHOWN} more: {what}; {group[0].remedy}"


def _document(compiled: Compiled, notes: Sequence[DeclarationProblem], files: int) -> Mapping[str, object]:
    return {
        "valid": [str(key) for key in compiled.resources],
        "problems": [problem_view(problem) for problem in compiled.problems],
        "advice": [problem_view(note) for note in notes],
        "conflicts": conflict_rows(compiled.conflicts),
        "waiting": [waiting_view(key, problem) for key, problem in compiled.suspended.items()],
        "files": files,
    }
