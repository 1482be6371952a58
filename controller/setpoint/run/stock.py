"""Takes stock of a target: every object that it holds, said as a declaration or left with a reason. It only reads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from setpoint.model.errors import SetpointError
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.stock import Listed, Listing, Stated
from setpoint.run.estate import Estate
from setpoint.run.stray import NotAdoptableError, Stray, UnseenError, describe_stray

READERS = 8
"""Objects that are read side by side; the gate bounds the calls."""


@dataclass(frozen=True)
class Found:
    """An object that can be declared."""

    listed: Listed
    stray: Stray


@dataclass(frozen=True)
class Left:
    """An object that is not declared; `unread` when it might be, could it be looked at."""

    listed: Listed
    why: str
    unread: bool


@dataclass(frozen=True)
class Stock:
    """What a target holds.

    Attributes:
        title: what the target is called.
        hidden: why there may be more than what is told; empty when that is all.
    """

    title: str
    found: tuple[Found, ...]
    left: tuple[Left, ...]
    hidden: str

    @property
    def complete(self) -> bool:
        """Whether everything was seen, so that nothing is missing by mistake."""
        return not self.hidden and not any(one.unread for one in self.left)


async def take_stock(estate: Estate, target: Key, only: Sequence[str] = (), named: str = "") -> Stock:
    """Look at everything that `target` holds, or only at the objects with these ids.

    `named` is the kind of the objects of a target that lists none: then `only` is the list.

    Raises:
        SetpointError: the target cannot be looked at, or does not have one of `only`.
    """
    survey = await estate.lanes[target].survey(0.0)
    if named:
        listing = Listing(tuple(Listed(named, ident, "") for ident in dict.fromkeys(only)))
    else:
        listing = _chosen(_listing(estate, target, survey.facts), estate, only)
    turns = asyncio.Semaphore(READERS)
    told = await asyncio.gather(*(_one(estate, target, listed, turns) for listed in listing.objects))
    return Stock(
        survey.target_id,
        tuple(one for one in told if isinstance(one, Found)),
        # Who names an object wants it: that it is not declared is nothing to pass over.
        tuple(replace(one, unread=one.unread or bool(only)) for one in told if isinstance(one, Left)),
        listing.hidden,
    )


def _listing(estate: Estate, target: Key, facts: Any) -> Listing:
    tell = estate.lanes[target].port.listing
    if tell is None:
        raise SetpointError(f"{target.kind} cannot tell what it holds", remedy="declare it by hand")
    return tell(facts)


def _chosen(listing: Listing, estate: Estate, only: Sequence[str]) -> Listing:
    """Those that are meant; then nothing else can be hidden."""
    if not only:
        return listing
    chosen: dict[str, Listed] = {}
    for ident in only:
        meant = [one for one in listing.objects if _is(estate.kinds[one.kind], one.ident, ident)]
        if not meant:
            raise SetpointError(f"--only: there is no {ident}", remedy="leave it out to see what there is")
        chosen |= {one.ident: one for one in meant}
    return Listing(tuple(chosen.values()))


def _is(kind: Kind[Any, Any], ident: str, meant: str) -> bool:
    """Whether both are ids of one object, however they are written."""
    identity = kind.identity(meant)
    return identity is not None and identity == kind.identity(ident)


def stated(estate: Estate, target: Key, told: Sequence[Stated]) -> Stock:
    """What something else than the target tells of it."""
    kinds = estate.kinds
    judged = [
        Left(one.listed, one.listed.aside, unread=False)
        if one.listed.aside
        else _judged(
            one.listed,
            kinds[one.listed.kind],
            Stray(one.listed.kind, one.listed.title, one.spec, one.untold),
        )
        for one in told
    ]
    return Stock(
        target.name,
        tuple(one for one in judged if isinstance(one, Found)),
        tuple(one for one in judged if isinstance(one, Left)),
        "",
    )


async def _one(estate: Estate, target: Key, listed: Listed, turns: asyncio.Semaphore) -> Found | Left:
    if listed.aside:
        return Left(listed, listed.aside, unread=False)
    kind: Kind[Any, Any] = estate.kinds[listed.kind]
    identity = kind.identity(listed.ident)
    if identity is None:
        return Left(listed, f"'{listed.ident}' is no id of a {kind.name}", unread=False)
    async with turns:
        try:
            stray = await describe_stray(estate, target, kind, identity)
        except SetpointError as error:
            seen = isinstance(error, NotAdoptableError) and not isinstance(error, UnseenError)
            return Left(listed, error.message if seen else str(error), unread=not seen)
    return _judged(listed, kind, stray)


def _judged(listed: Listed, kind: Kind[Any, Any], stray: Stray | None) -> Found | Left:
    """What would be no declaration is left, lest it spoil those of all others."""
    if stray is None:
        return Left(listed, f"nothing can be said of it as a {kind.name}", unread=True)
    try:
        kind.spec.model_validate(stray.spec)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return Left(listed, f"it is as no {kind.name} can be declared: {where}: {first['msg']}", unread=True)
    return Found(listed, stray)
