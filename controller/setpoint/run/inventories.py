"""What inventories mean for what is in force: how they are, what a mistake of theirs hides, and what they brought."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import structlog

from setpoint.desired.compile import compile_set
from setpoint.desired.compiled import Compiled
from setpoint.desired.files import inventory_of, is_sheet
from setpoint.desired.node import plain
from setpoint.desired.reader import read
from setpoint.model.errors import DeclarationProblem, StateError
from setpoint.model.inventory import PREFIX, Content, DoubtError
from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint.model.kind import Kind
from setpoint.model.printable import brief
from setpoint.model.resource import Resource
from setpoint.run.estate import Estate, SourceState
from setpoint.run.wake import wake_departed
from setpoint.sources.layered import Reading
from setpoint.sources.snapshot import Snapshot
from setpoint.store.records import Event, EventKind, Layer

Unseen: TypeAlias = Callable[[Resource], bool]
"""Whether what declared a resource is gone without anybody having been seen to delete it."""

_LONGEST: Final = 200
"""Characters of what an inventory says of a change: people wrote that, anything at all."""

_log = structlog.stdlib.get_logger("setpoint.inventories")


@dataclass(frozen=True)
class Bringing:
    """Who brought a change of a declaration: a commit, or what somebody did in an inventory."""

    version: str
    author: str
    subject: str

    @property
    def sentence(self) -> str:
        """For the history: which version, and what it was about."""
        return f"{self.version}: {self.subject}" if self.subject else self.version


UNREAD: Final = "not read yet since the start; what was read before counts"
"""How an inventory is before this process has asked it."""


async def kept(estate: Estate, source: str) -> Content | None:
    """What the store keeps of a source or an inventory.

    Raises:
        StateError: it cannot be read.
    """
    layer = await estate.calls.call(estate.store.layer, source)
    return Content(layer.version, layer.files) if layer is not None else None


async def heard(estate: Estate, reading: Reading) -> None:
    """Take down how an inventory was read; told in the history where that is news."""
    now, before = estate.ports.now(), estate.inventories.get(reading.name)
    good = reading.error is None
    fetched = now if good else before.fetched if before is not None else 0.0
    sentence = "what it holds was read" if reading.error is None else str(reading.error)
    token = reading.error.token if isinstance(reading.error, DoubtError) else ""
    estate.inventories[reading.name] = SourceState(good, sentence, now, token, fetched)
    if before is not None and (before.good, before.sentence) == (good, sentence):
        return
    if good:
        # Nothing is deleted while an inventory cannot be read, so whatever is to be waited for this.
        wake_departed(estate)
    log = _log.info if good else _log.warning
    log("inventory_read", inventory=reading.name, good=good, sentence=sentence)
    event = Event(now, EventKind.SOURCE, f"{reading.name}: {sentence}", version=estate.version)
    try:
        await estate.calls.call(estate.store.record, event)
    except StateError as error:
        _log.warning("history_not_written", problem=str(error))


def compiled_of(snapshot: Snapshot, kinds: Mapping[str, Kind[Any, Any]]) -> Compiled:
    """What a snapshot declares by itself, with the mistakes of inventories; for whoever remembers nothing."""
    return without_guesses(compile_set(snapshot.files, kinds, version=snapshot.version), {}, snapshot)


def without_guesses(compiled: Compiled, before: Mapping[Key, Resource], snapshot: Snapshot) -> Compiled:
    """What `snapshot` declares, with the mistakes of inventories; what one of those may hide is to stay as it was."""
    wrong = {name: share.problems for name, share in snapshot.shares.items() if share.problems}
    lost = frozenset[str]().union(*(share.unexplained for share in snapshot.shares.values()))
    if not wrong and not lost:
        return compiled
    tops = frozenset(f"{PREFIX}{name}/" for name in wrong)
    # A manifest without the sheet that was below it says something else than it did.
    bare = {
        key: path
        for key, one in compiled.resources.items()
        if key in before
        for path in places(before[key])
        if path not in snapshot.files
        and (path in lost or f"{PREFIX}{inventory_of(path)}/" in tops)
        and one.policy.take.get(inventory_of(path)) != ()
    }
    return replace(
        compiled,
        resources={key: one for key, one in compiled.resources.items() if key not in bare},
        suspended={
            **compiled.suspended,
            **{
                key: _unexplained(compiled.resources[key], inventory_of(path))
                for key, path in bare.items()
                if path in lost
            },
        },
        problems=tuple(
            sorted((*compiled.problems, *sum(wrong.values(), ())), key=lambda problem: problem.origin)
        ),
        tainted=compiled.tainted | tops,
        broken=compiled.broken | bare.keys(),
    )


def _unexplained(manifest: Resource, name: str) -> DeclarationProblem:
    what = f"stays as it was, for what {name} declared of it is not shown any more and nobody was seen to delete it"
    remedy = f"see to it in {name} and to what its token may see, or write policy.take: {{{name}: []}} to do without"
    return DeclarationProblem(manifest.origin, what, remedy)


def places(resource: Resource) -> Iterator[str]:
    """The sheets that have a part in a resource."""
    return (path for path in (resource.origin.path, *resource.through) if is_sheet(path))


def unseen(snapshot: Snapshot) -> Unseen:
    """Of what is declared no more by `snapshot`, what nobody was seen to delete.

    An inventory that the settings do not name any more deletes nothing either, nor does one that goes on to have the
    object, and says now that it is another one.
    """
    released = frozenset[str]().union(*(share.released for share in snapshot.shares.values()))

    def is_unseen(resource: Resource) -> bool:
        path = resource.origin.path
        if not is_sheet(path) or path in released or inventory_of(path) not in snapshot.shares:
            return is_sheet(path)
        # A sheet that is about it still has expired, which somebody meant.
        return path in snapshot.files and _declared(path, snapshot.files[path]) != resource.key

    return is_unseen


def _declared(path: str, sheet: bytes) -> Key | None:
    """What a sheet is about, valid or not; None when that cannot be told."""
    match [plain(document.root) for document in read(path, sheet).documents]:
        case [{"kind": str(kind), "metadata": {"name": str(name), **more}}]:
            return Key(str(more.get("namespace", DEFAULT_NAMESPACE)), kind, name)
        case _:
            return None


def bringing(before: Mapping[str, str], snapshot: Snapshot) -> Callable[[Resource], Bringing]:
    """Who brought a change that came with `snapshot`, after `before` were the versions in force."""
    changed = {source for source, version in snapshot.versions.items() if before.get(source) != version}
    names = [name for name in snapshot.shares if PREFIX + name in changed]
    commit = Bringing(snapshot.version[:12], snapshot.author, snapshot.subject)
    news = {name: _news(name, snapshot) for name in names}

    def brought(resource: Resource) -> Bringing:
        for path in places(resource):
            if inventory_of(path) in news:
                return news[inventory_of(path)]
        return commit if snapshot.source in changed or not news else news[names[0]]

    return brought


def _news(name: str, snapshot: Snapshot) -> Bringing:
    content = snapshot.shares[name].content
    version, author, subject = (
        brief(text, _LONGEST) for text in (content.version[:12], content.author, content.subject)
    )
    return Bringing(f"{name} {version}", author, subject)


def layers(estate: Estate, snapshot: Snapshot) -> list[Layer]:
    """What the store is to keep of each source; of one that could not be read it keeps what it has."""
    now = estate.ports.now()
    files = {path: text for path, text in snapshot.files.items() if not is_sheet(path)}
    own = [] if snapshot.trouble else [Layer(snapshot.source, snapshot.version, now, files)]
    return [*own, *(_layer(estate, name, snapshot) for name in snapshot.shares)]


def _layer(estate: Estate, name: str, snapshot: Snapshot) -> Layer:
    content, state = snapshot.shares[name].content, estate.inventories.get(name)
    read = state.fetched if state is not None and state.fetched else estate.ports.now()
    return Layer(PREFIX + name, content.version, read, content.files)
