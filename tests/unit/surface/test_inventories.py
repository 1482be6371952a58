"""What `status` tells of inventories, of a daemon that runs and of one that does not."""

from __future__ import annotations

import asyncio
import re
from contextlib import closing
from typing import Any

import pytest

from setpoint.cli.overview import source_lines
from setpoint.model.conflict import Conflict
from setpoint.model.errors import SourceError
from setpoint.model.inventory import DoubtError
from setpoint.model.origin import Origin
from setpoint.store.store import Store
from setpoint.surface.answers import Answers
from setpoint.surface.bodies import ApproveBody, ResyncBody, StatusQuery
from setpoint.surface.remembered import remembered_status
from tests.toy import WORLDS, World
from tests.toy_inventory import Register
from tests.unit.run.departing import box, key, shelf
from tests.unit.run.registers import NAME, Registered, card, life, lives

DOWN = SourceError("it does not answer", remedy="plug it in")
CONFLICT = Conflict(
    "/colour",
    "red",
    Origin("a.yaml", 3, 5),
    "blue",
    Origin("@register/a.yaml", 8, 3),
    "register cards/8: paint blau",
)
DOUBT = DoubtError("half of it is gone", remedy="setpoint approve 4711", token="4711")


async def told(daemon: Registered) -> dict[str, Any]:
    return await Answers(daemon.supervisor).status(StatusQuery())


def lines(status: dict[str, Any]) -> list[str]:
    """Without what tells the time."""
    return [re.sub(r"\d+[a-z]+ ago", "lately", line) for line in source_lines(status)][1:]


def test_each_is_told_with_its_version_how_it_was_read_and_what_it_left_out() -> None:
    async def body(daemon: Registered) -> None:
        status = await told(daemon)
        (one,) = status["inventories"]
        assert {**one, "lookedAt": "", "readAt": ""} == {
            "name": "register", "version": "1", "good": True, "sentence": "what it holds was read",
            "lookedAt": "", "readAt": "", "sheets": 2, "token": "", "notes": ["1 card is blank"],
            "untold": 0, "untoldWhy": "",
        }  # fmt: skip
        assert (status["source"]["version"], status["conflicts"]) == (daemon.estate.version, [])
        assert lines(status) == [
            "Inventory register 1: what it holds was read, 2 declarations, read lately",
            "Note: register: 1 card is blank",
        ]

    lives(shelf(), Register(cards={"x": card("x"), "blank": card("y")}), body)


def test_one_that_does_not_take_in_how_things_stand_is_told_with_why() -> None:
    async def body(daemon: Registered) -> None:
        daemon.book.deaf = DOWN
        await daemon.write(x=card("x", {"colour": "blue"}))
        (_, line) = lines(await told(daemon))
        assert line == "register was not told how things stand (1 resource): it does not answer; plug it in"
        daemon.book.deaf = None
        await asyncio.sleep(60)
        assert len(lines(await told(daemon))) == 1

    lives(shelf(), Register(cards={"x": card("x")}), body)


def test_one_that_is_down_is_told_with_why_and_what_counts_meanwhile() -> None:
    async def body(daemon: Registered) -> None:
        daemon.book.fail(DOWN)
        await asyncio.sleep(60)
        assert lines(await told(daemon)) == [
            "Inventory register 1: it does not answer; plug it in, 1 declaration, read lately"
        ]

    lives(shelf(), Register(cards={"x": card("x")}), body)


def test_one_that_was_never_read_is_told_so() -> None:
    async def body(daemon: Registered) -> None:
        (line,) = lines(await told(daemon))
        assert line == "Inventory register: it does not answer; plug it in, 0 declarations, never read"

    lives(shelf(), Register(cards={"x": card("x")}, fault=DOWN), body)


def test_what_it_says_otherwise_than_a_manifest_is_told_with_both_values_and_places() -> None:
    async def body(daemon: Registered) -> None:
        daemon.estate.conflicts = {key(f"b{number:02}"): (CONFLICT,) for number in range(12)}
        status = await told(daemon)
        assert {**status["conflicts"][0], "text": ""} == {
            "key": "Box/b00", "path": "/colour", "inventory": "register", "value": "red", "origin": "a.yaml:3:5",
            "sheetValue": "blue", "sheetOrigin": "@register/a.yaml:8:3", "remark": "register cards/8: paint blau", "text": "",
        }  # fmt: skip
        found = lines(status)
        assert found[1] == "12 fields that an inventory gives otherwise than a manifest:"
        assert found[2] == (
            "  Box/b00: colour: a.yaml:3:5 says red, which counts, and register says blue (register cards/8: paint blau); correct one of "
            "both, or leave it out of policy.take.register"
        )
        assert found[-1] == "  and 2 more fields, which -o json shows"
        assert (await Answers(daemon.supervisor).status(StatusQuery(key="Box/x")))["conflicts"] == []

    lives(shelf(), Register(cards={"x": card("x")}), body)


def test_without_a_daemon_it_is_told_what_was_in_force() -> None:
    WORLDS["w"] = World()

    async def nothing(_: Registered) -> None:
        pass

    with closing(Store.in_memory()) as store:
        life(store, shelf(), {NAME: Register(cards={"x": card("x")})}, nothing)
        status = remembered_status(store, "home", "memory", None)
    assert lines(status) == [
        "Inventory register 1: what was read then was in force when the daemon stopped, read lately"
    ]


def test_what_one_doubts_is_released_by_its_token() -> None:
    async def body(daemon: Registered) -> None:
        daemon.book.fail(DOUBT)
        await asyncio.sleep(60)
        answer = await Answers(daemon.supervisor).approve(ApproveBody(token="4711"), "anna")
        assert answer == {"approved": "4711", "releases": str(DOUBT)}
        assert daemon.book.afresh == 1

    lives(shelf(), Register(cards={"x": card("x")}), body)


@pytest.mark.parametrize(
    ("body", "afresh"),
    [
        (ResyncBody(everything=True), 1),
        (ResyncBody(everything=True, namespaced=True), 0),
        (ResyncBody(kind="Box"), 0),
    ],
    ids=["everything", "a namespace", "a kind"],
)
def test_who_asks_for_a_look_at_everything_has_inventories_read_afresh(body: ResyncBody, afresh: int) -> None:
    async def ask(daemon: Registered) -> None:
        await Answers(daemon.supervisor).resync(body, "anna")
        assert daemon.book.afresh == afresh

    lives({**shelf(), **box("a")}, Register(cards={"x": card("x")}), ask)
