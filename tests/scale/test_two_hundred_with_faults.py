"""Two hundred VMs while one task and one call in twenty go wrong: all of them, and nothing left over."""

from __future__ import annotations

from pathlib import Path

from tests.rig.daemon import VirtualDaemon
from tests.scale.hundreds import COUNT, assert_two_hundred_and_nothing_else, estate, files, made, tasks
from tests.systems.proxmox.drive import Lab


def test_with_faults_they_are_made_all_the_same(lab: Lab, tmp_path: Path) -> None:
    lab.begin(estate())
    lab.happen("task_fails", exitstatus="command failed: exit code 5", share=0.05)
    for fault in (
        {"status": 0, "executed": True},
        {"status": 0, "executed": False},
        {"status": 596, "executed": True},
        {"status": 595},
    ):
        lab.happen("reply_lost", count=1_000_000, share=0.01, **fault)
    lab.happen("reply_fails", status=503, count=1_000_000, share=0.01)

    VirtualDaemon(lab.url, tmp_path, files(lab.url)).run(made)

    assert_two_hundred_and_nothing_else(lab)
    failed = [task for task in tasks(lab) if task.status != "OK"]
    assert len(failed) >= COUNT * 0.05
    assert not [task for task in failed if "lock" in task.status or "already exists" in task.status]
