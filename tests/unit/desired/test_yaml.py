"""What text means, where it stands, and what is too much."""

from __future__ import annotations

import pytest
from yaml import YAMLError

from setpoint.desired.limits import DEPTH, DOCUMENTS, FILE_BYTES, NODES, PROBLEMS
from setpoint.desired.node import Fields, Removed, moved, nearest, plain
from setpoint.desired.reader import Parsed, read
from setpoint.desired.sound import is_shallow, read_sound
from setpoint.desired.syntax import explained
from setpoint.model.origin import Origin
from setpoint.model.tree import Json


def parsed(text: str) -> Parsed:
    return read("f.yaml", text.encode())


def value(text: str) -> Json:
    result = parsed(f"v: {text}\n")
    assert result.problems == ()
    return plain(nearest(result.documents[0].root, ("v",)))


SCALARS: dict[str, Json] = {
    "no": "no",
    "yes": "yes",
    "on": "on",
    "y": "y",
    "52:54:00:12:34:56": "52:54:00:12:34:56",
    "12:30": "12:30",
    "0755": "0755",
    "-012": "-012",
    "00.5": "00.5",
    "1_000": "1_000",
    "2026-01-01": "2026-01-01",
    "1e3": 1000.0,
    "1.5": 1.5,
    ".5": 0.5,
    "1.": 1.0,
    "-1.5e-3": -0.0015,
    "0": 0,
    "-17": -17,
    "+4": 4,
    "0o17": 15,
    "0x1F": 31,
    "18446744073709551615": 18446744073709551615,
    "true": True,
    "TRUE": True,
    "False": False,
    "null": None,
    "~": None,
    "": None,
    "Null": None,
    "'5'": "5",
    '"true"': "true",
    "!!str 5": "5",
    "! 5": "5",
    "!!int 5": 5,
    "!!float 5": 5,
    "!!bool true": True,
    "!!null ~": None,
    "=": "=",
    "1.2.3.4": "1.2.3.4",
    "0b11": "0b11",
    "+": "+",
    ".": ".",
    "[1, [a], {b: c}]": [1, ["a"], {"b": "c"}],
    "!!map {a: 1}": {"a": 1},
    "!!seq [a]": ["a"],
}


@pytest.mark.parametrize(("text", "expected"), SCALARS.items(), ids=SCALARS.keys())
def test_a_scalar_means_what_yaml_1_2_says(text: str, expected: Json) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected) or text == "!!float 5"


@pytest.mark.parametrize("text", ["no", "on", "y", "yes", "0755"])
def test_words_that_older_yaml_takes_for_values_are_names_of_fields(text: str) -> None:
    assert plain(parsed(f"{text}: 1\n").documents[0].root) == {text: 1}


def test_every_key_and_item_knows_its_line_and_column() -> None:
    root = parsed("# é\na: 1\nb:\n  - x\n  - é: 2\n    c: {d: [3]}\n").documents[0].root
    places = {
        path: (nearest(root, path).origin.line, nearest(root, path).origin.column)
        for path in [
            (),
            ("a",),
            ("b",),
            ("b", 0),
            ("b", 1),
            ("b", 1, "c"),
            ("b", 1, "c", "d"),
            ("b", 1, "c", "d", 0),
        ]
    }
    assert list(places.values()) == [(2, 1), (2, 1), (3, 1), (4, 5), (5, 5), (6, 5), (6, 9), (6, 13)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_counts_as_one_line(end: str) -> None:
    root = parsed(f"a: 1{end}---{end}b: 1{end}c: 2{end}").documents[1].root
    assert nearest(root, ("c",)).origin.line == 4


def test_an_alias_stands_where_it_is_used_and_its_inside_where_it_was_written() -> None:
    root = parsed("a: &x {k: [1]}\nb: *x\n").documents[0].root
    assert plain(root) == {"a": {"k": [1]}, "b": {"k": [1]}}
    assert nearest(root, ("b",)).origin.line == 2
    assert nearest(root, ("b", "k")).origin.line == 1


def test_an_anchor_does_not_reach_into_the_next_document() -> None:
    result = parsed("a: &x 1\n---\nb: *x\n")
    assert [document.sound for document in result.documents] == [True, False]


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "---\n---\n...\n", "\ufeff# x\n"])
def test_an_empty_document_is_no_document(text: str) -> None:
    assert parsed(text) == Parsed((), (), complete=True)


def test_a_byte_order_mark_is_passed_over() -> None:
    document = parsed("\ufeffa: 1\n").documents[0]
    assert (plain(document.root), nearest(document.root, ("a",)).origin.column) == ({"a": 1}, 1)


def test_a_byte_that_is_no_utf8_is_told_with_its_place() -> None:
    result = read("f.yaml", b"\xef\xbb\xbfa: 1\r\nb: \xc3\xa9\xe9\n")
    assert [str(problem) for problem in result.problems] == [
        "f.yaml:2:5: byte 14 (0xe9) is no UTF-8; save the file as UTF-8"
    ]
    assert not result.complete


@pytest.mark.parametrize("character", ["\0", "\x08", "\x7f", "\x85", "\u2028", "\ufeff", "\uffff"])
def test_invisible_characters_are_refused_with_their_place(character: str) -> None:
    (problem,) = parsed(f"a: 1\nb: x{character}y\n").problems
    assert (problem.origin.line, problem.origin.column) == (2, 5)
    assert f"U+{ord(character):04X}" in problem.what


def test_a_file_may_be_as_large_as_the_limit_and_no_larger() -> None:
    text = b"a: 1 #" + b"x" * FILE_BYTES
    assert read("f.yaml", text[:FILE_BYTES]).complete
    (problem,) = read("f.yaml", text[: FILE_BYTES + 1]).problems
    assert str(problem) == (
        f"f.yaml: the file has {FILE_BYTES + 1} bytes, more than the {FILE_BYTES} allowed; split it into several files"
    )


NESTS = {"list": ("[", "]"), "mapping": ("{a: ", "}"), "block list": ("- ", "")}


@pytest.mark.parametrize(("opening", "closing"), NESTS.values(), ids=NESTS.keys())
def test_depth_is_bounded(opening: str, closing: str) -> None:
    def nest(depth: int) -> str:
        return opening * depth + "x" + closing * depth

    assert parsed(nest(DEPTH)).problems == ()
    (problem,) = parsed(nest(DEPTH + 1)).problems
    assert problem.what == f"this is more than {DEPTH} levels deep"
    (problem,) = parsed(opening * 200_000).problems
    assert problem.what == f"this is more than {DEPTH} levels deep"


def test_a_file_of_thousands_of_short_flows_is_read_the_quick_way() -> None:
    lines = (f'h{n}: {{A: 192.0.2.1, B: [x, "y"], "C": {{d: 1}}}}' for n in range(5_000))
    (document,) = read_sound("f.yaml", "\n".join(lines).encode())
    assert document.tree["h4999"] == {"A": "192.0.2.1", "B": ["x", "y"], "C": {"d": 1}}


@pytest.mark.parametrize(
    "opened",
    [
        pytest.param("{a: ", id="bare"),
        pytest.param('{"}": ', id="closed in a text"),
        pytest.param("{a: '}', b: ", id="closed in another text"),
        pytest.param('{a: "\\"}", b: ', id="closed behind a quote in a text"),
        pytest.param("{a: # }\n ", id="closed in a comment"),
        pytest.param("{a: [x, y], b: ", id="another one closed inside"),
        pytest.param('{a: "{", b: ["}"], c: ', id="texts that look like it"),
    ],
)
def test_a_nest_that_looks_shallow_is_left_to_those_who_count(opened: str) -> None:
    assert not is_shallow(opened * 2_000)


def test_depth_counts_what_aliases_stand_for() -> None:
    half = DEPTH // 2
    inner = "[" * half + "]" * half
    assert parsed(f"a: &a {inner}\nb: {'[' * (half - 1)}*a{']' * (half - 1)}\n").problems == ()
    (problem,) = parsed(f"a: &a {inner}\nb: {'[' * half}*a{']' * half}\n").problems
    assert problem.what == f"this is more than {DEPTH} levels deep"


def test_a_yaml_bomb_is_refused_by_what_it_would_become() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    result = parsed("\n".join(rows))
    (problem,) = result.problems
    assert (
        problem.what == f"the file holds more than {NODES} values, counting each alias as what it stands for"
    )
    assert problem.origin.line == 5
    assert not result.complete


def test_values_are_counted_over_all_documents_of_a_file() -> None:
    half = "[" + "1," * (NODES // 2) + "]\n"
    assert parsed(half).problems == ()
    assert len(parsed(f"{half}---\n{half}---\n{half}").problems) == 1


def test_documents_are_counted() -> None:
    assert len(parsed("a: 1\n---\n" * (DOCUMENTS - 1) + "a: 1\n").documents) == DOCUMENTS
    result = parsed("a: 1\n---\n" * DOCUMENTS + "a: 1\n")
    assert [problem.what for problem in result.problems] == [
        f"the file holds more than {DOCUMENTS} documents"
    ]
    assert not result.complete


def test_mistakes_are_counted_so_that_a_broken_file_fills_no_screen() -> None:
    result = parsed("a: @\n---\n" * 5 * PROBLEMS)
    assert len(result.problems) == PROBLEMS
    assert not result.complete


def test_reading_goes_on_behind_a_document_that_cannot_be_read() -> None:
    result = parsed("a: 1\n---\nb: [\n---\nc: 1\n--- {d: 1}\n---\ne: 'x\n---\nf: 1\n")
    roots = [plain(document.root) for document in result.documents]
    assert roots == [{"a": 1}, {"c": 1}, {"d": 1}, {"f": 1}]
    assert [problem.origin.line for problem in result.problems] == [4, 8]
    assert not result.complete


def test_mistakes_that_a_document_survives_are_all_told() -> None:
    result = parsed("a: !x 1\nb: *c\n<<: {}\n1: 2\nd: 1\nd: 2\n")
    (document,) = result.documents
    assert isinstance(document.root, Fields)
    assert [problem.origin.line for problem in result.problems] == [1, 2, 3, 4, 6]
    assert (document.sound, document.whole, result.complete) == (False, False, True)


def test_a_mistake_without_a_place_is_one_of_the_whole_file() -> None:
    problem = explained("f.yaml", "a: 1", 0, YAMLError())
    assert str(problem) == "f.yaml: this is no YAML; check the file with an editor"


def test_what_was_taken_away_stays_so_wherever_it_is_moved() -> None:
    there = Origin("g.yaml", 2, 1)
    gone = moved(Removed(Origin("f.yaml", 1, 1)), there)
    assert gone == Removed(there)
    assert plain(gone) is None
