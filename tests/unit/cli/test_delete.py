"""What left the declarations, on the command line: shown, planned, kept, let go of, and released as a set."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.served import Served, box
from tests.unit.cli.conftest import Ask

DELETE = "deletion: delete"


async def leave(served: Served, *names: str, policy: str = DELETE) -> None:
    """Declare boxes that are to be deleted, wait until they are there, and remove them."""
    served.write(**{name: box(name, f"colour: {name}", policy, "tier: back") for name in names})
    await served.in_sync(*(f"Box/{name}" for name in names))
    for name in names:
        (served.folder / f"{name}.yaml").unlink()
    await served.until(lambda status: len(status["deletions"]) == len(names))


def departed(status: dict[str, Any], name: str) -> dict[str, Any]:
    return next((row for row in status["deletions"] if row["key"] == f"Box/{name}"), {})


async def waiting(served: Served, name: str) -> dict[str, Any]:
    return departed(await served.until(lambda status: departed(status, name).get("phase") == "waiting"), name)


async def test_status_shows_what_is_to_be_deleted_and_how_to_keep_it(served: Served, ask: Ask) -> None:
    await leave(served, "c")
    await waiting(served, "c")
    said = await ask("status")
    assert said.code == 2
    head = next(number for number, line in enumerate(said.lines) if line.startswith("TO BE DELETED"))
    assert said.lines[head + 1].split()[:2] == ["Box/c", "waiting"]
    assert "(to keep it: setpoint undelete Box/c)" in said.lines[head + 1]
    row = departed(json.loads((await ask("status", "-o", "json")).out), "c")
    assert row.keys() == {
        "key", "namespace", "kind", "name", "target", "phase", "leftAt", "version", "until", "sentence", "holds",
    }  # fmt: skip
    assert row["until"] is not None


async def test_undelete_prints_the_manifest_with_its_layers_and_keeps_the_object(
    served: Served, ask: Ask
) -> None:
    served.write(defaults="kind: Box\nspec: {wood: oak}\n")
    await leave(served, "c")
    await waiting(served, "c")
    said = await ask("undelete", "Box/c")
    assert said.code == 0
    assert yaml.safe_load(said.out) == {
        "kind": "Box",
        "metadata": {"name": "c", "labels": {"tier": "back"}},
        "target": "s",
        "policy": {"deletion": "delete"},
        "spec": {"colour": "c", "wood": "oak"},
    }
    assert said.err.startswith("Box/c is kept. ")
    again = await ask("undelete", "Box/c", "-o", "json")
    assert json.loads(again.out)["manifest"] == yaml.safe_load(said.out)
    status = await served.get("/v1/status")
    assert (status["deletions"], [row["key"] for row in status["released"]]) == ([], ["Box/c"])
    (served.folder / "c.yaml").write_text(said.out)
    await served.in_sync("Box/c")
    assert (await served.get("/v1/status"))["released"] == []


async def test_forget_says_what_it_does_not_do(served: Served, ask: Ask) -> None:
    await leave(served, "c")
    await waiting(served, "c")
    said = await ask("forget", "Box/c")
    assert said.code == 0
    assert said.out == (
        "Box/c is forgotten. Its object on Shelf/s was not touched and bears our mark still; a declaration of that "
        "name takes it up again.\n"
    )
    status = await served.get("/v1/status")
    assert (status["deletions"], status["released"]) == ([], [])
    assert served.fields("c")["colour"] == "c"


async def test_what_was_left_alone_can_be_forgotten_but_not_undeleted(served: Served, ask: Ask) -> None:
    (served.folder / "b.yaml").unlink()
    await served.until(lambda status: len(status["released"]) == 1)
    said = await ask("undelete", "Box/b")
    assert (said.code, said.err) == (
        1, "setpoint: Box/b is not to be deleted; it is left alone; declare it again\n",
    )  # fmt: skip
    assert json.loads((await ask("forget", "Box/b", "-o", "json")).out) == {
        "forgotten": "Box/b", "target": "Shelf/s",
    }  # fmt: skip


@pytest.mark.parametrize("verb", ["undelete", "forget"])
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Box/a", "Box/a is declared; remove its declaration first"),
        ("Box/zzz", "nothing that left the declarations is called Box/zzz; see setpoint status"),
        ("zzz", "'zzz' is no key: write Kind/name or namespace/Kind/name"),
    ],
)
async def test_what_did_not_leave_is_one_sentence(
    served: Served, ask: Ask, verb: str, name: str, why: str
) -> None:
    said = await ask(verb, name)
    assert (said.code, said.err) == (1, f"setpoint: {why}\n")


async def test_a_set_is_shown_and_released_by_the_hash_that_names_it(served: Served, ask: Ask) -> None:
    await leave(served, "c", "d", "e", "f", policy=f"{DELETE}, grace: 0s")
    said = await ask("status")
    assert said.code == 3
    line = next(line for line in said.lines if line.startswith("4 deletions of Box on Shelf/s held: "))
    token = line.rpartition(" ")[2]
    assert "4 of 6 within a day, and 3 may be" in line
    told = json.loads((await ask("approve", token, "-o", "json")).out)
    assert told == {"approved": token, "releases": "the deletion of 4 Box on Shelf/s"}
    await served.until(lambda status: served.world.effects.count("scrap") == 4)


async def test_a_plan_shows_what_would_be_deleted_and_does_nothing(
    served: Served, ask: Ask, toy_installed: None
) -> None:
    served.write(c=box("c", "colour: c", DELETE))
    await served.in_sync("Box/c")
    folder = served.folder.parent / "next"
    folder.mkdir()
    for path in served.folder.glob("*.yaml"):
        if path.name != "c.yaml":
            (folder / path.name).write_text(path.read_text())
    said = await ask("plan", "--source", str(folder))
    assert said.code == 2
    assert said.lines[2:6] == [
        "Box/c  (declared no more, formerly at c.yaml:1:1)",
        "  ~ shut it  [destroy]",
        "  ! scrap the box  [destroy]",
        "      held: it is destroyed 1d after it was stopped; to keep it: setpoint undelete Box/c  [ends by itself]",
    ]
    assert (
        "#### `Box/c`: change, declared no more"
        in (await ask("plan", "--source", str(folder), "-o", "markdown")).lines
    )
    assert served.world.effects.count("shut") == 0
    assert (await served.get("/v1/status"))["deletions"] == []
