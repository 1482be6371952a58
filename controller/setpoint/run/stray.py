"""Finds an object that nobody declares by its id, and says it as a declaration: the way in for what was made by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from setpoint.model.errors import SetpointError, TargetError
from setpoint.model.identity import Identity, Mark, Owner
from setpoint.model.key import Key
from setpoint.model.kind import Kind, Looking
from setpoint.model.observation import Absent, Present, Unknown
from setpoint.model.tree import Tree
from setpoint.run.estate import Estate
from setpoint.run.lane import Lane
from setpoint.run.observe import LIMIT


class NotAdoptableError(SetpointError):
    """There is no such object, it is somebody's, or nothing can be said of it."""


class UnseenError(NotAdoptableError):
    """There may be such an object, and it cannot be looked at."""


@dataclass(frozen=True)
class Stray:
    """An object that bears nobody's mark.

    Attributes:
        title: the name that people gave it; empty when it has none.
        spec: from it, nothing that is seen differs.
        untold: what the spec leaves out of what is set.
    """

    kind: str
    title: str
    spec: Tree
    untold: tuple[str, ...] = ()


async def find_stray(estate: Estate, target: Key, text: str) -> Stray:
    """The object of `target` whose id is `text`.

    Raises:
        NotAdoptableError: there is none, it is somebody's, or nothing can be said of it.
        SetpointError: the target cannot be looked at.
    """
    kinds = [
        (kind, identity)
        for kind in _adoptable(estate, target)
        if (identity := kind.identity(text)) is not None
    ]
    for kind, identity in kinds:
        _refuse_declared(estate, kind, target, identity)
    for kind, identity in kinds:
        stray = await describe_stray(estate, target, kind, identity)
        if stray is not None:
            return stray
    if kinds:
        names = " or ".join(kind.name for kind, _ in kinds)
        raise NotAdoptableError(f"{text} of {target} is no {names}, so nothing can be said of it")
    ids = ", ".join(kind.name for kind in _adoptable(estate, target)) or "no kind"
    raise NotAdoptableError(
        f"'{text}' is no id of an object that {target} may hold", remedy=f"{ids} can be adopted there"
    )


async def describe_stray(
    estate: Estate, target: Key, kind: Kind[Any, Any], identity: Identity
) -> Stray | None:
    """The object of that identity as a declaration of `kind`; None when it is of another kind.

    Raises:
        UnseenError: it cannot be looked at.
        NotAdoptableError: there is none, or it is somebody's.
        SetpointError: the target cannot be looked at.
    """
    return _described(estate, kind, target, await _seen(estate, kind, target, identity))


def _adoptable(estate: Estate, target: Key) -> Iterator[Kind[Any, Any]]:
    for kind in estate.kinds.values():
        if kind.hosted_by == target.kind and kind.describe is not None:
            yield kind


async def _seen(estate: Estate, kind: Kind[Any, Any], target: Key, identity: Identity) -> Present[Any]:
    lane: Lane = estate.lanes[target]
    survey = await lane.survey(0.0)
    # Nothing is declared yet, so the spec says nothing; the owner is nobody's, and no mark is looked for.
    nobody = Owner(estate.name, Key(target.namespace, kind.name, ""))
    looking = Looking(kind.spec.model_construct(), nobody, identity, survey)
    name = f"{kind.object_id(identity)} of {target}"
    try:
        async with asyncio.timeout(LIMIT):
            seen = await kind.observe(lane.client(), looking)
    except TimeoutError:
        raise TargetError(f"{name} could not be read within {LIMIT:.0f} s") from None
    match seen:
        case Present():
            return seen
        case Absent(proof):
            raise NotAdoptableError(f"there is no {name}: {proof}")
        case Unknown(why):
            raise UnseenError(f"{name} cannot be looked at: {why}")


def _refuse_declared(estate: Estate, kind: Kind[Any, Any], target: Key, identity: Identity) -> None:
    """Refuse what a declaration names by its id.

    Raises:
        NotAdoptableError: one does.
    """
    for key, resource in estate.resources.items():
        if (key.kind, resource.target) == (kind.name, target):
            declared = kind.identify(kind.spec.model_validate(resource.spec))
            if declared == identity:
                what = (
                    f"{kind.object_id(identity)} of {target} is declared already: {key}, in {resource.origin}"
                )
                raise NotAdoptableError(what, remedy="set policy.adopt there to take it over")


def _described(estate: Estate, kind: Kind[Any, Any], target: Key, seen: Present[Any]) -> Stray | None:
    """What is seen, as a declaration says it; None when it is of another kind.

    Raises:
        NotAdoptableError: it is somebody's.
    """
    name = f"{kind.object_id(seen.identity)} of {target}"
    if seen.mark is not None:
        raise _owned(estate, name, seen.mark, kind.object_id(seen.identity))
    spec = kind.describe(seen.state) if kind.describe is not None else {}
    return Stray(kind.name, kind.title(seen.state), spec, kind.untold(seen.state)) if spec else None


def _owned(estate: Estate, name: str, mark: Mark, object_id: str) -> NotAdoptableError:
    if mark.object_id != object_id:
        what = f"{name} is a copy of {mark.object_id}, for it bears the mark of that: {mark.key}"
        return NotAdoptableError(what, remedy="remove the line of Setpoint from its notes, and look again")
    if mark.estate != estate.name:
        what = f"{name} belongs to {mark.key} of estate {mark.estate}"
        return NotAdoptableError(what, remedy="let that estate let go of it first")
    return NotAdoptableError(f"{name} is ours already: it is {mark.key}", remedy="declare it by that name")
