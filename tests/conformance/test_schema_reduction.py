"""The reduced schema that ships is what the full one gives."""

from __future__ import annotations

import json

import pytest

from setpoint_lab.proxmox.reduce_schema import TARGET, dump, reduce
from tests.conformance.load import reference

FULL = reference() / "pve" / "pve-api-schema.json"

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not FULL.exists(), reason=f"no full schema at {FULL}; set SETPOINT_REFERENCE"),
]


def test_the_reduced_schema_is_what_the_full_one_gives() -> None:
    assert dump(reduce(json.loads(FULL.read_text("utf-8")))) == TARGET.read_text("utf-8")
