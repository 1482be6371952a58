"""Defaults of folders: who gets them, what wins, and where the blame goes."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint.desired.compiled import Compiled
from setpoint.desired.layers import folders_above
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from tests.unit.desired.estate import BOX, compiled, lines

THING = "kind: Thing\nmetadata: {name: web}\nspec: {image: plain}\n"


def web(files: dict[str, str], path: str = "a/b/web.yaml", text: str = THING) -> Resource:
    return of(compiled({"box.yaml": BOX, path: text, **files}))


def of(result: Compiled) -> Resource:
    assert lines(result) == []
    return result.resources[Key("default", "Thing", "web")]


def layer(spec: str, kind: str = "Thing") -> str:
    return f"kind: {kind}\nspec: {{{spec}}}\n"


def test_layers_are_laid_from_the_root_down_to_the_folder_and_the_manifest_wins() -> None:
    resource = web(
        {
            "defaults.yaml": layer("cores: 1, memory: 1GiB, ratio: 0.1, image: root"),
            "a/defaults.yaml": layer("memory: 2GiB, ratio: 0.2, image: a"),
            "a/b/defaults.yaml": layer("ratio: 0.3, image: b"),
            "a/b/c/defaults.yaml": layer("ratio: 0.4"),
            "b/defaults.yaml": layer("ratio: 0.5"),
        }
    )
    assert resource.spec == {"cores": 1, "memory": "2GiB", "ratio": 0.3, "image": "plain"}
    assert {pointer: str(origin) for pointer, origin in resource.origins.items()} == {
        "/cores": "defaults.yaml:2:8",
        "/memory": "a/defaults.yaml:2:8",
        "/ratio": "a/b/defaults.yaml:2:8",
        "/image": "a/b/web.yaml:3:8",
    }


def test_mappings_merge_and_everything_else_replaces() -> None:
    resource = web(
        {
            "defaults.yaml": layer(
                "nics: {a: {x: '1', y: '1'}, b: {x: '1'}}, shelves: [{height: 10}, {height: 20}]"
            )
        },
        text="kind: Thing\nmetadata: {name: web}\nspec: {image: i, nics: {a: {x: '2'}}, shelves: [{height: 30}]}\n",
    )
    assert resource.spec["nics"] == {"a": {"x": "2", "y": "1"}, "b": {"x": "1"}}
    assert resource.spec["shelves"] == [{"height": 30}]


NULLS: dict[str, tuple[str, dict[str, Any]]] = {
    "a value": ("cores: null", {"memory": "1GiB", "nics": {"a": {"x": "1"}}}),
    "an empty value": ("cores:", {"memory": "1GiB", "nics": {"a": {"x": "1"}}}),
    "a mapping": ("nics: ~", {"cores": 3, "memory": "1GiB"}),
    "a value inside": ("nics: {a: null}", {"cores": 3, "memory": "1GiB", "nics": {}}),
}


@pytest.mark.parametrize(("text", "left"), NULLS.values(), ids=NULLS.keys())
def test_null_takes_away_what_a_lower_layer_gave(text: str, left: dict[str, Any]) -> None:
    resource = web(
        {"defaults.yaml": layer("cores: 3, memory: 1GiB, nics: {a: {x: '1'}}")},
        text=f"kind: Thing\nmetadata: {{name: web}}\nspec:\n  image: i\n  {text}\n",
    )
    assert resource.spec == {"image": "i", **left}
    assert ("/cores" in resource.origins) == ("cores" in left)


def test_what_was_taken_away_can_be_given_again() -> None:
    resource = web(
        {
            "defaults.yaml": layer("cores: 1"),
            "a/defaults.yaml": layer("cores: null"),
            "a/b/defaults.yaml": layer("cores: 3"),
        }
    )
    assert resource.spec["cores"] == 3


@pytest.mark.parametrize("text", ["spec:\n", ""], ids=["spec left empty", "no spec"])
def test_a_declaration_may_leave_everything_to_its_layers(text: str) -> None:
    resource = web(
        {"defaults.yaml": layer("image: base")}, text=f"kind: Thing\nmetadata: {{name: web}}\n{text}"
    )
    assert resource.spec == {"image": "base"}


def test_layers_for_every_kind_give_policy_and_labels() -> None:
    result = compiled(
        {
            "box.yaml": BOX,
            "web.yaml": THING,
            "defaults.yaml": "kind: '*'\nmetadata: {labels: {env: prod}}\npolicy: {interval: 5m}\ntarget: main\n",
        }
    )
    assert lines(result) == []
    for resource in result.resources.values():
        assert resource.labels == {"env": "prod"}
        assert resource.policy.interval.total_seconds() == 300
        assert str(resource.origins["/policy/interval"]) == "defaults.yaml:3:10"


def test_a_layer_of_one_kind_is_not_for_another() -> None:
    assert web({"defaults.yaml": layer("url: x", kind="Box")}).spec == {"image": "plain"}


SELECTORS = {
    "own label": ("{env: dev, tier: web}", "{tier: web}", 1),
    "label of a layer": ("{env: dev}", "{env: prod}", None),
    "label given below": (None, "{env: prod}", 1),
    "both": ("{tier: web}", "{tier: web, env: prod}", 1),
    "one of two": ("{tier: db}", "{tier: web, env: prod}", None),
    "none": (None, "{tier: web}", None),
}


@pytest.mark.parametrize(("own", "wanted", "cores"), SELECTORS.values(), ids=SELECTORS.keys())
def test_a_layer_is_chosen_by_labels(own: str | None, wanted: str, cores: int | None) -> None:
    labels = f", labels: {own}" if own else ""
    resource = web(
        {
            "defaults.yaml": f"kind: '*'\nmetadata: {{labels: {{env: prod}}}}\n---\nkind: Thing\nlabels: {wanted}\n"
            "spec: {cores: 1}\n"
        },
        text=f"kind: Thing\nmetadata: {{name: web{labels}}}\nspec: {{image: i}}\n",
    )
    assert resource.spec.get("cores") == cores


def test_a_label_of_a_layer_can_be_taken_away() -> None:
    resource = web(
        {"defaults.yaml": "kind: '*'\nmetadata: {labels: {env: prod, tier: web}}\n"},
        text="kind: Thing\nmetadata: {name: web, labels: {env: null}}\nspec: {image: i}\n",
    )
    assert resource.labels == {"tier": "web"}


def test_a_value_is_judged_after_the_merge_and_blamed_where_it_was_written() -> None:
    files = {"box.yaml": BOX, "a/defaults.yaml": "kind: Thing\nspec:\n  memory: 2GB\n  cores: 99\n"}
    result = compiled(
        {
            **files,
            "a/one.yaml": THING,
            "a/two.yaml": THING.replace("plain", "x, cores: 2").replace("web", "two"),
        }
    )
    assert lines(result) == [
        "a/defaults.yaml:3:3: spec.memory: 'GB' is no unit of size; use KiB, MiB, GiB or TiB (powers of 1024)",
        "a/defaults.yaml:4:3: spec.cores: 99 is too large; write at most 64",
    ]
    assert {str(key) for key in result.broken} == {"Thing/web", "Thing/two"}
    assert result.tainted == frozenset()


def test_a_missing_field_is_blamed_on_the_manifest() -> None:
    result = compiled(
        {"box.yaml": BOX, "defaults.yaml": layer("cores: 1"), "a.yaml": THING.replace("image: plain", "")}
    )
    assert lines(result) == [
        "a.yaml:3:1: spec.image: is missing; add it: name of the image that it is made from"
    ]


BAD = {
    "syntax": ("kind: Thing\nspec: {\n", "a value is missing here"),
    "unknown kind": (layer("cores: 1", kind="Thinq"), "did you mean Thing"),
    "unknown part": ("kind: Thing\nname: x\n", "there is no field 'name'"),
    "no kind": ("spec: {cores: 1}\n", "kind: is missing"),
    "name in metadata": ("kind: Thing\nmetadata: {name: x}\n", "there is no field 'name'"),
    "spec for every kind": (layer("cores: 1", kind="'*'"), "a spec belongs to one kind"),
    "labels that choose and give": (
        "kind: Thing\nlabels: {a: b}\nmetadata: {labels: {c: d}}\n",
        "a layer that is chosen by labels cannot give labels",
    ),
    "a list": ("- kind: Thing\n", "a layer of defaults is a mapping"),
    "a tag": ("kind: Thing\nspec: {cores: !x 1}\n", "the tag !x is not allowed"),
}


@pytest.mark.parametrize(("text", "what"), BAD.values(), ids=BAD.keys())
def test_bad_defaults_taint_their_folder_and_suspend_what_is_below(text: str, what: str) -> None:
    result = compiled(
        {"box.yaml": BOX, "a/defaults.yaml": text, "a/b/web.yaml": THING, "c.yaml": THING.replace("web", "c")}
    )
    (problem,) = result.problems
    assert problem.origin.path == "a/defaults.yaml"
    assert what in str(problem)
    assert result.tainted == {"a/"}
    assert [str(key) for key in result.resources] == ["Box/main", "Thing/c"]
    web = Key("default", "Thing", "web")
    assert web in result.broken
    assert str(result.suspended[web]) == (
        "a/b/web.yaml:1:1: gets defaults from a/defaults.yaml, which is not valid; mend a/defaults.yaml first"
    )


def test_bad_defaults_of_the_root_taint_everything() -> None:
    result = compiled({"box.yaml": BOX, "defaults.yaml": "kind: [\n", "a/web.yaml": THING})
    assert result.tainted == {"/"}
    assert dict(result.resources) == {}
    assert {problem.remedy for problem in result.suspended.values()} == {"mend defaults.yaml first"}


def test_below_bad_defaults_no_mistake_is_made_up_and_who_is_declared_is_still_known() -> None:
    result = compiled({"a/defaults.yaml": "kind: [\n", "a/web.yaml": "kind: Thing\nmetadata: {name: web}\n"})
    assert [problem.origin.path for problem in result.problems] == ["a/defaults.yaml"]
    assert {str(key) for key in result.broken} == {"Thing/web"}


def test_defaults_under_another_ending_are_refused_rather_than_passed_over() -> None:
    result = compiled(
        {
            "box.yaml": BOX,
            "a/defaults.yml": layer("cores: 1"),
            "a/defaults.yaml": layer("cores: 2"),
            "a/web.yaml": THING,
        }
    )
    assert lines(result) == ["a/defaults.yml: defaults are read from defaults.yaml only; rename this file"]
    assert result.tainted == {"a/"}


@pytest.mark.parametrize(
    ("path", "folders"),
    [("web.yaml", ("/",)), ("a/web.yaml", ("/", "a/")), ("a/b/web.yaml", ("/", "a/", "a/b/"))],
)
def test_folders_are_named_from_the_root_down(path: str, folders: tuple[str, ...]) -> None:
    assert folders_above(path) == folders
