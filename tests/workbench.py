"""A system for tests with real processes: a Bench is a folder, a Part a file in it, and making one takes as long as wished."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from setpoint.model.diff import Diff, Projection
from setpoint.model.errors import TransportError
from setpoint.model.identity import Mark
from setpoint.model.kind import Acting, Gate, Kind, Looking, Planning, System, TargetPort
from setpoint.model.observation import Absent, Observation, Present
from setpoint.model.plan import ActResult, Applied, Finished, Intent, OperationState, Step
from setpoint.model.secret import Secret, SecretRef
from setpoint.model.spec import Spec, described
from setpoint.model.survey import Survey
from tests.ledger import ledger

ESTATE = "home"


class BenchSpec(Spec):
    """A folder."""

    folder: str = described("Its path.")


class PartSpec(Spec):
    """A file."""

    text: str = described("What it holds.")


@dataclass(frozen=True)
class Nothing:
    """A bench has no state."""


def folder(bench: Path) -> Path:
    if not bench.is_dir():
        raise TransportError(f"{bench} is not there")
    return bench


async def survey(bench: Path, now: float) -> Survey[None]:
    return Survey(None, str(folder(bench)), now)


async def poll(bench: Path, operation: str) -> OperationState:
    return Finished()


async def find(bench: Path, intent: Intent) -> str | None:
    return None


async def close(bench: Path) -> None:
    return None


def no_secrets(spec: BenchSpec) -> Mapping[str, SecretRef]:
    return {}


def connect(spec: BenchSpec, secrets: Mapping[str, Secret], gate: Gate) -> Path:
    return Path(spec.folder)


async def observe_bench(bench: Path, looking: Looking[BenchSpec]) -> Observation[Nothing]:
    return Present(Nothing(), {"path": str(folder(bench))}, None)


async def observe_part(bench: Path, looking: Looking[PartSpec]) -> Observation[str]:
    place = folder(bench) / looking.owner.key.name
    if not place.exists():
        return Absent("no such file")
    name = looking.owner.key.name
    return Present(place.read_text(), {"name": name}, Mark(looking.owner.estate, looking.owner.key, name))


def plan_part(diff: Diff, planning: Planning[PartSpec, str]) -> tuple[Step, ...]:
    return (Step("write", "write the file", diff.changes, arguments={"text": planning.spec.text}),)


async def write_part(bench: Path, acting: Acting) -> ActResult:
    """Takes until the file `go` is there, when there is a file `slow`."""
    name = acting.owner.key.name
    (bench / f"{name}.began").touch()
    while (bench / "slow").exists() and not (bench / "go").exists():
        await asyncio.sleep(0.02)
    (bench / name).write_text(str(acting.arguments["text"]))
    return Applied()


BENCH = Kind(
    name="Bench",
    summary="Holds parts.",
    spec=BenchSpec,
    declare=lambda spec: {},
    project=lambda state: Projection({}),
    observe=observe_bench,
    plan=lambda diff, planning: (),
    identify=lambda spec: None,
    object_id=lambda identity: str(identity["path"]),
    port=TargetPort(connect=connect, survey=survey, poll=poll, find=find, close=close, secrets=no_secrets),
)
PART = Kind(
    name="Part",
    summary="A file on a bench.",
    spec=PartSpec,
    declare=lambda spec: {"text": spec.text},
    project=lambda state: Projection({"text": state}),
    observe=observe_part,
    plan=plan_part,
    identify=lambda spec: None,
    object_id=lambda identity: str(identity["name"]),
    acts={"write": write_part},
    hosted_by="Bench",
)
SYSTEM = System("bench", (BENCH, PART), inventory=ledger("bench"))
