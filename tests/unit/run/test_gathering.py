"""Cards that many pin to a rack, with the real lanes and workers; what is published may stand on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from setpoint.model.condition import ConditionType
from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.run.undelete import undelete
from setpoint.store.store import Store
from tests.rig.estate import manifest
from tests.toy import WORLDS, Thing, World
from tests.unit.run.departing import Departing, live
from tests.unit.run.racks import RACKS

RACK = Key("default", "Rack", "r")
SHELF = {"s.yaml": manifest("Shelf", "s", {"world": "w"})}
BROKEN = "kind: ["


def rack(**cards: Any) -> dict[str, str]:
    return {"r.yaml": manifest("Rack", "r", {"cards": cards})}


def pin(name: str, *lines: Any, on: str = "r", card: str | None = None) -> dict[str, str]:
    spec = {"rack": on, "card": card or name, "lines": lines}
    return {f"{name}.yaml": manifest("Pin", name, spec)}


def box(name: str, **spec: Any) -> dict[str, str]:
    return {f"{name}.yaml": manifest("Box", name, spec)}


def colours(of: str, *, every: bool = False) -> dict[str, Any]:
    return {"from": f"Box/{of}", "output": "colours", **({"every": True} if every else {})}


def shown(number: int = 77) -> Any:
    return WORLDS["w"].things[number].fields["shown"]


def racking(
    *parts: Mapping[str, str],
    body: Callable[[Departing], Awaitable[None]],
    things: Mapping[int, Thing] | None = None,
    store: Store | None = None,
) -> None:
    WORLDS.clear()
    WORLDS["w"] = World("w", dict(things or {}))
    try:
        live(
            store or Store.in_memory(),
            {p: t for part in (SHELF, *parts) for p, t in part.items()},
            body,
            RACKS,
        )
    finally:
        WORLDS.clear()


def sentence(daemon: Departing) -> str:
    status = daemon.store.status(RACK)
    assert status is not None
    ready = next(one for one in status.conditions if one.type is ConditionType.READY)
    return f"{status.outcome} {ready.status} {ready.message}"


def test_what_others_pin_is_on_the_rack_and_goes_with_its_declaration() -> None:
    async def body(daemon: Departing) -> None:
        assert shown() == {"own": ["x"], "a": ["1"], "b": ["2"]}
        await daemon.declare(SHELF, rack(own=["x"]), pin("a", "9"))
        await daemon.settle()
        assert shown() == {"own": ["x"], "a": ["9"]}
        assert sentence(daemon).startswith("Done True")

    racking(rack(own=["x"]), pin("a", "1"), pin("b", "2"), body=body)


def test_a_card_that_somebody_put_there_by_hand_is_taken_away() -> None:
    async def body(daemon: Departing) -> None:
        shown()["strange"] = ["?"]
        await daemon.supervisor.resync([RACK], "anna")
        await daemon.settle()
        assert shown() == {"a": ["1"]}

    racking(rack(), pin("a", "1"), body=body)


@pytest.mark.parametrize("broken", [["a"], ["r"], ["a", "b", "r"]], ids=",".join)
def test_a_broken_checkout_takes_nothing_off_the_rack(broken: list[str]) -> None:
    parts = (rack(own=["x"]), pin("a", "1"), pin("b", "2"))

    async def body(daemon: Departing) -> None:
        before = len(WORLDS["w"].effects)
        await daemon.declare(SHELF, *parts, {f"{name}.yaml": BROKEN for name in broken})
        await daemon.settle()
        assert shown() == {"own": ["x"], "a": ["1"], "b": ["2"]}
        assert len(WORLDS["w"].effects) == before

    racking(*parts, body=body)


def test_nothing_is_lost_when_the_daemon_begins_anew_over_a_broken_checkout() -> None:
    store = Store.in_memory()
    parts = (rack(own=["x"]), pin("a", "1"), pin("b", "2"))

    async def first(daemon: Departing) -> None:
        assert shown() == {"own": ["x"], "a": ["1"], "b": ["2"]}

    racking(*parts, body=first, store=store)
    mark = Mark("home", RACK, "77")
    there = {77: Thing({"shown": {"own": ["x"], "a": ["1"], "b": ["2"]}}, mark)}

    async def second(daemon: Departing) -> None:
        assert daemon.estate.resources[RACK].own is not None
        assert shown() == {"own": ["x"], "a": ["1"], "b": ["2"]}
        await daemon.declare(SHELF, rack(own=["x"]), {"b.yaml": BROKEN})
        await daemon.settle()
        assert shown() == {"own": ["x"], "b": ["2"]}, "what left is gone, what is broken is not"

    broken = {**pin("a", "1"), "r.yaml": BROKEN, "b.yaml": BROKEN}
    racking(broken, body=second, things=there, store=store)


def test_without_a_memory_a_rack_waits_until_everything_that_may_be_pinned_can_be_read() -> None:
    there = {77: Thing({"shown": {"a": ["1"], "b": ["2"]}}, Mark("home", RACK, "77"))}

    async def body(daemon: Departing) -> None:
        assert shown() == {"a": ["1"], "b": ["2"]}
        assert RACK in daemon.estate.suspended
        await daemon.declare(SHELF, rack(), pin("a", "1"))
        await daemon.settle()
        assert shown() == {"a": ["1"]}

    racking(rack(), pin("a", "1"), {"b.yaml": BROKEN}, body=body, things=there)


def test_two_that_say_what_a_card_is_are_told_and_the_rest_goes_on() -> None:
    async def body(daemon: Departing) -> None:
        parts = (rack(), pin("a", "1"), pin("late", "2", card="a"), pin("c", "3"))
        await daemon.declare(SHELF, *parts)
        await daemon.settle()
        assert shown() == {"a": ["1"], "c": ["3"]}
        (problem,) = daemon.estate.problems
        assert "two say what a is" in problem.what
        assert "a.yaml" in problem.what or problem.origin.path == "a.yaml"

    racking(rack(), pin("a", "1"), body=body)


def test_what_is_published_stands_on_the_card_and_follows() -> None:
    async def body(daemon: Departing) -> None:
        assert shown() == {"one": ["red"], "all": ["red", "green", "-"]}
        WORLDS["w"].things[1].fields["colour"] = "blue"
        await daemon.declare(
            SHELF,
            rack(one=[colours("b")]),
            pin("all", colours("b", every=True), "-"),
            box("b", colour="blue"),
        )
        await daemon.settle()
        assert shown() == {"one": ["blue"], "all": ["blue", "-"]}

    racking(
        rack(one=[colours("b")]),
        pin("all", colours("b", every=True), "-"),
        box("b", colour="red green"),
        body=body,
    )


def test_a_rack_is_made_without_the_cards_that_wait() -> None:
    async def body(daemon: Departing) -> None:
        assert shown() == {"a": ["1"]}
        assert "label yet" in sentence(daemon)
        WORLDS["w"].things[1].fields["label"] = "yes"
        await daemon.supervisor.resync([Key("default", "Box", "b")], "anna")
        await daemon.settle()
        assert shown() == {"a": ["1"], "w": ["yes"]}
        assert sentence(daemon).startswith("Done True")

    waiting = pin("w", {"from": "Box/b", "output": "label"})
    racking(rack(), pin("a", "1"), waiting, box("b", colour="red"), body=body)


def test_a_card_whose_giver_says_nothing_any_more_stays_as_it_is() -> None:
    async def body(daemon: Departing) -> None:
        assert shown() == {"c": ["red"]}
        effects = len(WORLDS["w"].effects)
        WORLDS["w"].things[1].fields["quiet"] = True
        await daemon.supervisor.resync([Key("default", "Box", "b")], "anna")
        await daemon.settle(700)
        assert shown() == {"c": ["red"]}
        assert len(WORLDS["w"].effects) == effects
        assert "does not publish colours yet" in sentence(daemon)
        await daemon.declare(SHELF, rack(), pin("c", colours("b")), pin("d", "new"), box("b", colour="red"))
        await daemon.settle()
        assert shown() == {"c": ["red"], "d": ["new"]}, "what waits keeps nothing else from its place"
        await daemon.declare(SHELF, rack(), pin("d", "new"), box("b", colour="red"))
        await daemon.settle()
        assert shown() == {"d": ["new"]}, "what waited is remembered as ours"

    racking(rack(), pin("c", colours("b")), box("b", colour="red"), body=body)


def test_what_its_giver_says_is_empty_is_left_out() -> None:
    async def body(daemon: Departing) -> None:
        assert shown() == {"both": ["x"]}
        assert sentence(daemon).startswith("Done True")

    racking(
        rack(),
        pin("both", colours("b", every=True), "x"),
        pin("only", colours("b")),
        box("b"),
        body=body,
    )


def test_a_card_that_gets_no_value_for_it_waits_alone() -> None:
    async def body(daemon: Departing) -> None:
        assert shown() == {"a": ["1"]}
        assert "cards/c is left as it is" in sentence(daemon)

    racking(rack(), pin("a", "1"), pin("c", colours("b")), box("b", colour="much-too-long"), body=body)


GRACE: dict[str, Any] = {"deletion": "delete", "grace": "1h"}


def tag(name: str, colour: str = "red", **policy: Any) -> dict[str, str]:
    return {f"{name}.yaml": manifest("Tag", name, {"colour": colour}, **policy)}


def tagged(daemon: Departing, name: str = "a") -> bool:
    """Whether the object of a tag is there."""
    return Key("default", "Tag", name) in {
        thing.mark.key for thing in WORLDS["w"].things.values() if thing.mark
    }


def test_what_is_to_be_deleted_keeps_its_card_until_it_is_gone() -> None:
    async def body(daemon: Departing) -> None:
        assert shown() == {"a": ["red"]}
        await daemon.declare(SHELF, rack())
        await daemon.settle(1800)
        assert (tagged(daemon), shown()) == (True, {"a": ["red"]}), "its grace runs"
        await daemon.declare(SHELF, rack(own=["x"]))
        await daemon.settle()
        assert shown() == {"own": ["x"], "a": ["red"]}, "nor does another version take it away"
        await daemon.settle(7200)
        assert (tagged(daemon), shown()) == (False, {"own": ["x"]})
        assert sentence(daemon).startswith("Done True")

    racking(rack(), tag("a", **GRACE), body=body)


def test_what_is_left_alone_has_no_card_any_more() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.declare(SHELF, rack(own=["x"]))
        await daemon.settle()
        assert (tagged(daemon), shown()) == (True, {"own": ["x"]})

    racking(rack(), tag("a", deletion="orphan"), body=body)


def test_whose_deletion_is_taken_back_has_no_card_any_more() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.declare(SHELF, rack(own=["x"]))
        await daemon.settle()
        assert shown() == {"own": ["x"], "a": ["red"]}
        await undelete(daemon.estate, Key("default", "Tag", "a"), "anna")
        await daemon.settle()
        assert (tagged(daemon), shown()) == (True, {"own": ["x"]})

    racking(rack(), tag("a", **GRACE), body=body)


def test_what_is_declared_takes_the_card_of_what_is_to_be_deleted() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.declare(SHELF, rack(), pin("new", "9", card="a"))
        await daemon.settle()
        assert (tagged(daemon), shown()) == (True, {"a": ["9"]})
        assert not daemon.estate.problems

    racking(rack(), tag("a", **GRACE), body=body)


def test_what_has_another_name_now_has_one_card() -> None:
    async def body(daemon: Departing) -> None:
        renamed = {
            "b.yaml": tag("b", **GRACE)["b.yaml"].replace('"name": "b"', '"name": "b", "formerly": "a"')
        }
        await daemon.declare(SHELF, rack(), renamed)
        await daemon.settle()
        assert shown() == {"b": ["red"]}

    racking(rack(), tag("a", **GRACE), body=body)
