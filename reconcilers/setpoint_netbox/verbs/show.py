"""`setpoint netbox show`: the sheets that NetBox makes now, each value with where it comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from setpoint.cli.output import Form, examples, namespace_option, output_option, print_json
from setpoint.cli.settings import settings_option, source_option
from setpoint.cli.tables import table
from setpoint.desired.suggest import remedy
from setpoint.model.errors import SetpointError
from setpoint.model.key import Key
from setpoint_netbox.verbs.access import NAME, netbox_settings, opening

if TYPE_CHECKING:
    from setpoint.model.inventory import Sheets
    from setpoint.settings import Settings


@dataclass(frozen=True)
class Sheet:
    """A sheet and what it declares; `path` is that of the sheet, `@netbox/...`."""

    key: Key
    path: str
    text: str


@click.command(
    name="show",
    short_help="Show what NetBox declares, and where each value comes from.",
    epilog=examples("setpoint netbox show", "setpoint netbox show VirtualMachine/web01"),
)
@click.argument("names", metavar="[KIND/NAME]...", nargs=-1)
@source_option("Take the mapping, netbox.yaml, from this folder.")
@namespace_option
@output_option
@settings_option
def show(settings: Settings, names: Sequence[str], folder: Path | None, namespace: str, form: str) -> None:
    """Read NetBox afresh and show what its objects declare: all in a table, or the whole sheet of each KIND/NAME.

    The comment at the end of a line says where in NetBox its value comes from, and how a number was read. What is left out
    is told with the reason.

    Exit codes: 0 it is shown, 1 there is no such sheet, or NetBox cannot be read.
    """
    made = asyncio.run(_made(settings, folder))
    sheets = _sheets(made)
    chosen = [_named(sheets, made, name, namespace) for name in names]
    if form == Form.JSON:
        print_json({"sheets": [_document(one) for one in chosen or sheets], "notes": [*made.notes]})
    elif chosen:
        click.echo("\n---\n".join(f"# {one.path}\n{one.text.rstrip()}" for one in chosen))
    else:
        click.echo("\n".join(_lines(sheets, made)))


async def _made(settings: Settings, folder: Path | None) -> Sheets:
    """What NetBox declares now.

    Raises:
        SetpointError: it, or the source with the mapping, cannot be read.
    """
    from setpoint.cli.foresight import snapshot  # noqa: PLC0415  # not for the help
    from setpoint_netbox.inventory import NetBoxInventory  # noqa: PLC0415  # likewise

    inventory = NetBoxInventory(netbox_settings(settings), opening(settings))
    try:
        content = await inventory.fetch(None)
    finally:
        await inventory.close()
    made = inventory.sheets(content, (await snapshot(settings, folder, None, None)).files)
    if made.problems:
        raise SetpointError("\n".join(map(str, made.problems)), remedy="correct the mapping")
    return made


def _sheets(made: Sheets) -> list[Sheet]:
    found = [Sheet(_key(path, text), f"@{NAME}/{path}", text.decode()) for path, text in made.files.items()]
    return sorted(found, key=lambda one: one.key)


def _key(path: str, text: bytes) -> Key:
    from setpoint.desired.node import Leaf, nearest  # noqa: PLC0415  # not for the help
    from setpoint.desired.reader import read  # noqa: PLC0415  # likewise

    root = read(path, text).documents[0].root

    def told(*way: str) -> str:
        node = nearest(root, way)
        return str(node.value) if isinstance(node, Leaf) else "default"

    return Key(told("metadata", "namespace"), told("kind"), told("metadata", "name"))


def _named(sheets: Sequence[Sheet], made: Sheets, name: str, namespace: str) -> Sheet:
    """The sheet of a key.

    Raises:
        SetpointError: there is none.
    """
    try:
        key = Key.parse(name, namespace=namespace)
    except ValueError as error:
        raise SetpointError(
            f"'{name}' is no key: {error}", remedy="write e.g. VirtualMachine/web01"
        ) from None
    found = next((one for one in sheets if one.key == key), None)
    if found is not None:
        return found
    about = [note for note in made.notes if key.name in note.casefold()]
    known = remedy(str(key), [str(one.key) for one in sheets], otherwise="NetBox declares")
    raise SetpointError(f"NetBox declares no {key}", remedy="; ".join(about) or known)


def _lines(sheets: Sequence[Sheet], made: Sheets) -> Iterator[str]:
    yield from table(("RESOURCE", "SHEET"), [(str(one.key), one.path) for one in sheets])
    yield from (f"note: {note}" for note in made.notes)


def _document(one: Sheet) -> Mapping[str, str]:
    return {"key": str(one.key), "path": one.path, "sheet": one.text}
