"""`setpoint adopt`: write the declaration of an object that was made by hand, which changes nothing about it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from setpoint.cli.adopt_all import adopt_all
from setpoint.cli.foresight import declared_now, open_foresight
from setpoint.cli.manifest_text import manifest_text
from setpoint.cli.output import Ending, Form, end, examples, namespace_option, output_option, print_json
from setpoint.cli.plan_text import row_lines
from setpoint.cli.plan_view import CHANGE, plan_ending, plan_view
from setpoint.cli.settings import settings_option, source_option
from setpoint.cli.writing import write_new
from setpoint.desired.suggest import remedy
from setpoint.model.errors import SetpointError
from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint.run.declare import declare
from setpoint.run.estate import Estate
from setpoint.run.preview import Preview
from setpoint.run.stray import Stray, find_stray
from setpoint.settings import LogLevel, LogSettings, Settings
from setpoint.surface.log import set_up_log

POLICY = {"adopt": True, "drift": "warn"}
"""Of a declaration that nobody has thought about yet: what differs is told and left."""


@dataclass(frozen=True)
class Wish:
    """What a person asks for.

    Attributes:
        holder: the target, by name or key.
        ident: the object's id there.
        name: of the resource; empty for the object's own.
        folder: of the declarations; None for those of the settings' source.
        path: of the file to be written; None for standard output.
    """

    holder: str
    ident: str
    namespace: str
    name: str
    folder: Path | None
    path: Path | None

    @classmethod
    def of(cls, what: str, namespace: str, name: str, folder: Path | None, path: Path | None) -> Wish:
        """The wish for TARGET/ID.

        Raises:
            SetpointError: it names nothing, or the file is there.
        """
        holder, slash, ident = what.rpartition("/")
        if not slash or not holder or not ident:
            raise SetpointError(
                f"'{what}' names no object", remedy="write TARGET/ID, such as home/104, or --all"
            )
        if path is not None and path.exists():
            raise SetpointError(f"{path} is there already", remedy="name a new file, nothing is written over")
        return cls(holder, ident, namespace, name, folder, path)


@click.command(
    short_help="Declare what was made by hand.",
    epilog=examples(
        "setpoint adopt home/104",
        "setpoint adopt home/104 --source . --write legacy/files01.yaml",
        "setpoint adopt home/104 --name wiki01 -o json",
        "setpoint adopt --all",
        "setpoint adopt --all --yes",
    ),
)
@click.argument("what", metavar="[TARGET/ID]", required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that is declared and not ours yet.")
@click.option(
    "--yes", "really", is_flag=True, help="With --all: adopt it now, if nothing else is to be written."
)
@click.option("--name", default="", metavar="NAME", help="The name to declare it by.  [default: its own]")
@source_option("The folder of the declarations, instead of the settings' source.")
@click.option(
    "--write",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="Write the declaration to this new file instead of standard output.",
)
@namespace_option
@output_option
@settings_option
def adopt(
    settings: Settings,
    *,
    what: str | None,
    everything: bool,
    really: bool,
    name: str,
    folder: Path | None,
    path: Path | None,
    namespace: str,
    form: str,
) -> None:
    """Look at the object ID of TARGET and write a declaration from which it does not differ.

    Nothing is written to the target. Once the declaration is committed the object gets our mark and nothing else; what
    differs later is only reported, until you set policy.drift to enforce.

    With --all the declarations are there already, as `setpoint init --from` writes them: it shows what would be written
    when all are adopted, and with --yes adopts them, unless that were more than our mark.

    Exit codes: 0 nothing but our mark is to be written, or was, 2 a declaration says something differently, 3 something
    else holds it, 1 an error.
    """
    set_up_log(LogSettings(level=LogLevel.ERROR), sys.stderr)
    if everything:
        if what or name or path:
            raise SetpointError("--all names everything", remedy="leave out TARGET/ID, --name and --write")
        adopt_all(settings, folder, form, really=really)
    elif really:
        raise SetpointError(
            "--yes goes with --all", remedy="a single object is adopted by a commit, or by all"
        )
    else:
        _adopt_one(settings, Wish.of(what or "", namespace, name, folder, path), form)


def _adopt_one(settings: Settings, wish: Wish, form: str) -> None:
    told = asyncio.run(_adopt(settings, wish))
    if wish.path is not None:
        write_new(wish.path, told["manifest"], "name a new file, nothing is written over")
    if form == Form.JSON:
        print_json(told)
    else:
        _tell(told, wish.path)
    end(_ending(told["plan"]))


def _ending(plan: dict[str, Any]) -> Ending:
    """As of a plan, but our mark alone is what was asked for."""
    marks = [row for row in plan["resources"] if row["verdict"] == CHANGE and not row["changes"]]
    return Ending.FINE if marks else plan_ending(plan)


async def _adopt(settings: Settings, wish: Wish) -> dict[str, Any]:
    async with open_foresight(settings) as (estate, memory):
        content = await declared_now(settings, estate, wish.folder)
        await declare(estate, content)
        target = _target(estate, wish)
        stray = await find_stray(estate, target, wish.ident)
        key = _key(estate, wish, stray)
        manifest = manifest_text(_manifest(estate, key, target, stray))
        place = _place(wish, key)
        with_it = replace(content, version="adopted", files={**content.files, place: manifest.encode()})
        await declare(estate, with_it)
        _refuse_problems(estate, key, place)
        reports = await Preview(estate).of([key])
        plan = plan_view(estate, reports, version=content.version, memory=memory, detailed=False)
        plan |= {"problems": [], "waiting": []}
        return {"key": str(key), "target": str(target), "manifest": manifest, "plan": plan}


def _target(estate: Estate, wish: Wish) -> Key:
    """The target that a person means.

    Raises:
        SetpointError: there is none.
    """
    for target in sorted(estate.lanes):
        if wish.holder in (str(target), f"{target.namespace}/{target.kind}/{target.name}"):
            return target
    named = [t for t in sorted(estate.lanes) if (t.namespace, t.name) == (wish.namespace, wish.holder)]
    if len(named) == 1:
        return named[0]
    known = remedy(wish.holder, [str(target) for target in sorted(estate.lanes)], otherwise="there are")
    raise SetpointError(f"no target is declared by the name '{wish.holder}'", remedy=known)


def _key(estate: Estate, wish: Wish, stray: Stray) -> Key:
    """Who it will be.

    Raises:
        SetpointError: the name cannot be, or is another's already.
    """
    name = wish.name or stray.title
    kind = estate.kinds[stray.kind]
    if not kind.names.fullmatch(name):
        why = f"'{name}' is no name of a {kind.name}" if name else "it has no name"
        raise SetpointError(why, remedy="say one with --name")
    key = Key(wish.namespace, kind.name, name)
    if key in estate.resources:
        origin = estate.resources[key].origin
        raise SetpointError(f"{key} is declared already, in {origin}", remedy="say another name with --name")
    return key


def _manifest(estate: Estate, key: Key, target: Key, stray: Stray) -> Mapping[str, Any]:
    namespace = {} if key.namespace == DEFAULT_NAMESPACE else {"namespace": key.namespace}
    holder = {} if _goes_without_saying(estate, key, target) else {"target": _called(target, key)}
    return {
        "kind": key.kind,
        "metadata": {"name": key.name, **namespace},
        "policy": POLICY,
        **holder,
        "spec": stray.spec,
    }


def _goes_without_saying(estate: Estate, key: Key, target: Key) -> bool:
    """Whether it is the only one of its kind in the namespace, or in `default` where there is none."""
    alike = [other for other in estate.lanes if other.kind == target.kind]
    near = [other for other in alike if other.namespace == key.namespace]
    return (near or [other for other in alike if other.namespace == DEFAULT_NAMESPACE]) == [target]


def _called(target: Key, key: Key) -> str:
    return target.name if target.namespace == key.namespace else f"{target.namespace}/{target.name}"


def _refuse_problems(estate: Estate, key: Key, place: str) -> None:
    """Refuse a declaration that would not be valid where it is to stand.

    Raises:
        SetpointError: it would not.
    """
    if key not in estate.resources:
        told = [problem for problem in estate.problems if problem.origin.path == place]
        told += [problem for one, problem in estate.suspended.items() if one == key]
        raise SetpointError("; ".join(map(str, told)) or f"{key} cannot be declared in {place}")


def _place(wish: Wish, key: Key) -> str:
    """The file as the source names it, for the layers above it count; at the root when it is not to be in there."""
    if wish.path is not None:
        folder = (wish.folder or Path()).resolve()
        if wish.path.resolve().is_relative_to(folder):
            return str(wish.path.resolve().relative_to(folder))
    return f"{key.kind}-{key.name}.yaml"


def _tell(told: dict[str, Any], path: Path | None) -> None:
    """The declaration alone goes to standard output, so that it can be put into a file."""
    if path is None:
        click.echo(told["manifest"], nl=False)
    else:
        click.echo(f"wrote {path}; once it is committed:", err=True)
    for row in told["plan"]["resources"]:
        click.echo("\n".join(row_lines(row)), err=True)
