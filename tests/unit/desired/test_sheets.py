"""Sheets: what an inventory declares, by itself and below the manifests."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint.desired.changes import retain
from setpoint.desired.compile import Cache
from setpoint.desired.compiled import Compiled
from setpoint.desired.gather import gather
from setpoint.model.key import Key
from setpoint.model.policy import Deletion
from tests.unit.desired.estate import BOX, KINDS, compiled, lines

WEB = Key("default", "Thing", "web")
SHEET = "@stock/machine/17.yaml"
ALONE = (
    "kind: Thing                # machines/17\n"
    "metadata:\n"
    "  name: web                # name\n"
    "  labels:\n"
    "    tier: front            # role\n"
    "policy:\n"
    "  deletion: orphan         # by default\n"
    "spec:\n"
    "  image: plain             # platform\n"
    "  memory: 4096MiB          # ram 4096, read as MiB\n"
)


def test_a_sheet_is_a_declaration_like_any_other() -> None:
    result = compiled({"box.yaml": BOX, SHEET: ALONE})
    assert lines(result) == []
    web = result.resources[WEB]
    assert web.spec == {"image": "plain", "memory": "4096MiB"}
    assert str(web.origin) == f"{SHEET}:1:1"
    assert str(web.origins["/memory"]) == f"{SHEET}:10:3"
    assert web.labels == {"tier": "front"}


def test_a_sheet_gets_the_defaults_of_the_root_and_no_overlay_is_about_it() -> None:
    files = {
        "box.yaml": BOX,
        "defaults.yaml": "kind: Thing\nlabels: {tier: front}\nspec: {cores: 8}\n",
        "overlay.yaml": "namespace: prod\npatches: [{kind: Box, spec: {url: there}}]\n",
        SHEET: ALONE.replace("name: web ", "name: web\n  namespace: prod"),
        "@stock/overlay.yaml": ALONE.replace("web", "one").replace("plain", "'1'"),
        "@stock/defaults.yaml": "kind: Box\nmetadata: {name: other}\nspec: {url: here}\n",
    }
    result = compiled(files)
    assert {str(key): one.spec.get("cores") for key, one in result.resources.items()} == {
        "Box/other": None,
        "prod/Box/main": None,
        "prod/Thing/web": 8,
        "Thing/one": 8,
    }


def test_an_overlay_over_other_folders_copies_no_sheet() -> None:
    files = {
        "box.yaml": BOX,
        "vms/web.yaml": ALONE.replace("web", "own"),
        "dev/overlay.yaml": "over: ../@stock\nnamespace: dev\n",
        SHEET: ALONE,
    }
    result = compiled(files)
    assert lines(result) == [
        "dev/overlay.yaml:1:1: over: there is no manifest in @stock; the folders are ../vms"
    ]
    assert sorted(map(str, result.resources)) == ["Box/main", "Thing/own", "Thing/web"]


def test_a_broken_sheet_is_told_at_its_place_and_hides_what_it_may_declare() -> None:
    named = compiled({"box.yaml": BOX, SHEET: ALONE.replace("4096MiB", "lots   ")})
    (line,) = lines(named)
    assert line.startswith(f"{SHEET}:10:3: spec.memory: 'lots' is no size")
    assert "(stock machines/17 web: ram 4096, read as MiB); " in line
    assert named.broken == {WEB}
    assert named.tainted == frozenset()
    unnamed = compiled({"box.yaml": BOX, SHEET: ALONE.replace("web ", "'!' ")})
    assert unnamed.tainted == {SHEET}


def manifest(more: str = "", *, name: str = "web", spec: str = "image: own") -> str:
    return f"kind: Thing\nmetadata: {{name: {name}}}\n{more}spec:\n  {spec}\n"


def told(result: Compiled, key: Key = WEB) -> dict[str, str]:
    return {pointer: str(origin) for pointer, origin in result.resources[key].origins.items()}


def test_a_sheet_lies_between_the_defaults_and_the_manifest() -> None:
    files = {
        "box.yaml": BOX,
        "vms/defaults.yaml": "kind: Thing\nspec: {memory: 1GiB, cores: 8, ratio: 0.5}\n",
        "vms/web.yaml": manifest(spec="cores: 2"),
        SHEET: ALONE,
    }
    result = compiled(files)
    assert lines(result) == []
    web = result.resources[WEB]
    assert web.spec == {"memory": "4096MiB", "cores": 2, "ratio": 0.5, "image": "plain"}
    assert told(result) == {
        "/policy/deletion": f"{SHEET}:7:3",
        "/image": f"{SHEET}:9:3",
        "/memory": f"{SHEET}:10:3",
        "/cores": "vms/web.yaml:4:3",
        "/ratio": "vms/defaults.yaml:2:32",
    }
    assert web.labels == {"tier": "front"}
    assert web.origin.path == "vms/web.yaml"
    assert web.through == (SHEET,)
    assert result.conflicts == {}


def test_labels_of_a_sheet_choose_defaults_for_the_manifest_too() -> None:
    files = {
        "box.yaml": BOX,
        "vms/defaults.yaml": "kind: Thing\nlabels: {tier: front}\nspec: {cores: 8, memory: 1GiB}\n",
        "vms/web.yaml": manifest(),
        SHEET: ALONE,
    }
    assert compiled(files).resources[WEB].spec == {"image": "own", "cores": 8, "memory": "4096MiB"}


def test_patches_of_an_overlay_lie_above_the_sheet_and_the_key_is_the_settled_one() -> None:
    files = {
        "box.yaml": BOX,
        "base/overlay.yaml": "template: true\n",
        "base/web.yaml": manifest(),
        "prod/overlay.yaml": "over: ../base\nnamespace: prod\npatches:\n- kind: Thing\n  spec: {memory: 8GiB}\n",
        "dev/overlay.yaml": "over: ../base\nnamespace: dev\n",
        SHEET: ALONE.replace("name: web ", "name: web\n  namespace: prod"),
    }
    result = compiled(files)
    assert lines(result) == []
    prod, dev = (result.resources[Key(name, "Thing", "web")] for name in ("prod", "dev"))
    assert prod.spec == {"image": "own", "memory": "8GiB"}
    assert prod.through == ("prod/overlay.yaml", SHEET)
    assert dev.spec == {"image": "own"}
    assert dev.through == ("dev/overlay.yaml",)
    assert [c.pointer for c in result.conflicts[prod.key]] == ["/image", "/memory"]


def test_what_a_set_or_another_declaration_makes_is_a_manifest_as_well() -> None:
    rows = (
        "kind: ResourceSet\nmetadata: {name: s}\nspec:\n  rows: [{n: web}, {n: other}]\n"
        "  template: {kind: Thing, metadata: {name: '{{ n }}'}, spec: {cores: 2, image: own}}\n"
    )
    result = compiled({"box.yaml": BOX, "set.yaml": rows, SHEET: ALONE})
    assert lines(result) == []
    assert result.resources[WEB].spec == {"cores": 2, "image": "own", "memory": "4096MiB"}
    assert result.resources[Key("default", "Thing", "other")].spec == {"cores": 2, "image": "own"}


TAKING: dict[str, tuple[str, dict[str, Any]]] = {
    "everything": ("", {"image": "own", "memory": "4096MiB", "nics": {"net0": {"a": "b", "c": "d"}}}),
    "of another": (
        "policy: {take: {other: []}}\n",
        {"image": "own", "memory": "4096MiB", "nics": {"net0": {"a": "b", "c": "d"}}},
    ),
    "nothing": ("policy: {take: {stock: []}}\n", {"image": "own"}),
    "a field": ("policy: {take: {stock: [memory]}}\n", {"image": "own", "memory": "4096MiB"}),
    "what it does not give": ("policy: {take: {stock: [cores]}}\n", {"image": "own"}),
    "a pointer": (
        "policy: {take: {stock: [/nics/net0/a]}}\n",
        {"image": "own", "nics": {"net0": {"a": "b"}}},
    ),
    "any name": ("policy: {take: {stock: [/nics/*/c]}}\n", {"image": "own", "nics": {"net0": {"c": "d"}}}),
}


@pytest.mark.parametrize(("take", "spec"), TAKING.values(), ids=TAKING)
def test_a_manifest_takes_what_it_names(take: str, spec: dict[str, Any]) -> None:
    sheet = ALONE + "  nics:\n    net0:\n      a: b\n      c: d\n"
    result = compiled({"box.yaml": BOX, "web.yaml": manifest(take), SHEET: sheet})
    assert lines(result) == []
    web = result.resources[WEB]
    assert web.spec == spec
    whole = "stock" not in take
    assert web.labels == ({"tier": "front"} if whole else {})
    assert (web.policy.deletion is Deletion.ORPHAN) is whole
    assert web.through == (() if take.endswith("stock: []}}\n") else (SHEET,))
    assert [c.pointer for c in result.conflicts.get(WEB, ())] == (["/image"] if whole else [])


MISTAKEN = {
    "no such field": (
        "policy:\n  take:\n    stock: [memroy]\n",
        "web.yaml:5:13: policy.take.stock[0]: a Thing has no field 'memroy'; did you mean memory?",
    ),
    "no such pointer": (
        "policy:\n  take:\n    stock: [memory, /kernel/is]\n",
        "web.yaml:5:21: policy.take.stock[1]: a Thing has no field 'kernel'; the fields are",
    ),
    "another name": (
        "policy:\n  take:\n    stcok: []\n",
        "web.yaml:5:5: policy.take.stcok: 'stcok' does not declare this resource; did you mean stock?",
    ),
    "no field at all": (
        "policy:\n  take:\n    stock: [/]\n",
        "web.yaml:4:3: policy.take: '/' is no field; write the name of one, or a pointer such as /nics/net0",
    ),
}


@pytest.mark.parametrize(("take", "line"), MISTAKEN.values(), ids=MISTAKEN)
def test_a_mistake_in_what_is_taken_is_told_at_its_place(take: str, line: str) -> None:
    result = compiled({"box.yaml": BOX, "web.yaml": manifest(take, spec="image: plain"), SHEET: ALONE})
    (said,) = lines(result)
    assert said.startswith(line)
    assert result.broken == {WEB}


def test_what_defaults_for_every_kind_take_not_every_kind_has_to_have() -> None:
    files = {
        "box.yaml": BOX,
        "defaults.yaml": "kind: '*'\npolicy:\n  take: {stock: [memory, volume]}\n",
        "web.yaml": manifest(),
        SHEET: ALONE,
    }
    result = compiled(files)
    assert lines(result) == []
    assert result.resources[WEB].spec == {"image": "own", "memory": "4096MiB"}
    (line,) = lines(compiled({**files, "defaults.yaml": files["defaults.yaml"].replace("'*'", "Thing")}))
    assert line.startswith("defaults.yaml:3:26: policy.take.stock[1]: a Thing has no field 'volume'")


CONFLICTS: dict[str, tuple[str, str, list[tuple[str, str, str]]]] = {
    "another value": ("memory: 4GiB", "memory: 2GiB", [("/memory", "2GiB", "4GiB")]),
    "the same": ("memory: 4GiB", "memory: 4GiB", []),
    "the same in other words": ("memory: 4096MiB", "memory: 4GiB", []),
    "only one of two": ("cores: 2\n  memory: 4096MiB", "cores: 3\n  memory: 4GiB", [("/cores", "3", "2")]),
    "in a mapping": (
        "nics: {net0: {a: b, c: d}}",
        "nics: {net0: {a: e}, net1: {}}",
        [("/nics/net0/a", "e", "b")],
    ),
    "of another shape": ("source: here", "source: {url: there}", [("/source", '{"url": "there"}', "here")]),
    "the other way round": (
        "source: {url: there}",
        "source: here",
        [("/source", "here", '{"url": "there"}')],
    ),
    "a list": (
        "shelves: [{height: 10}]",
        "shelves: [{height: 20}]",
        [("/shelves", '[{"height": 20}]', '[{"height": 10}]')],
    ),
    "a list in other words": (
        "shelves: [{height: 10}]",
        "shelves: [{height: 10, label: ''}]",
        [],
    ),
    "taken away": ("cores: 2", "cores: null", []),
    "nothing in the sheet": ("cores: null", "cores: 2", []),
    "not valid in the sheet": ("cores: many", "cores: 2", [("/cores", "2", "many")]),
}


@pytest.mark.parametrize(("below", "above", "expected"), CONFLICTS.values(), ids=CONFLICTS)
def test_what_both_give_and_not_alike_is_told(
    below: str, above: str, expected: list[tuple[str, str, str]]
) -> None:
    below = "".join(f"  {line.strip()} # ram\n" for line in below.splitlines())
    sheet = f"kind: Thing # machines/17\nmetadata:\n  name: web\nspec:\n{below}"
    result = compiled({"box.yaml": BOX, "web.yaml": manifest(spec=f"image: i\n  {above}"), SHEET: sheet})
    assert lines(result) == []
    found = result.conflicts.get(WEB, ())
    assert [(one.pointer, one.value, one.sheet_value) for one in found] == expected
    assert all(one.origin.path == "web.yaml" and one.sheet_origin.path == SHEET for one in found)
    assert {one.remark for one in found} <= {"stock machines/17 web: ram"}


def test_another_target_is_a_conflict_and_another_name_of_the_same_is_none() -> None:
    other = BOX.replace("main", "other")
    sheet = ALONE.replace("spec:", "target: default/other\nspec:")
    files = {"box.yaml": BOX, "other.yaml": other, SHEET: sheet}
    result = compiled({**files, "web.yaml": manifest("target: main\n", spec="cores: 2")})
    assert [(c.pointer, c.value, c.sheet_value) for c in result.conflicts[WEB]] == [
        ("target", "main", "default/other")
    ]
    assert result.resources[WEB].target == Key("default", "Box", "main")
    assert compiled({**files, "web.yaml": manifest("target: other\n", spec="cores: 2")}).conflicts == {}
    assert compiled({**files, "web.yaml": manifest(spec="cores: 2")}).resources[WEB].target == Key(
        "default", "Box", "other"
    )


def test_what_a_sheet_lacks_a_manifest_may_give() -> None:
    sheet = "kind: Thing\nmetadata: {name: web}\nspec: {memory: 4GiB}\n"
    alone = compiled({"box.yaml": BOX, SHEET: sheet})
    assert [line.split(";")[0] for line in lines(alone)] == [f"{SHEET}:3:1: spec.image: is missing"]
    result = compiled({"box.yaml": BOX, "web.yaml": manifest(), SHEET: sheet})
    assert lines(result) == []
    assert result.resources[WEB].spec == {"memory": "4GiB", "image": "own"}


SPOILT = {
    "a value": (ALONE.replace("4096MiB", "lots   "), True),
    "a field": (ALONE.replace("memory:", "memroy:"), True),
    "the YAML": (ALONE + "  image: twice\n", False),
    "the syntax": (ALONE + "  bad: [\n", False),
    "the envelope": (ALONE + "stuff: 1\n", True),
}


@pytest.mark.parametrize(("sheet", "known"), SPOILT.values(), ids=SPOILT)
def test_a_manifest_over_a_sheet_that_is_not_valid_stays_as_it_was_and_nothing_else_does(
    sheet: str, *, known: bool
) -> None:
    files = {"box.yaml": BOX, "web.yaml": manifest(), "o.yaml": manifest(name="o"), SHEET: ALONE}
    before = compiled(files).resources
    after = compiled({**files, SHEET: sheet, "o.yaml": manifest(name="o", spec="image: new")})
    assert lines(after)
    assert all(line.startswith(SHEET) for line in lines(after))
    kept = retain(before, after)
    assert kept.retained == {WEB}
    assert kept.resources[WEB] == before[WEB]
    assert kept.resources[Key("default", "Thing", "o")].spec == {"image": "new"}
    assert after.broken == ({WEB} if known else after.broken)


def test_what_a_manifest_does_not_take_cannot_spoil_it() -> None:
    for sheet in (ALONE.replace("4096MiB", "lots   "), ALONE + "  image: twice\n"):
        files = {"box.yaml": BOX, "web.yaml": manifest("policy: {take: {stock: []}}\n"), SHEET: sheet}
        result = compiled(files)
        assert result.resources[WEB].spec == {"image": "own"}
        assert result.broken == frozenset()
    files[SHEET] = ALONE.replace("4096MiB", "lots   ")
    files["web.yaml"] = manifest(spec="image: own\n  memory: 1GiB")
    assert compiled(files).resources[WEB].spec == {"memory": "1GiB", "image": "own"}


def test_two_sheets_of_one_key_are_told_of_both_and_neither_counts() -> None:
    other = "@stock/machine/18.yaml"
    files = {"box.yaml": BOX, SHEET: ALONE, other: ALONE}
    remedy = "let the inventory give one of the two objects another name"
    said = [
        f"{one}:1:1: metadata.name: Thing/web is declared by {two} as well (stock machines/17 web); {remedy}"
        for one, two in ((SHEET, other), (other, SHEET))
    ]
    alone = compiled(files)
    assert lines(alone) == said
    assert alone.broken == {WEB}
    above = compiled({**files, "web.yaml": manifest()})
    assert lines(above) == said
    assert above.broken == {WEB}
    assert str(above.suspended[WEB]) == (
        f"web.yaml:1:1: gets values from {SHEET} and {other}, which both declare it; "
        "see to it that one of them does"
    )
    untaken = compiled({**files, "web.yaml": manifest("policy: {take: {stock: []}}\n")})
    assert untaken.resources[WEB].spec == {"image": "own"}


def test_a_sheet_is_one_manifest() -> None:
    two = compiled({"box.yaml": BOX, SHEET: ALONE + "---\n" + ALONE.replace("web", "app")})
    assert lines(two) == [
        f"{SHEET}: a sheet is one manifest (stock machines/17 web); let the inventory make one sheet for each resource"
    ]
    assert two.tainted == {SHEET}
    made = "kind: ResourceSet\nmetadata: {name: s}\nspec:\n  %s\n  template:\n    " + ALONE.replace(
        "\n", "\n    "
    )
    for rows in ("rows: []", "rows: [{n: 1}]", "csv: ../../t.csv", "csv: ../../nowhere.csv"):
        (line,) = lines(compiled({"box.yaml": BOX, "t.csv": "n\n1\n", SHEET: made % rows}))
        assert line.startswith(f"{SHEET}: a sheet is one manifest; ")


def test_a_name_before_that_a_sheet_tells_moves_what_a_manifest_declares() -> None:
    sheet = ALONE.replace("name: web ", "name: web\n  formerly: old")
    result = compiled({"box.yaml": BOX, "web.yaml": manifest(), SHEET: sheet})
    assert lines(result) == []
    assert result.resources[WEB].formerly == Key("default", "Thing", "old")


def test_a_manifest_that_comes_and_goes_takes_the_sheet_below_it_and_gives_it_back() -> None:
    cache = Cache()
    files = {"box.yaml": BOX, SHEET: ALONE}
    for more, origin, image in (
        ({}, SHEET, "plain"),
        ({"web.yaml": manifest()}, "web.yaml", "own"),
        ({"moved/web.yaml": manifest(spec="cores: 2")}, "moved/web.yaml", "plain"),
        ({}, SHEET, "plain"),
    ):
        result = compiled({**files, **more}, cache=cache)
        assert lines(result) == []
        web = result.resources[WEB]
        assert (web.origin.path, web.spec["image"]) == (origin, image)
    gone = compiled({"box.yaml": BOX, "web.yaml": manifest()}, cache=cache)
    assert gone.resources[WEB].spec == {"image": "own"}


def test_a_manifest_whose_object_has_another_name_in_the_inventory_now_stays_as_it_was() -> None:
    """Else it would lose what the inventory said, and there would be two of it."""
    old = Key("default", "Thing", "old")
    renamed = ALONE.replace("name: web ", "name: web\n  formerly: old")
    files = {"box.yaml": BOX, "o.yaml": manifest(name="old"), SHEET: ALONE.replace("name: web", "name: old")}
    before = compiled(files).resources
    after = compiled({**files, SHEET: renamed})
    (line,) = lines(after)
    assert line.startswith(
        f"{SHEET}:4:3: metadata.formerly: Thing/old is still declared at o.yaml:1:1 (stock "
    )
    assert line.endswith("; give that declaration the new name, too")
    assert str(after.suspended[old]) == "o.yaml:1:1: is called Thing/web by stock now; rename it here, too"
    kept = retain(before, after)
    assert kept.resources[old] == before[old]
    assert WEB not in kept.resources
    alone = manifest("policy: {take: {stock: []}}\n", name="old")
    assert compiled({**files, "o.yaml": alone, SHEET: renamed}).resources[old].spec == {"image": "own"}
    followed = compiled({"box.yaml": BOX, "o.yaml": manifest(), SHEET: renamed})
    assert lines(followed) == []
    assert followed.resources[WEB].formerly == old


def test_a_sheet_that_cannot_be_read_keeps_nothing_that_was_taken_out_elsewhere() -> None:
    files = {"box.yaml": BOX, "web.yaml": manifest(), "o.yaml": manifest(name="o"), SHEET: ALONE}
    before = compiled(files).resources
    del files["o.yaml"]
    after = retain(before, compiled({**files, SHEET: ALONE + "  bad: [\n"}))
    assert after.retained == {WEB}
    assert Key("default", "Thing", "o") not in after.resources


def test_who_takes_nothing_of_a_sheet_any_more_does_not_wait_for_it_to_be_readable() -> None:
    files = {"box.yaml": BOX, "web.yaml": manifest(), SHEET: ALONE}
    before = compiled(files).resources
    unread = {**files, SHEET: ALONE + "  bad: [\n"}
    kept = retain(before, compiled(unread))
    assert kept.retained == {WEB}
    assert str(kept.suspended[WEB]) == (
        f"web.yaml:1:1: gets values from {SHEET}, which cannot be read; mend {SHEET} first"
    )
    for take, retained in (("[]", False), ("[memory]", True)):
        files = {**unread, "web.yaml": manifest(f"policy: {{take: {{stock: {take}}}}}\n")}
        assert (WEB in retain(before, compiled(files)).retained) is retained


def test_what_a_sheet_refers_to_is_no_copy_even_below_one() -> None:
    """In a copy, names of the namespace that it came from mean what was copied; an inventory says what it means."""
    near = ALONE.replace("name: web ", "name: web\n  namespace: dev") + "  near: prod/db\n"
    files = {
        "box.yaml": BOX,
        "prod/web.yaml": "kind: Thing\nmetadata: {name: web, namespace: prod}\nspec: {image: own}\n",
        "prod/db.yaml": "kind: Thing\nmetadata: {name: db, namespace: prod}\nspec: {image: own}\n",
        "dev/overlay.yaml": "over: ../prod\nnamespace: dev\n",
        SHEET: near,
    }
    result = compiled(files)
    assert lines(result) == []
    web = result.resources[Key("dev", "Thing", "web")]
    assert Key("prod", "Thing", "db") in web.references


def test_what_a_sheet_is_not_about_any_more_stays_as_it_was_until_somebody_says_how_it_goes_on() -> None:
    files = {"box.yaml": BOX, "web.yaml": manifest(), SHEET: ALONE}
    before = compiled(files).resources
    moved = {**files, SHEET: ALONE.replace("name: web", "name: app")}
    after = gather(before, compiled(moved), KINDS)
    assert after.retained == {WEB}
    assert after.resources[WEB] == before[WEB]
    assert str(after.suspended[WEB]) == (
        f"web.yaml:1:1: got values from {SHEET}, which is about something else now; let stock have it as before, "
        "or take nothing of that here: policy: {take: {stock: []}}"
    )
    assert after.resources[Key("default", "Thing", "app")].spec["image"] == "plain"
    alone = {**moved, "web.yaml": manifest("policy: {take: {stock: []}}\n")}
    assert gather(after.resources, compiled(alone), KINDS).resources[WEB].spec == {"image": "own"}
    gone = {path: text for path, text in files.items() if path != SHEET}
    assert gather(before, compiled(gone), KINDS).resources[WEB].spec == {"image": "own"}


def test_two_objects_of_an_inventory_that_swap_their_names_change_neither_resource() -> None:
    other = "@stock/machine/18.yaml"
    one, two = ALONE, ALONE.replace("name: web", "name: app").replace("4096MiB", "8192MiB")
    before = compiled({"box.yaml": BOX, SHEET: one, other: two}).resources
    after = retain(before, compiled({"box.yaml": BOX, SHEET: two, other: one}))
    assert after.resources == before
    assert set(after.suspended) == after.retained == {WEB, Key("default", "Thing", "app")}
    assert str(after.suspended[WEB]) == (
        f"{other}:1:1: got values from {SHEET}, which is about something else now; let stock have it as before, "
        "and give each its new name after the other"
    )
