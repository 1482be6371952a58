"""From what a model says to a place, a field and a sentence."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, StringConstraints, model_validator

from setpoint.desired.node import Fields
from setpoint.desired.places import rendered
from setpoint.desired.reader import read
from setpoint.desired.references import names_in
from setpoint.desired.sentences import shown
from setpoint.desired.suggest import listed, remedy
from setpoint.desired.validate import check
from setpoint.model.reference import Name, Reference
from setpoint.model.spec import Spec, described

Slot = Annotated[str, StringConstraints(pattern="^net[0-9]$")]


class Inner(Spec):
    size: int = described("Size in bytes.")
    zfs: str = described("A name.", "")


class Zfs(Spec):
    type: Literal["zfs"]
    zfs: dict[str, int] = described("Options.", {})
    name: int = described("A number.", 0)


class Dir(Spec):
    type: Literal["dir"]
    path: str = described("A path.")


class Short(Spec):
    """A model that takes a shorthand, so that what pydantic sees is not what the person wrote."""

    size: int = described("Size in bytes.")
    parts: tuple[int, ...] = described("Parts.", ())

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        return {"size": len(value), "parts": [1]} if isinstance(value, str) else value


class Outer(Spec):
    disk: Annotated[Zfs | Dir, Field(discriminator="type")] | None = described("A disk.", None)
    many: dict[Slot, Inner] = described("Many.", {})
    short: Short | None = described("A shorthand.", None)
    address: IPv4Address | None = described("An address.", None)
    day: date | None = described("A day.", None)
    either: Inner | list[Inner] | None = described("One or many.", None)
    names: frozenset[str] = described("Names.", frozenset())

    @model_validator(mode="after")
    def _not_both(self) -> Outer:
        if self.disk is not None and self.short is not None:
            raise ValueError("disk and short exclude each other; keep one")
        return self


def tree(text: str) -> Fields:
    (document,) = read("f.yaml", text.encode()).documents
    assert isinstance(document.root, Fields)
    return document.root


def told(text: str) -> list[str]:
    return [str(problem) for problem in check(Outer, tree(text), ("spec",))[1]]


FINE = {
    "a shorthand": "short: abc",
    "the long form with a list": "short: {size: 1, parts: [1, 2]}",
    "an address": "address: 10.0.0.1",
    "a day": "day: 2026-01-31",
    "a set": "names: [b, a]",
    "one": "either: {size: 1}",
    "many": "either: [{size: 1}, {size: 2}]",
}


@pytest.mark.parametrize("text", FINE.values(), ids=FINE.keys())
def test_strictness_is_about_what_a_file_can_hold(text: str) -> None:
    value, problems = check(Outer, tree(text))
    assert problems == ()
    assert value is not None


WRONG = {
    "a field named like its alternative": (
        "disk: {type: zfs, zfs: {a: x}, name: y}",
        [
            "f.yaml:1:25: spec.disk.zfs.a: 'x' is not a whole number; write digits without quotes, e.g. 4",
            "f.yaml:1:32: spec.disk.name: 'y' is not a whole number; write digits without quotes, e.g. 4",
        ],
    ),
    "missing in an alternative": (
        "disk: {type: dir}",
        ["f.yaml:1:1: spec.disk.path: is missing; add it: a path"],
    ),
    "a key that does not fit": (
        "many: {eth0: {size: 1}}",
        ["f.yaml:1:8: spec.many.eth0: 'eth0' does not look right; it has to match ^net[0-9]$"],
    ),
    "inside what has a shorthand": (
        "short: {size: x}",
        ["f.yaml:1:9: spec.short.size: 'x' is not a whole number; write digits without quotes, e.g. 4"],
    ),
    "a coerced number inside what has a shorthand": (
        "short: {size: '1'}",
        ["f.yaml:1:9: spec.short.size: '1' is not a whole number; write digits without quotes, e.g. 4"],
    ),
    "no address": (
        "address: 10.0.0.256",
        ["f.yaml:1:1: spec.address: '10.0.0.256' is not a valid IPv4 address; an address"],
    ),
    "the list fits better": (
        "either: [{size: 1}, {size: x}]",
        ["f.yaml:1:22: spec.either[1].size: 'x' is not a whole number; write digits without quotes, e.g. 4"],
    ),
    "the mapping fits better": (
        "either: {siez: 1, zfs: a}",
        [
            "f.yaml:1:1: spec.either.size: is missing; add it: size in bytes",
            "f.yaml:1:10: spec.either.siez: there is no field 'siez'; did you mean size?",
        ],
    ),
    "a rule of the whole": (
        "disk: {type: zfs}\nshort: a",
        ["f.yaml:1:1: spec: disk and short exclude each other; keep one"],
    ),
}


@pytest.mark.parametrize(("text", "lines"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_told_at_its_own_place(text: str, lines: list[str]) -> None:
    assert sorted(told(text)) == sorted(lines)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("spec",), "spec"),
        (("spec", "a", 0, "b"), "spec.a[0].b"),
        (("spec", "x/y", "z"), 'spec["x/y"].z'),
    ],
)
def test_a_path_is_shown_as_people_write_it(path: tuple[str | int, ...], text: str) -> None:
    assert rendered(path) == text


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("memroy", ["memory", "cores"], "did you mean memory?"),
        ("on_boot", ["onBoot"], "did you mean onBoot?"),
        ("MEMORY", ["memory"], "did you mean memory?"),
        ("xyz", ["memory", "cores"], "use one of cores, memory"),
        ("xyz", [], ""),
        (
            "x",
            [f"n{i:02}" for i in range(14)],
            "use one of " + ", ".join(f"n{i:02}" for i in range(12)) + " and 2 more",
        ),
    ],
)
def test_a_suggestion_is_close_or_complete(word: str, known: list[str], expected: str) -> None:
    assert remedy(word, known) == expected


def test_a_value_in_a_sentence_is_short() -> None:
    assert shown("x" * 100) == f"'{'x' * 60}…'"
    assert [shown({"a": 1}), shown([1]), shown(None), shown(True)] == ["a mapping", "a list", "null", "true"]
    assert listed(["a"]) == "a"


class Refers(Spec):
    one: Annotated[str, Reference("Box")] = described("One.", "unwritten")
    many: tuple[Annotated[str, Reference("Thing")], ...] = described("Many.", ())
    below: Mapping[str, list[Annotated[str, Reference("Box")] | int]] = described("Below.", {})
    maybe: Annotated[str, Reference("Box")] | None = described("Maybe.", None)


def test_references_are_found_wherever_they_stand_and_only_when_written() -> None:
    spec = Refers.model_validate({"many": ["t1", "t2"], "below": {"k": ["b1", 5]}})
    assert [(path, str(name), name.kind) for path, name in names_in(spec)] == [
        (("many", 0), "t1", "Thing"),
        (("many", 1), "t2", "Thing"),
        (("below", "k", 0), "b1", "Box"),
    ]


def test_a_name_remembers_its_kind_through_copies() -> None:
    name = Name("main", "Box")
    for again in (copy.deepcopy(name), pickle.loads(pickle.dumps(name))):  # noqa: S301  # our own bytes
        assert (again, again.kind) == ("main", "Box")
    assert Refers(one="main").model_dump_json(include={"one"}) == '{"one":"main"}'


def test_the_schema_of_a_reference_says_what_it_names() -> None:
    assert Refers.model_json_schema()["properties"]["one"] == {
        "default": "unwritten",
        "description": "One.",
        "minLength": 1,
        "title": "One",
        "type": "string",
        "x-setpoint-reference": "Box",
    }


class Nest(Spec):
    a: Nest | int | None = described("Deeper.", None)


def test_a_name_that_recurs_on_the_way_down_costs_no_more_than_others() -> None:
    text = "{a: " * 30 + "x" + "}" * 30
    (problem, *_) = check(Nest, tree(text))[1]
    assert problem.field.startswith("a.a.a")
