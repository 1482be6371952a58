"""A part that is declared no more and is to go: every verb says so, with what is there now."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from setpoint_lab.rehearsal_show import event_lines
from tests.served import Served, logs_away, row, serve_toy
from tests.unit.cli import members
from tests.unit.cli.conftest import Ask

CRATE = "kind: Crate\nmetadata: {name: c}\nspec: {parts: {%s}}\n"
GONE = "parts.net1: colour red → (nothing)"


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """A daemon that is to take one of two parts out of a crate, and cannot for the moment."""
    info = tmp_path / "site" / "members-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: members\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[setpoint.systems]\ntoy = tests.unit.cli.members:SYSTEM\n")
    monkeypatch.syspath_prepend(info.parent)
    monkeypatch.setenv("SETPOINT_CONFIG", str(tmp_path / "setpoint.yaml"))
    with logs_away():
        async with serve_toy(tmp_path, members.KINDS) as daemon:
            daemon.write(c=CRATE % "net0: {colour: blue}, net1: {colour: red}")
            await daemon.in_sync("Crate/c")
            daemon.fields("c")["stuck"] = True
            daemon.write(c=CRATE % "net0: {colour: blue}")
            await daemon.until(lambda status: row(status, "Crate/c").get("outcome") == "Held")
            yield daemon


async def test_the_plan_shows_what_goes(served: Served, ask: Ask) -> None:
    said = await ask("plan", "Crate/c")
    assert said.code == 2
    assert said.lines[2:6] == [
        "Crate/c  (c.yaml:1:1)",
        "  ! the crate is stuck",
        f"      {GONE}",
        "      held: wait a while  [ends by itself]",
    ]
    assert said.lines[-1] == "0 resources to change in 0 steps, 1 waiting, 0 in sync."
    review = (await ask("plan", "Crate/c", "-o", "markdown")).lines
    assert "#### `Crate/c`: waiting" in review
    assert f"    {GONE}" in review
    (told,) = json.loads((await ask("plan", "Crate/c", "-o", "json")).out)["resources"]
    assert [change["removed"] for change in told["steps"][0]["changes"]] == [True]


async def test_drift_and_status_show_what_is_to_go(served: Served, ask: Ask) -> None:
    said = await ask("drift")
    assert said.code == 2
    assert re.fullmatch(
        r"Crate/c  parts\.net1  \(nothing\)  colour red  declared  \d+s     enforce", said.lines[1]
    )
    said = await ask("status", "Crate/c")
    assert said.code == 2
    assert "  parts.net1 differs: seen colour red, declared (nothing)" in said.lines


async def test_a_removal_that_waits_for_a_restart_says_so(served: Served, ask: Ask) -> None:
    served.fields("c").update(stuck=False, slow=True)
    held = await ask("resync", "Crate/c", "--wait")
    assert (held.code, "parts/net1" in held.out) == (3, True)
    assert (await ask("drift")).lines[1].split("  ")[3] == "colour red (until its restart)"


async def test_the_history_and_the_rehearsal_tell_what_went(served: Served, ask: Ask) -> None:
    served.fields("c")["stuck"] = False
    assert (await ask("resync", "Crate/c", "--wait")).code == 0
    assert list(served.fields("c")["parts"]) == ["net0"]
    said = await ask("history", "Crate/c")
    step = next(number for number, line in enumerate(said.lines) if "take 1 out" in line)
    assert said.lines[step + 1].strip() == GONE
    events: list[dict[str, Any]] = json.loads((await ask("history", "Crate/c", "-o", "json")).out)["events"]
    told = next(event for event in events if event["kind"] == "step" and event["changes"][0]["path"])
    lines = list(event_lines({**told, "kind": "drift"}))
    assert lines[1].strip() == "parts.net1: seen colour red, declared (nothing)"
