"""`setpoint netbox import`: writes a declared estate into a NetBox that holds none, so that people go on with it there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setpoint.cli.output import Ending, Form, end, examples, output_option, print_json
from setpoint.cli.settings import settings_option, source_option
from setpoint.model.errors import SetpointError
from setpoint.model.secret import Secret
from setpoint_netbox.verbs.access import netbox_settings, token_option

if TYPE_CHECKING:
    from setpoint.settings import Settings
    from setpoint_netbox.settings import NetBoxSettings
    from setpoint_netbox.verbs.client import NetBox
    from setpoint_netbox.verbs.filing import Filed
    from setpoint_netbox.verbs.intake import Intake


@click.command(
    name="import",
    short_help="Write the declared machines into an empty NetBox.",
    epilog=examples(
        "setpoint netbox import",
        "setpoint netbox import --apply --token-file /root/netbox-admin",
        "setpoint netbox import --source ./estate --apply --merge",
    ),
)
@token_option
@source_option("Write what this folder declares, in the place of the settings' source.")
@click.option("--apply", is_flag=True, help="Write it; without this only what would be written is shown.")
@click.option(
    "--merge",
    is_flag=True,
    help="Write to a NetBox that is not empty: what is missing, and nothing over what is there.",
)
@output_option
@settings_option
def import_(
    settings: Settings,
    token: Secret,
    folder: Path | None,
    form: str,
    *,
    apply: bool,
    merge: bool,
) -> None:
    """Write every declared machine into NetBox: with its cluster, tenant, tags, interfaces, addresses, VLANs and disks.

    Each machine is written as the maps would read it, and read again by them: one that would then say something else
    than is declared is left out and told. What NetBox has no place for stays in the manifests, which go on to count. A
    run that breaks off is ended by another one. Run `setpoint netbox init` before, for the custom fields.

    Exit codes: 0 all is there, 2 something is to be written (--apply does) or was left out, 1 it failed.
    """
    from setpoint_netbox.verbs.client import connected  # noqa: PLC0415  # not for the help
    from setpoint_netbox.verbs.filing import Filing  # noqa: PLC0415  # likewise

    told = netbox_settings(settings)
    with connected(told.url, token, told.ca) as netbox:
        found = _taken_in(settings, told, netbox, folder)
        filing = Filing(netbox, apply, merge, lambda text: click.echo(text, err=True))
        filed = filing.run(found.machines)
    if form == Form.JSON:
        print_json(_document(found, filed, apply=apply))
    else:
        click.echo("\n".join(_lines(found, filed, apply=apply)))
    if filed.left or found.left or (filed.made.total() and not apply):
        end(Ending.DIFFERENT)


def _taken_in(settings: Settings, told: NetBoxSettings, netbox: NetBox, folder: Path | None) -> Intake:
    """What is declared, turned round.

    Raises:
        SetpointError: the source cannot be read, or NetBox lacks custom fields.
    """
    from setpoint.cli.foresight import snapshot  # noqa: PLC0415  # not for the help
    from setpoint.desired.compile import compile_set  # noqa: PLC0415  # likewise
    from setpoint.desired.gather import put_together  # noqa: PLC0415  # likewise
    from setpoint.systems import installed_kinds  # noqa: PLC0415  # likewise
    from setpoint_netbox.mapping.reading import FILE  # noqa: PLC0415  # likewise
    from setpoint_netbox.verbs.access import lent_maps  # noqa: PLC0415  # likewise
    from setpoint_netbox.verbs.fields import MACHINE, wanted_fields  # noqa: PLC0415  # likewise
    from setpoint_netbox.verbs.intake import intake  # noqa: PLC0415  # likewise
    from setpoint_netbox.watch.selection import machine_matches  # noqa: PLC0415  # likewise

    kinds = installed_kinds()
    content = asyncio.run(snapshot(settings, folder, None, None))
    compiled = put_together(compile_set(content.files, kinds, version=content.version), kinds)
    if compiled.problems:
        raise SetpointError(
            f"the declarations have mistakes: {compiled.problems[0]}",
            remedy="setpoint validate tells all of them",
        )
    maps = lent_maps(content.files.get(FILE))
    known = frozenset(one.name for one in wanted_fields(maps, {}, frozenset({MACHINE})))
    missing = known - {row["name"] for row in netbox.rows("extras/custom-fields")}
    if missing:
        raise SetpointError(
            f"NetBox has no custom field {min(missing)}",
            remedy="run setpoint netbox init, which makes all of them",
        )
    select = told.select
    return intake(
        compiled.resources.values(), maps, kinds, known, select.tags, lambda row: machine_matches(select, row)
    )


def _lines(found: Intake, filed: Filed, *, apply: bool) -> Iterator[str]:
    from setpoint_netbox.verbs.intake import summary  # noqa: PLC0415  # not for the help

    verb = "made" if apply else "to make"
    yield from (f"{verb:<8} {name}" for name in filed.machines)
    yield from (f"left out {key}: {why}" for key, why in found.left.items())
    yield from (f"left     {text}" for text in filed.left)
    yield from summary(found)
    counted = [f"{number} {endpoint.partition('/')[2]}" for endpoint, number in filed.made.items() if number]
    yield f"{verb}: {', '.join(counted)}" if counted else "all of it is there"
    if counted and not apply:
        yield "nothing was written; --apply writes it"


def _document(found: Intake, filed: Filed, *, apply: bool) -> Mapping[str, Any]:
    return {
        "applied": apply,
        "made": {endpoint: number for endpoint, number in filed.made.items() if number},
        "machines": [
            {"key": str(one.key), "added": dict(one.added), "inManifestsOnly": [*one.lacking]}
            for one in found.machines
        ],
        "leftOut": {str(key): why for key, why in found.left.items()},
        "left": filed.left,
    }
