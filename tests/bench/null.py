"""A system that costs nothing: a Void holds as many Things as it is told, and each is as declared at every look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setpoint.model.diff import Diff, Projection
from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.model.kind import Acting, Gate, Kind, Looking, Planning, System, TargetPort
from setpoint.model.observation import Observation, Present
from setpoint.model.plan import ActResult, Applied, Finished, Intent, OperationState, Step
from setpoint.model.secret import Secret, SecretRef
from setpoint.model.spec import Spec, described
from setpoint.model.survey import Survey
from setpoint.model.tree import Tree

ESTATE = "home"


class VoidSpec(Spec):
    """A target."""

    count: int = described("How many things its survey lists.")


class ThingSpec(Spec):
    """A thing."""

    number: int = described("Its id.")
    size: int = described("Any number.")
    colour: str = described("Any colour.")
    labels: tuple[str, ...] = described("Any words.")


@dataclass(frozen=True)
class Nothing:
    """A void has no state."""


@dataclass(frozen=True)
class Void:
    """The client of a target.

    Attributes:
        gate: what a look at a thing passes, as every client's calls do.
        found: what its survey lists.
    """

    gate: Gate
    found: tuple[tuple[Mark, Mapping[str, int]], ...]


def name(number: int) -> str:
    """The name of a thing."""
    return f"t{number:05}"


def connect(spec: VoidSpec, secrets: Mapping[str, Secret], gate: Gate) -> Void:
    keys = [(number, Key("default", "Thing", name(number))) for number in range(spec.count)]
    return Void(gate, tuple((Mark(ESTATE, key, str(number)), {"id": number}) for number, key in keys))


async def survey(void: Void, now: float) -> Survey[None]:
    async with void.gate.using():
        return Survey(None, "void", now, void.found)


async def poll(void: Void, operation: str) -> OperationState:
    return Finished()


async def find(void: Void, intent: Intent) -> str | None:
    return None


async def close(void: Void) -> None:
    return None


def no_secrets(spec: VoidSpec) -> Mapping[str, SecretRef]:
    return {}


async def observe_void(void: Void, looking: Looking[VoidSpec]) -> Observation[Nothing]:
    return Present(Nothing(), {"name": "void"}, None)


async def observe_thing(void: Void, looking: Looking[ThingSpec]) -> Observation[ThingSpec]:
    number = looking.spec.number
    async with void.gate.using():
        return Present(looking.spec, {"id": number}, looking.owner.mark(str(number)))


def tree(spec: ThingSpec) -> Tree:
    return {"size": spec.size, "colour": spec.colour, "labels": list(spec.labels)}


def plan_thing(diff: Diff, planning: Planning[ThingSpec, ThingSpec]) -> tuple[Step, ...]:
    return (Step("set", "set it", diff.changes),)


async def set_thing(void: Void, acting: Acting) -> ActResult:
    return Applied()


VOID = Kind(
    name="Void",
    summary="Holds things.",
    spec=VoidSpec,
    declare=lambda spec: {},
    project=lambda state: Projection({}),
    observe=observe_void,
    plan=lambda diff, planning: (),
    identify=lambda spec: None,
    object_id=lambda identity: str(identity["name"]),
    port=TargetPort(connect=connect, survey=survey, poll=poll, find=find, close=close, secrets=no_secrets),
)
THING = Kind(
    name="Thing",
    summary="A thing.",
    spec=ThingSpec,
    declare=tree,
    project=lambda state: Projection(tree(state)),
    observe=observe_thing,
    plan=plan_thing,
    identify=lambda spec: None,
    object_id=lambda identity: str(identity["id"]),
    acts={"set": set_thing},
    hosted_by="Void",
)
SYSTEM = System("null", (VOID, THING))
