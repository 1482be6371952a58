"""What is declared to be made anew by schedule is, at its moments and no other; a loss of any other kind is a person's matter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from setpoint.decide.lifecycle import LATE
from setpoint.model.errors import OutcomeUnknownError, RefusalError, SourceError, TransportError
from setpoint.model.freeze import Freeze, Scope
from setpoint.model.hold import Rule
from setpoint.model.plan import Obstacle
from setpoint.run.freezing import freeze
from setpoint.store.records import EventKind
from setpoint.store.store import Store
from setpoint.testing.clock import virtual_loop
from tests.toy import BOX, KINDS, WORLDS, World, lose_reply
from tests.unit.run.departing import AT_ONCE, DAY, HOUR, Departing, box, key, live, one_life, shelf

FIRST = 1_800_072_000.0 + 3 * DAY
"""Four o'clock of the fourth day: what is made at the beginning is three days old by then, and was not the day before."""
THIRD_DAYS = {"deletion": "delete", "lifecycle": {"rebuildEvery": "3d", "at": "04:00"}}
MADE_ANEW = ["shut", "scrap", "create"]


def sandbox(name: str = "a", spec: Mapping[str, Any] | None = None, /, **policy: Any) -> dict[str, str]:
    return box(name, spec, **{**THIRD_DAYS, **policy})


async def until(moment: float) -> None:
    await asyncio.sleep(moment - virtual_loop().wall())


def effects(world: str = "w") -> list[str]:
    return WORLDS[world].effects


def test_it_is_wiped_and_made_anew_at_its_moment_and_again_a_period_later() -> None:
    async def body(daemon: Departing) -> None:
        assert effects() == ["create", "create"]
        await until(FIRST - 1)
        assert effects() == ["create", "create"]
        await until(FIRST + 60)
        assert effects()[2:] == MADE_ANEW
        assert (daemon.status("a").outcome, daemon.names()) == ("Done", {"a", "b"})
        assert daemon.told(EventKind.STEP)[:3] == [
            "make the box",
            "scrap the box, to make it anew by schedule",
            "shut it, to make it anew by schedule",
        ]
        await until(FIRST + 3 * DAY - 1)
        assert effects()[2:] == MADE_ANEW
        await until(FIRST + 3 * DAY + 60)
        assert effects()[2:] == MADE_ANEW * 2

    one_life({**shelf(), **sandbox(), **box("b")}, body)


def test_a_moment_comes_however_seldom_it_is_looked_at() -> None:
    async def body(daemon: Departing) -> None:
        await until(FIRST + 60)
        assert effects()[1:] == MADE_ANEW

    one_life({**shelf(), **sandbox(interval="300d")}, body)


def test_it_keeps_its_number_while_another_is_made_beside_it() -> None:
    async def body(daemon: Departing) -> None:
        WORLDS["w"].fault = refuse_once("create")
        await until(FIRST - 1)
        before = dict.fromkeys(WORLDS["w"].things)
        await daemon.declare(shelf(), sandbox(), box("n"))
        await until(FIRST + HOUR)
        made = {thing.mark.key.name: number for number, thing in WORLDS["w"].things.items() if thing.mark}
        assert [made["a"]] == list(before)
        assert daemon.names() == {"a", "n"}

    one_life({**shelf(), **sandbox()}, body)


def refuse_once(verb: str, error: Exception | None = None) -> Callable[[str, str], None]:
    left = [error or TransportError("not now", scope="shelf")]

    def fault(moment: str, what: str) -> None:
        if moment == "before" and what == verb and virtual_loop().wall() >= FIRST and left:
            raise left.pop()

    return fault


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(refuse_once(verb, error), id=f"{verb}: {type(error).__name__}")
        for verb in MADE_ANEW
        for error in (TransportError("not now"), RefusalError("no"), OutcomeUnknownError("lost before"))
    ]
    + [pytest.param(lose_reply, id="every reply is lost")],
)
def test_a_fault_makes_it_later_and_nothing_else(fault: Callable[[str, str], None]) -> None:
    async def body(daemon: Departing) -> None:
        WORLDS["w"].fault = fault
        await until(FIRST + 30 * 60)
        assert effects()[1:] == MADE_ANEW
        assert daemon.status("a").outcome == "Done"
        item = daemon.store.item(key("a"))
        assert item is not None
        assert (item.age.since, item.age.begun, item.age.wiped) == (FIRST, 0.0, 0.0)
        WORLDS["w"].things.clear()
        await until(FIRST + DAY)
        assert (daemon.rules("a"), effects()[1:]) == ({Rule.RECREATE}, MADE_ANEW)

    one_life({**shelf(), **sandbox()}, body)


def test_what_is_lost_otherwise_still_needs_a_person() -> None:
    async def body(daemon: Departing) -> None:
        await until(FIRST - HOUR)
        WORLDS["w"].things.clear()
        await until(FIRST + DAY)
        assert (daemon.rules("a"), effects()) == ({Rule.RECREATE}, ["create"])

    one_life({**shelf(), **sandbox()}, body)


def test_it_is_as_old_as_the_one_that_was_made_after_a_loss() -> None:
    async def body(daemon: Departing) -> None:
        await until(FIRST - 2 * DAY)
        WORLDS["w"].things.clear()
        await asyncio.sleep(12 * HOUR)
        (hold,) = daemon.holds("a")
        await daemon.supervisor.estate.calls.call(
            daemon.store.approve, hold.token, "anna", virtual_loop().wall()
        )
        await until(FIRST + DAY)
        assert effects() == ["create"] * 2
        await until(FIRST + 3 * DAY)
        assert effects()[2:] == MADE_ANEW

    one_life({**shelf(), **sandbox()}, body)


@pytest.mark.parametrize(
    ("back", "anew"),
    [
        pytest.param(FIRST + 1, True, id="within the hour"),
        pytest.param(FIRST + LATE, False, id="after it"),
        pytest.param(FIRST + 10 * HOUR, False, id="later that day"),
    ],
)
def test_what_was_missed_waits_for_the_next_moment(back: float, *, anew: bool) -> None:
    async def made(daemon: Departing) -> None:
        assert daemon.status("a").outcome == "Done"

    async def body(daemon: Departing) -> None:
        assert effects()[1:] == (MADE_ANEW if anew else [])
        await until(FIRST + DAY + 60)
        assert effects()[1:] == MADE_ANEW

    WORLDS.clear()
    WORLDS["w"] = World("w")
    with closing(Store.in_memory()) as store:
        live(store, {**shelf(), **sandbox()}, made)
        live(store, {**shelf(), **sandbox()}, body, start=back)
    WORLDS.clear()


def test_after_the_loss_of_the_database_its_age_counts_from_the_first_look() -> None:
    async def made(daemon: Departing) -> None:
        assert daemon.status("a").outcome == "Done"

    async def body(daemon: Departing) -> None:
        await until(FIRST + 3 * DAY - 1)
        assert effects() == ["create"]
        await until(FIRST + 3 * DAY + 60)
        assert effects()[1:] == MADE_ANEW

    WORLDS.clear()
    WORLDS["w"] = World("w")
    for start, life in ((None, made), (FIRST - HOUR, body)):
        with closing(Store.in_memory()) as store:
            live(store, {**shelf(), **sandbox()}, life, start=start)
    WORLDS.clear()


def test_somebody_who_takes_it_up_again_keeps_it_until_its_next_moment() -> None:
    async def body(daemon: Departing) -> None:
        await until(FIRST - 1)
        WORLDS["w"].fault = lambda moment, verb: (_ for _ in ()).throw(RefusalError("no")) if verb == "scrap" else None  # fmt: skip
        await until(FIRST + LATE + 60)
        assert effects()[1:] == ["shut"]
        (thing,) = WORLDS["w"].things.values()
        del thing.fields["shut"]
        WORLDS["w"].fault = lambda moment, verb: None
        await until(FIRST + DAY - 1)
        assert (effects()[1:], daemon.status("a").outcome) == (["shut"], "Done")
        await until(FIRST + DAY + 60)
        assert effects()[1:] == ["shut", *MADE_ANEW]

    one_life({**shelf(), **sandbox()}, body)


def test_what_was_stopped_for_it_is_brought_to_its_end_when_that_takes_longer_than_the_hour() -> None:
    async def body(daemon: Departing) -> None:
        await until(FIRST - 1)
        WORLDS["w"].fault = lambda moment, verb: (_ for _ in ()).throw(RefusalError("no")) if verb == "scrap" else None  # fmt: skip
        await until(FIRST + LATE + 60)
        WORLDS["w"].fault = lambda moment, verb: None
        await until(FIRST + 3 * HOUR)
        assert effects()[1:] == MADE_ANEW

    one_life({**shelf(), **sandbox()}, body)


def test_without_its_lifecycle_it_stays() -> None:
    async def body(daemon: Departing) -> None:
        await until(FIRST - 10)
        await daemon.declare(shelf(), box("a"))
        await until(FIRST + 5 * DAY)
        assert effects() == ["create"]

    one_life({**shelf(), **sandbox()}, body)


@pytest.mark.parametrize(
    ("rule", "policy", "trouble"),
    [
        pytest.param(Rule.FROZEN, {}, "freeze", id="a freeze"),
        pytest.param(Rule.SOURCE, {}, "broken", id="a mistake in the declarations"),
        pytest.param(Rule.SOURCE, {}, "unread", id="declarations that cannot be read"),
        pytest.param(Rule.IMPOSSIBLE, {}, "secret", id="a secret without which it could not be made"),
    ],
)
def test_it_is_held_as_any_other_step(
    rule: Rule, policy: dict[str, Any], trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCK", "1234")

    async def body(daemon: Departing) -> None:
        await until(FIRST - 120)
        match trouble:
            case "freeze":
                order = Freeze(
                    Scope.ALL, "", "anna", "the board meets", virtual_loop().wall(), FIRST + 6 * HOUR
                )
                await freeze(daemon.estate, order)
            case "broken":
                await daemon.declare(shelf(), files, {"x.yaml": "kind: Box\n"})
            case "unread":
                daemon.source.fault = SourceError("the forge does not answer")
                await daemon.supervisor.look()
            case _:
                monkeypatch.delenv("LOCK")
        await until(FIRST + 60)
        assert (daemon.rules("a"), effects()) == ({rule}, ["create"])
        await until(FIRST + 12 * HOUR)
        assert effects() == ["create"]

    files = sandbox("a", {"colour": "red", "lock": {"env": "LOCK"}}, **policy)
    one_life({**shelf(), **files}, body)


def test_no_more_of_a_kind_are_wiped_in_a_day_than_may_be_disturbed() -> None:
    async def body(daemon: Departing) -> None:
        await until(FIRST + 2 * HOUR)
        assert effects()[6:].count("scrap") == 3
        assert len(daemon.names()) == 6

    files = {path: text for name in "abcdef" for path, text in sandbox(name).items()}
    one_life({**shelf(), **files}, body)


def test_what_does_not_bear_our_mark_is_marked_first() -> None:
    async def body(daemon: Departing) -> None:
        await until(FIRST - 10)
        (thing,) = WORLDS["w"].things.values()
        thing.mark = None
        await until(FIRST + 60)
        assert effects()[1:] == ["mark", *MADE_ANEW]

    one_life({**shelf(), **sandbox()}, body)


def test_a_removal_while_it_is_gone_makes_no_other() -> None:
    async def body(daemon: Departing) -> None:
        await until(FIRST - 10)
        WORLDS["w"].fault = refuse_once("create", RefusalError("no room"))
        await until(FIRST + 1)
        await daemon.declare(shelf(), box("b"))
        await until(FIRST + DAY)
        assert daemon.names() == {"b"}
        assert daemon.store.item(key("a")) is None

    one_life({**shelf(), **sandbox("a", **AT_ONCE)}, body)


def test_what_could_not_be_made_is_not_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    def plan(diff: Any, planning: Any) -> Any:
        steps = BOX.plan(diff, planning)
        if planning.observed is not None or virtual_loop().wall() < FIRST - 60:
            return steps
        return tuple(replace(one, obstacle=Obstacle("there is no wood", "buy some")) for one in steps)

    async def body(daemon: Departing) -> None:
        await until(FIRST + 60)
        (hold,) = daemon.holds("a")
        assert (hold.rule, hold.why) == (
            Rule.IMPOSSIBLE,
            "it is not wiped, for it could not be made anew: there is no wood",
        )
        assert effects() == ["create"]

    monkeypatch.setitem(KINDS, "Box", replace(BOX, plan=plan))
    one_life({**shelf(), **sandbox()}, body)
