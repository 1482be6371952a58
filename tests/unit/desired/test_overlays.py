"""Overlays: a folder declared once more into another namespace, what is otherwise there, and where each value was written."""

from __future__ import annotations

import pytest

from setpoint.desired.changes import retain
from setpoint.desired.compile import Cache
from setpoint.desired.compiled import Compiled
from setpoint.model.key import Key
from tests.unit.desired.estate import BOX, compiled, lines

BASE = {
    "box.yaml": BOX,
    "base/overlay.yaml": "template: true\n",
    "base/defaults.yaml": "kind: Thing\nspec: {cores: 2, memory: 4GiB}\n",
    "base/db.yaml": "kind: Thing\nmetadata: {name: db, labels: {tier: db}}\nspec:\n  image: plain\n  memory: 8GiB\n",
    "base/web/web.yaml": "kind: Thing\nmetadata: {name: web}\nspec:\n  image: plain\n  near: db\n  nics: {net0: {bridge: prod}}\n",
}
PROD = {"prod/overlay.yaml": "over: ../base\nnamespace: prod\n"}
DEV = {
    "dev/overlay.yaml": (
        "over: ../base\n"
        "namespace: dev\n"
        "patches:\n"
        "  - kind: Thing\n"
        "    labels: {tier: db}\n"
        "    spec:\n"
        "      memory: 1GiB\n"
        "  - kind: Thing\n"
        "    name: web\n"
        "    spec:\n"
        "      nics: {net0: {bridge: dev}}\n"
        "      cores: null\n"
        "  - kind: '*'\n"
        "    metadata: {labels: {env: dev}}\n"
        "    policy: {interval: 1h}\n"
    )
}


def dev(name: str) -> Key:
    return Key("dev", "Thing", name)


def fine(files: dict[str, str]) -> Compiled:
    result = compiled(files)
    assert lines(result) == []
    assert not result.broken
    return result


def keys(result: Compiled) -> list[str]:
    return [str(key) for key in result.resources]


def test_a_template_is_declared_by_each_overlay_over_it_and_not_by_itself() -> None:
    assert keys(fine(BASE)) == ["Box/main"]
    assert keys(fine(BASE | PROD)) == ["Box/main", "prod/Thing/db", "prod/Thing/web"]
    every = fine(BASE | PROD | DEV)
    assert sorted(keys(every)) == [
        "Box/main",
        "dev/Thing/db",
        "dev/Thing/web",
        "prod/Thing/db",
        "prod/Thing/web",
    ]


def test_names_in_a_copy_refer_to_the_copy_and_what_is_not_copied_to_what_all_share() -> None:
    web = fine(BASE | PROD | DEV).resources[dev("web")]
    assert [str(key) for key in web.references] == ["Box/main", "dev/Thing/db"]


def test_patches_lie_above_the_manifest_and_every_value_knows_who_wrote_it() -> None:
    result = fine(BASE | PROD | DEV)
    web, db = result.resources[dev("web")], result.resources[dev("db")]
    assert web.spec == {"memory": "4GiB", "image": "plain", "near": "db", "nics": {"net0": {"bridge": "dev"}}}
    assert {pointer: str(origin) for pointer, origin in web.origins.items()} == {
        "/policy/interval": "dev/overlay.yaml:15:14",
        "/memory": "base/defaults.yaml:2:18",
        "/image": "base/web/web.yaml:4:3",
        "/near": "base/web/web.yaml:5:3",
        "/nics/net0/bridge": "dev/overlay.yaml:11:21",
    }
    assert str(web.origin) == "base/web/web.yaml:1:1"
    assert (db.spec["memory"], db.labels) == ("1GiB", {"tier": "db", "env": "dev"})
    prod = result.resources[Key("prod", "Thing", "db")]
    assert (prod.spec["memory"], prod.labels) == ("8GiB", {"tier": "db"})


def test_defaults_of_an_overlay_lie_above_those_of_what_it_is_over_and_below_the_manifests() -> None:
    files = {
        "dev/defaults.yaml": "kind: Thing\nspec: {memory: 2GiB}\n",
        "dev/web/defaults.yaml": "kind: Thing\nspec: {colour: blue}\n",
        "defaults.yaml": "kind: Thing\nspec: {memory: 9GiB, ratio: 0.5}\n",
        "dev/overlay.yaml": "over: ../base\nnamespace: dev\n",
    }
    result = fine(BASE | files)
    db, web = result.resources[dev("db")], result.resources[dev("web")]
    assert db.spec == {"cores": 2, "memory": "8GiB", "ratio": 0.5, "image": "plain"}
    assert (web.spec["memory"], web.spec["colour"]) == ("2GiB", "blue")
    assert str(web.origins["/memory"]) == "dev/defaults.yaml:2:8"


def test_what_is_not_a_template_goes_on_being_declared_when_something_is_laid_over_it() -> None:
    files = {path: text for path, text in BASE.items() if path != "base/overlay.yaml"}
    assert sorted(keys(fine(files | DEV))) == [
        "Box/main",
        "Thing/db",
        "Thing/web",
        "dev/Thing/db",
        "dev/Thing/web",
    ]


def test_what_lies_in_the_folder_of_an_overlay_is_declared_into_its_namespace_and_patched() -> None:
    extra = {"dev/tools/extra.yaml": "kind: Thing\nmetadata: {name: extra}\nspec: {image: i, near: web}\n"}
    result = fine(BASE | PROD | DEV | extra)
    found = result.resources[dev("extra")]
    assert (found.labels, [str(key) for key in found.references]) == (
        {"env": "dev"},
        ["Box/main", "dev/Thing/web"],
    )
    assert str(found.origins["/policy/interval"]) == "dev/overlay.yaml:15:14"


def test_an_overlay_over_an_overlay_is_a_copy_of_all_that_it_declares() -> None:
    files = {
        "prod/overlay.yaml": "over: ../base\nnamespace: prod\npatches:\n  - {kind: Thing, spec: {cores: 8, ratio: 0.2}}\n",
        "prod/own.yaml": "kind: Thing\nmetadata: {name: own}\nspec: {image: i, near: prod/web}\n",
        "dev/overlay.yaml": "over: ../prod\nnamespace: dev\npatches:\n  - {kind: Thing, spec: {ratio: 0.1}}\n",
    }
    result = fine(BASE | files)
    assert {key.name for key in result.resources if key.namespace == "dev"} == {"db", "web", "own"}
    own = result.resources[dev("own")]
    assert (own.spec["cores"], own.spec["ratio"]) == (8, 0.1)
    assert (str(own.origins["/cores"]), str(own.origins["/ratio"])) == (
        "prod/overlay.yaml:4:26",
        "dev/overlay.yaml:4:26",
    )
    assert [str(key) for key in own.references] == ["Box/main", "dev/Thing/web"]
    assert [str(key) for key in result.resources[Key("prod", "Thing", "own")].references] == [
        "Box/main",
        "prod/Thing/web",
    ]


def test_a_copy_leaves_the_namespace_of_the_manifest_and_the_names_in_it_follow() -> None:
    files = {
        "box.yaml": BOX,
        "prod/box.yaml": "kind: Box\nmetadata: {name: own, namespace: prod}\nspec: {url: u}\n",
        "prod/db.yaml": "kind: Thing\nmetadata: {name: db, namespace: prod}\ntarget: own\nspec: {image: i}\n",
        "prod/web.yaml": (
            "kind: Thing\nmetadata: {name: web, namespace: prod}\ntarget: prod/own\nspec: {image: i, near: prod/db}\n"
        ),
        "dev/overlay.yaml": "over: ../prod\nnamespace: dev\n",
    }
    result = fine(files)
    assert [str(key) for key in result.resources[dev("web")].references] == ["dev/Box/own", "dev/Thing/db"]
    assert str(result.resources[dev("web")].target) == "dev/Box/own"
    pointing = files | {
        "dev/overlay.yaml": (
            "over: ../prod\nnamespace: dev\npatches:\n  - {kind: Thing, name: web, spec: {near: prod/db}}\n"
        )
    }
    assert [str(key) for key in fine(pointing).resources[dev("web")].references] == [
        "dev/Box/own",
        "prod/Thing/db",
    ]


def test_a_part_of_a_template_can_be_copied_and_some_of_it_left_out() -> None:
    part = {
        "dev/overlay.yaml": "over: ../base/web\nnamespace: dev\npatches:\n  - {kind: Thing, spec: {near: null}}\n"
    }
    assert keys(fine(BASE | part)) == ["Box/main", "dev/Thing/web"]
    less = {"dev/overlay.yaml": "over: ../base\nnamespace: dev\nwithout:\n  - {kind: Thing, name: web}\n"}
    result = fine(BASE | PROD | less)
    assert [key.name for key in result.resources if key.namespace == "dev"] == ["db"]
    assert [key.name for key in result.resources if key.namespace == "prod"] == ["db", "web"]


def test_what_one_overlay_leaves_out_the_next_does_not_have_either_but_may_declare_itself() -> None:
    files = {
        "prod/overlay.yaml": "over: ../base\nnamespace: prod\nwithout: [{kind: Thing, name: db}]\npatches:\n"
        "  - {kind: Thing, name: web, spec: {near: null}}\n",
        "dev/overlay.yaml": "over: ../prod\nnamespace: dev\n",
    }
    assert [key.name for key in fine(BASE | files).resources if key.namespace == "dev"] == ["web"]
    own = files | {"prod/db.yaml": "kind: Thing\nmetadata: {name: db}\nspec: {image: own}\n"}
    assert fine(BASE | own).resources[dev("db")].spec["image"] == "own"


def test_a_patch_can_take_away_what_is_there_and_is_nothing_where_nothing_is() -> None:
    files = {
        "dev/overlay.yaml": "over: ../base\nnamespace: dev\npatches:\n  - {kind: Thing, spec: {near: null, nics: {net0: null}}}\n"
    }
    result = fine(BASE | files)
    assert result.resources[dev("web")].spec["nics"] == {}
    assert "near" not in result.resources[dev("web")].spec
    assert result.resources[dev("db")].spec["nics"] == {}


def test_of_two_patches_that_say_the_same_the_later_one_counts() -> None:
    patches = ["{kind: Thing, spec: {cores: 3, ratio: 0.3}}", "{kind: Thing, name: db, spec: {cores: 4}}"]
    for first, second, cores in ((0, 1, 4), (1, 0, 3)):
        text = f"over: ../base\nnamespace: dev\npatches:\n  - {patches[first]}\n  - {patches[second]}\n"
        db = fine(BASE | {"dev/overlay.yaml": text}).resources[dev("db")]
        assert (db.spec["cores"], db.spec["ratio"]) == (cores, 0.3)


def test_a_folder_may_have_a_namespace_and_be_over_nothing() -> None:
    files = {
        "box.yaml": BOX,
        "dev/overlay.yaml": "namespace: dev\n",
        "dev/a.yaml": "kind: Thing\nmetadata: {name: a, namespace: dev}\nspec: {image: i}\n",
    }
    assert keys(fine(files)) == ["Box/main", "dev/Thing/a"]


def test_an_overlay_can_go_on_with_what_was_declared_in_another_namespace() -> None:
    before = {path: text for path, text in BASE.items() if path != "base/overlay.yaml"}
    moving = BASE | DEV | {"prod/overlay.yaml": "over: ../base\nnamespace: prod\nformerly: default\n"}
    result = fine(moving)
    db = result.resources[Key("prod", "Thing", "db")]
    assert db.formerly == Key("default", "Thing", "db")
    assert result.resources[dev("db")].formerly is None
    assert not retain(fine(before).resources, result).retained
    still = compiled(before | {"prod/overlay.yaml": moving["prod/overlay.yaml"]})
    assert lines(still)[0] == (
        "prod/overlay.yaml:3:1: metadata.formerly: Thing/db is still declared at base/db.yaml:1:1; "
        "remove that declaration, or remove formerly"
    )


HEAD = "over: ../base\nnamespace: dev\n"
BAD: dict[str, tuple[str, str]] = {
    "YAML": (
        "over: [\n",
        "dev/overlay.yaml:2:1: a value is missing here; write it, or close the { or [ before it",
    ),
    "nothing": (
        "# later\n",
        "dev/overlay.yaml: an overlay is one document; write one, with over and namespace, or template: true",
    ),
    "two documents": (
        f"{HEAD}---\n{HEAD}",
        "dev/overlay.yaml: an overlay is one document; write one, with over and namespace, or template: true",
    ),
    "a list": (
        "- over: ../base\n",
        "dev/overlay.yaml: an overlay is a mapping; write over and namespace, or template: true",
    ),
    "a manifest": (
        "kind: Thing\nmetadata: {name: overlay}\n",
        "dev/overlay.yaml: this is a manifest, and overlay.yaml says what a folder is laid over; rename the file",
    ),
    "no namespace": (
        "over: ../base\n",
        "dev/overlay.yaml:1:1: an overlay needs a namespace; add namespace, or template: true",
    ),
    "bad namespace": (
        "over: ../base\nnamespace: Dev\n",
        "dev/overlay.yaml:2:1: namespace: 'Dev' is no namespace; use at most 63 of a-z, 0-9 and -, beginning and ending with a letter or digit",
    ),
    "unknown field": (
        f"{HEAD}patchs: []\n",
        "dev/overlay.yaml:3:1: patchs: there is no field 'patchs'; did you mean patches?",
    ),
    "template and more": (
        "template: true\nnamespace: dev\n",
        "dev/overlay.yaml:1:1: a template is declared by the overlays over it, and says nothing else; remove template, or the rest",
    ),
    "out of the declarations": (
        "over: ../../base\nnamespace: dev\n",
        "dev/overlay.yaml:1:1: over: '../../base' leads out of the declarations; write a way from here, such as ../base",
    ),
    "over itself": (
        "over: .\nnamespace: dev\n",
        "dev/overlay.yaml:1:1: over: this overlay lies in '.' itself; name a folder beside it",
    ),
    "over what holds it": (
        "over: ..\nnamespace: dev\n",
        "dev/overlay.yaml:1:1: over: this overlay lies in '..' itself; name a folder beside it",
    ),
    "over what it holds": (
        "over: base\nnamespace: dev\n",
        "dev/overlay.yaml:1:1: over: 'base' lies in the folder of the overlay; move it beside that",
    ),
    "over nothing": (
        "over: ../bsae\nnamespace: dev\n",
        "dev/overlay.yaml:1:1: over: there is no manifest in bsae; did you mean ../base?",
    ),
    "over a part of an overlay": (
        "over: ../prod/some\nnamespace: dev\n",
        "dev/overlay.yaml:1:1: over: prod/some is a part of what prod/overlay.yaml declares; name all of it, prod",
    ),
    "in a circle": (
        "over: ../other\nnamespace: dev\n",
        "dev/overlay.yaml:1:1: over: these are laid over one another in a circle: dev/overlay.yaml → other/overlay.yaml → dev/overlay.yaml; lay one of them over nothing",
    ),
    "patch of an unknown kind": (
        f"{HEAD}patches:\n  - kind: Thign\n",
        "dev/overlay.yaml:4:5: patches[0].kind: there is no kind 'Thign'; did you mean Thing?",
    ),
    "patch without a kind": (
        f"{HEAD}patches:\n  - name: db\n",
        'dev/overlay.yaml:4:5: patches[0].kind: is missing; add it: the kind that this is for, or "*" for every kind',
    ),
    "spec for every kind": (
        f"{HEAD}patches:\n  - kind: '*'\n    spec: {{cores: 1}}\n",
        "dev/overlay.yaml:5:5: patches[0].spec: a spec belongs to one kind, and this patch is for every kind; name the kind, or remove spec",
    ),
    "labels that choose and give": (
        f"{HEAD}patches:\n  - {{kind: Thing, labels: {{a: b}}, metadata: {{labels: {{c: d}}}}}}\n",
        "dev/overlay.yaml:4:46: patches[0].metadata.labels: a patch that is chosen by labels cannot give labels; put them into a patch of their own",
    ),
    "patch for nobody of that name": (
        f"{HEAD}patches:\n  - {{kind: Thing, name: dbb, spec: {{cores: 1}}}}\n",
        "dev/overlay.yaml:4:5: patches[0]: this is for nobody: dev has no Thing 'dbb'; did you mean db?",
    ),
    "patch for nobody with those labels": (
        f"{HEAD}patches:\n  - {{kind: Thing, labels: {{tier: wbe}}, spec: {{cores: 1}}}}\n",
        "dev/overlay.yaml:4:5: patches[0]: this is for nobody: no Thing of dev bears tier=wbe; correct the labels, or remove it",
    ),
    "patch for nobody of that kind": (
        f"{HEAD}patches:\n  - {{kind: Box, spec: {{url: u}}}}\n",
        "dev/overlay.yaml:4:5: patches[0]: this is for nobody: dev has no Box; correct the kind, or remove it",
    ),
    "a former namespace that is the same": (
        f"{HEAD}formerly: dev\n",
        "dev/overlay.yaml:1:1: formerly is the namespace itself; write the one before, or remove formerly",
    ),
    "nobody to leave out": (
        f"{HEAD}without:\n  - {{kind: Thing, name: wbe}}\n",
        "dev/overlay.yaml:4:5: without[0]: there is no Thing 'wbe' to leave out; did you mean web?",
    ),
    "nothing to leave out of": (
        "namespace: dev\nwithout:\n  - {kind: Thing, name: web}\n",
        "dev/overlay.yaml:1:1: nothing is copied, so nothing can be left out; add over, or remove without",
    ),
}
OTHER = {
    "other/overlay.yaml": "over: ../dev\nnamespace: other\n",
}


@pytest.mark.parametrize(("text", "line"), BAD.values(), ids=BAD.keys())
def test_a_mistake_in_an_overlay_is_told_at_its_place_and_costs_what_it_declares(
    text: str, line: str
) -> None:
    files = BASE | PROD | {"prod/some/a.yaml": "kind: Thing\nmetadata: {name: a}\nspec: {image: i}\n"}
    before = compiled(files | {"dev/overlay.yaml": HEAD})
    assert lines(before) == []
    result = compiled(files | (OTHER if "circle" in line else {}) | {"dev/overlay.yaml": text})
    assert [one for one in lines(result) if not one.startswith("other/")] == [line]
    assert not any(key.namespace == "dev" for key in result.resources)
    assert {Key("prod", "Thing", name) for name in ("a", "db", "web")} <= result.resources.keys()
    kept = retain(before.resources, result)
    assert kept.retained == {dev("db"), dev("web")}


def test_two_files_of_overlays_in_one_folder_are_too_many() -> None:
    result = compiled(BASE | {"dev/overlay.yml": HEAD, "dev/overlay.yaml": HEAD})
    assert lines(result) == ["dev/overlay.yml: overlays are read from overlay.yaml only; rename this file"]


SPOILT: dict[str, tuple[dict[str, str], list[str]]] = {
    "a patch gives a bad value": (
        {
            "dev/overlay.yaml": f"{HEAD}patches:\n  - kind: Thing\n    name: db\n    spec:\n      memory: 1GB\n"
        },
        [
            "dev/overlay.yaml:7:7: spec.memory: 'GB' is no unit of size; use KiB, MiB, GiB or TiB (powers of 1024)"
        ],
    ),
    "a patch takes away what is needed": (
        {"dev/overlay.yaml": f"{HEAD}patches:\n  - {{kind: Thing, name: db, spec: {{image: null}}}}\n"},
        ["base/db.yaml:3:1: spec.image: is missing; add it: name of the image that it is made from"],
    ),
    "what a copy names is left out": (
        {"dev/overlay.yaml": f"{HEAD}without: [{{kind: Thing, name: db}}]\n"},
        [
            "base/web/web.yaml:5:3: spec.near: there is no Thing 'db' for dev/Thing/web; use one of prod/db, prod/web"
        ],
    ),
    "a copy and a manifest of the overlay are the same": (
        {"dev/db.yaml": "kind: Thing\nmetadata: {name: db}\nspec: {image: i}\n"},
        [
            "dev/db.yaml:1:1: metadata.name: dev/Thing/db is declared twice, first at base/db.yaml:1:1; remove one of the two, or rename it"
        ],
    ),
    "two overlays into one namespace": (
        {"more/overlay.yaml": "over: ../base/web\nnamespace: dev\n"},
        [
            (
                "base/web/web.yaml:1:1: metadata.name: dev/Thing/web is declared twice from here: through dev/overlay.yaml and "
                "through more/overlay.yaml; give one of these overlays another namespace"
            )
        ],
    ),
    "a manifest of the overlay names another namespace": (
        {"dev/a.yaml": "kind: Thing\nmetadata:\n  name: a\n  namespace: prod\nspec: {image: i}\n"},
        [
            (
                "dev/a.yaml:4:3: metadata.namespace: all of this folder is declared into the namespace 'dev' of dev/overlay.yaml; "
                "remove this line, or move the file"
            )
        ],
    ),
    "copies are the same object": (
        {"base/db.yaml": BASE["base/db.yaml"] + "  mac: '52:54:00:00:00:01'\n"},
        [
            (
                "base/db.yaml:1:1: spec: dev/Thing/db and prod/Thing/db are both mac 52:54:00:00:00:01 of Box/main; "
                "let a patch of an overlay say otherwise"
            )
        ],
    ),
    "a mistake in the template is told once": (
        {"base/db.yaml": "kind: Thing\nmetadata: {name: db}\nspec: {image: 5}\n"},
        ["base/db.yaml:3:8: spec.image: 5 is not text; put it in quotes"],
    ),
}


@pytest.mark.parametrize(("files", "told"), SPOILT.values(), ids=SPOILT.keys())
def test_what_does_not_go_together_is_told_where_it_was_written(
    files: dict[str, str], told: list[str]
) -> None:
    result = compiled(BASE | PROD | {"dev/overlay.yaml": HEAD} | files)
    assert lines(result) == told
    assert result.broken


def test_an_overlay_inside_of_what_another_is_laid_over_is_refused() -> None:
    files = {"base/in/overlay.yaml": "namespace: in\n", "dev/overlay.yaml": HEAD}
    assert lines(compiled(BASE | files)) == [
        (
            "dev/overlay.yaml:1:1: over: base holds base/in/overlay.yaml, which is an overlay of its own; "
            "name a folder without one, or move that one out of it"
        )
    ]


def test_what_a_copy_waits_for_says_what_is_to_be_mended() -> None:
    bad = compiled(BASE | PROD | {"dev/overlay.yaml": f"{HEAD}bogus: 1\n"})
    assert str(bad.suspended[dev("db")]) == (
        "base/db.yaml:1:1: is declared through dev/overlay.yaml, which is not valid; mend dev/overlay.yaml first"
    )
    bad = compiled(BASE | PROD | DEV | {"dev/defaults.yaml": "kind: Thing\nspec: 5\n"})
    assert str(bad.suspended[dev("db")]) == (
        "base/db.yaml:1:1: gets defaults from dev/defaults.yaml, which is not valid; mend dev/defaults.yaml first"
    )
    assert Key("prod", "Thing", "db") in bad.resources


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param({"base/db.yaml": "kind: ["}, id="a file of the template"),
        pytest.param({"base/overlay.yaml": "kind: ["}, id="the template itself"),
        pytest.param({"base/overlay.yaml": "template: true\nbogus: 1\n"}, id="the template itself, a little"),
        pytest.param({"prod/overlay.yaml": "over: ["}, id="the overlay between"),
        pytest.param({"prod/overlay.yaml": "over: ../base\n"}, id="the namespace of the overlay between"),
        pytest.param({"dev/overlay.yaml": "over: ["}, id="the overlay"),
        pytest.param({"dev/overlay.yaml": "namespace: dev\nover: 5\n"}, id="what it is over"),
    ],
)
def test_what_cannot_be_read_takes_nothing_away(edit: dict[str, str]) -> None:
    files = BASE | PROD | {"dev/overlay.yaml": "over: ../prod\nnamespace: dev\n"}
    before = fine(files).resources
    after = compiled(files | edit)
    assert lines(after)
    kept = retain(before, after).resources
    assert kept.keys() == before.keys()
    assert all(kept[key].spec_hash == before[key].spec_hash for key in before)


EDITS: dict[str, dict[str, str]] = {
    "defaults of the overlay": {"dev/defaults.yaml": "kind: Thing\nspec: {ratio: 0.7}\n"},
    "deeper defaults of the overlay": {"dev/web/defaults.yaml": "kind: Thing\nspec: {ratio: 0.7}\n"},
    "defaults of the template": {"base/defaults.yaml": "kind: Thing\nspec: {ratio: 0.7}\n"},
    "a patch": {"dev/overlay.yaml": f"{HEAD}patches: [{{kind: Thing, spec: {{ratio: 0.7}}}}]\n"},
    "the overlay between": {
        "prod/overlay.yaml": PROD["prod/overlay.yaml"] + "patches: [{kind: Thing, spec: {ratio: 0.7}}]\n"
    },
    "a manifest of the template": {"base/web/web.yaml": BASE["base/web/web.yaml"] + "  ratio: 0.7\n"},
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
@pytest.mark.parametrize("over", ["base", "prod"])
def test_what_changes_around_a_copy_changes_the_copy(edit: dict[str, str], over: str) -> None:
    cache = Cache()
    files = BASE | PROD | {"dev/overlay.yaml": HEAD.replace("base", over)}
    before = compiled(files, cache=cache)
    after = compiled(files | edit, cache=cache)
    again = compiled(files | edit)
    assert lines(after) == lines(again) == []
    assert [*after.resources.values()] == [*again.resources.values()]
    assert after.resources[dev("web")] != before.resources[dev("web")] or (
        over,
        "prod/overlay.yaml" in edit,
    ) == (
        "base",
        True,
    )
    assert compiled(files, cache=cache).resources[dev("web")] == before.resources[dev("web")]
