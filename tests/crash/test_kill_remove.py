"""The daemon is killed at every moment while a running VM is deleted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.ground import CHUNKS, Ground, die_beside_each_task, kill_at_every_moment


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_after_a_kill_at_any_moment_it_is_gone_with_what_was_its_own_and_nothing_else(
    ground: Ground, chunk: int, record_property: Callable[[str, object], None]
) -> None:
    kill_at_every_moment(ground, "remove", chunk, record_property)


def test_a_daemon_that_dies_beside_each_of_its_tasks_still_gets_there(ground: Ground) -> None:
    die_beside_each_task(ground, "remove")
