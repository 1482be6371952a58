"""`setpoint plan`: what would be done, told in three forms, and nothing written anywhere."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.served import SETTINGS, SHELF, box
from tests.toy import WORLDS, World
from tests.unit.cli.conftest import Said, Say

FIELDS = {
    "estate", "version", "memory", "problems", "waiting", "notes", "conflicts", "resources", "released", "summary",
}  # fmt: skip
ROW_FIELDS = {
    "key", "namespace", "kind", "name", "target", "origin", "retained", "departed", "verdict", "sentence", "steps", "holds",
    "changes", "notes", "underWay",
}  # fmt: skip


class Estate:
    """Declarations, settings and a shelf, driven by the command line alone."""

    def __init__(self, root: Path, say: Say) -> None:
        self.root, self._say = root, say
        self.folder = root / "estate"
        self.folder.mkdir()
        self.world = WORLDS["w"] = World()
        self.settings(SETTINGS)
        self.write(shelf=SHELF)

    def settings(self, text: str) -> None:
        (self.root / "setpoint.yaml").write_text(text)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name}.yaml").write_text(text)

    def say(self, *arguments: str) -> Said:
        return self._say(*arguments, "--config", self.root / "setpoint.yaml")

    def told(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.say(*arguments, "-o", "json").out)
        return found

    def everything(self) -> dict[str, bytes]:
        state = {str(path): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}
        return {**state, "world": repr((self.world.things, self.world.effects)).encode()}


@pytest.fixture
def estate(tmp_path: Path, say: Say, toy_installed: None) -> Iterator[Estate]:
    yield Estate(tmp_path, say)
    WORLDS.clear()


def test_a_first_plan_shows_what_would_be_made_and_says_that_nothing_is_remembered(estate: Estate) -> None:
    estate.write(a=box("a", "colour: red"))
    before = estate.everything()
    said = estate.say("plan")
    assert said.code == 2
    assert said.lines[0].endswith(
        "(without memory: nothing is remembered yet, so every difference counts as made by hand)"
    )
    assert said.lines[1:] == [
        "",
        "Box/a  (a.yaml:1:1)",
        "  ~ make the box",
        "      colour: red",
        "",
        "1 resource to change in 1 step, 1 in sync.",
    ]
    assert estate.everything() == before


def test_a_selector_says_of_what_the_plan_is(estate: Estate) -> None:
    estate.write(a=box("a", labels="tier: front"), b=box("b", labels="tier: back"))
    assert [one["key"] for one in estate.told("plan", "-l", "tier=f* or Shelf")["resources"]] == [
        "Shelf/s",
        "Box/a",
    ]
    assert [
        one["key"] for one in estate.told("plan", "Box/a", "Box/b", "-l", "not tier=back")["resources"]
    ] == ["Box/a"]
    said = estate.say("plan", "-l", "tier=middle")
    assert (said.code, said.err) == (1, "setpoint: nothing of it is meant by 'tier=middle'\n")
    assert "nothing is called 'tear'" in estate.say("plan", "-l", "tear").err


def test_after_it_was_applied_the_plan_is_empty(estate: Estate) -> None:
    estate.write(a=box("a", "colour: red"))
    assert estate.say("apply").code == 0
    before = estate.everything()
    said = estate.say("plan")
    assert (said.code, said.lines[1:]) == (0, ["", "0 resources to change in 0 steps, 2 in sync."])
    assert estate.everything() == before


def test_a_change_shows_both_values_its_disruption_and_what_holds_it(estate: Estate) -> None:
    estate.write(a=box("a", "colour: red, size: 1"))
    estate.say("apply")
    estate.write(a=box("a", "colour: blue, size: 2"))
    next(iter(estate.world.things.values())).pending["size"] = 2
    said = estate.say("plan")
    assert said.code == 2
    assert said.lines[2:8] == [
        "Box/a  (a.yaml:1:1)",
        "  ~ set colour  [hot]",
        "      colour: red → blue",
        "  ! restart the box  [restart]",
        "      size: 1 (until its restart) → 2",
        "      held: size takes effect after a restart; restart it when it suits you  [released by hand]",
    ]


@pytest.mark.parametrize(
    ("spec", "policy", "code", "verdict", "sentence"),
    [
        ("colour: red, size: 2", "", 3, "held", "held: size takes effect after a restart"),
        ("colour: red, wood: oak", "", 3, "held", "held: wood can only be chosen at creation"),
        ("colour: green", "drift: warn", 2, "held", "held: colour differs and policy.drift is warn"),
        ("colour: red", "", 0, "inSync", "0 resources to change"),
    ],
    ids=["needs a restart", "create only", "drift only reported", "in sync"],
)
def test_the_exit_code_tells_what_there_is_to_do(
    estate: Estate, spec: str, policy: str, code: int, verdict: str, sentence: str
) -> None:
    estate.write(
        a=box("a", spec.replace("green", "red").replace("oak", "pine").replace("size: 2", "size: 1"), policy)
    )
    estate.say("apply")
    estate.write(a=box("a", spec.replace("green", "red"), policy))
    thing = next(iter(estate.world.things.values()))
    if "size" in spec:
        thing.pending["size"] = 2
    if "green" in spec:
        thing.fields["colour"] = "green"
    said = estate.say("plan")
    assert (said.code, sentence in said.out) == (code, True)
    (row,) = estate.told("plan", "Box/a")["resources"]
    assert row["verdict"] == verdict


def test_a_dead_target_is_an_error(estate: Estate) -> None:
    estate.world.down = True
    said = estate.say("plan")
    assert said.code == 1
    assert "failed: shelf does not answer; plug it in" in said.out


def test_mistakes_are_told_and_neighbours_planned(estate: Estate) -> None:
    estate.write(a=box("a", "colour: red"), b="kind: Box\nmetadata: {name: b}\nspec: {coluor: red}\n")
    said = estate.say("plan")
    assert said.code == 1
    assert "b.yaml:3:8: spec.coluor: " in said.out
    assert "~ make the box" in said.out


def test_the_documents_have_stable_fields(estate: Estate) -> None:
    estate.write(a=box("a", "colour: red"))
    told = estate.told("plan")
    assert told.keys() == FIELDS
    assert {frozenset(row) for row in told["resources"]} == {frozenset(ROW_FIELDS)}
    steps = [step for row in told["resources"] for step in row["steps"]]
    assert {frozenset(step) for step in steps} == {
        frozenset({"verb", "summary", "disruption", "changes", "details", "holds"})
    }
    assert told["summary"] == {
        "change": 1, "held": 0, "failed": 0, "waiting": 0, "inSync": 1, "reported": 0, "steps": 1,
    }  # fmt: skip


def test_effective_shows_every_value_with_its_origin(estate: Estate) -> None:
    estate.write(defaults="kind: Box\nspec: {wood: oak, labels: [x]}\n", a=box("a", "colour: red"))
    rows = estate.told("plan", "Box/a", "--effective")["resources"][0]["effective"]
    origins = {row["path"]: (row["value"], row["origin"]) for row in rows}
    assert origins["/colour"] == ("red", "a.yaml:4:8")
    assert origins["/wood"] == ("oak", "defaults.yaml:2:8")
    assert origins["/labels"] == (["x"], "defaults.yaml:2:19")
    assert origins["/policy/drift"] == ("enforce", "default")
    assert "colour: red  # a.yaml:4:8" in estate.say("plan", "Box/a", "--effective").out


def test_the_arithmetic_behind_a_computed_value_is_told(estate: Estate) -> None:
    estate.write(a=box("a", "part: 25"))
    said = estate.say("plan")
    assert "      size: 25" in said.lines
    assert "      (size: 25% of 100 = 25)" in said.lines
    (row,) = [row for row in estate.told("plan")["resources"] if row["key"] == "Box/a"]
    assert row["notes"] == {"/size": "25% of 100 = 25"}
    assert row["steps"][0]["changes"][0]["note"] == "size: 25% of 100 = 25"

    assert estate.say("apply").code == 0
    assert "25% of 100" not in estate.say("plan").out
    assert "  size: 25% of 100 = 25" in estate.say("plan", "Box/a", "--effective").lines
    estate.world.width = 200
    assert estate.say("plan").lines[4:6] == ["      size: 25 → 50", "      (25% of 200 = 50)"]


def test_markdown_is_for_a_review(estate: Estate) -> None:
    estate.write(a=box("a", "colour: red"), b="kind: Box\n")
    said = estate.say("plan", "-o", "markdown")
    assert said.lines[0].startswith("### Plan of `")
    assert "#### `Box/a`: change" in said.lines
    assert any(line.startswith("- :x: b.yaml:1:1: ") for line in said.lines)
    assert said.lines.count("```") % 2 == 0


def test_what_leaves_the_declarations_is_told(estate: Estate) -> None:
    estate.write(a=box("a"))
    estate.say("apply")
    (estate.folder / "a.yaml").unlink()
    said = estate.say("plan")
    assert said.code == 0
    assert said.lines[-4:-2] == ["Not declared, and left alone:", "  Box/a"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("Box/zz",), "Box/zz is not declared"),
        (("--against", "main"), "the source is no git repository; use --source DIR"),
    ],
    ids=["unknown", "no repository"],
)
def test_what_cannot_be_planned_is_one_sentence(
    estate: Estate, arguments: tuple[str, ...], sentence: str
) -> None:
    said = estate.say("plan", *arguments)
    assert said.code == 1
    assert sentence in said.err


def test_a_folder_against_a_revision_shows_only_what_differs_between_them(estate: Estate) -> None:
    git(estate.root, "init", "-q", "-b", "main")
    estate.write(a=box("a"), b=box("b"), c=box("c"))
    commit(estate.root)
    estate.write(b=box("b", "colour: red"), d=box("d"))
    (estate.folder / "c.yaml").unlink()
    before = estate.everything()

    told = estate.told("plan", "--source", str(estate.folder), "--against", "main")

    assert keys(told) == ["Box/b", "Box/d"]
    assert told["notes"] == ["Box/c is declared no more, and left alone"]
    assert keys(estate.told("plan", "Box/d", "--source", str(estate.folder), "--against", "main")) == [
        "Box/d"
    ]
    markdown = estate.say("plan", "--source", str(estate.folder), "--against", "HEAD", "-o", "markdown").out
    assert "#### `Box/b`: change" in markdown
    assert "- Box/c is declared no more, and left alone" in markdown
    assert estate.everything() == before


def test_a_folder_against_its_own_revision_shows_nothing(estate: Estate) -> None:
    git(estate.root, "init", "-q", "-b", "main")
    estate.write(a=box("a"))
    commit(estate.root)
    git(estate.root, "worktree", "add", "-q", str(estate.root / "linked"))

    for folder in (estate.folder, estate.root / "linked" / "estate"):
        said = estate.say("plan", "--source", str(folder), "--against", "main")
        assert (said.code, said.lines[-1]) == (0, "0 resources to change in 0 steps, 0 in sync.")


def test_a_folder_that_the_revision_does_not_have_is_all_new(estate: Estate) -> None:
    git(estate.root, "init", "-q", "-b", "main")
    commit(estate.root)
    more = estate.root / "more"
    more.mkdir()
    (more / "all.yaml").write_text(f"{SHELF}---\n{box('z')}")

    assert keys(estate.told("plan", "--source", str(more), "--against", "main")) == ["Box/z"]


@pytest.mark.parametrize(
    ("repository", "sentence"),
    [
        (False, "is in no git repository; name a folder of a clone"),
        (True, "has no branch, tag or commit 'nosuch'; fetch it first: git fetch origin"),
    ],
    ids=["no repository", "no revision"],
)
def test_what_a_folder_cannot_be_held_against_is_one_sentence(
    estate: Estate, sentence: str, *, repository: bool
) -> None:
    if repository:
        git(estate.root, "init", "-q", "-b", "main")
        commit(estate.root)
    said = estate.say("plan", "--source", str(estate.folder), "--against", "nosuch")
    assert (said.code, sentence in said.err) == (1, True)


def test_a_revision_of_a_repository_can_be_planned(estate: Estate, tmp_path: Path) -> None:
    git(estate.folder, "init", "-q", "-b", "main")
    estate.write(a=box("a", "colour: red"))
    first = commit(estate.folder)
    git(estate.folder, "checkout", "-q", "-b", "next")
    estate.write(b=box("b"))
    commit(estate.folder)
    git(estate.folder, "checkout", "-q", "main")
    estate.settings("estate: home\nsource: {git: {url: estate}}\nstate: .\n")
    before = estate.everything()
    assert keys(estate.told("plan")) == ["Box/a"]
    assert keys(estate.told("plan", "--against", "next")) == ["Box/a", "Box/b"]
    assert keys(estate.told("plan", "--against", first[:10])) == ["Box/a"]
    missing = estate.say("plan", "--against", "nosuch")
    assert (
        missing.code,
        missing.err.endswith("has no branch, tag or commit 'nosuch'; its branches are main, next\n"),
    ) == (1, True)
    assert estate.everything() == before


def test_a_rewritten_history_is_held_and_told_with_the_way_to_its_plan(estate: Estate) -> None:
    git(estate.folder, "init", "-q", "-b", "main")
    estate.write(a=box("a", "colour: red"))
    commit(estate.folder)
    estate.settings("estate: home\nsource: {git: {url: estate}}\nstate: .\n")
    assert estate.say("apply").code == 0
    git(estate.folder, "commit", "-q", "--amend", "-m", "Another past")
    said = estate.say("plan", "-o", "json")
    assert said.code == 3
    told = json.loads(said.out)["error"]
    assert told["remedy"].endswith(
        f"; to see its plan first: setpoint plan --against {git(estate.folder, 'rev-parse', 'HEAD')[:12]}"
    )
    assert said.err == f"setpoint: {told['message']}; {told['remedy']}\n"


def keys(plan: dict[str, Any]) -> list[str]:
    return sorted(row["key"] for row in plan["resources"] if row["verdict"] == "change")


def git(folder: Path, *arguments: str) -> str:
    names = ("-c", "user.name=anna", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false")
    command = ("git", "-C", str(folder), *names, *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "Declare")
    return git(folder, "rev-parse", "HEAD")
