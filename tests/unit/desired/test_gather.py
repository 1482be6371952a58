from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.desired.gather import Gathered, Memory, advice, gather, put_together
from setpoint.model.gather import Ask, Asked, Gathering, Shares
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Tree
from tests.unit.desired.boards import KINDS, board, compiled, key, note, share

MAIN = key("Board", "main")
BROKEN = "kind: [\n"


def after(files: Mapping[str, str], previous: Mapping[Key, Resource] | None = None, **more: Any) -> Gathered:
    return gather(previous or {}, compiled(files), KINDS, **more)


def notes(found: Gathered | Mapping[Key, Resource], on: Key = MAIN) -> Any:
    resources = found.resources if isinstance(found, Gathered) else found
    return resources[on].spec["notes"]


def told(found: Gathered) -> list[str]:
    return [str(problem) for problem in found.problems]


BASE = {"board.yaml": board(here="own"), "a.yaml": note("a", "one"), "b.yaml": note("b", "two")}


def test_an_aggregate_has_what_others_contribute() -> None:
    found = after(BASE)
    assert told(found) == []
    assert notes(found) == {"here": "own", "a": "one", "b": "two"}
    made = found.resources[MAIN]
    assert made.own is not None
    assert made.declared.spec == {"notes": {"here": "own"}}
    assert made.spec_hash != made.own.spec_hash


def test_what_is_unwise_is_told_at_its_place_and_is_no_mistake() -> None:
    found = put_together(compiled({**BASE, "c.yaml": note("c", '""')}), KINDS)
    assert found.problems == ()
    assert notes(found.resources)["c"] == ""
    assert [str(one) for one in advice(found, KINDS)] == [
        "c.yaml:6:3: spec.text: c says nothing; write something"
    ]


def test_one_to_which_nobody_contributes_is_what_it_declares() -> None:
    found = after({"board.yaml": board(here="own")})
    assert found.resources[MAIN].own is None
    assert found.resources[MAIN] is found.resources[MAIN].declared


def test_only_an_aggregate_whose_parts_changed_is_another_one() -> None:
    memory = Memory()
    files = {**BASE, "other.yaml": board("other", x="y")}
    first = after(files, memory=memory)
    again = gather(first.resources, compiled(files), KINDS, memory)
    fresh = after(files, first.resources)
    changed = after({**files, "a.yaml": note("a", "three")}, first.resources, memory=memory)
    other = key("Board", "other")
    for found in (again, fresh):
        assert found.resources[MAIN] is first.resources[MAIN]
    assert changed.resources[MAIN].spec_hash != first.resources[MAIN].spec_hash
    assert changed.resources[other].spec_hash == first.resources[other].spec_hash
    assert notes(changed)["a"] == "three"


def test_nothing_is_asked_again_while_nothing_changed() -> None:
    calls: list[int] = []

    def counting(boards: Any, asked: Any) -> Shares:
        calls.append(len(asked))
        return share(boards, asked)

    kinds = {**KINDS, "Board": replace(KINDS["Board"], gathers=Gathering("notes", counting))}
    memory = Memory()
    version = compiled(BASE, kinds)
    first = gather({}, version, kinds, memory)
    assert gather(first.resources, version, kinds, memory).resources[MAIN] is first.resources[MAIN]
    assert calls == [2]


def test_a_contribution_ends_with_its_declaration() -> None:
    first = after(BASE)
    found = after({path: text for path, text in BASE.items() if path != "a.yaml"}, first.resources)
    assert notes(found) == {"here": "own", "b": "two"}


@pytest.mark.parametrize(
    "broken",
    [["a.yaml"], ["board.yaml"], ["a.yaml", "b.yaml"], ["board.yaml", "a.yaml", "b.yaml"]],
    ids=" ".join,
)
def test_a_broken_file_takes_nothing_away_from_an_aggregate(broken: list[str]) -> None:
    first = after(BASE)
    found = after({**BASE, **dict.fromkeys(broken, BROKEN)}, first.resources)
    assert found.resources[MAIN].spec == first.resources[MAIN].spec
    assert len(found.problems) == len(broken)


def test_while_the_aggregate_is_broken_what_is_contributed_goes_on() -> None:
    first = after(BASE)
    files = {"board.yaml": BROKEN, "a.yaml": note("a", "other"), "c.yaml": note("c", "new")}
    found = after(files, first.resources)
    assert notes(found) == {"here": "own", "a": "other", "c": "new"}
    mended = after({**files, "board.yaml": board(here="own")}, found.resources)
    assert notes(mended) == notes(found)


def test_two_that_clash_name_both_places_and_neither_comes_into_force() -> None:
    found = after(
        {"board.yaml": board(), "a.yaml": note("a", "one", of="x"), "b.yaml": note("b", "two", of="x")}
    )
    assert told(found) == [
        "b.yaml:6:3: spec.text: x is on Board/main twice, beside Note/a at a.yaml:6:3; remove one"
    ]
    assert notes(found) == {}
    assert {key("Note", "a"), key("Note", "b")}.isdisjoint(found.resources)


def test_what_is_in_force_wins_against_what_comes() -> None:
    first = after(BASE)
    clashing = {**BASE, "c.yaml": note("c", "late", of="a"), "d.yaml": note("d", "fine")}
    found = after(clashing, first.resources)
    assert [problem.origin.path for problem in found.problems] == ["c.yaml"]
    assert notes(found) == {"here": "own", "a": "one", "b": "two", "d": "fine"}
    assert key("Note", "c") not in found.resources


def test_a_change_that_clashes_stays_as_it_was() -> None:
    first = after(BASE)
    found = after({**BASE, "b.yaml": note("b", "two", of="a")}, first.resources)
    assert notes(found) == notes(first)
    assert found.retained == {key("Note", "b")}


def test_an_aggregate_that_says_what_another_contributes_stays_as_it_was() -> None:
    first = after(BASE)
    found = after({**BASE, "board.yaml": board(a="mine")}, first.resources)
    assert told(found) == [
        "a.yaml:6:3: spec.text: a is on Board/main twice, beside Board/main at board.yaml:4:11; remove one"
    ]
    assert notes(found) == notes(first)
    assert MAIN in found.retained


def test_what_asks_for_something_that_is_not_there_stays_as_it_was() -> None:
    first = after(BASE)
    files = {**BASE, "a.yaml": note("a", "one", on="mian"), "c.yaml": note("c", "new", on="mian")}
    found = after(files, first.resources)
    assert [problem.what for problem in found.problems] == ["there is no board 'mian'"] * 2
    assert notes(found) == notes(first)
    assert key("Note", "c") not in found.resources


def test_what_needs_a_part_that_is_at_fault_waits_with_it() -> None:
    files = {
        **BASE,
        "c.yaml": note("c", "late", of="a"),
        "d.yaml": note("d", "waits", more="  near: c\n"),
    }
    found = after(files, after(BASE).resources)
    assert key("Note", "d") not in found.resources
    assert [problem.what for problem in found.suspended.values()] == ["needs Note/c, which is not valid"]


def clashing(boards: Mapping[Key, Tree], asked: Any) -> Shares:
    return Shares()


def test_where_no_part_is_new_an_aggregate_that_cannot_be_put_together_stays_as_it_was() -> None:
    first = after(BASE)
    kinds = {**KINDS, "Board": replace(KINDS["Board"], gathers=Gathering("notes", clashing))}
    found = gather(first.resources, compiled(BASE, kinds), kinds)
    assert found.resources[MAIN] is first.resources[MAIN]
    assert found.suspended.keys() == {MAIN}
    new = gather({}, compiled(BASE, kinds), kinds)
    assert (MAIN in new.resources, new.suspended.keys()) == (False, {MAIN})


def test_what_nobody_can_say_the_parts_of_stays_as_it_was() -> None:
    first = after(BASE)
    without = {name: kind for name, kind in KINDS.items() if name != "Note"}
    found = gather(first.resources, compiled(BASE, without), without)
    assert found.resources[MAIN] is first.resources[MAIN]
    assert MAIN in found.suspended


class StrictSpec(Spec):
    """A note as a later version of its kind has it."""

    board: str = described("The name of the board.")
    colour: str = described("Its colour.")


def test_what_a_later_version_of_its_kind_cannot_read_takes_nothing_away() -> None:
    first = after(BASE)
    strict = {**KINDS, "Note": replace(KINDS["Note"], spec=StrictSpec)}
    found = gather(first.resources, compiled(BASE, strict), strict)
    assert key("Note", "a") in found.resources
    assert found.resources[MAIN] is first.resources[MAIN]
    assert MAIN in found.suspended


def test_an_aggregate_that_a_later_version_of_its_kind_cannot_read_stays_as_it_was() -> None:
    first = after(BASE)
    strict = {**KINDS, "Board": replace(KINDS["Board"], spec=StrictSpec)}
    memory = Memory()
    for _ in range(2):
        found = gather(first.resources, compiled(BASE, strict), strict, memory)
        assert found.resources[MAIN] is first.resources[MAIN]
        assert MAIN in found.suspended


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"a.yaml": BROKEN}, id="a file that cannot be read"),
        pytest.param(
            {"a.yaml": "kind: Note\nmetadata: {name: a}\nspec: {board: main, name: a}\n"}, id="no valid part"
        ),
        pytest.param({"a.yaml": "kind: Nota\nmetadata: {name: a}\nspec: {}\n"}, id="an unknown kind"),
    ],
)
def test_a_new_aggregate_waits_until_everything_that_may_contribute_can_be_read(
    files: dict[str, str],
) -> None:
    """Without a memory it may be there already, with the parts that cannot be read."""
    found = after({**BASE, **files})
    assert MAIN not in found.resources
    assert "may contribute to it cannot be told" in found.suspended[MAIN].what
    assert key("Note", "b") in found.resources
    assert len(found.problems) == 1
    assert notes(after(BASE, found.resources)) == {"here": "own", "a": "one", "b": "two"}


def test_a_mistake_that_has_no_part_in_it_keeps_no_new_aggregate_waiting() -> None:
    found = after({**BASE, "box.yaml": "kind: Box\nmetadata: {name: x}\nspec: {}\n"})
    assert notes(found) == {"here": "own", "a": "one", "b": "two"}


def test_what_no_installed_kind_takes_is_a_mistake() -> None:
    kinds = {name: kind for name, kind in KINDS.items() if name != "Board"}
    found = gather({}, compiled({"a.yaml": note("a", "one")}, kinds), kinds)
    assert [problem.what for problem in found.problems] == [
        "asks for notes, and no installed kind takes that"
    ]
    assert not found.resources


CARDS = {
    "board.yaml": board(),
    "card.yaml": "kind: Card\nmetadata: {name: c, namespace: prod}\nspec: {board: main}\n",
    "n.yaml": note("n", "{from: prod/Card/c, output: text}"),
    "twin.yaml": "kind: Card\nmetadata: {name: t}\nspec: {}\n",
    "m.yaml": "kind: Note\nmetadata: {name: m, namespace: prod}\nspec:\n"
    "  {board: main, name: m, text: {from: Card/c, output: text}}\n",
}


def test_the_names_of_givers_mean_what_they_mean_where_they_were_written() -> None:
    found = after(CARDS)
    given = {"from": "prod/Card/c", "output": "text"}
    assert notes(found) == {"c": given, "n": given, "m": given}
    assert found.resources[MAIN].references == (Key("prod", "Card", "c"),)
    assert [*found.resources][-1] == MAIN


def test_in_a_copy_of_an_overlay_the_name_of_a_giver_means_what_was_copied_with_it() -> None:
    version = compiled(CARDS)
    copied, twin = key("Note", "n"), Key("staging", "Card", "c")
    resources = dict(version.resources)
    resources[copied] = replace(resources[copied], references=(twin,))
    resources = {twin: replace(resources[Key("prod", "Card", "c")], key=twin), **resources}
    resources[twin].spec.clear()
    found = gather({}, replace(version, resources=resources), KINDS)
    assert notes(found)["n"] == {"from": "staging/Card/c", "output": "text"}


@pytest.mark.parametrize(
    ("source", "written"),
    [pytest.param("nobody", "nobody", id="no name"), pytest.param("Card/x", "default/Card/x", id="nobody's")],
)
def test_a_name_that_means_nothing_stands_as_it_is(source: str, written: str) -> None:
    def odd(key: Key, spec: Any) -> tuple[Ask, ...]:
        text = {"from": source, "output": "text"}
        return (Ask("notes", {"board": "main", "name": key.name, "text": [text, {"deep": text}]}, ""),)

    asked: list[Any] = []

    def remembering(boards: Any, parts: tuple[Asked, ...]) -> Shares:
        asked.extend(parts)
        return Shares(dict(boards))

    kinds = {
        **KINDS,
        "Card": replace(KINDS["Card"], asks=odd),
        "Board": replace(KINDS["Board"], gathers=Gathering("notes", remembering)),
    }
    files = {"board.yaml": board(), "card.yaml": "kind: Card\nmetadata: {name: c}\nspec: {}\n"}
    gather({}, compiled(files, kinds), kinds)
    given = {"from": written, "output": "text"}
    assert [one.entry["text"] for one in asked] == [[given, {"deep": given}]]


def test_a_giver_that_leaves_is_needed_no_more() -> None:
    first = after(CARDS)
    found = after({path: CARDS[path] for path in ("board.yaml", "twin.yaml")}, first.resources)
    assert found.resources[MAIN].references == ()
    assert key("Card", "c") not in found.resources


def test_what_declares_nothing_of_the_kind_goes_its_usual_way() -> None:
    plain = {"Box": KINDS["Box"]}
    version = compiled({"box.yaml": "kind: Box\nmetadata: {name: x}\nspec: {url: u}\n"}, plain)
    assert gather({}, version, plain).resources is version.resources


def test_a_version_by_itself_is_checked_as_one_that_comes_into_force() -> None:
    found = put_together(compiled({**BASE, "c.yaml": note("c", "late", of="here")}), KINDS)
    assert [problem.origin.path for problem in found.problems] == ["c.yaml"]
    assert {MAIN, key("Note", "c")}.isdisjoint(found.resources)


NAMES = ("a", "b", "c", "d")
ONE = st.sampled_from([None, BROKEN, "one", "two"])
COMMITS = st.lists(
    st.tuples(st.sampled_from([BROKEN, "fine", "other"]), *[ONE] * len(NAMES)), min_size=1, max_size=5
)


@given(COMMITS)
def test_whatever_files_break_no_aggregate_lacks_a_part_of_what_stays_in_force(commits: list[Any]) -> None:
    known = after({"board.yaml": board(here="own")}).resources
    memory = Memory()
    for about, *texts in commits:
        files = {"board.yaml": BROKEN if about == BROKEN else board(here=about)}
        for name, text in zip(NAMES, texts, strict=True):
            if text is not None:
                files[f"{name}.yaml"] = BROKEN if text == BROKEN else note(name, text)
        found = gather(known, compiled(files), KINDS, memory)
        assert found.resources == gather(known, compiled(files), KINDS).resources
        parts = {
            one.spec["name"]: one.spec["text"] for key, one in found.resources.items() if key.kind == "Note"
        }
        own: Any = found.resources[MAIN].declared.spec["notes"]
        assert notes(found) == {**own, **parts}
        still = {name for name, text in zip(NAMES, texts, strict=True) if text == BROKEN}
        assert {key.name for key in known if key.kind == "Note" and key.name in still} <= parts.keys()
        known = found.resources


PINS = st.tuples(st.sampled_from(["x", "y", "z"]), st.sampled_from(["1", "2"]))
VERSIONS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["own", "mine"]), max_size=2) | st.just(BROKEN),
        st.dictionaries(st.sampled_from(NAMES), PINS | st.just(BROKEN), max_size=4),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


@given(VERSIONS)
def test_however_parts_clash_nothing_is_lost_of_what_stays_in_force(versions: list[Any]) -> None:
    known = after({"board.yaml": board()}).resources
    for own, pins in versions:
        files = {"board.yaml": own if own == BROKEN else board(**own)}
        for name, pin in pins.items():
            files[f"{name}.yaml"] = pin if pin == BROKEN else note(name, f"'{pin[1]}'", of=pin[0])
        found = gather(known, compiled(files), KINDS)
        for one in found.resources.values():
            if one.key.kind == "Note":
                assert notes(found)[one.spec["name"]] == one.spec["text"]
        declared: Any = found.resources[MAIN].declared.spec["notes"]
        assert declared.items() <= notes(found).items()
        assert len(notes(found)) == len(declared) + sum(key.kind == "Note" for key in found.resources)
        assert bool(found.problems) or not found.retained
        known = found.resources
