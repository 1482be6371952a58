"""From a flake to the system that is wanted: the revision of its ref, and what that evaluates to."""

from __future__ import annotations

import asyncio
from typing import Final

from setpoint.model.compute import Computed, Computing
from setpoint.model.errors import SourceError
from setpoint.model.plan import Obstacle
from setpoint_nixos.deploying import delivered
from setpoint_nixos.guard.order import Mode
from setpoint_nixos.guard.state import Staged
from setpoint_nixos.kinds.nixos_host.spec import NixosHostSpec, Resolved
from setpoint_nixos.kinds.nixos_host.state import NixosState
from setpoint_nixos.nix.evaluate import Wanted
from setpoint_nixos.nix.flake_url import Pinned
from setpoint_nixos.nix.read import System
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
        pinned = await at.flakes.pin(spec.flake.parsed())
    except SourceError as error:
        return Computed(spec, lacking={"/running": Obstacle(error.message, error.remedy, passing=True)})
    name = spec.flake.attribute or computing.owner.key.name
    system = await _evaluated(at, pinned, name)
    if system is None:
        why = f"revision {pinned.revision[:12]} is being evaluated"
        return Computed(spec, lacking={"/running": Obstacle(why, "wait for its end", passing=True)})
    made = await _resolved(reach, spec, computing.observed, pinned, system)
    said = f"of revision {pinned.revision[:12]}" + (f"; {pinned.stale}" if pinned.stale else "")
    return Computed(made, notes={f"/{part}": said for part in ("running", "profile", "booted")})


async def _evaluated(at: Shop, pinned: Pinned, name: str) -> System | None:
    """An evaluation outlives the look that began it, and the next one takes what came of it."""
    what = f"evaluate {pinned.identity} {pinned.folder} {name}"
    work = at.begin(what, at.evaluations.evaluate(Wanted(pinned, name)))
    await asyncio.wait({work.task}, timeout=PATIENCE)
    if not work.task.done():
        return None
    at.take(what)
    return work.task.result().system  # type: ignore[no-any-return]  # what evaluate returns


async def _resolved(
    reach: Reach, spec: NixosHostSpec, seen: NixosState | None, pinned: Pinned, system: System
) -> Resolved:
    written = {name: getattr(spec, name) for name in spec.model_fields_set}
    return Resolved(
        **written,
        system=system.out,
        drv=system.drv,
        platform=system.platform,
        revision=pinned.revision,
        present=not _differs(seen, system) or await delivered(reach, system.out, roots(reach)),
        staged=_staged(spec, seen, system),
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
