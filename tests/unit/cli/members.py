"""A toy kind whose parts belong to it as a whole, so that one that is declared no more is taken out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from setpoint.model.diff import MISSING, Diff, Projection, Treatment
from setpoint.model.identity import Reserve
from setpoint.model.kind import Acting, Kind, Planning, System
from setpoint.model.plan import ActResult, Applied, Disruption, Step, obstructed
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Json
from tests.toy import BOX, SHELF, BoxSpec, BoxState, World


class PartSpec(Spec):
    colour: str = described("Any colour.")


class CrateSpec(BoxSpec):
    """A box of parts."""

    parts: dict[str, PartSpec] = described("Parts by name.", default_factory=dict)


def declare(spec: CrateSpec) -> dict[str, Json]:
    return {"parts": {name: {"colour": part.colour} for name, part in spec.parts.items()}}


def project(state: BoxState) -> Projection:
    now: dict[str, Any] = {"parts": {}, **state.fields}
    return Projection(now, accepted={**now, **state.pending} if state.pending else None)


def plan(diff: Diff, planning: Planning[CrateSpec, BoxState]) -> tuple[Step, ...]:
    if planning.observed is None:
        parts = declare(planning.spec)["parts"]
        wish = None if planning.identity else Reserve("id", 51, 99, planning.facts)
        return (Step("create", "make the crate", diff.changes, arguments={"parts": parts}, reserve=wish),)
    waiting = tuple(change for change in diff.changes if change.accepted)
    if waiting:
        return (Step("restart", "restart the crate", waiting, Disruption.RESTART),)
    if planning.observed.fields.get("stuck"):
        return (obstructed("the crate is stuck", "wait a while", diff.changes, passing=True),)
    gone: list[Json] = [change.path for change in diff.changes if change.desired is MISSING]
    return (Step("empty", f"take {len(gone)} out", diff.changes, arguments={"gone": gone}),)


async def empty(world: World, acting: Acting) -> ActResult:
    thing = world.things[int(str(acting.identity["id"]))]
    gone = acting.arguments["gone"]
    assert isinstance(gone, list)
    left = {name: part for name, part in thing.fields["parts"].items() if f"/parts/{name}" not in gone}
    into = thing.pending if thing.fields.get("slow") else thing.fields
    world.effect("empty", lambda: into.update(parts=left))
    return Applied()


_LIKE: Kind[Any, Any] = BOX
CRATE = replace(
    _LIKE,
    name="Crate",
    summary="A box of parts.",
    spec=CrateSpec,
    declare=declare,
    project=project,
    plan=plan,
    acts={**BOX.acts, "empty": empty},
    treatments={"/parts/*": Treatment.MEMBER},
)
SYSTEM = System("toy", (SHELF, BOX, CRATE))
KINDS: dict[str, Kind[Any, Any]] = {kind.name: kind for kind in SYSTEM.kinds}
