"""`setpoint approve`: releases exactly what was asked for, once it was asked for."""

from __future__ import annotations

import json
from pathlib import Path

from tests.served import SETTINGS, Served, row
from tests.unit.cli.conftest import Ask, Say


async def test_what_is_held_goes_on_after_approval(served: Served, ask: Ask) -> None:
    served.world.things.clear()
    assert (await ask("resync", "Box/a", "--wait")).code == 3
    (hold,) = row(await served.get("/v1/status"), "Box/a")["holds"]
    assert f"setpoint approve {hold['token']}" in (await ask("status")).out
    said = await ask("approve", hold["token"])
    assert said.code == 0
    assert said.out.startswith(f"approved {hold['token']}: Box/a: Box/a was there at ")
    await served.in_sync("Box/a")
    told = json.loads((await ask("history", "-o", "json")).out)["events"]
    approved = next(event for event in told if event["kind"] == "approved")
    assert approved["sentence"] == f"approved {hold['token']}"
    assert approved["actor"] != "setpoint"


async def test_what_nobody_asked_for_cannot_be_approved(served: Served, ask: Ask) -> None:
    said = await ask("approve", "0123456789ab")
    assert (said.code, said.out) == (1, "")
    assert said.err == "setpoint: nothing waits for approval of '0123456789ab', nor of anything else\n"


def test_an_empty_token_is_one_sentence(say: Say, tmp_path: Path) -> None:
    (tmp_path / "setpoint.yaml").write_text(SETTINGS)
    said = say("approve", "", "--config", tmp_path / "setpoint.yaml")
    assert (said.code, said.out) == (1, "")
    assert said.err == "setpoint: nothing is named to be approved; setpoint status shows the token\n"


async def test_a_wrong_token_lists_what_waits(served: Served, ask: Ask) -> None:
    served.world.things.clear()
    await ask("resync", "Box/a", "--wait")
    (hold,) = row(await served.get("/v1/status"), "Box/a")["holds"]
    said = await ask("approve", "0123456789ab", "-o", "json")
    assert said.code == 1
    assert f"waiting are {hold['token']} (Box/a: " in said.err
    assert json.loads(said.out)["error"]["message"] == "nothing waits for approval of '0123456789ab'"
