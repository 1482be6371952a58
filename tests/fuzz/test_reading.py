"""Whatever is read ends in a value or in a documented mistake with its place, in time and in bounded memory."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setpoint.model.errors import SettingsError
from setpoint.settings import load_settings
from tests.fuzz import targets
from tests.fuzz.bombs import YAML
from tests.fuzz.play import play
from tests.fuzz.targets import TARGETS

SECONDS = 1.5
"""At each target, within `make test`."""
CPU = 10.0
"""Seconds that a bomb may cost on a slow machine."""
MEMORY = 256 << 20
"""Bytes that reading one file may take at its height, with everything that is watched counted twice."""


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_inputs_end_well(name: str) -> None:
    TARGETS[name].read(TARGETS[name].seeds[0])  # whatever is loaded once takes none of the time
    played = play(TARGETS[name], first=0, seconds=SECONDS, most=4000)
    assert played.inputs > 20


BOMBS = [
    *(pytest.param(targets.manifest, bomb, id=f"manifest: {bomb}") for bomb in YAML),
    *(pytest.param(targets.settings, bomb, id=f"settings: {bomb}") for bomb in list(YAML)[:6]),
]


@pytest.mark.parametrize(("read", "bomb"), BOMBS)
def test_a_bomb_does_not_go_off(read: Callable[[bytes], None], bomb: str) -> None:
    data = YAML[bomb].encode()
    began = time.thread_time()
    read(data)
    assert time.thread_time() - began < CPU


@pytest.mark.parametrize("bomb", ["a billion laughs", "lists in lists", "a long text", "many tags"])
def test_a_bomb_takes_bounded_memory(bomb: str) -> None:
    data = YAML[bomb].encode()
    tracemalloc.start()
    try:
        targets.manifest(data)
        _, height = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert height < MEMORY


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spec=TREES, policy=TREES, metadata=TREES)
def test_any_tree_is_a_declaration_or_a_mistake(spec: object, policy: object, metadata: object) -> None:
    document = {"kind": "VirtualMachine", "metadata": metadata, "policy": policy, "spec": spec}
    targets.manifest(json.dumps(document).encode())


def test_a_settings_file_that_is_no_file_is_a_mistake(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(SettingsError, match="cannot be read"):
            load_settings(place, {})
