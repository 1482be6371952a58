"""A toy system for engine tests: a Shelf (target) in memory that holds Boxes, with faults to order."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from setpoint.model.compute import Computed, Computing
from setpoint.model.diff import SECRET, Diff, Projection, Treatment
from setpoint.model.errors import ConflictError, OutcomeUnknownError, RefusalError, TransportError
from setpoint.model.identity import Mark, Owner, Reserve
from setpoint.model.kind import Acting, Gate, Kind, Looking, Outputs, Planning, Problem, System, TargetPort
from setpoint.model.measure import Measure, Unit, only
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint.model.plan import (
    ActResult,
    Applied,
    Disruption,
    Finished,
    Intent,
    Obstacle,
    OperationState,
    Running,
    Started,
    Step,
    obstructed,
)
from setpoint.model.secret import Secret, SecretRef
from setpoint.model.spec import Spec, described
from setpoint.model.survey import Survey
from setpoint.run.gate import LaneGate
from tests.ledger import ledger


@dataclass
class Thing:
    fields: dict[str, Any]
    mark: Mark | None
    serial: int = field(default_factory=itertools.count().__next__)
    pending: dict[str, Any] = field(default_factory=dict)


async def well(scopes: tuple[str, ...]) -> None:
    """Nothing is wrong."""


@dataclass
class World:
    """What is really there.

    Attributes:
        fault: called at every effect with its moment: `before` or `after`.
        trouble: what happens to every call before it arrives, by the scopes that it uses.
        lasting: seconds after which a slow operation ends by itself; 0 when `finish` ends it.
        width: of the whole shelf; None while nobody knows.
        arrived: when a call arrived, seconds of the loop, with its scopes.
        busiest: how many operations went on side by side at most, per scope.
    """

    name: str = "shelf-1"
    things: dict[int, Thing] = field(default_factory=dict)
    operations: dict[str, tuple[int, Callable[[], None]]] = field(default_factory=dict)
    running: dict[str, bool] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    effects: list[str] = field(default_factory=list)
    down: bool = False
    delay: float = 0.0
    blind: bool = False
    slow: bool = False
    fault: Callable[[str, str], None] = lambda moment, verb: None
    ids: itertools.count[int] = field(default_factory=itertools.count)
    trouble: Callable[[tuple[str, ...]], Awaitable[None]] = well
    lasting: float = 0.0
    width: int | None = 100
    gate: Gate = field(default_factory=LaneGate)
    arrived: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    underway: dict[str, tuple[str, ...]] = field(default_factory=dict)
    busiest: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def reach(self, *scopes: str, writes: bool = False) -> AsyncGenerator[None]:
        """A call through the gate."""
        async with self.gate.using(*scopes, writes=writes):
            self.arrived.append((asyncio.get_running_loop().time(), scopes))
            await self.trouble(scopes)
            yield

    def call(self) -> None:
        if self.down:
            raise TransportError("shelf does not answer", remedy="plug it in", scope="shelf")

    def effect(self, verb: str, change: Callable[[], None]) -> None:
        self.call()
        self.fault("before", verb)
        self.effects.append(verb)
        change()
        self.fault("after", verb)

    def begin(self, operation: str, number: int, change: Callable[[], None], scopes: tuple[str, ...]) -> None:
        self.operations[operation] = (number, change)
        self.running[operation] = True
        self.underway[operation] = scopes
        self.busiest |= Counter(scope for used in self.underway.values() for scope in used)
        if self.lasting:
            asyncio.get_running_loop().call_later(self.lasting, self.finish, operation)

    def finish(self, *only: str) -> None:
        for operation in only or list(self.operations):
            _, change = self.operations.pop(operation)
            try:
                change()
            except ConflictError as error:
                self.failures[operation] = str(error)
            self.running[operation] = False
            del self.underway[operation]


WORLDS: dict[str, World] = {}


class ShelfSpec(Spec):
    world: str = described("Which world it is.", "w")
    places: int = described("Operations side by side per scope.", 2)


class BoxSpec(Spec):
    """A box."""

    size: int | None = described("Pieces; takes effect after a restart.", None, ge=1)
    colour: str | None = described("Any colour.", None)
    labels: tuple[str, ...] | None = described("A set.", None)
    part: int | None = described("Percent of the shelf's width that its size is.", None)
    wood: str | None = described("Chosen at creation.", None)
    number: int | None = described("A fixed id.", None)
    lock: SecretRef | None = described("The code of its lock.", None)
    drawer: str | None = described("The part of the shelf that it stands in.", None)

    @property
    def scopes(self) -> tuple[str, ...]:
        """What a call about it uses."""
        return (f"drawer/{self.drawer}",) if self.drawer else ()


class BoxOutputs(Outputs):
    number: int = described("Which box it is.")
    colour: str | None = described("Its colour.", None)


@dataclass(frozen=True)
class ShelfState:
    sound: bool = True


@dataclass(frozen=True)
class BoxState:
    fields: Mapping[str, Any]
    pending: Mapping[str, Any]
    mark: Mark | None
    number: int


async def survey(world: World, now: float) -> Survey[frozenset[int]]:
    async with world.reach():
        world.call()
    found = tuple((t.mark, {"id": n}) for n, t in world.things.items() if t.mark is not None)
    return Survey(frozenset(world.things), world.name, now, found, complete=not world.blind)


async def poll(world: World, operation: str) -> OperationState:
    async with world.reach():
        world.call()
    if operation not in world.running:
        return Finished("lost")
    return Running() if world.running[operation] else Finished(world.failures.get(operation, ""))


async def find(world: World, intent: Intent) -> str | None:
    async with world.reach():
        world.call()
    wanted = intent.identity.get("id")
    return next((op for op, (number, _) in world.operations.items() if number == wanted), None)


async def close(world: World) -> None:
    return None


def no_secrets(spec: ShelfSpec) -> Mapping[str, SecretRef]:
    return {}


def connect(spec: ShelfSpec, secrets: Mapping[str, Secret], gate: Gate) -> World:
    world = WORLDS[spec.world]
    world.gate = gate
    return world


async def observe_shelf(world: World, looking: Looking[ShelfSpec]) -> Observation[ShelfState]:
    async with world.reach():
        world.call()
    return Present(ShelfState(), {"name": world.name}, None)


def declare_box(spec: BoxSpec) -> dict[str, Any]:
    beside = {"number", "lock", "drawer", "part"}
    tree = {name: getattr(spec, name) for name in sorted(spec.model_fields_set - beside)}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in tree.items()}


def project_box(state: BoxState) -> Projection:
    shown = {key: SECRET if key == "lock" else value for key, value in state.fields.items()}
    return Projection(shown, accepted={**shown, **state.pending})


async def observe_box(world: World, looking: Looking[BoxSpec]) -> Observation[BoxState]:
    async with world.reach(*looking.spec.scopes):
        world.call()
    if looking.identity is None:
        return (
            Absent("nothing bears the mark") if looking.survey.complete else Unknown("cannot see everything")
        )
    number = looking.identity["id"]
    thing = world.things.get(number)
    if thing is None:
        return Absent("the shelf says so")
    if thing.fields.get("cursed"):
        raise ZeroDivisionError
    return Present(
        BoxState(dict(thing.fields), dict(thing.pending), thing.mark, int(number)),
        {"id": number, "serial": thing.serial},
        thing.mark,
    )


async def compute_box(world: World, computing: Computing[BoxSpec, BoxState]) -> Computed[BoxSpec]:
    spec, part = computing.spec, computing.spec.part
    if part is None:
        return Computed(spec)
    async with world.reach("rule"):
        world.call()
    if world.width is None:
        why = Obstacle("nobody knows how wide the shelf is", "measure it", passing=True)
        seen = {} if computing.observed is None else {"size": computing.observed.fields.get("size")}
        return Computed(spec.model_copy(update=seen), lacking={"/size": why})
    size = world.width * part // 100
    return Computed(spec.model_copy(update={"size": size}), {"/size": f"{part}% of {world.width} = {size}"})


def describe_box(state: BoxState) -> dict[str, Any]:
    if state.fields.get("sealed"):
        return {}
    known = BoxSpec.model_fields.keys() - {"number", "lock", "drawer"}
    return {"number": state.number, **{name: value for name, value in state.fields.items() if name in known}}


def plan_box(diff: Diff, planning: Planning[BoxSpec, BoxState]) -> tuple[Step, ...]:
    if planning.observed is None:
        wish = None if planning.identity else Reserve("id", 1, 500, planning.facts)
        scopes, arguments = planning.spec.scopes, declare_box(planning.spec)
        if scopes:
            scopes, arguments = (*scopes, "cart"), {**arguments, "drawer": scopes[0]}
        return (Step("create", "make the box", diff.changes, Disruption.NONE, arguments, wish, scopes),)
    steps = []
    fresh = [c for c in diff.changes if not c.accepted]
    if fresh:
        arguments = {c.path.strip("/"): c.desired for c in fresh}
        steps.append(Step("set", f"set {', '.join(arguments)}", tuple(fresh), Disruption.HOT, arguments))
    waiting = tuple(c for c in diff.changes if c.accepted)
    if waiting:
        steps.append(Step("restart", "restart the box", waiting, Disruption.RESTART))
    return tuple(steps)


def remove_box(owner: Owner, state: BoxState, facts: frozenset[int]) -> tuple[Step, ...]:
    if state.mark != owner.mark(str(state.number)):
        return (obstructed("the box is not ours", "leave it", ()),)
    scrap = Step("scrap", "scrap the box", (), Disruption.DESTROY)
    return (scrap,) if state.fields.get("shut") else (Step("shut", "shut it", (), Disruption.DESTROY), scrap)


async def shut_box(world: World, acting: Acting) -> ActResult:
    thing = world.things[int(acting.identity["id"])]  # type: ignore[arg-type]
    async with world.reach(writes=True):
        world.effect("shut", lambda: thing.fields.update(shut=True))
    return Applied()


async def scrap_box(world: World, acting: Acting) -> ActResult:
    number = int(acting.identity["id"])  # type: ignore[arg-type]

    def change() -> None:
        del world.things[number]

    async with world.reach(writes=True):
        if not world.slow:
            world.effect("scrap", change)
            return Applied()
        operation = f"op-{next(world.ids)}"
        world.effect("scrap", lambda: world.begin(operation, number, change, ()))
        return Started(operation)


def mark_box(owner: Owner, state: BoxState) -> Step | None:
    if state.mark == owner.mark(str(state.number)):
        return None
    return Step("mark", "write our mark again")


async def remark_box(world: World, acting: Acting) -> ActResult:
    number = int(acting.identity["id"])  # type: ignore[arg-type]

    def change() -> None:
        world.things[number].mark = acting.owner.mark(str(number))

    async with world.reach(writes=True):
        world.effect("mark", change)
    return Applied()


async def create_box(world: World, acting: Acting) -> ActResult:
    arguments = dict(acting.arguments)
    scopes = (str(arguments.pop("drawer")), "cart") if "drawer" in arguments else ()
    number = int(acting.identity["id"])  # type: ignore[arg-type]

    def change() -> None:
        if number in world.things:
            whose = "made twice" if world.things[number].mark else "a stranger's"
            raise ConflictError(f"box {number} exists: {whose}")
        fields = arguments | {p.lstrip("/"): s.reveal() for p, s in acting.secrets.items()}
        world.things[number] = Thing(fields, Mark(acting.owner.estate, acting.owner.key, str(number)))

    async with world.reach(*scopes[:1], writes=True):
        if number in world.things:
            raise ConflictError(f"box {number} exists")
        if not world.slow:
            world.effect("create", change)
            return Applied()
        operation = f"op-{next(world.ids)}"
        world.effect("create", lambda: world.begin(operation, number, change, scopes))
        return Started(operation)


async def set_box(world: World, acting: Acting) -> ActResult:
    thing = world.things.get(int(acting.identity["id"]))  # type: ignore[arg-type]
    if thing is None:
        raise RefusalError("no such box")

    def change() -> None:
        for key, value in acting.arguments.items():
            (thing.pending if key == "size" else thing.fields)[key] = value
        if "lock" in acting.arguments:
            thing.fields["lock"] = acting.secrets["/lock"].reveal()

    async with world.reach(writes=True):
        await asyncio.sleep(world.delay)
        world.effect("set", change)
    return Applied()


async def restart_box(world: World, acting: Acting) -> ActResult:
    thing = world.things[int(acting.identity["id"])]  # type: ignore[arg-type]
    async with world.reach(writes=True):
        world.effect("restart", lambda: (thing.fields.update(thing.pending), thing.pending.clear())[1])
    return Applied()


def box_problems(state: BoxState) -> tuple[Problem, ...]:
    return (Problem("Dented", "the box is dented"),) if state.fields.get("dented") else ()


SHELF = Kind(
    name="Shelf",
    summary="Holds boxes.",
    spec=ShelfSpec,
    declare=lambda spec: {},
    project=lambda state: Projection({}),
    observe=observe_shelf,
    plan=lambda diff, planning: (),
    identify=lambda spec: None,
    object_id=lambda identity: str(identity["name"]),
    port=TargetPort(
        connect=connect,
        survey=survey,
        poll=poll,
        find=find,
        close=close,
        secrets=no_secrets,
        budget=lambda spec, scope: spec.places,
    ),
)
BOX = Kind(
    name="Box",
    summary="Something on a shelf.",
    spec=BoxSpec,
    declare=declare_box,
    project=project_box,
    observe=observe_box,
    plan=plan_box,
    identify=lambda spec: {"id": spec.number} if spec.number is not None else None,
    object_id=lambda identity: str(identity["id"]),
    acts={
        "create": create_box,
        "set": set_box,
        "restart": restart_box,
        "mark": remark_box,
        "shut": shut_box,
        "scrap": scrap_box,
    },
    remove=remove_box,
    treatments={"/labels": Treatment.SET, "/wood": Treatment.CREATE_ONLY},
    hosted_by="Shelf",
    overridable=("/colour", "/size"),
    stateful=True,
    mark=mark_box,
    lasting=("serial",),
    problems=box_problems,
    renewed=lambda state: state.fields.get("painted"),
    measures=(
        Measure("weight", Unit.NONE, "How heavy the box is.", lambda state: only(state.fields.get("weight"))),
        Measure(
            "side_heat",
            Unit.CELSIUS,
            "How warm each side is.",
            lambda state: {(side,): heat for side, heat in state.fields.get("heat", {}).items()},
            labels=("side",),
            most=2,
        ),
    ),
    status=lambda state: {"colour": state.fields.get("colour")},
    compute=compute_box,
    secrets=lambda spec: {"/lock": spec.lock} if spec.lock is not None else {},
    identity=lambda text: {"id": int(text)} if text.isdecimal() else None,
    title=lambda state: str(state.fields.get("title", "")),
    describe=describe_box,
    machine=lambda state: str(state.fields.get("uuid", "")),
    outputs=BoxOutputs,
    publish=lambda state: BoxOutputs(number=state.number, colour=state.fields.get("colour")),
)
SYSTEM = System("toy", (SHELF, BOX), inventory=ledger("toy"), lends={"toy": lambda: "red: 1"})
KINDS: dict[str, Kind[Any, Any]] = {kind.name: kind for kind in SYSTEM.kinds}


def lose_reply(moment: str, verb: str) -> None:
    if moment == "after":
        raise OutcomeUnknownError(f"the reply to {verb} was lost")
