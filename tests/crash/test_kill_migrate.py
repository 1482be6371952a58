"""The daemon is killed at every moment while a guest is migrated from a node that it may not be on any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.ground import CHUNKS, Ground, die_beside_each_task, kill_at_every_moment

NAMES = ("migrate", "migrate-container")


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", NAMES)
def test_after_a_kill_at_any_moment_there_is_what_was_declared_and_nothing_twice(
    ground: Ground, name: str, chunk: int, record_property: Callable[[str, object], None]
) -> None:
    kill_at_every_moment(ground, name, chunk, record_property)


@pytest.mark.parametrize("name", NAMES)
def test_a_daemon_that_dies_beside_each_of_its_tasks_still_gets_there(ground: Ground, name: str) -> None:
    die_beside_each_task(ground, name)
