"""A document that says how an inventory is read is no declaration, and no mistake either."""

from __future__ import annotations

import pytest

from setpoint.desired.compile import compile_set
from setpoint.model.key import Key
from tests.toy import SYSTEM

KINDS = {kind.name: kind for kind in SYSTEM.kinds}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (b"inventory: netbox\nmaps: {a: {of: b}}\n", False),
        (b"maps: {a: {of: b}}\n", True),
        (b"inventory: netbox\nkind: Nothing\n", True),
        (b"inventory: netbox\nmaps: [\n", True),
    ],
    ids=["for an inventory", "not said", "a declaration", "no YAML"],
)
def test_a_document_for_an_inventory_declares_nothing(text: bytes, wrong: bool) -> None:  # noqa: FBT001
    found = compile_set({"netbox.yaml": text}, KINDS, version="1")
    assert bool(found.problems) is wrong
    assert ("netbox.yaml" in found.tainted) is wrong
    assert not found.resources


def test_a_sheet_that_says_why_it_is_refused_is_told_with_just_that_and_keeps_its_key() -> None:
    sheet = b'kind: Box\nmetadata: {name: a}\nrefused: "the number is odd; write an even one"\nspec: {colour: [1]}\n'
    found = compile_set({"@book/card/a.yaml": sheet}, KINDS, version="1")
    assert "@book/card/a.yaml:1:1: the number is odd; write an even one" in map(str, found.problems)
    assert found.broken == {Key("default", "Box", "a")}
    assert not found.tainted


def test_a_manifest_stays_as_it_was_while_the_sheet_below_it_is_refused() -> None:
    files = {
        "a.yaml": b"kind: Box\nmetadata: {name: a}\nspec: {colour: red}\n",
        "@book/card/a.yaml": b"kind: Box\nmetadata: {name: a}\nrefused: it is odd\n",
    }
    found = compile_set(files, KINDS, version="1")
    assert [str(problem) for problem in found.problems] == ["@book/card/a.yaml:1:1: it is odd"]
    assert Key("default", "Box", "a") in {*found.broken, *found.suspended}
    assert not found.resources
