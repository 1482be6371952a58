"""Orders over the socket: taken, carried out, told of, and written down."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from setpoint.cli.client import RefusedError
from tests.served import Served


async def told_of(served: Served, key: str) -> list[dict[str, Any]]:
    """The history of a resource, newest first."""
    events: list[dict[str, Any]] = (await served.get("/v1/history", key=key, limit=50))["events"]
    return events


async def carried_out(served: Served, body: dict[str, Any]) -> dict[str, Any]:
    """How the members of an order ended, by their key."""
    told = await served.post("/v1/order", body)
    async with asyncio.timeout(20):
        while True:
            order = await served.get("/v1/order", id=told["id"])
            if all(member["ended"] for member in order["members"]):
                return {member["key"]: member["resource"] for member in order["members"]}
            await asyncio.sleep(0.02)


async def test_an_order_is_carried_out_and_stands_in_the_history(served: Served) -> None:
    await served.in_sync("Box/a", "Box/b")
    ended = await carried_out(served, {"selector": "tier=front", "changes": {"/colour": "blue"}})
    assert {key: row["outcome"] for key, row in ended.items()} == {"Box/a": "Done"}
    async with asyncio.timeout(20):
        while len(steps := [one for one in await told_of(served, "Box/a") if one["kind"] == "step"]) < 3:
            await asyncio.sleep(0.02)
    assert [one["sentence"] for one in steps] == ["set colour", "set colour", "make the box"]
    assert served.fields("a")["colour"] == "red"
    events = await told_of(served, "Box/a")
    (event,) = [event for event in events if event["kind"] == "ordered"]
    assert event["sentence"] == "ordered now, for this time with colour: blue"


async def test_an_order_is_shown_while_it_is_not_done(served: Served) -> None:
    await served.in_sync("Box/a", "Box/b")
    seen = asyncio.Event()

    async def wait(_scopes: tuple[str, ...]) -> None:
        await seen.wait()

    served.world.trouble = wait
    await served.post("/v1/order", {"keys": ["Box/a"], "changes": {"/colour": "blue"}, "atOnce": True})
    told = {row["key"]: row["order"] for row in (await served.get("/v1/status"))["resources"]}
    said = "ordered now, for this time with colour: blue, without waiting for windows and turns, by "
    assert told.pop("Box/a").startswith(said)
    assert set(told.values()) == {None}
    seen.set()
    await served.until(lambda told: all(row["order"] is None for row in told["resources"]))


async def test_a_plain_order_is_a_look_and_no_more(served: Served) -> None:
    await served.in_sync("Box/a", "Box/b")
    served.fields("a")["colour"] = "green"
    ended = await carried_out(served, {"kind": "Box"})
    assert {row["outcome"] for row in ended.values()} == {"Done"}
    assert served.fields("a")["colour"] == "red"
    events = (await served.get("/v1/history", limit=50))["events"]
    assert not [event for event in events if event["kind"] == "ordered"]


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"keys": ["Box/aa"]}, 404, "Box/aa is not declared"),
        ({"keys": ["Box/a"], "changes": {"/wood": "oak"}}, 404, "wood of Box/a cannot be set for one time"),
        ({"keys": ["Box/a"], "changes": {"/size": 0}}, 404, "Box/a cannot be with size: 0"),
        ({"keys": ["Box/a"], "seconds": 1e9}, 400, "seconds: "),
    ],
    ids=["unknown", "not for one time", "does not fit", "too long"],
)
async def test_an_order_that_makes_no_sense_is_refused(
    served: Served, body: dict[str, Any], status: int, sentence: str
) -> None:
    await served.in_sync("Box/a")
    with pytest.raises(RefusedError) as error:
        await served.post("/v1/order", body)
    assert error.value.status == status
    assert error.value.message.startswith(sentence)
    assert served.fields("a") == {"colour": "red"}


async def test_an_order_that_nobody_gave_is_not_known(served: Served) -> None:
    with pytest.raises(RefusedError, match="knows nothing of that order") as error:
        await served.get("/v1/order", id="none")
    assert error.value.status == 404
