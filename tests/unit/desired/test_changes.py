"""What is kept when a version is broken, and what counts as a change."""

from __future__ import annotations

import pytest

from setpoint.desired.changes import Changes, changed_keys, retain
from setpoint.desired.compile import Cache
from setpoint.desired.compiled import Compiled
from setpoint.model.key import Key
from setpoint.store.codec import encode, resource_from
from tests.unit.desired.estate import BOX, compiled

MAIN = Key("default", "Box", "main")


def thing(name: str, spec: str = "image: i", **metadata: str) -> str:
    more = "".join(f", {key}: {value}" for key, value in metadata.items())
    return f"kind: Thing\nmetadata: {{name: {name}{more}}}\nspec: {{{spec}}}\n"


def key(name: str) -> Key:
    return Key("default", "Thing", name)


BEFORE = {
    "box.yaml": BOX,
    "vms/defaults.yaml": "kind: Thing\nspec: {cores: 2}\n",
    "vms/a.yaml": thing("a"),
    "vms/b.yaml": thing("b", "image: i, near: a"),
    "c.yaml": thing("c"),
}

AFTER: dict[str, tuple[dict[str, str | None], set[str]]] = {
    "nothing changed": ({}, set()),
    "one is gone": ({"c.yaml": None}, set()),
    "one is broken": ({"c.yaml": thing("c", "image: 5")}, {"c"}),
    "one cannot be read": ({"c.yaml": "kind: ["}, {"c"}),
    "one has lost its name": ({"c.yaml": thing("C!")}, {"c"}),
    "one has lost its kind": ({"c.yaml": thing("c").replace("Thing", "Thign")}, {"c"}),
    "one is declared twice": ({"d.yaml": thing("c")}, {"c"}),
    "one is broken and another needs it": ({"vms/a.yaml": thing("a", "image: 5")}, {"a", "b"}),
    "a folder's defaults are broken": ({"vms/defaults.yaml": "kind: ["}, {"a", "b"}),
    "the root's defaults are broken": ({"defaults.yaml": "kind: ["}, {"a", "b", "c", "main"}),
    "a folder's defaults are broken and one is gone": (
        {"vms/defaults.yaml": "kind: [", "vms/a.yaml": None},
        {"a", "b"},
    ),
    "one is broken and another gone": ({"vms/a.yaml": "kind: [", "c.yaml": None}, {"a", "b"}),
    "the target is broken": ({"box.yaml": "kind: ["}, {"a", "b", "c", "main"}),
    "what a broken one needs is gone": (
        {"vms/b.yaml": thing("b", "image: 5, near: a"), "vms/a.yaml": None},
        {"a", "b"},
    ),
    "one is renamed and says so": ({"c.yaml": thing("d", formerly="c")}, set()),
    "one is renamed, says so and is broken": ({"c.yaml": thing("d", "image: 5", formerly="c")}, {"c"}),
    "a file is renamed and broken": ({"c.yaml": None, "d.yaml": "kind: ["}, {"c"}),
    "a new file is broken": ({"d.yaml": "kind: ["}, set()),
    "a circle": ({"vms/a.yaml": thing("a", "image: i, near: b")}, {"a", "b"}),
    "everything is gone": (dict.fromkeys(BEFORE), set()),
}


@pytest.mark.parametrize(("edit", "kept"), AFTER.values(), ids=AFTER.keys())
def test_what_a_mistake_took_away_is_kept_as_it_was(edit: dict[str, str | None], kept: set[str]) -> None:
    before = compiled(BEFORE).resources
    files = {path: text for path, text in {**BEFORE, **edit}.items() if text is not None}
    after = compiled(files)
    result = retain(before, after)
    assert {found.name for found in result.retained} == kept
    assert result.resources.keys() == after.resources.keys() | result.retained
    for found in result.retained:
        assert result.resources[found] == before[found]
    places = {found: place for place, found in enumerate(result.resources)}
    for found, resource in result.resources.items():
        assert all(places[need] < places[found] for need in resource.references)


def test_what_is_kept_stays_kept_over_any_number_of_broken_versions_and_then_goes() -> None:
    resources = compiled(BEFORE).resources
    for text in ("kind: [", "kind: {", "kind: Thing\nmetadata: {name: c}\nspec: {image: 5}\n"):
        kept = retain(resources, compiled({**BEFORE, "c.yaml": text}))
        assert kept.retained == {key("c")}
        resources = kept.resources
    gone = retain(resources, compiled({path: text for path, text in BEFORE.items() if path != "c.yaml"}))
    assert key("c") not in gone.resources


def test_what_is_kept_follows_what_it_needs_to_its_new_name() -> None:
    before = compiled(BEFORE).resources
    renamed = BOX.replace("name: main", "name: new, formerly: main")
    result = retain(before, compiled({**BEFORE, "box.yaml": renamed, "c.yaml": thing("c", "image: 5")}))
    new = Key("default", "Box", "new")
    assert result.retained == {key("c")}
    assert (result.resources[key("c")].target, result.resources[key("c")].references) == (new, (new,))
    assert result.resources[key("c")].spec_hash == before[key("c")].spec_hash
    assert MAIN not in result.resources


def test_what_is_kept_of_versions_that_need_one_another_is_still_ordered() -> None:
    """Broken versions can leave an old b that needs a, beside a newer a that needs b."""
    before = compiled(BEFORE).resources
    newer = compiled({"box.yaml": BOX, "a.yaml": thing("a", "image: i, near: b"), "b.yaml": thing("b")})
    previous = {MAIN: before[MAIN], key("a"): newer.resources[key("a")], key("b"): before[key("b")]}
    after = Compiled("v2", {MAIN: before[MAIN]}, broken=frozenset({key("a"), key("b")}))
    result = retain(previous, after)
    assert result.retained == {key("a"), key("b")}
    assert next(iter(result.resources)) == MAIN
    assert result.resources.keys() == previous.keys()


def test_changes_are_judged_by_what_is_declared_and_not_by_where() -> None:
    before = compiled(BEFORE).resources
    moved = {
        f"new/{path.removeprefix('vms/')}" if path != "box.yaml" else path: f"# moved\n{text}"
        for path, text in BEFORE.items()
        if path != "c.yaml"
    }
    after = compiled({**moved, "d.yaml": thing("d"), "new/a.yaml": thing("a", "image: other")}).resources
    assert changed_keys(before, after) == Changes(
        added=frozenset({key("d")}), changed=frozenset({key("a")}), removed=frozenset({key("c")})
    )
    assert changed_keys(after, after) == Changes(frozenset(), frozenset(), frozenset())


def prod(name: str, spec: str = "image: i", **metadata: str) -> str:
    return thing(name, spec, namespace="prod", **metadata)


HASHED: dict[str, tuple[dict[str, str], bool]] = {
    "spec": ({"a.yaml": prod("a", "image: other")}, True),
    "spec by defaults": ({"defaults.yaml": "kind: Thing\nspec: {cores: 2}\n"}, True),
    "policy": ({"a.yaml": "policy: {drift: warn}\n" + prod("a")}, True),
    "policy by defaults": ({"defaults.yaml": "kind: '*'\npolicy: {interval: 1h}\n"}, True),
    "reference": ({"a.yaml": prod("a", "image: i, near: b")}, True),
    "what a name stands for": ({"prod.yaml": BOX.replace("name: main", "name: main, namespace: prod")}, True),
    "the same target written out": ({"a.yaml": "target: main\n" + prod("a")}, False),
    "the same policy written out": ({"a.yaml": "policy: {drift: enforce}\n" + prod("a")}, False),
    "order of fields": (
        {"a.yaml": "spec: {image: i}\nmetadata: {namespace: prod, name: a}\nkind: Thing\n"},
        False,
    ),
    "labels": ({"a.yaml": prod("a", labels="{x: y}")}, False),
    "another file": ({"a.yaml": "", "b/a.yaml": prod("a")}, False),
}


@pytest.mark.parametrize(("edit", "differs"), HASHED.values(), ids=HASHED.keys())
def test_the_spec_hash_changes_with_what_should_be_and_with_nothing_else(
    edit: dict[str, str], *, differs: bool
) -> None:
    base = {"box.yaml": BOX, "b.yaml": thing("b"), "a.yaml": prod("a")}
    before = compiled(base).resources[Key("prod", "Thing", "a")]
    after = compiled({**base, **edit})
    assert after.problems == ()
    assert (after.resources[Key("prod", "Thing", "a")].spec_hash != before.spec_hash) == differs


def test_a_resource_survives_the_store() -> None:
    text = thing("a", "image: i, nics: {x/y: {m~n: '1'}}, memory: 1GiB", labels="{x: y}", formerly="old")
    files = {"box.yaml": BOX, "a.yaml": "policy: {interval: 90s, ignore: [/x]}\n" + text}
    for resource in compiled(files).resources.values():
        again = resource_from(encode(resource))
        assert again == resource


def test_an_ordinary_commit_makes_anew_what_changed_and_nothing_else() -> None:
    cache = Cache()
    first = compiled(BEFORE, cache=cache)
    kept = cache.reading
    edited = {**BEFORE, "vms/a.yaml": thing("a", "image: other")}
    second = compiled(edited, cache=cache)
    assert second == compiled(edited)
    now = cache.reading.pieces
    assert {path for path in now if now[path] is not kept.pieces[path]} == {"vms/a.yaml"}
    assert {key.name for key, new in second.resources.items() if new is not first.resources[key]} == {"a"}
    assert compiled(BEFORE, cache=cache) == first


def test_a_changed_layer_is_read_anew_for_all_below_it_and_nothing_else() -> None:
    cache = Cache()
    compiled(BEFORE, cache=cache)
    kept = cache.reading.pieces
    edited = {**BEFORE, "vms/defaults.yaml": "kind: Thing\nspec: {cores: 3}\n"}
    assert compiled(edited, cache=cache) == compiled(edited)
    now = cache.reading.pieces
    assert {path for path in now if now[path] is not kept[path]} == {"vms/a.yaml", "vms/b.yaml"}


def test_an_empty_set_is_no_mistake() -> None:
    assert compiled({}) == Compiled("v1", {})
    assert compiled(
        {"README.md": "x: [", ".github/x.yaml": "x: [", "a/.b/c.yml": "[", ".x.yaml": "["}
    ) == Compiled("v1", {})
