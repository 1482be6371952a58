"""`setpoint freeze`, `unfreeze`, `pause` and `resume` over a daemon; `status`, `plan` and `history` tell of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.served import Served, box, row
from tests.unit.cli.conftest import Ask


async def held(served: Served, key: str) -> dict[str, Any]:
    status = await served.until(lambda status: row(status, key).get("outcome") == "Held")
    return row(status, key)["holds"][0]


@pytest.mark.usefixtures("toy_installed")
async def test_everything_is_frozen_and_goes_on_after(served: Served, ask: Ask) -> None:
    said = await ask("freeze", "--why", "the fair is open")
    assert said.code == 0
    assert said.out.startswith("everything is frozen by ")
    assert said.out.endswith(": the fair is open; to end it: setpoint unfreeze\n")
    served.write(a=box("a", "colour: blue"))
    hold = await held(served, "Box/a")
    assert (hold["rule"], hold["release"], hold["releasedBy"]) == ("Frozen", "setpoint unfreeze", "operator")
    status = await ask("status")
    assert status.code == 3
    assert status.lines[0].startswith("Everything is frozen by ")
    assert "setpoint unfreeze" in status.lines[0]
    (told,) = json.loads((await ask("status", "-o", "json")).out)["freezes"]
    assert (told["scope"], told["name"], told["why"], told["until"]) == ("all", "", "the fair is open", None)
    plan = await ask("plan", "Box/a")
    assert plan.code == 3
    assert "the fair is open; setpoint unfreeze  [released by an operator]" in plan.out
    said = await ask("unfreeze")
    assert said.out.startswith("no more: everything is frozen by ")
    await served.in_sync("Box/a")
    assert served.fields("a")["colour"] == "blue"
    assert not (await ask("status")).lines[0].startswith("Everything")
    events = json.loads((await ask("history", "-o", "json")).out)["events"]
    assert [one["kind"] for one in events if one["kind"] in ("frozen", "thawed")] == ["thawed", "frozen"]


async def test_one_resource_is_paused_for_a_while(served: Served, ask: Ask) -> None:
    said = await ask("pause", "Box/a", "--why", "by hand", "--for", "2h", "-o", "json")
    told = json.loads(said.out)["freeze"]
    assert (told["scope"], told["name"], told["release"]) == ("key", "Box/a", "setpoint resume Box/a")
    left = datetime.fromisoformat(told["until"]) - datetime.now(UTC)
    assert timedelta(minutes=110) < left <= timedelta(hours=2)
    served.write(a=box("a", "colour: blue"), b=box("b", "colour: blue"))
    hold = await held(served, "Box/a")
    assert (hold["rule"], hold["passing"]) == ("Paused", True)
    await served.until(lambda status: row(status, "Box/b")["outcome"] == "Done")
    assert (await ask("status", "Box/a")).code == 2
    assert (await ask("resume", "Box/a")).code == 0
    await served.in_sync("Box/a")


@pytest.mark.parametrize(
    ("scope", "release"),
    [(("--target", "Shelf/s"), "--target Shelf/s"), (("--kind", "Box"), "--kind Box")],
    ids=["target", "kind"],
)
async def test_a_part_is_frozen_until_a_time(
    served: Served, ask: Ask, scope: tuple[str, str], release: str
) -> None:
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="minutes")
    said = await ask("freeze", *scope, "--why", "disks", "--until", until)
    assert said.out.endswith(f"to end it: setpoint unfreeze {release}\n")
    assert f"until {until[:10]} {until[11:16]} UTC" in said.out
    wrong = await ask("unfreeze")
    assert (wrong.code, wrong.out) == (1, "")
    assert wrong.err == f"setpoint: everything is not frozen; write setpoint unfreeze {release}\n"
    assert (await ask("unfreeze", *scope)).code == 0
    assert (await ask("unfreeze", *scope)).err.endswith("is not frozen; nothing is\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("freeze", "--kind", "Bx", "--why", "x"), "there is no kind 'Bx'; did you mean Box?"),
        (("freeze", "--target", "Box/a", "--why", "x"), "Box/a is not declared; see setpoint status"),
        (("freeze", "--kind", "Box", "--target", "Shelf/s", "--why", "x"), "say at most one of target, kind"),
        (("freeze", "--why", "x", "--until", "2001-01-01"), "it would have ended already; name a time"),
        (
            ("freeze", "--why", "x", "--until", "soon"),
            "--until: 'soon' is no time; write e.g. 2030-01-31T06:00",
        ),
        (
            ("freeze", "--why", "x", "--until", "2100-01-01", "--for", "1h"),
            "both --until and --for are given",
        ),
        (("freeze", "--why", ""), "why: it is empty"),
        (("freeze",), "Missing option '--why'"),
        (("pause", "Box/aa", "--why", "x"), "Box/aa is not declared; did you mean Box/a?"),
        (("resume", "Box/a"), "Box/a is not paused; nothing is"),
        (("resume", "box"), "'box' is no key"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_makes_no_sense_is_one_sentence(
    served: Served, ask: Ask, words: tuple[str, ...], sentence: str
) -> None:
    said = await ask(*words)
    assert (said.code, said.out) == (1, "")
    assert said.err.lower().startswith(f"setpoint: {sentence}".lower())
    assert said.err.count("\n") == 1
    assert (await served.get("/v1/status"))["freezes"] == []


async def test_what_is_frozen_is_told_without_a_daemon(served: Served, ask: Ask) -> None:
    await ask("freeze", "--why", "the fair is open")
    served.stop.set()
    (served.folder.parent / "setpoint.sock").unlink()
    said = await ask("status")
    assert said.code == 1
    assert said.lines[0].startswith("Everything is frozen by ")
