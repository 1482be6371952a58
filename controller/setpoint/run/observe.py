"""The stages that look: the shared survey, who the object is, the object itself, and whether it is ours."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from setpoint.decide.holds import Looked, exists
from setpoint.machine import plain_id
from setpoint.model.hold import Hold, Rule
from setpoint.model.identity import Identity
from setpoint.model.key import Key
from setpoint.model.kind import Looking
from setpoint.model.limit import DAY, Radius
from setpoint.model.measure import take_measures
from setpoint.model.observation import Absent, Present, Unknown
from setpoint.model.outcome import Blocked, Changed, Done, Failed, Held, Outcome, Wait
from setpoint.model.plan import Disruption, Restarts, Step
from setpoint.model.survey import Survey
from setpoint.run.desk import Desk, Pass
from setpoint.run.equip import ways_of
from setpoint.run.take import published_by
from setpoint.store.records import Item

LIMIT = 60.0
"""Seconds that one observation may take."""
_PASSING = timedelta(seconds=5)


async def await_references(desk: Desk, now: Pass) -> Pass | Outcome:
    """Wait for what the resource refers to.

    Its target left aside, which is judged by being asked; other targets that acts go to, which are asked by those; and who
    hands something out or publishes it: a field that cannot have that is suspended alone.
    """
    published: frozenset[Key] | None = None
    for reference in now.resource.references:
        if reference == now.resource.target or desk.spaces.of(reference) is not None:
            continue
        seen = desk.ready(reference) or (now.kind.names_only and _is_there(desk, reference))
        if seen:
            continue
        published = published_by(desk, now) | ways_of(desk, now) if published is None else published
        if reference not in published:
            return Blocked(f"waits for {reference}", reference)
    return now


def _is_there(desk: Desk, key: Key) -> bool:
    """Whether it was ever seen, and is not let go of."""
    item = desk.store.item(key)
    return item is not None and item.seen_at > 0 and not item.released


async def meet(desk: Desk, now: Pass) -> Pass | Outcome:
    """Before what was begun is asked about, make sure that it is the target we know: another one would answer for it."""
    if now.pending is None:
        return now
    return await recognise(desk, now, desk.lane.latest or await desk.lane.survey(0.0)) or now


async def survey(desk: Desk, now: Pass) -> Pass | Outcome:
    """Take part in the shared look at the target, and make sure that it is the target we know."""
    seen = await desk.lane.survey(max(desk.not_before, desk.lane.acted.get(now.owner.key, 0.0)))
    return await recognise(desk, now, seen) or now.learn(survey=seen)


async def recognise(desk: Desk, now: Pass, seen: Survey[Any]) -> Outcome | None:
    """Hold what would go to another target than the one we know; remember one that is seen for the first time.

    One of which the declaration tells that it was made anew since is another one by right.
    """
    pinned = desk.store.pinned(desk.lane.target)
    if pinned is None:
        # Whoever makes something elsewhere relies on it that every mark of a target that is known was noted.
        await desk.search(desk.lane)
    token = f"{desk.lane.target}={seen.target_id}"
    made = desk.store.incarnation(desk.lane.target)
    another = bool(seen.incarnation) and seen.incarnation != made
    free = pinned == seen.target_id or (another and made) or token in now.approvals
    if pinned is None or (free and (another or pinned != seen.target_id)):
        moment, which = desk.ports.now(), seen.incarnation or made
        await desk.calls.call(desk.store.pin, desk.lane.target, seen.target_id, moment, which)
    elif pinned != seen.target_id:
        why = f"{desk.lane.target} answers as '{seen.target_id}', it was '{pinned}'"
        release = f"check its endpoints, or accept it: setpoint approve {token}"
        return Held((Hold(Rule.IDENTITY, why, release, token=token),))
    return None


async def identify(desk: Desk, now: Pass) -> Pass | Outcome:
    """Find out which object is meant: by declaration, inventory, reservation, or by its mark."""
    if now.item is not None and now.item.target != desk.lane.target and _marked(now):
        now = now.learn(item=None)  # It was brought here.
    declared = _declared(now)
    if declared is not None:
        return await _as_declared(desk, now, declared)
    if now.item is not None and now.item.target == desk.lane.target:
        return now.learn(identity=now.item.identity)
    return _as_marked(desk, now)


def _declared(now: Pass) -> Identity | None:
    """The ids that the declaration fixes, be it by its name."""
    found: Identity | None = now.kind.identify(now.spec)
    if found is None and now.kind.named_for_good:
        found = now.kind.named(now.owner.key)
    return found


def _marked(now: Pass) -> list[Identity]:
    """Every object of the survey that bears our mark, under this name or the former one."""
    if now.kind.hosted_by is None or now.survey is None:
        return []
    return [
        identity
        for name in (now.owner.key, now.owner.formerly)
        if name is not None
        # The survey holds marks of every kind, and only a kind knows its own identities.
        for mark, identity in now.survey.by_key.get(name, ())
        if now.owner.owns(mark, now.kind.object_id(identity))
    ]


def _is_known_as_another(desk: Desk, now: Pass, identity: Identity) -> bool:
    """Whether the object goes on under a new name already, and bears the mark of this one only until it is written anew."""
    which, kind = now.kind.object_id(identity), now.owner.key.kind
    # What rules out most comes first: thousands are asked when thousands are found by their marks.
    return any(
        item.key.kind == kind
        and now.kind.object_id(item.identity) == which
        and item.target == desk.lane.target
        and item.key not in (now.owner.key, now.owner.formerly)
        and not item.released
        for item in desk.store.inventory()
    )


async def _as_declared(desk: Desk, now: Pass, declared: Identity) -> Pass | Outcome:
    """Take the declared id, unless the object is there under another one: a second would be made beside it."""
    wanted = now.kind.object_id(declared)
    marked = ", ".join(other for i in _marked(now) if (other := now.kind.object_id(i)) != wanted)
    ids = marked or await _left_behind(desk, now, wanted)
    if not isinstance(ids, str):
        return ids
    if not ids:
        return now.learn(identity=declared)
    why = f"{now.owner.key} is {ids}, and {wanted} is declared"
    return Held((Hold(Rule.IDENTITY, why, f"declare {ids}, or remove what is there by hand"),))


async def _left_behind(desk: Desk, now: Pass, wanted: str) -> str | Outcome:
    """The id under which the object is known, if that is another one and it is still there: not every survey tells of all."""
    item = now.item
    if item is None or item.released or not item.seen_at or item.target != desk.lane.target:
        return ""
    known = now.kind.object_id(item.identity)
    if known == wanted:
        return ""
    seen = await _read(desk, now.learn(identity=item.identity, in_full=True))
    match seen:
        case Present(_, _, mark):
            return known if now.owner.owns(mark, known) else ""
        case Absent():
            return ""
        case _:
            return seen


def _as_marked(desk: Desk, now: Pass) -> Pass | Outcome:
    """Find by its mark what is not remembered here; else what is reserved for it is free to be made."""
    marked = [identity for identity in _marked(now) if not _is_known_as_another(desk, now, identity)]
    if len(marked) > 1:
        ids = ", ".join(now.kind.object_id(identity) for identity in marked)
        return Held((Hold(Rule.EXISTS, f"{ids} bear the same mark", "remove the mark from all but one"),))
    if marked:
        return now.learn(identity=marked[0])
    if now.reserved is not None and now.reserved.target == desk.lane.target:
        return now.learn(identity={now.reserved.space: now.reserved.number})
    return now.learn(identity=now.kind.named(now.owner.key))


async def observe(desk: Desk, now: Pass) -> Pass | Outcome:
    """Read the object."""
    seen = await _read(desk, now)
    match seen:
        case Absent():
            return now.learn(observation=seen)
        case Present(state, identity, _):
            return now.learn(
                observation=seen,
                identity=identity,
                problems=now.kind.problems(state),
                detail=now.kind.status(state),
                outputs=now.kind.publish(state).model_dump(mode="json"),
                renewed=now.kind.renewed(state),
                measured=take_measures(now.kind.measures, state, desk.ports.now())
                if now.kind.measures and not seen.partial
                else None,
            )
        case _:
            return seen


async def _read(desk: Desk, now: Pass) -> Present[Any] | Absent | Outcome:
    """The object with the identity that is known; an outcome where nothing can be said of it."""
    assert now.survey is not None  # noqa: S101  # an earlier stage
    try:
        async with asyncio.timeout(LIMIT):
            seen = await now.kind.observe(desk.lane.client(), _looking(desk, now, now.survey))
    except TimeoutError:
        return Failed(f"could not be read within {LIMIT:.0f} s", transport=True)
    match seen:
        case Unknown(why, passing=True):
            return Wait(why, _PASSING)
        case Unknown(why, of_target):
            return Blocked(why, desk.lane.target) if of_target else Failed(why)
        case _:
            return seen


def _looking(desk: Desk, now: Pass, seen: Survey[Any]) -> Looking[Any]:
    """What the kind is given."""
    before = desk.store.status(now.owner.key)
    was_well = (
        before is not None
        and before.outcome == Done.__name__
        and desk.requested <= before.handled
        and now.pending is None
    )
    same = before is not None and before.spec_hash == now.resource.spec_hash
    return Looking(
        now.spec,
        now.owner,
        now.identity,
        seen,
        routine=was_well and same,
        touched_alone=was_well and not same and not now.in_full and now.order is None,
        handed=() if now.kind.space is None else tuple(desk.store.grants(now.owner.key)),
        since=now.item.age.since if now.item is not None else 0.0,
    )


async def own(desk: Desk, now: Pass) -> Pass | Outcome:
    """Go on only with an object that bears our mark, or may be taken over; remember it once it bears it."""
    seen = now.observation
    if not now.kind.acts or not isinstance(seen, Present):
        return now
    hold = exists(looked(desk, now))
    if hold is not None:
        if await _give_up_reservation(desk, now):
            return Changed(f"{hold.why}; another id is chosen")
        return Held((hold,))
    if now.item is None and now.owner.owns(seen.mark, now.kind.object_id(seen.identity)):
        known = Item(now.owner.key, desk.lane.target, seen.identity, None, desk.ports.now())
        await desk.calls.call(desk.store.save_item, known)
        return now.learn(item=known)
    return now


async def _give_up_reservation(desk: Desk, now: Pass) -> bool:
    """Let go of a reserved id that somebody else took before we bore anything there."""
    if now.reserved is None or (now.item is not None and now.item.seen_at):
        return False
    await desk.calls.call(desk.store.release, now.owner.key)
    await desk.calls.call(desk.store.forget_item, now.owner.key)
    return True


def looked(desk: Desk, now: Pass, steps: tuple[Step, ...] = ()) -> Looked:
    """What the hold rules judge `steps` by."""
    assert now.observation is not None  # noqa: S101  # an earlier stage
    return Looked(
        owner=now.owner,
        target=desk.lane.target,
        policy=now.resource.policy,
        observation=now.observation,
        object_id=now.kind.object_id(now.observation.identity)
        if isinstance(now.observation, Present)
        else "",
        needed=_needed(desk, now),
        stateful=now.kind.stateful,
        known_again=_known_again(now),
        remembered=now.item.identity if now.item else None,
        wiped=bool(now.item and now.item.age.wiped),
        seen_at=now.item.seen_at if now.item else 0.0,
        restarts=now.item.restarts if now.item else Restarts(),
        freezes=desk.store.freezes(),
        left=tuple(one for one in desk.store.tombstones().values() if one.active and one.alike),
        radius=_radius(desk, now.owner.key, steps),
        conflicts=now.conflicts,
        group=desk.group(now),
        at_once=now.order is not None and now.order.at_once,
        approved=now.approvals.__contains__,
        now=desk.ports.now(),
    )


def _needed(desk: Desk, now: Pass) -> str:
    """Why Setpoint cannot do without it; empty when it can."""
    if {now.owner.key, now.owner.formerly} & desk.caution.needed:
        return "is named by `self` in the settings"
    seen = now.observation
    machine = plain_id(now.kind.machine(seen.state)) if isinstance(seen, Present) else ""
    return "is the machine that Setpoint runs on" if machine in desk.caution.machines else ""


def _radius(desk: Desk, key: Key, steps: tuple[Step, ...]) -> Radius | None:
    if all(step.disruption < Disruption.STOP for step in steps):
        return None
    target, moment = desk.lane.target, desk.ports.now()
    disrupted = desk.store.disrupted(target, key.kind, moment - DAY)
    others = sorted(at for other, at in disrupted.items() if other != key)
    population = desk.store.population(target, key.kind)
    return Radius(tuple(others), desk.caution.limit(key.kind, population), population)


def _known_again(now: Pass) -> bool:
    if now.item is None or not isinstance(now.observation, Present) or not now.kind.lasting:
        return False
    before, seen = now.item.identity, now.observation.identity
    return all(seen.get(name) and seen[name] == before.get(name) for name in now.kind.lasting)
