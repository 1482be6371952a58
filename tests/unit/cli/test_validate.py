"""`setpoint validate` as people and programs see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Say
from tests.unit.desired.estate import BOX

Write = Callable[[dict[str, str]], Path]


def thing(name: str, spec: str = "image: i") -> str:
    return f"kind: Thing\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"


def test_a_valid_folder_ends_with_0_and_a_count(say: Say, estate: Write) -> None:
    said = say(
        "validate", estate({"box.yaml": BOX, "vms/a.yaml": thing("a"), "README.md": "x", ".git/x.yaml": "["})
    )
    assert (said.code, said.out) == (0, "2 resources valid, 0 problems in 2 files\n")


def test_every_problem_is_a_line_and_the_count_is_last(say: Say, estate: Write) -> None:
    root = estate(
        {
            "box.yaml": BOX,
            "a.yaml": thing("a", "image: 5, memroy: 1"),
            "b.yaml": thing("b", "image: i, near: a"),
        }
    )
    said = say("validate", root)
    assert said.code == 1
    assert said.lines == [
        "a.yaml:3:8: spec.image: 5 is not text; put it in quotes",
        "a.yaml:3:18: spec.memroy: there is no field 'memroy'; did you mean memory?",
        "b.yaml:3:18: spec.near: needs Thing/a, which is not valid; mend Thing/a first",
        "1 resource valid, 1 waiting, 2 problems in 3 files",
    ]


def test_many_that_wait_for_one_thing_do_not_bury_it(say: Say, estate: Write) -> None:
    said = say("validate", estate({"box.yaml": "kind: [", **{f"{i}.yaml": thing(f"t{i}") for i in range(9)}}))
    assert len(said.lines) == 8
    assert said.lines[0].startswith("box.yaml:")
    assert said.lines[6] == (
        "and 4 more: a Thing is held by a Box, and none is declared in what can be read; mend box.yaml first"
    )
    assert said.lines[7] == "0 resources valid, 9 waiting, 1 problem in 10 files"


def test_a_program_gets_the_same_as_json(say: Say, estate: Write) -> None:
    root = estate(
        {"box.yaml": BOX, "a.yaml": thing("a", "image: 5"), "b.yaml": thing("b", "image: i, near: a")}
    )
    said = say("validate", root, "-o", "json")
    assert said.code == 1
    assert json.loads(said.out) == {
        "valid": ["Box/main"],
        "inventories": [],
        "conflicts": [],
        "problems": [
            {
                "file": "a.yaml",
                "line": 3,
                "column": 8,
                "field": "spec.image",
                "what": "5 is not text",
                "remedy": "put it in quotes",
                "text": "a.yaml:3:8: spec.image: 5 is not text; put it in quotes",
            }
        ],
        "advice": [],
        "waiting": [
            {
                "key": "Thing/b",
                "file": "b.yaml",
                "line": 3,
                "column": 18,
                "field": "spec.near",
                "what": "needs Thing/a, which is not valid",
                "remedy": "mend Thing/a first",
                "text": "b.yaml:3:18: spec.near: needs Thing/a, which is not valid; mend Thing/a first",
            }
        ],
        "files": 3,
    }


PARTS = {
    "a file": ("vms/a.yaml", ["vms/a.yaml", "vms/defaults.yaml"], "1 file"),
    "a folder": ("vms", ["vms/a.yaml", "vms/b.yaml", "vms/defaults.yaml"], "3 files"),
    "everything": (".", ["other/c.yaml", "vms/a.yaml", "vms/b.yaml", "vms/defaults.yaml"], "5 files"),
}


@pytest.mark.parametrize(("part", "blamed", "files"), PARTS.values(), ids=PARTS.keys())
def test_a_part_is_judged_within_the_whole(
    say: Say, estate: Write, part: str, blamed: list[str], files: str
) -> None:
    root = estate(
        {
            "box.yaml": BOX,
            "vms/defaults.yaml": "kind: Thing\nspec: {cores: 99}\n",
            "vms/a.yaml": thing("a", "memory: 1GB"),
            "vms/b.yaml": thing("b", "memory: 1GB"),
            "other/c.yaml": thing("c", "memory: 1GB"),
        }
    )
    said = say("validate", "--root", root, root / part)
    assert sorted({line.split(":")[0] for line in said.lines[:-1]}) == blamed
    assert said.lines[-1].endswith(f" in {files}")


def test_what_an_overlay_declares_is_a_part_of_its_folder(say: Say, estate: Write) -> None:
    files = {"box.yaml": BOX, "base/overlay.yaml": "template: true\n", "base/a.yaml": thing("a")}
    root = estate({**files, "dev/overlay.yaml": "over: ../base\nnamespace: dev\n"})
    said = say("validate", "--root", root, root / "dev")
    assert (said.code, said.out) == (0, "1 resource valid, 0 problems in 1 file\n")


def test_a_file_alone_stands_in_the_current_folder(
    say: Say, estate: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(estate({"box.yaml": BOX, "vms/a.yaml": thing("a")}))
    said = say("validate", "vms/a.yaml")
    assert (said.code, said.out) == (0, "1 resource valid, 0 problems in 1 file\n")


def test_what_declares_nothing_is_a_mistake_of_the_command_line(
    say: Say, estate: Write, tmp_path: Path
) -> None:
    root = estate({"README.md": "x"})
    assert say("validate", root).err == f"setpoint: {root} declares nothing; name a folder with .yaml files\n"
    said = say("validate", "--root", root, tmp_path)
    assert said.code == 1
    assert said.err == f"setpoint: {tmp_path} is not below {root}; name its top with --root\n"
