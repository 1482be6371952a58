"""What changes from what runs to what is wanted, wherever each of them is; nothing is built to tell it."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import Final

from setpoint.model.errors import TargetError
from setpoint_nixos.nix import commands
from setpoint_nixos.nix.closure import Closure, Row, rows, sized
from setpoint_nixos.nix.revision_only import is_revision_only
from setpoint_nixos.nix.run import Bounds, Nix
from setpoint_nixos.reach import Reach
from setpoint_nixos.shop import Shop

_TIME: Final = 30.0


async def packages(
    at: Shop, reach: Reach, before: str, after: str, *, present: bool
) -> tuple[Row, ...] | None:
    """The packages that change from what the host runs; None when that cannot be told, e.g. because it is not built yet.

    What is wanted is looked for on the host when it is `present` there, and else on this machine.
    """
    known = at.compared.get((before, after))
    if known is not None:
        return known
    try:
        new = await (there(reach, after) if present else here(at.nix, after))
        old = await there(reach, before) if new else None
    except TargetError:
        return None
    if not (old and new):
        return None
    found = rows(old, new)
    at.compared.put((before, after), found)
    return found


async def only_revision(at: Shop, before: str, after: str) -> bool:
    """Whether a system differs from the one before in nothing but the revision that it bears, as far as both were evaluated here."""
    known = at.alike.get((before, after))
    if known is None:
        known = await _alike(at, before, after)
        at.alike.put((before, after), known)
    return known


async def _alike(at: Shop, before: str, after: str) -> bool:
    old, new = await at.evaluations.origin(before), await at.evaluations.origin(after)
    if old is None or new is None:
        return False
    try:
        return await is_revision_only(at.nix, old, new, Bounds(timedelta(seconds=_TIME)))
    except TargetError:
        return False


async def there(reach: Reach, path: str) -> Closure | None:
    """The closure of a path on the host; None when it has not all of it."""
    asked = f"paths=$({shlex.join(commands.closure(path))}) && echo $paths && {shlex.join(commands.sizes())} $paths"
    done = await reach.session.run(asked, timeout=_TIME)
    return _read(done.out.decode(errors="replace")) if done.status == 0 else None


async def here(nix: Nix, path: str) -> Closure | None:
    """The same on this machine."""
    bounds = Bounds(timedelta(seconds=_TIME))
    listed = await nix.run(commands.closure(path), bounds)
    if listed.code:
        return None
    told = await nix.run(commands.sizes(*listed.output.split()), bounds)
    return _read(f"{listed.output}\n{told.output}") if not told.code else None


def _read(text: str) -> Closure | None:
    try:
        return sized(text)
    except ValueError:
        return None
