"""The stage that takes what other resources hand out: a value is put in the place of each field that names its giver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError

from setpoint.desired.handed import Wanted, fixed_in
from setpoint.model.handed import VALUE, Conflict, EachOutput, FromOutput, Grant, Space
from setpoint.model.hold import Hold, Rule
from setpoint.model.key import Key
from setpoint.model.kind import Problem
from setpoint.model.observation import Absent, Present
from setpoint.model.outcome import Blocked, Held, Outcome, Stalled, Wait
from setpoint.model.spec import Spec
from setpoint.model.tree import Json, Pointer, Tree, lookup, parts
from setpoint.run.desk import Desk, Pass
from setpoint.run.entries import with_items
from setpoint.run.given import texts_of

_SOON = timedelta(seconds=2)


@dataclass(frozen=True)
class _Taken:
    """What came of one field: the texts to put by their places, or nothing when the field is suspended.

    Attributes:
        items: the texts that stand in its place where it is a part of something that can wait alone; None to wait.
    """

    wanted: Wanted
    texts: Mapping[Pointer, str]
    conflict: Conflict | None = None
    problem: Problem | None = None
    items: tuple[str, ...] | None = None


async def take(desk: Desk, now: Pass) -> Pass | Outcome:
    """Put the value that belongs to it in each field that another resource hands out.

    A field that cannot have one is suspended in an object that is there, and keeps one that is not from being made.
    """
    key, wanted = now.owner.key, desk.spaces.wanted(now.resource, now.kind)
    if key == desk.lane.target and any(isinstance(one.handed, FromOutput) for one in wanted):
        # Its lane has put in what it is reached by, and goes by that also while its giver says nothing.
        wanted = tuple(one for one in wanted if not isinstance(one.handed, FromOutput))
        now = now.learn(spec=desk.lane.spec)
    fields = {(giver, one.field) for one in wanted if (giver := _giver(desk, now, one)) is not None}
    left = {one.space for one in desk.store.grants_of(key) if (one.space, one.field) not in fields}
    if left:
        await desk.calls.call(desk.store.leave, key, desk.ports.now(), fields)
        desk.spaces.stir(left)
    conflicts = list(_claimed(desk, now))
    found: list[_Taken] = []
    for one in wanted:
        taken = await _take(desk, now, one)
        if not isinstance(taken, _Taken):
            return taken
        found.append(taken)
    conflicts += [taken.conflict for taken in found if taken.conflict is not None]
    if conflicts and isinstance(now.observation, Absent):
        return Held(tuple(map(hold_of, conflicts)))
    problems = (*now.problems, *(taken.problem for taken in found if taken.problem is not None))
    if now.kind.entry is not None and found:
        items = [(taken.wanted, taken.items) for taken in found]
        return with_items(now.learn(conflicts=tuple(conflicts), problems=problems), now.kind.entry, items)
    return _with_values(now, found, conflicts=tuple(conflicts), problems=problems)


def published_by(desk: Desk, now: Pass) -> frozenset[Key]:
    """Those of which the resource takes what they publish."""
    wanted = desk.spaces.wanted(now.resource, now.kind)
    return frozenset(
        giver
        for one in wanted
        if isinstance(one.handed, FromOutput) and (giver := _giver(desk, now, one)) is not None
    )


def hold_of(conflict: Conflict) -> Hold:
    """The hold that tells of it."""
    return Hold(Rule.TAKEN, conflict.why, conflict.release)


def _claimed(desk: Desk, now: Pass) -> Iterator[Conflict]:
    """What the object's own declaration says and was handed out to another."""
    key = now.owner.key
    for field, text in fixed_in(now.kind.spec, now.resource.spec):
        whose = desk.spaces.owner_of(text, key)
        if whose:
            yield Conflict(field, f"{text}, declared for {key}, {whose}", "declare another one")


def _giver(desk: Desk, now: Pass, one: Wanted) -> Key | None:
    return desk.spaces.find(one.handed.giver, now.owner.key, now.resource.references)


async def _take(desk: Desk, now: Pass, one: Wanted) -> _Taken | Outcome:
    giver = _giver(desk, now, one)
    if isinstance(one.handed, FromOutput):
        return _published(desk, now, one, one.handed, giver)
    space = desk.spaces.of(giver) if giver is not None else None
    if giver is None or space is None:
        return Blocked(f"waits for {giver or one.handed.giver}", giver)
    if space.gives != one.handed.wants:
        why = f"{_shown(one)} takes an {one.handed.wants}, and {giver} gives an {space.gives}; name another"
        return Stalled(why)
    return await _Field(desk, now, one, giver, space).take()


def _published(desk: Desk, now: Pass, one: Wanted, handed: FromOutput, giver: Key | None) -> _Taken | Outcome:
    """What another resource publishes; it may be known although that one cannot be seen now."""
    status = desk.store.status(giver) if giver is not None else None
    values = texts_of((status.outputs if status is not None else None) or {}, handed.output)
    if values or (values is not None and now.kind.entry is not None):
        every = isinstance(handed, EachOutput) and handed.every
        texts = {one.field: values[0]} if values else {}
        return _Taken(one, texts, items=values if every else values[:1])
    lacking = f"{giver or handed.giver} does not publish {handed.output} yet"
    if isinstance(now.observation, Absent) and now.kind.entry is None:
        return Blocked(lacking, giver)
    return _Taken(one, {}, problem=Problem("OutputMissing", f"{_shown(one)} is not compared: {lacking}"))


@dataclass(frozen=True)
class _Field:
    """One field of one object, and where its value comes from."""

    desk: Desk
    now: Pass
    wanted: Wanted
    giver: Key
    space: Space

    async def take(self) -> _Taken | Outcome:
        """The value that belongs to it, which may come to belong to it now."""
        grant = self.desk.store.granted(self.giver, self.now.owner.key, self.wanted.field)
        if grant is not None and self._may_be_another(grant):
            await self.desk.calls.call(self.desk.store.give_back, grant)
            grant = None
        if grant is None or grant.left_at:
            answer = await self._ask(grant)
            if not isinstance(answer, Grant):
                return answer
            grant = answer
        return self._judged(grant)

    def _may_be_another(self, grant: Grant) -> bool:
        """Whether nothing of ours can bear it yet, and it cannot be had any more."""
        unborn = isinstance(self.now.observation, Absent) and self.now.pending is None
        kept = self.space.number(self.space.text(grant.number)) is not None
        return unborn and (not kept or bool(self._others(grant.number)))

    async def _ask(self, left: Grant | None) -> Grant | _Taken | Outcome:
        seen = self._seen()
        if seen is None and left is None:
            self.desk.spaces.meet(self.now.owner.key)
            stranger = next(iter(self.desk.strangers(self.giver)), None)
            if stranger is not None:
                why = f"{stranger} takes from {self.giver} as well, and was not looked at yet"
                known = self.desk.store.status(stranger) is not None
                return Blocked(why, stranger) if known else Wait(why, _SOON, idle=True)
        asker, moment = self.now.owner.key, self.desk.ports.now()
        wish = Grant(self.giver, 0, asker, self.wanted.field, moment)
        avoid = self.desk.spaces.avoid(self.giver, self.space, asker)
        grant = await self.desk.calls.call(self.desk.store.grant, wish, self.space, avoid, seen=seen)
        if grant is None:
            what = f"{self.space.gives} left for {_shown(self.wanted)}"
            why = f"{self.giver} has no {what}: all {self.space.size} are taken"
            return self._suspended(why, f"add a range to {self.giver}, or remove what needs none any more")
        self.desk.spaces.stir((self.giver,))
        return grant

    def _seen(self) -> int | None:
        """The number that the object has already: it is the memory when there is no other."""
        text = _observed(self.now, self.wanted.field)
        return self.space.number(text) if isinstance(text, str) else None

    def _judged(self, grant: Grant) -> _Taken:
        text, key = self.space.text(grant.number), self.now.owner.key
        if grant.key != key:
            why = f"{text} of {key} belongs to {grant.key}, to which {self.giver} has handed it out"
            return self._suspended(why, "give one of the two another one, or none")
        if self.space.number(text) is None:
            why = f"{text} of {key} lies outside of {self.space.room} of {self.giver}"
            return self._suspended(why, f"take back the change of {self.giver}, or name another one")
        values = self.space.values(grant.number)
        others = ", ".join(self._others(grant.number))
        conflict = None
        if others:
            why = f"{text} of {key} is also {others}"
            conflict = Conflict(self.wanted.field, why, "give one of the two another one")
        return _Taken(self.wanted, {**self._beside(values), self.wanted.field: values[VALUE]}, conflict)

    def _others(self, number: int) -> tuple[str, ...]:
        return self.desk.spaces.others(self.giver, self.space, number, self.now.owner.key)

    def _beside(self, values: Mapping[str, str]) -> Mapping[Pointer, str]:
        above = self.wanted.field.rpartition("/")[0]
        there = lookup(self.now.resource.spec, above)
        return {
            f"{above}/{name}": values[what]
            for name, what in self.wanted.handed.beside.items()
            if what in values and isinstance(there, Mapping) and name not in there
        }

    def _suspended(self, why: str, release: str) -> _Taken:
        return _Taken(self.wanted, {}, Conflict(self.wanted.field, why, release))


def _with_values(now: Pass, found: list[_Taken], **news: object) -> Pass | Outcome:
    """The pass with a spec that says what was taken, and what is seen in the place of a suspended field."""
    if not found:
        return now.learn(**news)
    tree = deepcopy(now.resource.spec)
    for taken in found:
        for place, text in taken.texts.items():
            _set(tree, place, text)
    lacking = [_whole(tree, taken.wanted.field) for taken in found if not taken.texts]
    for place in dict.fromkeys(lacking):
        seen = _observed(now, place)
        if seen is None:
            _drop(tree, place)
        else:
            _set(tree, place, seen)
    spec = _valid(now, tree, lacking)
    if spec is None:
        said = [f"{_shown(one.wanted)} takes '{text}'" for one in found for text in one.texts.values()]
        return Stalled(f"{', '.join(said)}, which is no value for it; let it take another one")
    return now.learn(spec=spec, **news)


def _valid(now: Pass, tree: Tree, lacking: list[Pointer]) -> Spec | None:
    """The spec; where it makes no sense without a suspended field, what is around that field is suspended with it."""
    while True:
        try:
            spec: Spec = now.kind.spec.model_validate(tree)
        except ValidationError:
            around = [place.rpartition("/")[0] for place in lacking if place.count("/") > 1]
            there = [place for place in around if _is_there(tree, place)]
            if not there:
                return None
            _drop(tree, there[0])
        else:
            return spec


def _whole(tree: Tree, field: Pointer) -> Pointer:
    """The field itself, or the list that it is an item of: that makes no sense without one."""
    above = field.rpartition("/")[0]
    return above if isinstance(lookup(tree, above), list) else field


def _is_there(tree: Tree, place: Pointer) -> bool:
    try:
        lookup(tree, place)
    except KeyError:
        return False
    return True


def _set(tree: Tree, place: Pointer, value: Json) -> None:
    above, last = lookup(tree, place.rpartition("/")[0]), parts(place)[-1]
    if isinstance(above, list):
        above[int(last)] = value
    elif isinstance(above, dict):
        above[last] = value


def _drop(tree: Tree, place: Pointer) -> None:
    above = lookup(tree, place.rpartition("/")[0])
    assert isinstance(above, dict)  # noqa: S101  # a field has a name
    above.pop(parts(place)[-1], None)


def _observed(now: Pass, field: Pointer) -> Json:
    """What the object has, or will have after a restart, in the field; None when it has nothing there."""
    if not isinstance(now.observation, Present):
        return None
    seen = now.kind.project(now.observation.state)
    try:
        return deepcopy(lookup(seen.tree if seen.accepted is None else seen.accepted, field))
    except KeyError:
        return None


def _shown(one: Wanted) -> str:
    return one.field.lstrip("/")
