"""Reads an estate that is there into declarations: connects as a person says, takes stock, and holds both to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from setpoint.cli.estate_files import Kinds, Taken, declarations, slug, taken
from setpoint.cli.manifest_text import compact_text
from setpoint.desired.compile import compile_set
from setpoint.desired.suggest import remedy
from setpoint.model.errors import SetpointError
from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint.model.kind import System
from setpoint.model.secret import SecretRef
from setpoint.model.stock import Access, Entrance, Stated
from setpoint.run.declare import declare
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.stock import Stock, stated, take_stock
from setpoint.sources.snapshot import Snapshot
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.systems import registry


@dataclass(frozen=True)
class Way:
    """Where an estate is read, and how.

    Attributes:
        estate: its name, which no object may bear yet as a mark.
        word: what a person calls the way in.
        by: the sort of groups that become namespaces.
        incomplete: whether a part of it is better than nothing.
    """

    estate: str
    word: str
    entrance: Entrance
    access: Access
    by: str
    incomplete: bool


@dataclass(frozen=True)
class Reading:
    """What was read.

    Attributes:
        files: text by path below the folder of the declarations.
        assumed: what the target's declaration takes for granted; empty for nothing.
    """

    target: str
    taken: tuple[Taken, ...]
    stock: Stock
    files: Mapping[str, str]
    assumed: str = ""


def find_entrance(word: str, systems: Sequence[System]) -> Entrance:
    """The way in that is called so.

    Raises:
        SetpointError: there is none, or its estates cannot be read.
    """
    able = {name: one for system in systems for name, one in system.entrances.items()}
    if word not in able:
        known = remedy(word, sorted(able), otherwise="an estate can be read from")
        raise SetpointError(f"--from: no estate can be read from '{word}'", remedy=known)
    return able[word]


def secret_of(word: str, file: Path | None, variable: str | None, folder: Path) -> SecretRef:
    """Where the secret is; its value is never asked for, so that it is in no history and no repository.

    Raises:
        SetpointError: both are named, or the file would become a part of the repository.
    """
    if file is not None and variable is not None:
        raise SetpointError("--token-file and --token-env exclude each other", remedy="name one of the two")
    if file is None:
        return SecretRef(env=variable or f"SETPOINT_{word.upper()}_TOKEN")
    place = file.resolve()
    if place.is_relative_to(folder.resolve()):
        what = f"{file} lies in {folder}, so the token would be committed"
        raise SetpointError(what, remedy="put it elsewhere, readable only by you and the daemon")
    return SecretRef(file=str(place))


async def read_estate(way: Way, systems: Sequence[System]) -> Reading:
    """Look at everything, and write nothing there.

    Raises:
        SetpointError: the target cannot be looked at, or not everything can be seen and a part is not wanted.
    """
    kinds = registry(systems)
    stock = await _stock(way, kinds)
    if not stock.complete and not way.incomplete:
        raise _incomplete(stock)
    name = _called(stock.title) or way.word
    told = taken(stock.found, kinds, name, way.by)
    target = f"{name}.yaml"
    files = {target: _target_text(way, name), **declarations(told, kinds, name, way.entrance)}
    _verify(files, told, kinds)
    return Reading(name, told, stock, files, way.entrance.assumed(way.access))


def _called(title: str) -> str:
    """The name in `sort:name`; a title that ends in a port has none before it."""
    last = title.rpartition(":")[2]
    return slug(title if last.isdigit() else last)


def _target_text(way: Way, name: str) -> str:
    """The target's manifest.

    Raises:
        SetpointError: what was said of it makes none.
    """
    try:
        spec = way.entrance.spec(way.access)
    except ValueError as error:
        raise SetpointError(f"--from {way.word}: {error}") from None
    text = compact_text({"kind": way.entrance.kind, "metadata": {"name": name}, "spec": spec})
    assumed = way.entrance.assumed(way.access)
    return f"# {assumed}.\n{text}" if assumed else text


async def _stock(way: Way, kinds: Kinds) -> Stock:
    """What the target holds, by an engine that remembers nothing; it is called as the way in until it has told its name.

    Raises:
        SetpointError: it cannot be looked at.
    """
    store = Store.in_memory()
    estate = Estate(way.estate, kinds, store, StoreInline(), Ports())
    content = {"target.yaml": _target_text(way, way.word).encode()}
    try:
        await declare(estate, Snapshot("the command line", "first", content))
        if estate.problems:
            told = "; ".join(
                f"{problem.field}: {problem.what}; {problem.remedy}" for problem in estate.problems
            )
            raise SetpointError(told, remedy="see the options of --from: setpoint init --help")
        target = Key(DEFAULT_NAMESPACE, way.entrance.kind, way.word)
        if way.entrance.read is not None:
            return stated(estate, target, _read(way.access, way.entrance.read))
        return await take_stock(estate, target, way.access.only, way.entrance.named)
    finally:
        for lane in estate.lanes.values():
            await lane.close()
        store.close()


def _read(access: Access, read: Callable[[Access], tuple[Stated, ...]]) -> tuple[Stated, ...]:
    try:
        return read(access)
    except ValueError as error:
        raise SetpointError(f"{access.file}: {error}", remedy="correct it, or name another file") from None


def _incomplete(stock: Stock) -> SetpointError:
    unread = [f"{one.listed.kind} {one.listed.ident}: {one.why}" for one in stock.left if one.unread]
    told = "; ".join([*([stock.hidden] if stock.hidden else []), *unread[:5]])
    more = f"; and {len(unread) - 5} more" if len(unread) > 5 else ""  # noqa: PLR2004  # as many as can be read
    return SetpointError(
        f"not everything can be seen, so nothing was written: {told}{more}",
        remedy="mend that, or take what can be seen with --incomplete",
    )


def _verify(files: Mapping[str, str], told: Sequence[Taken], kinds: Kinds) -> None:
    """Hold the files against what was seen: the daemon must read from them just that.

    Raises:
        SetpointError: it would not.
    """
    content = {path: text.encode() for path, text in files.items()}
    compiled = compile_set(content, kinds, version="first")
    wrong = [str(problem) for problem in (*compiled.problems, *compiled.suspended.values())]
    wrong += [
        f"{one.key} would not be declared as it is"
        for one in told
        if (resource := compiled.resources.get(one.key)) is None or resource.spec != one.spec
    ]
    if wrong:
        raise SetpointError(f"what was read cannot be declared: {'; '.join(wrong[:5])}")
