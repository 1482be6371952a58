"""The text that is hashed is canonical JSON, whatever of it was known before."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.desired import fingerprint
from setpoint.desired.fingerprint import canonical
from setpoint.model.tree import Json, Tree

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
trees = st.dictionaries(st.text(max_size=3), values, max_size=6)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "LARGE", 2)


@given(st.lists(trees, min_size=1, max_size=4), st.integers(0, 4))
def test_it_is_what_json_writes_with_sorted_names(versions: list[Tree], levels: int) -> None:
    before: dict[str, Json] = {}
    for version in versions:
        # Some of the values are the very objects of the version before.
        before = {**before, **version}
        expected = json.dumps(
            before, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        assert canonical(before, levels) == expected


@pytest.mark.parametrize(("one", "other"), [(True, 1), (1, 1.0), ("1", 1), (None, "null")])
def test_an_equal_value_of_another_type_is_another_text(one: Json, other: Json) -> None:
    assert canonical({"a": one, "b": "x", "c": "y"}, 2) != canonical({"a": other, "b": "x", "c": "y"}, 2)


def test_no_number_that_is_none_is_hashed() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        canonical({"a": {"b": float("inf"), "c": 1}}, 2)
