"""Who needs whom, who is meant, and what a circle or a double does."""

from __future__ import annotations

import pytest

from setpoint.desired.compile import Cache
from setpoint.model.key import Key
from tests.unit.desired.estate import BOX, compiled, lines


def box(name: str, namespace: str = "default", peers: str = "") -> str:
    more = f", peers: [{peers}]" if peers else ""
    return f"kind: Box\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{url: x{more}}}\n"


def thing(name: str, *, namespace: str = "default", target: str = "", near: str = "", more: str = "") -> str:
    lead = f"target: {target}\n" if target else ""
    spec = f", near: {near}" if near else ""
    return f"{lead}kind: Thing\nmetadata: {{name: {name}, namespace: {namespace}{more}}}\nspec: {{image: i{spec}}}\n"


def keys(names: object) -> list[str]:
    return sorted(map(str, names))  # type: ignore[call-overload]  # any collection of keys


def test_every_resource_comes_after_what_it_needs() -> None:
    result = compiled(
        {"a.yaml": thing("a", near="b"), "b.yaml": thing("b", near="c"), "c.yaml": thing("c"), "z.yaml": BOX}
    )
    assert [str(key) for key in result.resources] == ["Box/main", "Thing/c", "Thing/b", "Thing/a"]
    a = result.resources[Key("default", "Thing", "a")]
    assert a.target == Key("default", "Box", "main")
    assert keys(a.references) == ["Box/main", "Thing/b"]


TARGETS = {
    "the only one of the namespace": (["prod/main", "default/main"], "prod", "", "prod/Box/main"),
    "the only one of default": (["main"], "prod", "", "Box/main"),
    "a name in the own namespace": (["prod/main", "prod/other", "main"], "prod", "main", "prod/Box/main"),
    "a name in default": (["prod/main", "other"], "prod", "other", "Box/other"),
    "another namespace": (["prod/main", "lab/main"], "prod", "lab/main", "lab/Box/main"),
}


@pytest.mark.parametrize(("boxes", "namespace", "target", "meant"), TARGETS.values(), ids=TARGETS.keys())
def test_a_target_is_found(boxes: list[str], namespace: str, target: str, meant: str) -> None:
    files = {
        f"{at}.yaml": box(name, space or "default") for at in boxes for space, _, name in [at.rpartition("/")]
    }
    result = compiled({**files, "t.yaml": thing("t", namespace=namespace, target=target)})
    assert lines(result) == []
    assert str(result.resources[Key(namespace, "Thing", "t")].target) == meant


LOST = {
    "none at all": ([], "default", "", "a Thing is held by a Box, and none is declared; declare a Box"),
    "several": (
        ["a", "b"],
        "default",
        "",
        "there are 2 of kind Box, and target does not say which; add target, one of a, b",
    ),
    "several in the own namespace": (
        ["prod/a", "prod/b", "c"],
        "prod",
        "",
        "there are 2 of kind Box, and target does not say which; add target, one of a, b",
    ),
    "only elsewhere": (
        ["lab/a"],
        "prod",
        "",
        "a Thing is held by a Box, and none is declared in its namespace 'prod'; add target, one of lab/a",
    ),
    "a wrong name": (["main"], "default", "maim", "there is no Box 'maim'; did you mean main?"),
    "a name from elsewhere": (
        ["lab/main"],
        "default",
        "main",
        "there is no Box 'main'; did you mean lab/main?",
    ),
}


@pytest.mark.parametrize(("boxes", "namespace", "target", "sentence"), LOST.values(), ids=LOST.keys())
def test_a_target_that_cannot_be_told_is_an_error_that_names_the_candidates(
    boxes: list[str], namespace: str, target: str, sentence: str
) -> None:
    files = {
        f"{at}.yaml": box(name, space or "default") for at in boxes for space, _, name in [at.rpartition("/")]
    }
    result = compiled({**files, "t.yaml": thing("t", namespace=namespace, target=target)})
    assert lines(result) == [f"t.yaml:1:1: target: {sentence}"]


def test_a_name_that_holds_a_slash_is_a_name_before_it_is_a_namespace() -> None:
    path = "kind: Path\nmetadata: {name: a/b}\nspec: {url: x, peers: [lab/main]}\n"
    result = compiled({"p.yaml": path, "b.yaml": box("main", "lab")})
    assert keys(result.resources[Key("default", "Path", "a/b")].references) == ["lab/Box/main"]


def test_an_error_is_told_once_and_what_needs_it_is_suspended() -> None:
    result = compiled(
        {
            "box.yaml": box("main").replace("url: x", "url: 5"),
            "a.yaml": thing("a"),
            "b.yaml": thing("b", near="a"),
            "other.yaml": box("other", "prod"),
            "c.yaml": thing("c", namespace="prod"),
        }
    )
    assert lines(result) == ["box.yaml:3:8: spec.url: 5 is not text; put it in quotes"]
    assert keys(result.resources) == ["prod/Box/other", "prod/Thing/c"]
    assert keys(result.broken) == ["Box/main", "Thing/a", "Thing/b"]
    assert {str(key): str(problem) for key, problem in result.suspended.items()} == {
        "Thing/a": "a.yaml:1:1: target: needs Box/main, which is not valid; mend Box/main first",
        "Thing/b": "b.yaml:3:18: spec.near: needs Thing/a, which is not valid; mend Thing/a first",
    }


def test_what_may_stand_in_an_unreadable_file_is_no_mistake_of_who_names_it() -> None:
    result = compiled(
        {"box.yaml": "kind: Box\nmetadata: {", "a.yaml": thing("a"), "b.yaml": thing("b", target="main")}
    )
    assert [problem.origin.path for problem in result.problems] == ["box.yaml"]
    assert {problem.remedy for problem in result.suspended.values()} == {"mend box.yaml first"}


def test_a_circle_is_one_error_that_names_all_of_it_and_suspends_what_hangs_on_it() -> None:
    result = compiled(
        {
            "box.yaml": BOX,
            "a.yaml": thing("a", near="b"),
            "b.yaml": thing("b", near="c"),
            "c.yaml": thing("c", near="a"),
            "d.yaml": thing("d", near="a"),
            "e.yaml": thing("e", near="d"),
            "f.yaml": thing("f"),
        }
    )
    assert lines(result) == [
        (
            "a.yaml:3:18: spec.near: these need one another in a circle: Thing/a (a.yaml:3:18) → Thing/b (b.yaml:3:18) → "
            "Thing/c (c.yaml:3:18) → Thing/a; remove one of these references"
        )
    ]
    assert keys(result.resources) == ["Box/main", "Thing/f"]
    assert keys(result.broken) == ["Thing/a", "Thing/b", "Thing/c", "Thing/d", "Thing/e"]
    assert keys(result.suspended) == ["Thing/d", "Thing/e"]


def test_two_circles_are_two_errors() -> None:
    pairs = [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")]
    result = compiled({"box.yaml": BOX, **{f"{x}.yaml": thing(x, near=y) for x, y in pairs}})
    assert len(result.problems) == 2


def test_a_long_chain_needs_no_recursion() -> None:
    chain = "---\n".join(thing(f"t{i}", near=f"t{i + 1}") for i in range(900)) + "---\n" + thing("t900")
    more = "---\n".join(thing(f"u{i}", near=f"u{i + 1}" if i < 899 else "t0") for i in range(900))
    result = compiled({"box.yaml": BOX, "t.yaml": chain, "u.yaml": more})
    assert lines(result) == []
    assert len(result.resources) == 1802


@pytest.mark.parametrize("files", [("a.yaml", "b.yaml"), ("a.yaml", "a.yaml")], ids=["two files", "one file"])
def test_of_two_declarations_of_one_key_none_wins(files: tuple[str, str]) -> None:
    texts: dict[str, str] = {"box.yaml": BOX}
    for path in files:
        texts[path] = texts.get(path, "") + "---\n" + thing("a")
    result = compiled(texts)
    second = "b.yaml:2:1" if files[1] == "b.yaml" else "a.yaml:6:1"
    assert lines(result) == [
        f"{second}: metadata.name: Thing/a is declared twice, first at a.yaml:2:1; remove one of the two, or rename it"
    ]
    assert keys(result.broken) == ["Thing/a"]
    assert keys(result.resources) == ["Box/main"]


def test_a_double_is_one_even_when_one_of_the_two_is_not_valid() -> None:
    result = compiled({"box.yaml": BOX, "a.yaml": thing("a"), "b.yaml": thing("a").replace("image", "imgae")})
    assert "Thing/a is declared twice" in "\n".join(lines(result))
    assert keys(result.broken) == ["Thing/a"]


def test_the_same_name_in_two_namespaces_is_two_resources() -> None:
    result = compiled({"box.yaml": BOX, "a.yaml": thing("a"), "b.yaml": thing("a", namespace="prod")})
    assert keys(result.resources) == ["Box/main", "Thing/a", "prod/Thing/a"]


MOVES = {
    "a name": ("old", "prod/Thing/old"),
    "another namespace": ("lab/Thing/old", "lab/Thing/old"),
    "a key": ("Thing/old", "prod/Thing/old"),
}


@pytest.mark.parametrize(("formerly", "meant"), MOVES.values(), ids=MOVES.keys())
def test_a_former_name_is_a_name_or_a_key(formerly: str, meant: str) -> None:
    text = thing("new", namespace="prod", more=f", formerly: {formerly}")
    result = compiled({"box.yaml": BOX, "new.yaml": text})
    assert lines(result) == []
    assert str(result.resources[Key("prod", "Thing", "new")].formerly) == meant


@pytest.mark.parametrize("formerly", ["new", "Old_Name", "lab/Box/old", "a/b"])
def test_a_former_name_has_to_be_one(formerly: str) -> None:
    result = compiled({"box.yaml": BOX, "new.yaml": thing("new", more=f", formerly: {formerly}")})
    assert [problem.field for problem in result.problems] == ["metadata.formerly"]


def test_a_former_name_must_be_free_and_has_one_heir() -> None:
    result = compiled(
        {
            "box.yaml": BOX,
            "a.yaml": thing("a"),
            "b.yaml": thing("b", more=", formerly: a"),
            "c.yaml": thing("c", more=", formerly: gone"),
            "d.yaml": thing("d", more=", formerly: gone"),
        }
    )
    assert lines(result) == [
        (
            "b.yaml:2:41: metadata.formerly: Thing/a is still declared at a.yaml:1:1; "
            "remove that declaration, or remove formerly"
        ),
        (
            "d.yaml:2:41: metadata.formerly: Thing/c at c.yaml:1:1 says as well that it was Thing/gone; "
            "remove one of the two formerly"
        ),
    ]
    assert keys(result.resources) == ["Box/main", "Thing/a", "Thing/c"]


def test_one_mistake_in_many_places_is_told_in_each_and_guessed_in_the_first() -> None:
    things = "---\n".join(thing(f"t{i}", target="mian") for i in range(150))
    result = compiled({"box.yaml": BOX, "things.yaml": things})
    remedies = [problem.remedy for problem in result.problems]
    assert (remedies.count("did you mean main?"), remedies.count("correct the name")) == (100, 50)


MAC = "52:54:00:12:34:56"


def claiming(name: str, *, target: str = "", near: str = "", mac: str = MAC) -> str:
    return thing(name, target=target, near=near).replace("image: i", f"image: i, mac: '{mac}'")


def test_two_that_say_they_are_the_same_object_are_neither_valid() -> None:
    files = {"a.yaml": claiming("a"), "b.yaml": claiming("b", target="main"), "c.yaml": thing("c", near="b")}
    result = compiled({**files, "d.yaml": claiming("d", mac=MAC.replace("5", "6")), "box.yaml": BOX})
    remedy = "remove one of the two, or let it be another one"
    assert lines(result) == [
        f"b.yaml:1:1: spec: Thing/a at a.yaml:1:1 is mac {MAC} of Box/main as well; {remedy}"
    ]
    assert keys(result.resources) == ["Box/main", "Thing/d"]
    assert keys(result.broken) == ["Thing/a", "Thing/b", "Thing/c"]
    assert keys(result.suspended) == ["Thing/c"]


def test_on_another_target_it_is_another_object() -> None:
    boxes = {"x.yaml": box("x"), "y.yaml": box("y")}
    result = compiled({**boxes, "a.yaml": claiming("a", target="x"), "b.yaml": claiming("b", target="y")})
    assert lines(result) == []
    assert len(result.resources) == 4


def test_once_one_of_the_two_is_gone_the_other_is_valid_and_back_again() -> None:
    cache = Cache()
    alone = {"a.yaml": claiming("a"), "box.yaml": BOX}
    both = {**alone, "b.yaml": claiming("b")}
    found = [keys(compiled(files, cache=cache).resources) for files in (alone, both, alone, both)]
    assert found == [["Box/main", "Thing/a"], ["Box/main"], ["Box/main", "Thing/a"], ["Box/main"]]
