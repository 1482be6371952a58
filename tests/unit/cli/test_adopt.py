"""`setpoint adopt`: an object that was made by hand is declared just as it is, and nothing is written to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.cli.manifest_text import compact_text, manifest_text
from setpoint.desired.node import plain
from setpoint.desired.reader import read
from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.store.lock import StateLock
from tests.served import SHELF, box
from tests.toy import WORLDS, Thing
from tests.unit.cli.conftest import Say
from tests.unit.cli.test_plan import Estate

FIELDS = {"title": "wiki01", "colour": "red", "labels": ["a", "b"]}
WRITTEN = """\
kind: Box
metadata: {name: wiki01}
policy: {adopt: true, drift: warn}
spec:
  number: 7
  colour: red
  labels:
  - a
  - b
"""


@pytest.fixture
def estate(tmp_path: Path, say: Say, toy_installed: None) -> Iterator[Estate]:
    made = Estate(tmp_path, say)
    made.world.things[7] = Thing(dict(FIELDS), None)
    yield made
    WORLDS.clear()


def marked(estate: Estate, owner: str, key: Key, number: int = 7) -> None:
    estate.world.things[7].mark = Mark(owner, key, str(number))


def test_the_declaration_goes_to_standard_output_and_nothing_is_touched(estate: Estate) -> None:
    before = estate.everything()
    said = estate.say("adopt", "s/7")
    assert (said.code, said.out) == (0, WRITTEN)
    assert said.err.splitlines() == ["", "Box/wiki01  (Box-wiki01.yaml:1:1)", "  ~ write our mark again"]
    assert estate.everything() == before


@pytest.mark.parametrize("holder", ["s", "Shelf/s", "default/Shelf/s"])
def test_what_was_written_to_a_file_is_taken_over_as_it_is(estate: Estate, holder: str) -> None:
    place = estate.folder / "legacy" / "wiki01.yaml"
    said = estate.say("adopt", f"{holder}/7", "--source", estate.folder, "--write", place)
    assert (said.code, said.out, place.read_text()) == (0, "", WRITTEN)
    assert f"wrote {place}" in said.err
    assert "(legacy/wiki01.yaml:1:1)" in said.err
    assert estate.say("apply").code == 0
    assert estate.world.effects == ["mark"]
    assert estate.world.things[7].fields == FIELDS
    assert estate.say("plan").code == 0


def test_what_differs_later_is_told_and_left(estate: Estate) -> None:
    estate.say("adopt", "s/7", "--write", estate.folder / "wiki01.yaml")
    estate.say("apply")
    estate.world.things[7].fields["colour"] = "blue"
    assert estate.say("plan").code == 2
    estate.say("apply")
    assert estate.world.things[7].fields["colour"] == "blue"


def test_a_layer_that_says_it_differently_is_told(estate: Estate) -> None:
    estate.write(defaults="kind: Box\nspec: {wood: oak}\n")
    said = estate.say("adopt", "s/7", "--source", estate.folder, "--write", estate.folder / "w.yaml")
    assert said.code in (2, 3)
    assert "wood" in said.err


def test_for_programs_it_is_a_document(estate: Estate) -> None:
    told: dict[str, Any] = json.loads(estate.say("adopt", "s/7", "--name", "other", "-o", "json").out)
    assert told.keys() == {"key", "target", "manifest", "plan"}
    assert (told["key"], told["target"]) == ("Box/other", "Shelf/s")
    assert told["plan"]["resources"][0]["steps"][0]["summary"] == "write our mark again"


def test_of_two_targets_the_one_is_named_in_the_declaration(estate: Estate) -> None:
    estate.write(other=SHELF.replace("name: s", "name: t"))
    assert "target: s\n" in estate.say("adopt", "s/7").out


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("7", "'7' names no object; write TARGET/ID, such as home/104"),
        ("s/", "'s/' names no object"),
        ("x/7", "no target is declared by the name 'x'; there are Shelf/s"),
        ("s/seven", "'seven' is no id of an object that Shelf/s may hold; Box can be adopted there"),
        ("s/8", "there is no 8 of Shelf/s: the shelf says so"),
    ],
)
def test_what_is_not_there_is_told(estate: Estate, what: str, sentence: str) -> None:
    said = estate.say("adopt", what)
    assert (said.code, said.out) == (1, "")
    assert sentence in said.err


BOX = Key("default", "Box", "web01")


@pytest.mark.parametrize(
    ("owner", "number", "sentence"),
    [
        pytest.param("work", 7, "7 of Shelf/s belongs to Box/web01 of estate work", id="another estate's"),
        pytest.param("home", 7, "7 of Shelf/s is ours already: it is Box/web01", id="ours"),
        pytest.param(
            "home", 9, "7 of Shelf/s is a copy of 9, for it bears the mark of that: Box/web01", id="a copy"
        ),
    ],
)
def test_what_bears_a_mark_is_not_adopted(estate: Estate, owner: str, number: int, sentence: str) -> None:
    marked(estate, owner, BOX, number)
    said = estate.say("adopt", "s/7")
    assert (said.code, said.out) == (1, "")
    assert sentence in said.err


def test_what_is_declared_already_is_told_with_its_place(estate: Estate) -> None:
    estate.write(a=box("a", "number: 7"))
    said = estate.say("adopt", "s/7")
    assert said.code == 1
    assert "7 of Shelf/s is declared already: Box/a, in a.yaml:1:1; set policy.adopt there" in said.err


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("", "it has no name; say one with --name"),
        ("Wiki 01", "'Wiki 01' is no name of a Box; say one with --name"),
        ("taken", "Box/taken is declared already, in a.yaml:1:1; say another name with --name"),
    ],
)
def test_a_name_that_cannot_be_is_asked_for(estate: Estate, title: str, sentence: str) -> None:
    estate.write(a=box("taken"))
    estate.world.things[7].fields["title"] = title
    said = estate.say("adopt", "s/7")
    assert (said.code, sentence in said.err) == (1, True)
    assert estate.say("adopt", "s/7", "--name", "fine").code == 0


def test_what_nothing_can_be_said_of_is_left(estate: Estate) -> None:
    estate.world.things[7].fields["sealed"] = True
    said = estate.say("adopt", "s/7")
    assert (said.code, "7 of Shelf/s is no Box, so nothing can be said of it" in said.err) == (1, True)


def test_no_file_is_written_over(estate: Estate) -> None:
    place = estate.folder / "a.yaml"
    estate.write(a=box("a"))
    before = place.read_bytes()
    said = estate.say("adopt", "s/7", "--write", place)
    assert (said.code, place.read_bytes()) == (1, before)
    assert "a.yaml is there already; name a new file, nothing is written over" in said.err


def test_a_target_that_does_not_answer_is_told(estate: Estate) -> None:
    estate.world.down = True
    said = estate.say("adopt", "s/7")
    assert (said.code, "shelf does not answer" in said.err) == (1, True)


def test_all_that_is_declared_is_adopted_at_once_if_that_is_nothing_but_marks(estate: Estate) -> None:
    estate.world.things[8] = Thing({"title": "b", "colour": "blue"}, None)
    estate.write(a=box("a", "number: 7, colour: red", "adopt: true"), b=box("b", "number: 8", "adopt: true"))
    before = estate.everything()
    shown = estate.say("adopt", "--all")
    sentence = (
        "2 objects to be marked, and nothing else will be written; 1 resource in sync. With --yes it is done."
    )
    assert (shown.code, shown.out.splitlines(), estate.everything() == before) == (0, [sentence], True)
    told = estate.told("adopt", "--all", "--yes")
    assert (told["adopted"], told["marks"], told["others"]) == (True, ["Box/a", "Box/b"], [])
    assert estate.world.effects == ["mark", "mark"]
    again = estate.say("adopt", "--all", "--yes")
    assert (again.code, again.out) == (0, "Nothing to adopt: 3 resources in sync.\n")
    assert estate.world.effects == ["mark", "mark"]


@pytest.mark.parametrize(
    ("files", "code", "shown"),
    [
        pytest.param(
            {"a": box("a", "number: 7, colour: blue", "adopt: true")}, 2, "colour", id="one differs"
        ),
        pytest.param({"a": box("a", "number: 7")}, 3, "set policy.adopt", id="one may not be adopted"),
        pytest.param({"a": box("a", "colour: red")}, 2, "make the box", id="one is to be made"),
        pytest.param({"a": box("a")}, 2, "make the box", id="one is to be made, of which nothing is said"),
        pytest.param({"a": box("a", "number: seven")}, 1, "seven", id="a mistake"),
    ],
)
def test_what_is_more_than_marks_is_shown_and_nothing_is_done(
    estate: Estate, files: dict[str, str], code: int, shown: str
) -> None:
    estate.world.things[8] = Thing({"title": "b"}, None)
    estate.write(**files, b=box("b", "number: 8", "adopt: true"))
    for words in (("adopt", "--all"), ("adopt", "--all", "--yes")):
        said = estate.say(*words)
        assert (said.code, shown in said.out) == (code, True)
    assert estate.world.effects == []


def test_what_cannot_be_seen_is_not_said_to_be_marked_alone(estate: Estate) -> None:
    estate.write(a=box("a", "number: 7", "adopt: true"))
    estate.world.down = True
    said = estate.say("adopt", "--all", "--yes")
    assert (said.code in (1, 2), "would be changed beyond that" in said.out) == (True, True)
    estate.world.down = False
    assert estate.world.effects == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--all", "s/7"), "--all names everything; leave out TARGET/ID, --name and --write"),
        (("--all", "--name", "x"), "--all names everything"),
        (("--yes", "s/7"), "--yes goes with --all"),
        ((), "'' names no object; write TARGET/ID, such as home/104, or --all"),
    ],
)
def test_words_that_do_not_go_together(estate: Estate, words: tuple[str, ...], sentence: str) -> None:
    said = estate.say("adopt", *words)
    assert (said.code, sentence in said.err) == (1, True)


def test_of_another_folder_all_is_only_shown(estate: Estate, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "all.yaml").write_text(f"{SHELF}---\n{box('a', 'number: 7', 'adopt: true')}")
    assert estate.say("adopt", "--all", "--source", other).out.startswith(
        "1 object to be marked, and nothing else"
    )
    said = estate.say("adopt", "--all", "--source", other, "--yes")
    assert (said.code, "--source names another one; leave out one of the two" in said.err) == (1, True)


def test_where_a_daemon_runs_it_adopts(estate: Estate) -> None:
    estate.write(a=box("a", "number: 7", "adopt: true"))
    with StateLock(estate.root):
        said = estate.say("adopt", "--all", "--yes")
    assert (said.code, estate.world.effects) == (1, [])
    assert (
        "adopts it by itself once it is in its branch; to look now: setpoint resync --all --wait" in said.err
    )


texts = st.text(st.characters(exclude_categories=["C"], include_characters="\n"), max_size=12)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | texts
    | st.sampled_from(
        [
            "no",
            "ab " * 60,
            "x\n\n y\n" * 9,
            "\n",
            "1e3",
            "0755",
            "12:30:45",
            "0x1f",
            "~",
            "1_000",
            ".inf",
            "null",
            "-",
            "a: b",
            "# c",
            " x ",
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("text", [manifest_text, compact_text], ids=["in blocks", "compact"])
@given(spec=st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), values, max_size=4))
def test_our_reader_takes_from_the_text_what_went_in(
    spec: dict[str, Any], text: Callable[[dict[str, Any]], str]
) -> None:
    manifest = {"kind": "Box", "metadata": {"name": "a"}, "policy": {"adopt": True}, "spec": spec}
    parsed = read("a.yaml", text(manifest).encode())
    assert parsed.problems == ()
    (document,) = parsed.documents
    assert plain(document.root) == manifest
