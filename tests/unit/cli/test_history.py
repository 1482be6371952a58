"""`setpoint history`: what happened, to what, and who caused it."""

from __future__ import annotations

import json
import re

from tests.served import Served
from tests.unit.cli.conftest import Ask

FIELDS = {"at", "key", "kind", "sentence", "version", "actor", "reconcileId", "changes"}


async def test_it_tells_newest_first_with_the_values_that_changed(served: Served, ask: Ask) -> None:
    served.fields("a")["colour"] = "green"
    await ask("resync", "Box/a", "--wait")
    said = await ask("history", "Box/a")
    assert said.code == 0
    assert re.fullmatch(r"WHEN +KEY +EVENT +BY +WHAT", said.lines[0])
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  Box/a  outcome +setpoint  Done: in sync", said.lines[1])
    kinds = [line.split()[3] for line in said.lines[1:] if line.startswith("2")]
    assert kinds[:4] == ["outcome", "step", "drift", "resync"]
    assert "colour: green → red" in said.out


async def test_the_document_has_stable_fields_and_a_limit(served: Served, ask: Ask) -> None:
    told = json.loads((await ask("history", "--limit", "2", "-o", "json")).out)
    assert len(told["events"]) == 2
    assert {frozenset(event) for event in told["events"]} == {frozenset(FIELDS)}


async def test_of_what_never_was_it_names_the_nearest(served: Served, ask: Ask) -> None:
    said = await ask("history", "Box/aa")
    assert (said.code, said.out) == (1, "")
    assert said.err == "setpoint: nothing was ever known of Box/aa; did you mean Box/a?\n"


async def test_of_what_is_gone_it_still_tells(served: Served, ask: Ask) -> None:
    (served.folder / "b.yaml").unlink()
    await served.until(lambda status: any(one["key"] == "Box/b" for one in status["released"]))
    said = await ask("history", "Box/b")
    assert (said.code, "declared by" in said.out) == (0, True)


async def test_of_what_waits_for_another_declaration_nothing_is_remembered(served: Served, ask: Ask) -> None:
    served.write(
        w="kind: Box\nmetadata: {name: w}\ntarget: t\n", t="kind: Shelf\nmetadata: {name: t}\nspec: {x: 1}\n"
    )
    await served.until(lambda status: any(one["key"] == "Box/w" for one in status["waiting"]))
    said = await ask("history", "Box/w")
    assert (said.code, said.out) == (0, "Nothing is remembered.\n")


async def test_no_key_is_one_sentence(served: Served, ask: Ask) -> None:
    said = await ask("history", "boxes")
    assert said.code == 1
    assert "'boxes' is no key" in said.err
