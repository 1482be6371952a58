"""Orders over the socket: taken, carried out, told of, and written down."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from setpoint.cli.client import RefusedError
from tests.served import Served


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
    await served.until(lambda _: served.fields("a")["colour"] == "red")
    events = (await served.get("/v1/history", key="Box/a", limit=50))["events"]
    (event,) = [event for event in events if event["kind"] == "ordered"]
    assert event["sentence"] == "ordered now, for this time with colour: blue"
    assert [e["sentence"] for e in events if e["kind"] == "step"][:2] == ["set colour", "set colour"]


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
