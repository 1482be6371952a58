"""Two small kinds and one that others refer to, with the whole variety of fields that a spec can have."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from setpoint.desired.compile import compile_set
from setpoint.desired.compiled import Compiled
from setpoint.model.diff import Diff, Projection
from setpoint.model.identity import Identity
from setpoint.model.kind import Kind, Looking, Planning
from setpoint.model.observation import Observation, Unknown
from setpoint.model.plan import Step
from setpoint.model.quantity import Bytes, Duration
from setpoint.model.reference import Reference
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Tree


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class BoxSpec(Spec):
    """Something that holds things."""

    url: str = described("Where the box is found.")
    peers: tuple[Annotated[str, Reference("Box")], ...] = described("Boxes that must be there before.", ())


class Round(Spec):
    shape: Literal["round"]
    radius: int = described("Radius in millimetres.", ge=1)


class Square(Spec):
    shape: Literal["square"]
    side: int = described("Length of a side in millimetres.", ge=1)


class Shelf(Spec):
    height: int = described("Height in millimetres.", ge=10, le=3000)
    label: str = described("What is written on it.", "", max_length=8)


class Source(Spec):
    url: str = described("Where it comes from.")
    size: Bytes | None = described("How large it is.", None)


class ThingSpec(Spec):
    """Something that a box holds."""

    image: str = described("Name of the image that it is made from.", examples=["plain"])
    memory: Bytes = described("Memory of the thing.", 1 << 29)
    cores: int = described("Number of cores.", 1, ge=1, le=64)
    ratio: float = described("Share of what is left.", 1.0)
    on_boot: bool = described("Whether it starts with its box.", True)
    colour: Colour = described("Its colour.", Colour.RED)
    grace: Duration | None = described("How long it may take to stop.", None)
    shelves: tuple[Shelf, ...] = described("Its shelves, lowest first.", (), max_length=3)
    outline: Annotated[Round | Square, Field(discriminator="shape")] | None = described("Its outline.", None)
    source: str | Source | None = described("Name or description of where it comes from.", None)
    nics: dict[str, dict[str, str]] = described("Its interfaces by name.", {})
    near: Annotated[str, Reference("Thing")] | None = described("A thing that must be there before.", None)
    code: str | None = described("Two capital letters.", None, pattern="^[A-Z]{2}$")
    mac: str | None = described("Hardware address.", None)

    @field_validator("mac")
    @classmethod
    def _mac(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", value):
            raise ValueError(f"'{value}' is no hardware address; write six pairs like 52:54:00:12:34:56")
        return value


def _declare(_: Any) -> Tree:
    return {}


def _project(_: Any) -> Projection:
    return Projection({})


async def _observe(_: Any, __: Looking[Any]) -> Observation[Any]:
    return Unknown("nobody looks")


def _plan(_: Diff, __: Planning[Any, Any]) -> tuple[Step, ...]:
    return ()


def _identify(spec: Any) -> Identity | None:
    mac = getattr(spec, "mac", None)
    return {"mac": mac} if mac is not None else None


def _object_id(_: Identity) -> str:
    return ""


def kind(name: str, spec: type[Spec], **more: Any) -> Kind[Any, Any]:
    return Kind(
        name=name,
        summary=f"a {name.lower()} for tests",
        spec=spec,
        declare=_declare,
        project=_project,
        observe=_observe,
        plan=_plan,
        identify=_identify,
        object_id=_object_id,
        **more,
    )


KINDS: dict[str, Kind[Any, Any]] = {
    "Box": kind("Box", BoxSpec),
    "Thing": kind(
        "Thing",
        ThingSpec,
        hosted_by="Box",
        examples=("kind: Thing\nmetadata: {name: web01}\nspec: {image: plain, memory: 2GiB}\n",),
    ),
    "Path": kind("Path", BoxSpec, names=re.compile(r"[a-z]+(/[a-z]+)*")),
}

BOX = "kind: Box\nmetadata: {name: main}\nspec: {url: 'https://box.example'}\n"


def compiled(files: dict[str, str], **more: Any) -> Compiled:
    """What text files amount to."""
    return compile_set({path: text.encode() for path, text in files.items()}, KINDS, version="v1", **more)


def lines(result: Compiled) -> list[str]:
    """The problems as they are shown."""
    return [str(problem) for problem in result.problems]
