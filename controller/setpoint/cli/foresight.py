"""The engine for `plan`: it reads the source and the targets, and writes to a copy of the store in memory only."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from setpoint.cli.sheets import beneath
from setpoint.decide.deletion.mode import deletes
from setpoint.desired.gather import put_together
from setpoint.machine import own_ids
from setpoint.model.errors import SettingsError
from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint.model.resource import Resource
from setpoint.run.declare import arrange_lanes, declare
from setpoint.run.desk import Report
from setpoint.run.estate import Estate, SourceState
from setpoint.run.inventories import compiled_of
from setpoint.run.ports import Ports
from setpoint.run.preview import Preview
from setpoint.settings import Settings
from setpoint.sources.build import build_source
from setpoint.sources.directory import DirectorySource
from setpoint.sources.git import GitSource
from setpoint.sources.revision import read_revision
from setpoint.sources.snapshot import Snapshot
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.surface.select import UnknownError, find_key, find_meant
from setpoint.systems import installed_kinds


@dataclass(frozen=True)
class Named:
    """What a person wants a plan of: keys, those that a selector means, both, or everything when neither is given."""

    keys: Sequence[str] = ()
    namespace: str = DEFAULT_NAMESPACE
    selector: str | None = None

    def among(self, estate: Estate) -> list[Key]:
        """Of all that is served, and in its order.

        Raises:
            SetpointError: nothing is meant by it.
        """
        every = estate.everything()
        keys = [find_key(every, name, self.namespace) for name in self.keys] or every
        if self.selector is None:
            return keys
        served = [one for one in map(estate.served, keys) if one is not None]
        meant = find_meant(served, self.selector)
        if not meant:
            raise UnknownError(f"nothing of it is meant by '{self.selector}'")
        return [one.key for one in meant]


@asynccontextmanager
async def open_foresight(settings: Settings) -> AsyncGenerator[tuple[Estate, bool]]:
    """An estate with what was in force, and whether anything is remembered at all.

    Raises:
        SetpointError: a system or the store cannot be used.
    """
    remembered = Store.copy_in_memory(settings.database_path)
    store = remembered or Store.in_memory()
    estate = Estate(
        settings.estate,
        installed_kinds(settings.work),
        store,
        StoreInline(),
        Ports(),
        caution=settings.caution(own_ids(os.environ)),
    )
    desired = store.desired()
    estate.resources = {key: r for key, r in desired.items() if key.kind in estate.kinds}
    estate.dormant = {key: r for key, r in desired.items() if key.kind not in estate.kinds}
    try:
        await arrange_lanes(estate)
        yield estate, remembered is not None
    finally:
        for lane in estate.every_lane():
            await lane.close()
        store.close()


async def snapshot(
    settings: Settings, folder: Path | None, revision: str | None, in_force: str | None
) -> Snapshot:
    """What to plan: a folder, a revision of the repository, or what the daemon would put in force now.

    Raises:
        HistoryRewrittenError: the daemon would not follow; the history of the branch was rewritten.
        SourceError: it cannot be read.
        SettingsError: there is no repository of which to take a revision.
    """
    if folder is not None:
        return await DirectorySource(folder).fetch(None, lambda _: False)
    # The daemon's mirror is its own; ours is gone when the plan is there.
    with TemporaryDirectory(prefix="setpoint-plan-") as place:
        source = build_source(settings.source, Path(place))
        if revision is None:
            return await source.fetch(in_force, lambda _: False)
        if isinstance(source, GitSource):
            return await source.at(revision)
    raise SettingsError(
        "--against names a revision, and the source is no git repository", remedy="use --source DIR"
    )


async def declared_now(settings: Settings, estate: Estate, folder: Path | None) -> Snapshot:
    """What the folder, or the source of the settings, declares now, and what inventories declare below it.

    Raises:
        HistoryRewrittenError, SourceError, SettingsError: as `snapshot` and `beneath`.
    """
    content = await snapshot(settings, folder, None, estate.store.accepted("git"))
    async with beneath(settings, estate.kinds, estate.store, afresh=True) as sheets:
        estate.inventories.update(sheets.states)
        return await sheets.below(content)


async def base_of(folder: Path, revision: str) -> Snapshot:
    """What `revision` of the repository that holds `folder` declares in that folder.

    Raises:
        SourceError: it is in no repository, there is no such revision, or it cannot be read.
    """
    return await read_revision(folder, revision)


async def foresee(estate: Estate, content: Snapshot, named: Named, *, base: Snapshot | None) -> list[Report]:
    """Put `content` in force, in memory, and preview what is named, everything when nothing is.

    Of that only what `base`, if there is one, declares otherwise.

    Raises:
        SetpointError: nothing of a name is declared, or nothing at all although something was.
    """
    await declare(estate, content)
    estate.source = SourceState(good=True, sentence="read for this plan", at=estate.ports.now())
    keys = named.among(estate)
    if base is not None:
        before = put_together(compiled_of(base, estate.kinds), estate.kinds)
        keys = [key for key in keys if _differs(before.resources.get(key), estate.resources.get(key))]
        gone = sorted(before.resources.keys() - estate.resources.keys())
        estate.notes = (*estate.notes, *(_parting(estate, before.resources[key]) for key in gone))
    return await Preview(estate).of(keys)


def _differs(before: Resource | None, now: Resource | None) -> bool:
    """Whether one of two versions declares it otherwise than the other; what neither does is of no concern."""
    if before is None or now is None:
        return before is not now
    return before.spec_hash != now.spec_hash


def _parting(estate: Estate, gone: Resource) -> str:
    """What becomes of something that is declared no more."""
    kind = estate.kinds[gone.key.kind]
    deleted = deletes(gone.policy, removable=kind.remove is not None, stateful=kind.stateful)
    return f"{gone.key} is declared no more, and {'to be deleted' if deleted else 'left alone'}"
