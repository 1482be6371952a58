"""`setpoint schema`: JSON Schemas on standard output, into a folder, or held against a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from setpoint.cli.output import Ending, counted, end, examples, print_json
from setpoint.desired.schema import editor_schema, kind_schema, schema_files
from setpoint.desired.suggest import remedy
from setpoint.model.errors import SetpointError
from setpoint.systems import installed_kinds


@click.command(
    short_help="Write JSON Schemas for editors and checks.",
    epilog=examples(
        "setpoint schema --kind KIND",
        "setpoint schema --write crds-schemas",
        "setpoint schema --check crds-schemas",
        "# first line of a manifest, for the YAML language server:",
        "# yaml-language-server: $schema=crds-schemas/setpoint.schema.json",
    ),
)
@click.option(
    "--kind", "name", metavar="KIND", help="Print the schema of one kind instead of the one for editors."
)
@click.option(
    "--write",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write all schemas into DIR.",
)
@click.option(
    "--check",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Fail when the schemas in DIR are not what would be written.",
)
def schema(name: str | None, write: Path | None, check: Path | None) -> None:
    """Print the JSON Schema of declarations, or write it.

    DIR gets one file per kind where kubeconform looks for it, and setpoint.schema.json with all kinds for editors.
    """
    if sum(one is not None for one in (name, write, check)) > 1:
        raise click.UsageError("--kind, --write and --check exclude each other")
    kinds = installed_kinds()
    if name is not None and name not in kinds:
        raise SetpointError(
            f"there is no kind '{name}'", remedy=remedy(name, kinds, otherwise="the kinds are")
        )
    if write is not None:
        _write(write, schema_files(kinds))
    elif check is not None:
        _check(check, schema_files(kinds))
    else:
        print_json(editor_schema(kinds) if name is None else kind_schema(kinds[name]))


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        place = folder / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        except OSError as error:
            raise SetpointError(
                f"{place} cannot be written: {error.strerror}", remedy="name another folder with --write"
            ) from error
    click.echo(f"wrote {counted(len(files), 'schema')} into {folder}")


def _check(folder: Path, files: Mapping[str, str]) -> None:
    """Tell what is missing, stale or left over."""
    there = {place.relative_to(folder).as_posix(): place for place in folder.rglob("*.json")}
    wrong = sorted(
        path
        for path in files.keys() | there.keys()
        if path not in files or path not in there or there[path].read_text(encoding="utf-8") != files[path]
    )
    for path in wrong:
        state = "missing" if path not in there else "stale" if path in files else "left over"
        click.echo(f"{folder / path}: {state}")
    if wrong:
        click.echo(f"run `setpoint schema --write {folder}`, and delete what is left over", err=True)
        end(Ending.ERROR)
    click.echo(f"{counted(len(files), 'schema')} in {folder} as they should be")
