"""The daemon is killed at every moment while a guest is wiped by schedule and made anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.ground import Ground, die_beside_each_task, kill_at_every_moment

NAMES = ("rebuild", "rebuild-container")
PARTS = 8
"""It takes longer than to make something, or to take it away."""


@pytest.mark.parametrize("chunk", range(PARTS))
@pytest.mark.parametrize("name", NAMES)
def test_after_a_kill_at_any_moment_it_was_wiped_once_and_made_once(
    ground: Ground, name: str, chunk: int, record_property: Callable[[str, object], None]
) -> None:
    kill_at_every_moment(ground, name, chunk, record_property, PARTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_daemon_that_dies_beside_each_of_its_tasks_still_gets_there(ground: Ground, name: str) -> None:
    die_beside_each_task(ground, name)
