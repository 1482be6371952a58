"""What a person means who freezes something, or ends that. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from setpoint.desired.suggest import remedy
from setpoint.model.freeze import Freeze, Scope
from setpoint.model.key import Key
from setpoint.run.estate import Estate
from setpoint.surface.bodies import ThawBody
from setpoint.surface.select import UnknownError, find_key


def what_is_meant(estate: Estate, body: ThawBody) -> tuple[Scope, str]:
    """The scope, and the name of what is there.

    Raises:
        UnknownError: nothing of that name is there.
    """
    if body.key is not None:
        return Scope.KEY, str(find_key(estate.resources, body.key, body.namespace))
    if body.target is not None:
        return Scope.TARGET, str(find_key(estate.lanes, body.target, body.namespace))
    if body.kind is None:
        return Scope.ALL, ""
    if body.kind not in estate.kinds:
        known = remedy(body.kind, estate.kinds, otherwise="there are")
        raise UnknownError(f"there is no kind '{body.kind}'", remedy=known)
    return Scope.KIND, body.kind


def find_freeze(freezes: Iterable[Freeze], body: ThawBody, now: float) -> Freeze:
    """The freeze of exactly what `body` names, be it declared still or not.

    Raises:
        UnknownError: there is none.
    """
    wanted = _named(body)
    in_force = [one for one in freezes if one.in_force(now)]
    found = next((one for one in in_force if (one.scope, one.name) == wanted), None)
    if found is None:
        others = ", or ".join(one.release for one in in_force)
        what = {Scope.KEY: "is not paused"}.get(wanted[0], "is not frozen")
        raise UnknownError(
            f"{wanted[1] or 'everything'} {what}", remedy=f"write {others}" if others else "nothing is"
        )
    return found


def _named(body: ThawBody) -> tuple[Scope, str]:
    for scope, text in ((Scope.KEY, body.key), (Scope.TARGET, body.target)):
        if text is not None:
            try:
                return scope, str(Key.parse(text, namespace=body.namespace))
            except ValueError as error:
                raise UnknownError(str(error)) from None
    return (Scope.ALL, "") if body.kind is None else (Scope.KIND, body.kind)
