"""Two hundred VMs, as fast as the budgets allow, and nothing in each other's way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.rig.daemon import VirtualDaemon
from tests.scale.hundreds import assert_two_hundred_and_nothing_else, estate, files, floor, made, tasks
from tests.systems.proxmox.drive import Lab

SLACK = 1.2
"""How much longer than the least that the budgets allow it may take."""


def test_two_hundred_vms_are_made_as_fast_as_the_budgets_allow(
    lab: Lab, tmp_path: Path, record_property: Callable[[str, str], None]
) -> None:
    lab.begin(estate())

    seconds = VirtualDaemon(lab.url, tmp_path, files(lab.url)).run(made)

    done = tasks(lab)
    assert {task.status for task in done} == {"OK"}, (
        "no collision of ids, no time-out of a lock, no other failure"
    )
    assert_two_hundred_and_nothing_else(lab)
    least, scope = floor(done)
    told = f"200 VMs in {seconds:.0f} s, least possible {least:.0f} s ({scope}): {seconds / least:.2f} x"
    record_property("figure", told)
    assert seconds <= SLACK * least
