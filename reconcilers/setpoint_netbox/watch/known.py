"""What the watcher knows, and how it goes on by what was read. Pure: a reading that fails half-way changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from setpoint.model.inventory import Content
from setpoint_netbox.content import MISSING, Released, state, views
from setpoint_netbox.watch.departures import LEFT, REPLACED, remember
from setpoint_netbox.watch.holes import Feed
from setpoint_netbox.watch.reading import Some
from setpoint_netbox.watch.views import Thing, View, kept_view


@dataclass(frozen=True)
class Known:
    """What is known of a NetBox at one moment.

    Attributes:
        feed: how far its changes were read.
        views: by path.
        index: to which object a part belongs.
        released: what left without being seen deleted.
        missing: paths of what was not shown in the last reading; the next one decides what became of it.
        counted: paths at the last reading of everything, without what was seen deleted since: by it is judged whether too
            much leaves.
        read_at: when everything was last read; 0 when it has to be read at once.
        probed_at: when that, or the times of all objects, were last read.
        far_at: when something changed that many views show; None when nothing did since `read_at`.
    """

    feed: Feed
    views: Mapping[str, View] = field(default_factory=dict[str, View])
    index: Mapping[Thing, Thing] = field(default_factory=dict[Thing, Thing])
    released: Mapping[str, Released] = field(default_factory=dict[str, Released])
    missing: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    read_at: float = 0.0
    probed_at: float = 0.0
    far_at: float | None = None


def recalled(kept: Content | None, types: Collection[str], now: float) -> Known:
    """What a former process knew; what is of no wanted type any more leaves."""
    if kept is None:
        return Known(Feed(0, {}))
    there = {path: kept_view(path, content) for path, content in views(kept)}
    own = {path: view for path, view in there.items() if view.thing[0] in types}
    before = state(kept)
    leaving = {path: LEFT for path in there if path not in own}
    released = remember(before.released, leaving, own, now)
    return Known(Feed(before.hi, before.holes), own, {}, released, frozenset(), frozenset(own))


def went_on(known: Known, found: Iterable[Some], gone: Collection[str], now: float) -> Known:
    """After some objects were read again, and `gone` were proven to be deleted.

    What is not shown for the first time is `missing`; when it is not the next time either, it is released.
    """
    several = tuple(found)
    seen = {view.path: view for some in several for view in some.views}
    absent = {path for some in several for path in some.absent if path in known.views} - set(gone)
    left = {path for some in several for path in some.left if path in known.views}
    leaving = {**dict.fromkeys(absent & known.missing, MISSING), **dict.fromkeys(left, LEFT)}
    released = remember(
        known.released, {**leaving, **replaced(known, seen)}, known.views.keys() | seen.keys(), now
    )
    there = {path: view for path, view in known.views.items() if path not in gone and path not in leaving}
    return replace(
        known,
        views={**there, **_with_old_bytes(known, seen)},
        index=_reindexed(known, {*gone, *leaving, *seen}, seen.values()),
        released=released,
        missing=frozenset((known.missing | absent) & there.keys() - seen.keys()),
        counted=known.counted - set(gone),
    )


def read_whole(known: Known, found: Iterable[View], gone: Collection[str], now: float) -> Known:
    """After everything was read; what is not shown is `missing`, for the change that deleted it may be read a moment later."""
    seen = {view.path: view for view in found}
    there = {path: view for path, view in known.views.items() if path not in gone}
    new = {**there, **_with_old_bytes(known, seen)}
    return replace(
        known,
        views=new,
        index={thing: view.thing for view in seen.values() for thing in view.things},
        released=remember(known.released, replaced(known, seen), seen, now),
        missing=frozenset(there.keys() - seen.keys()),
        counted=frozenset(new),
        read_at=now,
        probed_at=now,
        far_at=None,
    )


def renames(kept: Content | None, known: Known) -> Mapping[str, str]:
    """The name before, of everything that is called otherwise than in what was kept, or was renamed before that.

    A name that another object of the type bears now is none that anybody had.
    """
    if kept is None:
        return {}
    found = dict(state(kept).renamed)
    for path, content in views(kept):
        view = known.views.get(path)
        if view is None or view.content is content or view.content == content:
            continue
        before = kept_view(path, content)
        if before.created == view.created and before.name != view.name:
            found[path] = before.name
    taken = {(view.thing[0], view.name) for view in known.views.values() if found}
    return {
        path: name
        for path, name in found.items()
        if path in known.views and (path.partition("/")[0], name) not in taken
    }


def stayed(known: Known, kept: Content | None) -> bool:
    """Whether the views and what left are just what was kept."""
    if kept is None or len(kept.files) != len(known.views) + 1:
        return False
    same = all(kept.files.get(path) is view.content for path, view in known.views.items())
    return same and state(kept).released.keys() == known.released.keys()


def _with_old_bytes(known: Known, seen: Mapping[str, View]) -> dict[str, View]:
    """What did not change keeps the very bytes, so that whoever compares later is quick."""
    found: dict[str, View] = {}
    for path, view in seen.items():
        before = known.views.get(path)
        same = before is not None and before.content == view.content
        found[path] = replace(view, content=before.content) if same and before is not None else view
    return found


def replaced(known: Known, seen: Mapping[str, View]) -> dict[str, str]:
    """Numbers that are those of other objects now."""
    before = {path: known.views[path] for path in seen if path in known.views}
    return {path: REPLACED for path, view in before.items() if view.created != seen[path].created}


def _reindexed(known: Known, paths: Collection[str], seen: Iterable[View]) -> dict[Thing, Thing]:
    old = {thing for path in paths if path in known.views for thing in known.views[path].things}
    kept = (
        {thing: root for thing, root in known.index.items() if thing not in old} if old else dict(known.index)
    )
    return {**kept, **{thing: view.thing for view in seen for thing in view.things}}
