"""The toy with berths: a Roll hands out numbered places, and a box may have one. No target holds a Roll."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from pydantic import StringConstraints

from setpoint.model.diff import Projection
from setpoint.model.handed import VALUE, FromOutput, Grant, Handed, Space
from setpoint.model.kind import Kind, Looking, Problem
from setpoint.model.observation import Observation, Present
from setpoint.model.reference import Name, Reference
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Json
from tests.toy import BOX, KINDS, BoxOutputs, BoxSpec, BoxState


class FromRoll(Handed):
    """A berth of a roll."""

    wants: ClassVar = "berth"
    beside: ClassVar = {"buoy": "buoy"}
    roll: Annotated[str, Reference("Roll")] = described("The roll.")

    @property
    def giver(self) -> Name:
        assert isinstance(self.roll, Name)
        return self.roll


class BerthedSpec(BoxSpec):
    """A box that may have a berth."""

    berth: str | FromRoll | None = described("Where it lies.", None)
    buoy: str | FromOutput | None = described("What it hangs on.", None)
    flags: tuple[Annotated[str, StringConstraints(max_length=9)] | FromOutput, ...] | None = described(
        "What it shows.", None
    )


class BerthedOutputs(BoxOutputs):
    """A box tells where it lies."""

    berth: str | None = described("Where it lies.", None)


class RollSpec(Spec):
    """Numbered places."""

    low: int = described("The first.", 1)
    high: int = described("The last.", 3)
    letter: str = described("What they all begin with.", "a")
    buoy: str | None = described("What goes with a berth.", None)
    gives: str = described("What it gives.", "berth")
    isolated: bool = described("Whether others may have the same.", default=False)


@dataclass(frozen=True)
class RollState:
    """What a roll has handed out."""

    handed: tuple[Grant, ...]


def space(spec: RollSpec) -> Space:
    def number(text: str) -> int | None:
        return int(text[1:]) if text[:1] == spec.letter and text[1:].isdecimal() else None

    def values(number: int) -> dict[str, str]:
        more = {} if spec.buoy is None else {"buoy": spec.buoy}
        return {VALUE: f"{spec.letter}{number}", **more}

    return Space(
        spec.gives,
        f"berths {spec.letter}",
        ((spec.low, spec.high),),
        number,
        lambda number: f"{spec.letter}{number}" if number < 100 else f"z{number}",
        values,
        spec.isolated,
    )


async def observe_roll(_client: None, looking: Looking[RollSpec]) -> Observation[RollState]:
    return Present(RollState(looking.handed), {"name": looking.owner.key.name}, None)


def status(state: RollState) -> dict[str, Json]:
    return {str(one.number): str(one.key) for one in state.handed if not one.left_at}


def problems(state: RollState) -> tuple[Problem, ...]:
    return (Problem("Full", "three are enough"),) if len(state.handed) > 2 else ()


ROLL: Kind[RollSpec, RollState] = Kind(
    name="Roll",
    summary="Hands out berths.",
    spec=RollSpec,
    declare=lambda _: {},
    project=lambda _: Projection({}),
    observe=observe_roll,
    plan=lambda _diff, _planning: (),
    identify=lambda _: None,
    object_id=lambda identity: str(identity["name"]),
    status=status,
    problems=problems,
    space=space,
)


def publish(state: BoxState) -> BerthedOutputs:
    return BerthedOutputs(
        number=state.number,
        colour=state.fields.get("colour"),
        berth=None if state.fields.get("quiet") else state.fields.get("berth"),
    )


BERTHED: dict[str, Kind[Any, Any]] = {
    **KINDS,
    "Box": replace(BOX, spec=BerthedSpec, outputs=BerthedOutputs, publish=publish),
    "Roll": ROLL,
}
