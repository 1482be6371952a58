"""What holds for any text, any trees and any accident."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from yaml import safe_dump

from setpoint.desired.changes import retain
from setpoint.desired.compile import compile_set
from setpoint.desired.layers import merge
from setpoint.desired.node import Fields, Items, Leaf, Node, Origins, Removed, plain
from setpoint.desired.reader import read
from setpoint.desired.scalar import resolve
from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.tree import Json, leaves
from tests.unit.desired.estate import BOX, KINDS

NAMES = st.sampled_from(["a", "b", "c", "x/y", "~"])
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "s", "null", "1", "é"])
TREES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
MAPPINGS: st.SearchStrategy[dict[str, Json]] = st.dictionaries(NAMES, TREES, max_size=4)
MARKS = "a - [ ] { } , &x *x !t !!str ' \" | > # ~ << ? : ... --- 0x1 1e9 \\ é %YAML"
PIECES = st.sampled_from(
    [*MARKS.split(), " ", "  ", "\n", "\t", ": ", "- ", "kind: Thing\n", "metadata: {name: a}\n"]
)


def node(value: Json, path: str = "f") -> Node:
    origin = Origin(path, 1, 1)
    match value:
        case dict():
            return Fields({name: node(below, path) for name, below in value.items()}, origin)
        case list():
            return Items(tuple(node(below, path) for below in value), origin)
        case _:
            return Leaf(value, origin)


def has_null(value: Json) -> bool:
    match value:
        case dict():
            return any(has_null(below) for below in value.values())
        case _:
            return value is None


def clash(*layers: Json) -> bool:
    """Whether one layer has a mapping where another has something else, so that the higher takes it away."""
    mappings = [layer for layer in layers if isinstance(layer, dict)]
    if len(mappings) < len(layers):
        return bool(mappings)
    names = {name for mapping in mappings for name in mapping}
    return any(clash(*(mapping[name] for mapping in mappings if name in mapping)) for name in names)


@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(str.encode)
    | st.lists(PIECES, max_size=40).map("".join).map(str.encode)
)
@settings(max_examples=600)
def test_reading_any_bytes_gives_documents_and_problems_and_never_raises(content: bytes) -> None:
    parsed = read("f.yaml", content)
    lines = content.count(b"\n") + content.count(b"\r") + 2
    assert all(0 <= problem.origin.line <= lines and problem.what for problem in parsed.problems)
    assert parsed.complete or parsed.problems


@given(st.lists(st.lists(PIECES, max_size=30).map("".join), min_size=1, max_size=3))
@settings(max_examples=300)
def test_compiling_any_text_never_raises_and_hurts_no_neighbour(texts: list[str]) -> None:
    files = {f"f{index}.yaml": text.encode() for index, text in enumerate(texts)}
    result = compile_set({**files, "n/box.yaml": BOX.encode()}, KINDS, version="v")
    assert [str(key) for key in result.resources if key.kind == "Box"] == ["Box/main"]


@given(MAPPINGS)
def test_what_another_program_writes_is_read_as_it_was_meant(value: dict[str, Json]) -> None:
    (document,) = read("f.yaml", safe_dump(value, allow_unicode=True).encode()).documents
    assert plain(document.root) == value


@given(st.text(alphabet="-+.0123456789eExo_naif~truls:", max_size=8))
def test_a_scalar_is_a_value_or_its_own_text(text: str) -> None:
    try:
        value = resolve(text)
    except ValueError:
        return
    assert not isinstance(value, str) or value == text


@given(MAPPINGS)
def test_laying_a_tree_over_itself_changes_nothing(value: dict[str, Json]) -> None:
    assert plain(merge(node(value), node(value))) == value


@given(MAPPINGS)
def test_nothing_laid_over_a_tree_or_under_it_changes_nothing(value: dict[str, Json]) -> None:
    assert plain(merge(node(value), node({}))) == value
    assert plain(merge(node({}), node(value))) == value


@given(MAPPINGS, MAPPINGS, MAPPINGS)
def test_layers_can_be_merged_in_any_grouping_as_long_as_none_takes_away(
    low: dict[str, Json], middle: dict[str, Json], high: dict[str, Json]
) -> None:
    assume(not any(map(has_null, (low, middle, high))) and not clash(low, middle, high))
    a, b, c = node(low, "a"), node(middle, "b"), node(high, "c")
    assert merge(merge(a, b), c) == merge(a, merge(b, c))


@given(MAPPINGS, MAPPINGS)
def test_every_value_comes_from_the_highest_layer_that_has_it(
    low: dict[str, Json], high: dict[str, Json]
) -> None:
    merged = merge(node(low, "low"), node(high, "high"))
    assert isinstance(merged, Fields)
    for name, value in merged.fields.items():
        if name not in high:
            assert plain(value) == low[name]
            assert value.origin.path == "low"
        elif not isinstance(high[name], dict) or not isinstance(low.get(name), dict):
            assert isinstance(value, Removed) or plain(value) == high[name]
            assert isinstance(value, Removed) == (high[name] is None and low.get(name) is not None)
            assert value.origin.path == "high"


@given(MAPPINGS)
def test_every_leaf_has_an_origin_and_nothing_else_has(value: dict[str, Json]) -> None:
    root = node(value)
    assert isinstance(root, Fields)
    origins = Origins(lambda: (root, Fields({}, root.origin)))
    expected = [pointer for pointer, _ in leaves(value)] if value else []
    assert list(origins) == expected
    assert len(origins) == len(expected)
    assert all(origins[pointer] == root.origin for pointer in expected)


THINGS = ("a", "b", "c", "d")
WAYS = "keep, gone, unreadable, invalid, nameless, changed, renamed, renamed and invalid, moved and broken"
EDITS = st.sampled_from(WAYS.split(", "))
FILES = st.fixed_dictionaries(dict.fromkeys(THINGS, EDITS))
NEEDS = st.fixed_dictionaries({name: st.sampled_from(("", *THINGS)) for name in THINGS})


def estate(needs: Mapping[str, str]) -> dict[str, str]:
    return {
        "box.yaml": BOX,
        **{
            f"vms/{name}.yaml": f"kind: Thing\nmetadata: {{name: {name}}}\n"
            f"spec: {{image: i{f', near: {near}' if near and near < name else ''}}}\n"
            for name, near in needs.items()
        },
    }


def edited(files: Mapping[str, str], edits: Mapping[str, str]) -> dict[str, str]:
    after = dict(files)
    for name, edit in edits.items():
        path = f"vms/{name}.yaml"
        text = after.pop(path)
        match edit:
            case "keep":
                after[path] = text
            case "unreadable":
                after[path] = text + "  bad: ["
            case "invalid":
                after[path] = text.replace("image: i", "image: 5")
            case "nameless":
                after[path] = text.replace(f"name: {name}", "name: '!'")
            case "changed":
                after[path] = text.replace("image: i", "image: new")
            case "renamed":
                after[path] = text.replace(f"name: {name}", f"name: new-{name}, formerly: {name}")
            case "renamed and invalid":
                after[path] = text.replace(f"name: {name}", f"name: new-{name}, formerly: {name}") + "x: 1\n"
            case "moved and broken":
                after[f"new/{name}.yaml"] = text + "  bad: ["
            case _:
                pass
    return after


@given(needs=NEEDS, edits=FILES, bad_defaults=st.booleans())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_no_accident_makes_a_resource_vanish(
    needs: dict[str, str], edits: dict[str, str], *, bad_defaults: bool
) -> None:
    """Only what was taken out of a readable file goes; everything else is in force, new or as it was."""
    before = compile_set({p: t.encode() for p, t in estate(needs).items()}, KINDS, version="1").resources
    files = edited(estate(needs), edits)
    if bad_defaults:
        files["vms/defaults.yaml"] = "kind: ["
    after = compile_set({p: t.encode() for p, t in files.items()}, KINDS, version="2")
    result = retain(before, after)
    for key in before:
        names = {key, Key(key.namespace, key.kind, f"new-{key.name}")}
        if edits.get(key.name) != "gone":
            assert len(names & result.resources.keys()) == 1
    for key in result.retained:
        assert result.resources[key].spec_hash == before[key].spec_hash
    for resource in result.resources.values():
        assert all(need in result.resources for need in resource.references)
