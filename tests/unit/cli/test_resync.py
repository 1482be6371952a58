"""`setpoint resync`: what it means, what it answers, and by which code it ends."""

from __future__ import annotations

import json

import pytest

from tests.served import Served, box, row
from tests.unit.cli.conftest import Ask


async def test_without_wait_it_says_what_was_asked(served: Served, ask: Ask) -> None:
    said = await ask("resync", "Box/a", "Box/b")
    assert (said.code, said.out) == (
        0,
        "Box/a: asked to look again (request 1)\nBox/b: asked to look again (request 1)\n",
    )
    assert json.loads((await ask("resync", "Box/a", "-o", "json")).out) == {"requests": {"Box/a": 2}}


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (("Box/b",), ["Box/b"]),
        (("Box",), ["Box/a", "Box/b"]),
        (("-l", "tier=front"), ["Box/a"]),
        (("-l", "Box and not tier"), ["Box/b"]),
        (("--all",), ["Box/a", "Box/b", "Shelf/s"]),
        (("--all", "-n", "default"), ["Box/a", "Box/b", "Shelf/s"]),
    ],
    ids=["key", "kind", "label", "selector", "all", "all of a namespace"],
)
async def test_with_wait_it_tells_the_result_of_each(
    served: Served, ask: Ask, arguments: tuple[str, ...], keys: list[str]
) -> None:
    said = await ask("resync", *arguments, "--wait")
    assert (said.code, said.lines) == (0, [f"{key}: Done: in sync" for key in keys])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "name what to look at"),
        (("Box/a", "--all"), "name what to look at"),
        (("Box", "Box/a"), "one kind at a time"),
        (("",), "name what to look at"),
        (("-l", ""), "name what to look at"),
        (("Box/a", "-n", ""), "namespace: it is empty; write a name"),
        (("x" * 600,), "kind: it is longer than 512 characters"),
        (("Box/c",), "Box/c is not declared; did you mean Box/"),
        (("-l", "tier=back"), "no declared resource matches that"),
        (("--all", "-n", "elsewhere"), "no declared resource matches that"),
        (("--all", "--wait", "--timeout", "soon"), "'soon' is no duration"),
    ],
    ids=[
        "nothing",
        "two",
        "mixed",
        "empty",
        "empty label",
        "empty namespace",
        "long",
        "unknown",
        "label",
        "namespace",
        "timeout",
    ],
)
async def test_what_cannot_be_is_one_sentence(
    served: Served, ask: Ask, arguments: tuple[str, ...], sentence: str
) -> None:
    said = await ask("resync", *arguments)
    assert (said.code, said.out) == (1, "")
    assert sentence in said.err


async def test_it_waits_until_the_correction_is_made(served: Served, ask: Ask) -> None:
    served.fields("a")["colour"] = "green"
    said = await ask("resync", "Box/a", "--wait", "-o", "json")
    told = json.loads(said.out)
    assert said.code == 0
    assert told["requests"] == {"Box/a": 1}
    (answer,) = told["answers"]
    assert (answer["key"], answer["number"], answer["handled"]) == ("Box/a", 1, True)
    assert answer["resource"]["outcome"] == "Done"
    assert served.fields("a")["colour"] == "red"


async def test_it_ends_by_the_worst_of_all_answers(served: Served, ask: Ask) -> None:
    served.write(a=box("a", "colour: red, size: 3"))
    await served.until(lambda s: row(s, "Box/a").get("outcome") == "Held")
    held = await ask("resync", "--all", "--wait")
    assert (held.code, held.lines[0]) == (
        3, "Box/a: Held: size takes effect after a restart (restart it when it suits you)",
    )  # fmt: skip
    served.world.down = True
    failed = await ask("resync", "--all", "--wait")
    assert failed.code == 1
    assert failed.lines[1:] == [
        "Box/b: Blocked: Shelf/s cannot be looked at: shelf does not answer; plug it in",
        "Shelf/s: Failed: shelf does not answer; plug it in",
    ]


async def test_an_answer_that_does_not_come_in_time_is_told(served: Served, ask: Ask) -> None:
    served.world.slow = True
    served.write(c=box("c"))
    await served.until(lambda s: row(s, "Box/c").get("outcome") == "Wait")
    said = await ask("resync", "Box/c", "--wait", "--timeout", "1s")
    assert said.code == 2
    assert said.out == "Box/c: not answered yet\n"
    assert "setpoint: no answer for Box/c within 1s" in said.err
    served.world.finish()
    assert (await ask("resync", "Box/c", "--wait")).code == 0
