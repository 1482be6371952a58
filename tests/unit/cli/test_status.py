"""`setpoint status`: the table, the document, and the exit code of every situation."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from setpoint.cli.staleness import stale
from setpoint.model.key import Key
from setpoint.store.store import Store
from setpoint.surface.remembered import remembered_status
from tests.served import Served, box, row
from tests.unit.cli.conftest import Ask, Say

ROW_FIELDS = {
    "key", "namespace", "kind", "name", "target", "origin", "drift", "labels", "retained", "lingering", "outcome", "ready",
    "reason", "sentence", "since", "lookedAt", "inSyncAt", "driftSince", "rebuildAt", "known", "attempts", "version",
    "conditions", "changes", "holds", "detail", "outputs", "notes",
    "renewedAt", "measured", "order",
}  # fmt: skip
FIELDS = {
    "estate", "phase", "pid", "source", "problems", "waiting", "retained", "resources", "released", "lanes",
    "freezes", "declared", "deletions", "heldSets", "inventories", "conflicts",
}  # fmt: skip


async def test_the_table_says_how_everything_is(served: Served, ask: Ask) -> None:
    said = await ask("status")
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(
        r"Estate home, directory: [0-9a-f]{12} is in force, looked at \d+s ago", said.lines[0]
    )
    assert said.lines[1:3] == ["", "KEY      READY  OUTCOME  SINCE  WHAT"]
    assert [line.split()[0] for line in said.lines[3:]] == ["Box/a", "Box/b", "Shelf/s"]
    assert re.fullmatch(r"Box/a    True   Done     \d+s     in sync", said.lines[3])


async def test_a_large_estate_lists_what_is_not_in_sync_and_counts_the_rest(
    served: Served, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("setpoint.surface.rows.LISTED", 2)
    assert (await ask("status")).lines[1:] == ["", "3 resources in sync; setpoint status --all lists them."]

    (served.folder / "b.yaml").write_text(box("b", "colour: blue", policy="manage: observe"))
    await served.until(lambda told: row(told, "Box/b")["outcome"] == "Held")
    said = await ask("status")
    assert [line.split()[0] for line in said.lines[3:4]] == ["Box/b"]
    assert said.lines[4:] == ["", "2 resources in sync; setpoint status --all lists them."]
    assert said.code == 2

    for arguments in (("--all",), ("Box", "Shelf"), ("-n", "default")):
        lines = (await ask("status", *arguments)).lines
        assert [line.split()[0] for line in lines[3:]] == ["Box/a", "Box/b", "Shelf/s"], arguments
    told = json.loads((await ask("status", "-o", "json")).out)
    assert (told["declared"], len(told["resources"])) == (3, 3)


async def test_the_document_has_stable_fields(served: Served, ask: Ask) -> None:
    told = json.loads((await ask("status", "-o", "json")).out)
    assert told.keys() == FIELDS
    assert told["source"].keys() == {"name", "version", "good", "sentence", "lookedAt", "token", "notes"}
    assert {frozenset(one) for one in told["resources"]} == {frozenset(ROW_FIELDS)}
    condition = told["resources"][0]["conditions"][0]
    assert condition.keys() == {"type", "status", "reason", "message", "since", "observedGeneration"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["resources"][0]["since"])


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (("Box",), ["Box/a", "Box/b"]),
        (("Box/b", "Shelf"), ["Box/b", "Shelf/s"]),
        (("-l", "tier=front or Shelf"), ["Box/a", "Shelf/s"]),
        (("Box", "-l", "not tier"), ["Box/b"]),
        (("-n", "default"), ["Box/a", "Box/b", "Shelf/s"]),
    ],
    ids=["kind", "key and kind", "a selector", "a kind and a selector", "namespace"],
)
async def test_it_shows_what_is_named(
    served: Served, ask: Ask, arguments: tuple[str, ...], keys: list[str]
) -> None:
    told = json.loads((await ask("status", *arguments, "-o", "json")).out)
    assert [one["key"] for one in told["resources"]] == keys


@pytest.mark.parametrize("verb", ["status", "drift"])
async def test_a_namespace_that_is_not_there_is_not_in_sync(served: Served, ask: Ask, verb: str) -> None:
    said = await ask(verb, "-n", "elsewhere")
    assert (said.code, said.out) == (1, "")
    assert said.err == "setpoint: nothing is declared in the namespace 'elsewhere'; there are default\n"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Box/aa", "did you mean Box/a?"),
        ("Boxx", "did you mean Box?"),
        ("a", "did you mean Box/a?"),
        ("zzz", "see"),
    ],
)
async def test_a_name_that_is_not_there_is_an_error_with_the_next_one(
    served: Served, ask: Ask, name: str, remedy: str
) -> None:
    said = await ask("status", name)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"setpoint: nothing declared is called '{name}'; {remedy}")


def lost(served: Served) -> None:
    served.world.things.clear()


def dead(served: Served) -> None:
    served.world.down = True


def dented(served: Served) -> None:
    served.fields("a")["dented"] = True


def drifted(served: Served) -> None:
    served.fields("b")["colour"] = "green"


def broken(served: Served) -> None:
    served.write(a="kind: Box\nmetadata: {name: a}\nspec: {colour: [\n")


@pytest.mark.parametrize(
    ("happens", "code", "sentence"),
    [
        (lost, 3, "was there at"),
        (dead, 1, "shelf does not answer; plug it in"),
        (dented, 1, "the box is dented"),
        (drifted, 2, "colour differs and policy.drift is warn"),
        (broken, 1, "1 mistake in the declarations:\n  a.yaml:"),
    ],
    ids=["lost", "dead target", "unhealthy", "drift only reported", "broken manifest"],
)
async def test_the_exit_code_tells_how_it_is(
    served: Served, ask: Ask, happens: Callable[[Served], None], code: int, sentence: str
) -> None:
    served.write(b=box("b", "colour: red", policy="drift: warn"))
    await served.until(lambda s: row(s, "Box/b")["drift"] == "warn" and row(s, "Box/b")["ready"] == "True")
    happens(served)
    await ask("resync", "--all", "--wait")
    served.supervisor.source.poke()
    await served.until(lambda s: bool(s["problems"]) is (happens is broken))
    said = await ask("status")
    assert sentence in said.out
    assert said.code == code


async def test_what_waits_for_a_target_in_trouble_leaves_the_telling_to_the_target(
    served: Served, ask: Ask
) -> None:
    served.world.down = True
    await ask("resync", "--all", "--wait")
    await served.until(lambda s: row(s, "Box/a")["outcome"] == row(s, "Box/b")["outcome"] == "Blocked")
    lines = (await ask("status")).lines
    assert [line.rpartition("  ")[2] for line in lines if line.startswith("Box/")] == [
        "waits for Shelf/s"
    ] * 2
    assert sum("does not answer" in line for line in lines) == 1
    assert "does not answer" in (await ask("status", "Box/a")).lines[3], "alone it tells itself"


async def test_the_details_of_one_tell_what_is_known_and_nothing_twice(served: Served, ask: Ask) -> None:
    served.fields("a")["dented"] = True
    await ask("resync", "Box/a", "--wait")
    lines = (await ask("status", "Box/a")).lines[5:]
    assert not [line for line in lines if line.endswith((": null", ": []", ": {}"))]
    messages = [line.partition("): ")[2] for line in lines if "): " in line]
    assert len(messages) == len(set(messages)), "a sentence that several conditions share is told once"


async def test_the_arithmetic_behind_what_is_in_force_is_told(served: Served, ask: Ask) -> None:
    served.write(a=box("a", "part: 25"))
    await served.until(lambda told: row(told, "Box/a")["notes"] == {"/size": "25% of 100 = 25"})
    assert "  size: 25% of 100 = 25" in (await ask("status", "Box/a")).lines
    # A size takes effect after a restart.
    lines = (await ask("history", "Box/a")).out
    assert "size: (nothing) → 25 (25% of 100 = 25)" in lines


async def test_a_changed_declaration_is_pending_until_it_was_looked_at(served: Served, ask: Ask) -> None:
    key = next(key for key in served.supervisor.estate.resources if str(key) == "Box/a")
    resource = served.supervisor.estate.resources[key]
    served.supervisor.estate.resources[key] = replace(resource, spec_hash="another")
    said = await ask("status", "Box/a")
    assert said.code == 2
    assert "Pending" in said.lines[3]
    assert "its declaration is new and not looked at yet" in said.lines[3]


async def test_released_objects_are_listed_below_and_are_no_fault(served: Served, ask: Ask) -> None:
    (served.folder / "b.yaml").unlink()
    await served.until(lambda s: bool(s["released"]))
    said = await ask("status")
    assert said.code == 0
    assert "Left the declarations and left alone:" in said.out
    assert re.search(r"^  Box/b  id \d+.* on Shelf/s, seen \d+s ago$", said.out, re.MULTILINE)


async def test_what_waits_for_a_broken_one_is_told(served: Served, ask: Ask) -> None:
    served.write(shelf="kind: Shelf\nmetadata: {name: s}\nspec: {wrold: w}\n", c=box("c"))
    await served.until(lambda s: bool(s["waiting"]))
    said = await ask("status")
    assert said.code == 1
    assert "  Box/c waits: c.yaml:1:1: " in said.out


def test_without_a_daemon_it_shows_what_was_remembered(tmp_path: Path, say: Say) -> None:
    (tmp_path / "setpoint.yaml").write_text("estate: home\nsource: {directory: {path: estate}}\nstate: .\n")
    said = say("status", "--config", tmp_path / "setpoint.yaml")
    assert (said.code, said.out) == (1, "")
    assert "start the daemon" in said.err
    assert len(said.err.splitlines()) == 1
    Store.open(tmp_path / "setpoint.db").close()
    said = say("status", "--config", tmp_path / "setpoint.yaml")
    assert said.code == 1
    assert said.lines == ["Estate home (stopped), directory: never looked at"]
    assert said.err.rstrip().endswith(
        "start the daemon: systemctl start setpoint, or setpoint run; shown is what it remembered"
    )


async def test_what_is_remembered_has_the_form_of_what_is_told(served: Served, ask: Ask) -> None:
    told = json.loads((await ask("status", "-o", "json")).out)
    store = Store.copy_in_memory(served.client.path.parent / "setpoint.db")
    assert store is not None
    remembered = remembered_status(store, "home", "directory", None)
    store.close()
    assert remembered.keys() == told.keys()
    assert remembered["resources"] == told["resources"]


async def test_watching_shows_changes_until_interrupted(served: Served, tmp_path: Path) -> None:
    shown = tmp_path / "out"
    with shown.open("w") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "setpoint", "status", "--watch", stdout=out, stderr=out
        )
    await served.until(lambda _: "Box/b" in shown.read_text())
    served.write(c=box("c"))
    await served.until(lambda _: "Box/c" in shown.read_text())
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 0


def test_status_imports_no_server_no_system_and_no_target() -> None:
    code = (
        "import sys; from setpoint.cli.main import run; run(['status', '--config', '/not/there']);"
        "print(sorted({'aiohttp', 'proxmoxer', 'requests', 'sqlite3', 'setpoint_proxmox', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_memory_that_cannot_be_reached_either_is_one_sentence(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "setpoint.yaml"
    settings.write_text(
        f"estate: home\nsource: {{directory: {{path: {tmp_path}}}}}\nstate: {tmp_path}/{'s' * 300}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("SETPOINT_CONFIG", str(settings))
    said = say("status")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("setpoint: the daemon's socket ")


async def test_what_was_not_seen_in_sync_for_long_is_told_and_ends_by_a_code_of_its_own(
    served: Served, ask: Ask
) -> None:
    said = await ask("status", "--max-age", "14d", "--exit-code")
    assert (said.code, [line for line in said.lines if line.startswith("Box/")]) == (0, [])

    estate = served.supervisor.estate
    (served.folder / "b.yaml").write_text(box("b", "colour: blue", policy="manage: observe"))
    await served.until(lambda told: row(told, "Box/b")["outcome"] == "Held")
    assert (await ask("status", "--max-age", "14d", "--exit-code")).code == 0
    assert (await ask("status", "Box/b")).code == 2

    held = estate.store.status(Key("default", "Box", "b"))
    assert held is not None
    assert held.in_sync_at is not None
    estate.store.save_status(replace(held, in_sync_at=held.in_sync_at - 15 * 86_400))
    said = await ask("status", "--max-age", "14d", "--exit-code", "-o", "json")
    assert said.code == 2
    assert [one["key"] for one in json.loads(said.out)["resources"]] == ["Box/b"]
    assert (await ask("status", "--max-age", "16d", "--exit-code")).code == 0
    assert (await ask("status", "Box/a", "--max-age", "14d", "--exit-code")).code == 0


async def test_what_was_brought_into_force_long_ago_is_told_although_it_is_in_sync(
    served: Served, ask: Ask
) -> None:
    served.fields("a")["painted"] = datetime.now(UTC).timestamp() - 15 * 86_400
    assert (await ask("resync", "--all", "--wait")).code == 0
    said = await ask("status", "--max-age", "14d", "--exit-code", "-o", "json")
    (stale_one,) = json.loads(said.out)["resources"]
    assert (said.code, stale_one["key"], stale_one["outcome"]) == (2, "Box/a", "Done")
    served.world.down = True
    await ask("resync", "Box/a", "--wait")
    said = await ask("status", "--max-age", "14d", "--exit-code", "-o", "json")
    assert [one["key"] for one in json.loads(said.out)["resources"]] == ["Box/a"]
    served.world.down = False
    assert (await ask("status", "--max-age", "16d", "--exit-code")).code == 0


async def test_an_exit_code_by_age_needs_an_age(served: Served, ask: Ask) -> None:
    said = await ask("status", "--exit-code")
    assert said.code == 1
    assert "--exit-code needs --max-age" in said.err


@pytest.mark.parametrize(
    ("seen", "fresh"),
    [("2026-01-01T00:00:00Z", True), ("2025-12-31T23:59:59Z", False), (None, False)],
    ids=["just as long ago", "longer ago", "never"],
)
def test_a_resource_is_stale_once_it_was_last_seen_in_sync_longer_ago(seen: str | None, fresh: bool) -> None:  # noqa: FBT001  # a column of the table
    now = datetime.fromisoformat("2026-01-15T00:00:00Z")
    rows = [{"inSyncAt": seen}]
    assert stale(rows, timedelta(days=14), now) == ([] if fresh else rows)
