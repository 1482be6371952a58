"""The toy with racks: a box with a card per name, which others may pin to it and on which what they publish may stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import StringConstraints

from setpoint.model.diff import Diff, Projection, Treatment
from setpoint.model.gather import Ask, Asked, Entry, Gathering, Inside, Shares, Unshared, Written
from setpoint.model.handed import EachOutput
from setpoint.model.key import Key
from setpoint.model.kind import Kind, Outputs, Planning
from setpoint.model.plan import Disruption, Step
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Pointer, Tree
from tests.toy import BOX, KINDS, BoxState

Text = Annotated[str, StringConstraints(max_length=9)]


class RackSpec(Spec):
    """A rack of cards."""

    cards: dict[str, tuple[Text | EachOutput, ...]] = described("The lines of each card.", {})
    title: str | None = described("Its title.", None)

    @property
    def scopes(self) -> tuple[str, ...]:
        return ()


class PinSpec(Spec):
    """A card on a rack."""

    rack: str = described("The rack.")
    card: str = described("The card.")
    lines: tuple[str | EachOutput, ...] = described("What stands on it.")


class BoxOutputs(Outputs):
    colours: tuple[str, ...] | None = described("Its colours.", None)
    label: str | None = described("What is written on it.", None)


def publish(state: BoxState) -> BoxOutputs:
    colour = state.fields.get("colour")
    known = None if state.fields.get("quiet") else tuple(str(colour).split()) if colour else ()
    return BoxOutputs(colours=known, label=state.fields.get("label"))


def asks(_key: Key, spec: PinSpec) -> tuple[Ask, ...]:
    lines = spec.model_dump(by_alias=True, mode="json")["lines"]
    return (Ask("cards", {"rack": spec.rack, "card": spec.card, "lines": lines}, "/card"),)


def tag_asks(key: Key, _spec: Any) -> tuple[Ask, ...]:
    """Each has a card with its colours, called after it up to the hyphen."""
    lines: Any = [{"from": f"Tag/{key.name}", "output": "colours", "every": True}]
    return (Ask("cards", {"rack": "r", "card": key.name.partition("-")[0], "lines": lines}, "/colour"),)


def share(racks: Mapping[Key, Tree], asked: tuple[Asked, ...]) -> Shares:
    problems: list[Unshared] = []
    specs: dict[Key, Tree] = {}
    for key, spec in racks.items():
        cards: dict[str, Any] = dict(spec.get("cards", {}))  # type: ignore[arg-type]
        whose: dict[str, Written] = {name: Inside(key, f"/cards/{name}") for name in cards}
        clash = False
        for one in asked:
            if one.entry["rack"] != key.name:
                continue
            name = str(one.entry["card"])
            if name in whose:
                clash = True
                problems.append(Unshared(one, f"two say what {name} is", "remove one", (whose[name],)))
            whose[name], cards[name] = one, one.entry["lines"]
        if not clash:
            specs[key] = {**spec, "cards": cards}
    return Shares(specs, tuple(problems))


def entry(_spec: Tree, field: Pointer, _seen: object) -> Entry:
    name = field.split("/")[2]
    return Entry(f"/cards/{name}", (f"/shown/{name}",))


def declare(spec: RackSpec) -> Tree:
    title: Tree = {} if spec.title is None else {"title": spec.title}
    return {**title, "shown": {name: [str(line) for line in lines] for name, lines in spec.cards.items()}}


def project(state: BoxState) -> Projection:
    return Projection({**state.fields, "shown": state.fields.get("shown", {})})


def plan(diff: Diff, planning: Planning[RackSpec, BoxState]) -> tuple[Step, ...]:
    declared = declare(planning.spec)
    if planning.observed is None:
        return (Step("create", "make the rack", diff.changes, Disruption.NONE, declared),)
    shown: dict[str, Any] = dict(planning.observed.fields.get("shown", {}))
    for change in diff.changes:
        if change.path.startswith("/shown/"):
            name = change.path.split("/")[2]
            shown.pop(name, None)
            if isinstance(change.desired, list):
                shown[name] = change.desired
    said = {"title": declared["title"]} if "title" in declared else {}
    return (Step("set", "set the cards", diff.changes, Disruption.NONE, {**said, "shown": shown}),)


RACK: Kind[Any, Any] = replace(
    BOX,
    name="Rack",
    summary="Cards on a shelf.",
    spec=RackSpec,
    declare=declare,
    project=project,
    plan=plan,
    identify=lambda _: {"id": 77},
    treatments={"/shown/*": Treatment.ATOMIC},
    exclusive=lambda _: ("/shown",),
    stateful=False,
    compute=None,
    secrets=lambda _: {},
    describe=None,
    gathers=Gathering("cards", share),
    entry=entry,
)
PIN: Kind[PinSpec, None] = Kind(
    name="Pin",
    summary="A card for a rack.",
    spec=PinSpec,
    declare=lambda _: {},
    project=lambda _: Projection({}),
    observe=KINDS["Shelf"].observe,
    plan=lambda _diff, _planning: (),
    identify=lambda _: None,
    object_id=lambda identity: str(identity["name"]),
    hosted_by="Shelf",
    asks=asks,
)
_TOLD = replace(BOX, outputs=BoxOutputs, publish=publish)
RACKS: dict[str, Kind[Any, Any]] = {
    **KINDS,
    "Box": _TOLD,
    "Tag": replace(_TOLD, name="Tag", summary="A box with a card.", asks=tag_asks),
    "Rack": RACK,
    "Pin": PIN,
}
