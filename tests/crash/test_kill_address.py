"""The daemon is killed at every moment while a container is made that takes its address from a pool."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.ground import CHUNKS, Ground, kill_at_every_moment


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_after_a_kill_at_any_moment_it_has_the_address_that_was_free_and_no_other(
    ground: Ground, chunk: int, record_property: Callable[[str, object], None]
) -> None:
    kill_at_every_moment(ground, "take-address", chunk, record_property)
