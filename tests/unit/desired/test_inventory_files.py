"""A document that says how an inventory is read is no declaration, and no mistake either."""

from __future__ import annotations

import pytest

from setpoint.desired.compile import compile_set
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
