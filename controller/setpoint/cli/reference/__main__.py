"""Writes the reference into a folder, and takes away what does not belong to it any more."""

from __future__ import annotations

from pathlib import Path

import click

from setpoint.cli.output import counted
from setpoint.cli.reference.pages import reference_pages
from setpoint.systems import installed_kinds


@click.command()
@click.option(
    "--write",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Write every page into this folder; other pages in it go.",
)
def main(folder: Path) -> None:
    """Write the pages of the reference."""
    pages = reference_pages(installed_kinds())
    for place in folder.rglob("*.md"):
        if place.relative_to(folder).as_posix() not in pages:
            place.unlink()
    for path, text in pages.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    click.echo(f"wrote {counted(len(pages), 'page')} into {folder}")


main()
