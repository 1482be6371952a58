"""What a declaration makes beside itself: with its places, its layers and its fate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.desired.changes import retain
from setpoint.desired.compile import Cache, compile_set
from setpoint.desired.compiled import Compiled
from setpoint.model.expand import Expanded
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.tree import Tree
from tests.unit.desired.estate import BOX, KINDS, lines


def _expand(key: Key, spec: Tree) -> tuple[Expanded, ...]:
    """A thing whose url of its source is given makes a box of its own; where something else stands there, too."""
    source = spec.get("source")
    if source is None:
        return ()
    given = {"url": source["url"]} if isinstance(source, dict) and "url" in source else {}
    return (Expanded("Box", f"{key.name}-box", given, "/source"),)


GROWING: dict[str, Kind[Any, Any]] = KINDS | {"Thing": replace(KINDS["Thing"], expand=_expand)}
MAIN = {"box.yaml": BOX}
THING = (
    "kind: Thing\nmetadata: {name: w, labels: {env: prod}}\ntarget: main\n"
    "spec:\n  image: plain\n  source:\n    url: there\n"
)
OWN = Key("default", "Box", "w-box")
W = Key("default", "Thing", "w")


def compiled(files: dict[str, str], cache: Cache | None = None) -> Compiled:
    content = {path: text.encode() for path, text in files.items()}
    return compile_set(content, GROWING, version="v1", cache=cache)


def test_what_is_made_has_the_names_labels_and_places_of_who_makes_it() -> None:
    result = compiled(MAIN | {"w.yaml": THING})
    assert lines(result) == []
    made = result.resources[OWN]
    assert (made.spec, made.labels) == ({"url": "there"}, {"env": "prod"})
    assert (str(made.origin), str(made.origins["/url"])) == ("w.yaml:6:3", "w.yaml:7:5")


def test_nothing_is_made_where_nothing_asks_for_it() -> None:
    result = compiled(MAIN | {"w.yaml": THING[: THING.index("  source")]})
    assert lines(result) == []
    assert OWN not in result.resources


def test_the_defaults_of_its_kind_and_the_expiry_of_who_makes_it_are_for_it() -> None:
    layer = "kind: Box\nspec: {peers: [main], url: else}\n"
    text = THING + "policy: {expires: 2030-01-01T00:00:00Z, deletion: orphan}\n"
    result = compiled(MAIN | {"a/defaults.yaml": layer, "a/w.yaml": text})
    assert lines(result) == []
    made = result.resources[OWN]
    assert made.spec == {"url": "there", "peers": ["main"]}
    assert made.policy.expires == result.resources[W].policy.expires is not None
    assert Key("default", "Box", "main") in made.references


def test_each_row_of_a_set_makes_its_own() -> None:
    made = "".join(f"    {line}\n" for line in THING.replace("name: w", "name: '{{ name }}'").splitlines())
    text = (
        "kind: ResourceSet\nmetadata: {name: s}\nspec:\n  rows: [{name: w}, {name: x}]\n  template:\n" + made
    )
    result = compiled(MAIN | {"s.yaml": text})
    assert lines(result) == []
    assert {OWN, Key("default", "Box", "x-box")} <= result.resources.keys()
    assert str(result.resources[OWN].origins["/url"]).startswith("s.yaml:")


def test_an_overlay_has_it_in_its_own_namespace_and_patches_it() -> None:
    overlay = (
        "over: ../base\nnamespace: lab\npatches:\n"
        "- {kind: Box, name: w-box, spec: {url: patched}}\n- {kind: Thing, spec: {cores: 2}}\n"
    )
    files = MAIN | {
        "base/w.yaml": THING,
        "base/overlay.yaml": "template: true\n",
        "lab/overlay.yaml": overlay,
    }
    result = compiled(files)
    assert lines(result) == []
    made = result.resources[Key("lab", "Box", "w-box")]
    assert made.spec == {"url": "patched"}
    assert made.through == ("lab/overlay.yaml",)
    assert OWN not in result.resources


def test_one_that_is_declared_by_hand_as_well_is_a_mistake() -> None:
    by_hand = "kind: Box\nmetadata: {name: w-box}\nspec: {url: u}\n"
    found = lines(compiled(MAIN | {"a.yaml": by_hand, "w.yaml": THING}))
    assert found == [
        "w.yaml:6:3: metadata.name: Box/w-box is declared twice, first at a.yaml:1:1; remove one of the two, or rename it"
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            ("url: there", "size: 1MiB"), "w.yaml:6:3: spec.source.url: is missing", id="its own part"
        ),
        pytest.param(("  image: plain\n", "  image: []\n"), "w.yaml:5:3: spec.image", id="another part"),
        pytest.param(
            ("source:\n    url: there", "source: []"), "w.yaml:6:3: spec.source", id="another shape"
        ),
    ],
)
def test_a_mistake_keeps_both_as_they_were(change: tuple[str, str], told: str) -> None:
    cache = Cache()
    before = compiled(MAIN | {"w.yaml": THING}, cache)
    after = compiled(MAIN | {"w.yaml": THING.replace(*change)}, cache)
    assert any(line.startswith(told) for line in lines(after)), lines(after)
    assert W not in after.resources
    kept = retain(before.resources, after)
    assert {OWN, W} <= kept.resources.keys()


def test_a_mistake_in_what_is_made_says_of_what_it_speaks() -> None:
    found = lines(compiled(MAIN | {"w.yaml": THING.replace("url: there", "url: [1]")}))
    assert any("spec.source.url" in line and "(for the Box that Thing/w makes)" in line for line in found)


def test_bad_defaults_take_neither_away() -> None:
    cache = Cache()
    before = compiled(MAIN | {"a/w.yaml": THING}, cache)
    after = compiled(MAIN | {"a/w.yaml": THING, "a/defaults.yaml": "kind: Nothing\n"}, cache)
    assert {OWN, W} <= retain(before.resources, after).resources.keys()


TEXTS = st.sampled_from(
    (
        THING,
        THING.replace("url: there", "url: [1]"),
        THING.replace("plain", "[]"),
        THING[: THING.index("  source")],
        THING.replace("name: w", "name: x"),
        "kind: Box\nmetadata: {name: w-box}\nspec: {url: u}\n",
        "kind: [",
    )
)
VERSIONS = st.lists(
    st.dictionaries(st.sampled_from(("a.yaml", "b/c.yaml")), TEXTS, max_size=2)
    | st.fixed_dictionaries(
        {"a.yaml": TEXTS, "defaults.yaml": st.sampled_from(("kind: Box\n", "kind: No\n"))}
    ),
    max_size=4,
)


@given(VERSIONS)
def test_what_is_made_from_the_version_before_is_what_is_made_from_nothing(
    versions: list[dict[str, str]],
) -> None:
    cache = Cache()
    for files in versions:
        assert compiled(MAIN | files, cache) == compiled(MAIN | files)


def test_what_is_made_goes_with_the_line_that_makes_it() -> None:
    cache = Cache()
    compiled(MAIN | {"w.yaml": THING}, cache)
    after = compiled(MAIN | {"w.yaml": THING[: THING.index("  source")]}, cache)
    assert W in after.resources
    assert OWN not in after.resources
    assert OWN not in after.broken


SHEET = "@stock/machine/1.yaml"


def test_a_sheet_makes_its_own_and_below_a_manifest_has_that_make_it() -> None:
    alone = compiled(MAIN | {SHEET: THING})
    assert lines(alone) == []
    assert str(alone.resources[OWN].origin) == f"{SHEET}:6:3"
    manifest = "kind: Thing\nmetadata: {name: w}\nspec: {cores: 2}\n"
    above = compiled(MAIN | {"w.yaml": manifest, SHEET: THING})
    assert lines(above) == []
    assert above.resources[OWN].spec == {"url": "there"}
    assert above.resources[OWN].through == ()
    untaken = compiled(MAIN | {"w.yaml": manifest.replace("2", "2, source: null, image: i"), SHEET: THING})
    assert lines(untaken) == []
    assert OWN not in untaken.resources


def test_what_a_declaration_makes_lies_above_a_sheet_of_the_same_key() -> None:
    sheet = "kind: Box\nmetadata: {name: w-box, labels: {floor: '2'}}\nspec: {url: here, peers: [main]}\n"
    cache = Cache()
    alone = compiled(MAIN | {SHEET: sheet}, cache)
    assert alone.resources[OWN].spec == {"url": "here", "peers": ["main"]}
    result = compiled(MAIN | {"w.yaml": THING, SHEET: sheet}, cache)
    assert lines(result) == []
    made = result.resources[OWN]
    assert made.spec == {"url": "there", "peers": ["main"]}
    assert made.labels == {"env": "prod", "floor": "2"}
    assert made.through == (SHEET,)
    assert [(one.pointer, one.value) for one in result.conflicts[OWN]] == [("/url", "there")]
    changed = compiled(MAIN | {"w.yaml": THING, SHEET: sheet.replace("[main]", "[]")}, cache)
    assert changed.resources[OWN].spec == {"url": "there", "peers": []}


def test_what_a_sheet_makes_and_a_manifest_declares_is_declared_twice() -> None:
    manifest = "kind: Box\nmetadata: {name: w-box}\nspec: {url: own}\n"
    result = compiled(MAIN | {"own.yaml": manifest, SHEET: THING})
    (line,) = lines(result)
    assert line.startswith(
        f"own.yaml:1:1: metadata.name: Box/w-box is declared twice, first at {SHEET}:6:3; "
    )
    assert OWN in result.broken
    assert W in result.resources
