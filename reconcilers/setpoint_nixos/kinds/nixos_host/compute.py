"""From a flake to the system that is wanted: the revision of its ref, and what that evaluates to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Final, cast

from setpoint.model.compute import Computed, Computing
from setpoint.model.errors import SourceError
from setpoint.model.key import Key
from setpoint.model.plan import Obstacle
from setpoint.model.resource import Resource
from setpoint.model.tree import Json
from setpoint_nixos.comparing import only_revision, packages
from setpoint_nixos.deploying import delivered
from setpoint_nixos.guard.order import Mode
from setpoint_nixos.guard.state import Staged
from setpoint_nixos.kinds.nixos_host.data import lacking
from setpoint_nixos.kinds.nixos_host.spec import NixosHostSpec, Resolved
from setpoint_nixos.kinds.nixos_host.state import NixosState
from setpoint_nixos.nix.closure import Row
from setpoint_nixos.nix.data_slice import INPUT, Slice
from setpoint_nixos.nix.evaluate import Wanted
from setpoint_nixos.nix.flake_url import Pinned
from setpoint_nixos.nix.read import System
from setpoint_nixos.nix.workshop import Work
from setpoint_nixos.reach import Reach
from setpoint_nixos.shop import Shop, shop

PATIENCE: Final = 20.0
"""Seconds for which a look waits for an evaluation, which goes on beyond that."""
ROOTS: Final = "/nix/var/nix/gcroots"
HOME_ROOTS: Final = ".setpoint"
"""Where a user who is not root keeps paths, below its home."""


async def compute(reach: Reach, computing: Computing[NixosHostSpec, NixosState]) -> Computed[NixosHostSpec]:
    """The spec with its system; while that is not known, everything is left as it is.

    Raises:
        TargetError: the flake does not give it.
    """
    spec, at = computing.spec, shop()
    at.declared(computing.owner.key)
    try:
        pinned = await at.flakes.pin(spec.flake.parsed(), since=monotonic() if computing.asked else 0.0)
    except SourceError as error:
        return Computed(spec, lacking={"/running": Obstacle(error.message, error.remedy, passing=True)})
    if obstacle := _unpublished(computing):
        return Computed(spec, lacking={"/running": obstacle})
    name, given = spec.flake.attribute or computing.owner.key.name, slice_of(computing)
    system = await _evaluated(at, computing.owner.key, pinned, name, given)
    if system is None:
        load = at.workshop.load(Work.EVALUATING)
        why = f"revision {pinned.revision[:12]} is being evaluated"
        why += f" ({load.busy} at once, and {load.waiting} wait)" if load.waiting else ""
        return Computed(spec, lacking={"/running": Obstacle(why, "wait for its end", passing=True)})
    made = await _resolved(reach, spec, computing.observed, pinned, system)
    said = f"of revision {pinned.revision[:12]}" + (f" with data {given.digest[:8]}" if given else "")
    said += f"; {pinned.stale}" if pinned.stale else ""
    said += await _changes(at, made, computing.observed)
    return Computed(made, notes={f"/{part}": said for part in ("running", "profile", "booted")})


def slice_of(computing: Computing[NixosHostSpec, NixosState]) -> Slice | None:
    """What the configuration is given; None when nothing is declared for it."""
    data, key = computing.spec.data, computing.owner.key
    if data is None:
        return None
    own = _declared(computing)
    labels: Mapping[str, str] = own.labels if own is not None else {}
    return Slice(computing.owner.estate, key.namespace, key.name, labels, cast("Mapping[str, Json]", data))


def _unpublished(computing: Computing[NixosHostSpec, NixosState]) -> Obstacle | None:
    """A configuration that is given less than was declared for it would be another one."""
    own = _declared(computing)
    names = lacking(own.spec.get("data"), computing.spec.data or {}) if own is not None else ()
    if not names:
        return None
    return Obstacle(
        f"data {', '.join(names)} is not published yet", "wait for who publishes it", passing=True
    )


def _declared(computing: Computing[NixosHostSpec, NixosState]) -> Resource | None:
    return next((one for one in computing.peers() if one.key == computing.owner.key), None)


async def _evaluated(at: Shop, key: Key, pinned: Pinned, name: str, given: Slice | None) -> System | None:
    """An evaluation outlives the look that began it, and the next one takes what came of it."""
    digest = given.digest if given is not None else ""
    inputs = {INPUT: await asyncio.to_thread(at.slices.place, given)} if given is not None else {}
    what = f"evaluate {pinned.identity} {pinned.folder} {name} {digest}"
    at.wants(key, what)
    work = at.begin(what, at.evaluations.evaluate(Wanted(pinned, name, inputs, digest)))
    await asyncio.wait({work.task}, timeout=PATIENCE)
    if not work.task.done():
        return None
    at.take(what)
    return work.task.result().system  # type: ignore[no-any-return]  # what evaluate returns


async def _resolved(
    reach: Reach, spec: NixosHostSpec, seen: NixosState | None, pinned: Pinned, system: System
) -> Resolved:
    present = not _differs(seen, system) or await delivered(reach, system.out, roots(reach))
    written = {name: getattr(spec, name) for name in spec.model_fields_set}
    return Resolved(
        **written,
        system=system.out,
        drv=system.drv,
        platform=system.platform,
        revision=pinned.revision,
        present=present,
        staged=_staged(spec, seen, system),
        packages=await _changed(reach, seen, system.out, present=present),
    )


async def _changed(
    reach: Reach, seen: NixosState | None, system: str, *, present: bool
) -> tuple[Row, ...] | None:
    running = seen.nixos.running if seen is not None else None
    if not isinstance(running, str) or running == system:
        return None
    return await packages(shop(), reach, running, system, present=present)


async def _changes(at: Shop, made: Resolved, seen: NixosState | None) -> str:
    """What is known of that in which it differs from what runs, in a few words."""
    running = seen.nixos.running if seen is not None else None
    if not isinstance(running, str) or made.system == running:
        return ""
    if not made.packages and await only_revision(at, running, made.system):
        return "; nothing differs but the revision"
    return _told(made)


def _told(made: Resolved) -> str:
    if made.packages is None:
        return "; it is not built yet, so which packages change is not known" if not made.present else ""
    size = sum(row.size for row in made.packages) / (1 << 20)
    return (
        f"; packages that change: {len(made.packages)}, {size:+.1f} MiB"
        if made.packages
        else "; no package changes"
    )


def _differs(seen: NixosState | None, system: System) -> bool:
    """Whether the host has to be asked if it has the system: one that runs or boots is there."""
    return seen is not None and system.out not in {seen.nixos.running, seen.nixos.profile}


def _staged(spec: NixosHostSpec, seen: NixosState | None, system: System) -> bool:
    """Whether it is what boots, and comes into force by nothing but that."""
    if seen is None or seen.nixos.profile != system.out:
        return False
    if seen.nixos.running == system.out:
        return bool(seen.nixos.restart) and isinstance(seen.nixos.restart, tuple)
    record = seen.record
    ours = record is not None and record.system == system.out and isinstance(record.phase, Staged)
    return ours or spec.mode is Mode.BOOT


def roots(reach: Reach) -> str:
    """The folder on the host for links that keep paths."""
    return ROOTS if reach.session.access.user == "root" else HOME_ROOTS
