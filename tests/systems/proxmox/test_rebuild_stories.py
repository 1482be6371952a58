"""Stories of sandboxes: guests that are wiped by schedule and made anew, lived through by the whole daemon in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from setpoint.decide.lifecycle import next_rebuild
from setpoint.model.hold import Rule
from setpoint.model.key import Key
from setpoint.model.lifecycle import Age
from setpoint.store.records import EventKind
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, manifest
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.made_ct import ROOTFS, TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate

MOMENT = datetime.fromisoformat("2026-11-21T04:30+01:00").timestamp()
"""A Saturday, half an hour after the emulator's clock begins."""
WEEK, HOUR = 7 * 86400.0, 3600.0
POLICY = {
    "deletion": "delete",
    "interval": "12h",
    "lifecycle": {"rebuildEvery": "7d", "at": "Sat 04:30 Europe/Berlin"},
}
SPECS: Mapping[str, Mapping[str, Any]] = {
    "Container": {
        "node": "pve1",
        "template": TEMPLATE,
        "rootfs": ROOTFS,
        "nics": {"net0": {"bridge": "vmbr0"}, "net1": {"bridge": "vmbr1", "mac": "BC:24:11:00:00:07"}},
        "password": {"env": "STORY_PASSWORD"},
        "power": "running",
    },
    "VirtualMachine": {
        "node": "pve2",
        "disks": {"scsi0": {"storage": "local-zfs", "size": "4GiB"}},
        "nics": {"net0": {"bridge": "vmbr0"}, "net1": {"bridge": "vmbr1", "mac": "BC:24:11:00:00:07"}},
        "cloudInit": {"user": "admin", "password": {"env": "STORY_PASSWORD"}},
        "power": "running",
    },
}
KINDS = pytest.mark.parametrize("kind", SPECS)
PLACES = {"Container": "nodes/pve1/lxc/1000", "VirtualMachine": "nodes/pve2/qemu/1000"}


@pytest.fixture
def lab(emulator: str, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("STORY_PASSWORD", "first-of-all")
    found = Lab(emulator)
    found.begin(estate())
    return found


def daemon(lab: Lab, folder: Path, kind: str, **policy: Any) -> VirtualDaemon:
    target = json.loads(cluster(lab.url)) | {"policy": {"interval": "12h"}}
    files = {
        "lab.yaml": json.dumps(target),
        "box.yaml": manifest(kind, "box", SPECS[kind], **POLICY, **policy),
    }
    return VirtualDaemon(lab.url, folder, files)


async def until(running: Running, moment: float) -> None:
    await asyncio.sleep(moment - running.now())


async def grown(running: Running) -> None:
    """It was made, a week ago."""
    await running.settle()
    for item in running.estate.store.items():
        running.estate.store.save_item(replace(item, age=Age(item.age.since - WEEK)))
    await running.look_again()


def steps(running: Running, kind: str) -> list[str]:
    events = running.estate.store.history(Key("default", kind, "box"))
    return [event.sentence for event in reversed(events) if event.kind is EventKind.STEP]


@KINDS
def test_a_sandbox_begins_anew_at_its_moment_with_its_number_and_what_is_declared_and_nothing_else(
    lab: Lab, tmp_path: Path, kind: str
) -> None:
    async def script(running: Running) -> None:
        await grown(running)
        made, place = lab.writes(), PLACES[kind]
        before = lab.api("GET", f"{place}/config")
        await until(running, MOMENT - 60)
        lab.api("PUT", f"{place}/config", tags="mine", memory=1024)
        lab.api("POST", f"{place}/snapshot", snapname="experiment")
        lab.finish()
        at = len(lab.writes())
        await until(running, MOMENT + HOUR)
        assert running.status(f"{kind}/box").outcome == "Done", running.status(f"{kind}/box").sentence
        assert lab.writes()[at:] == [f"POST /{place}/status/shutdown", f"DELETE /{place}", *made]
        after = lab.api("GET", f"{place}/config")
        assert (after["net1"], after["description"]) == (before["net1"], before["description"])
        assert after["net0"] != before["net0"]
        assert ("mine" in str(after.get("tags")), lab.api("GET", f"{place}/status/current")["status"]) == (
            False,
            "running",
        )
        assert [one["name"] for one in lab.api("GET", f"{place}/snapshot")] == ["current"]
        told = steps(running, kind)
        assert told[len(made)].endswith("or switch it off after 3 minutes, to make it anew by schedule")
        assert told[len(made) + 1].startswith("destroy ")
        resource = running.estate.resources[Key("default", kind, "box")]
        item = running.estate.store.item(resource.key)
        assert resource.policy.lifecycle is not None
        assert item is not None
        assert next_rebuild(resource.policy.lifecycle, item.age, running.now()) == MOMENT + WEEK

    daemon(lab, tmp_path, kind).run(script)


@KINDS
def test_one_that_is_lost_otherwise_waits_for_a_person_before_and_after(
    lab: Lab, tmp_path: Path, kind: str
) -> None:
    async def script(running: Running) -> None:
        await grown(running)
        await until(running, MOMENT + HOUR)
        lab.api("POST", f"{PLACES[kind]}/status/stop")
        lab.finish()
        lab.api("DELETE", PLACES[kind])
        lab.finish()
        at = len(lab.writes())
        await running.look_again()
        await asyncio.sleep(HOUR)
        (hold,) = running.status(f"{kind}/box").holds
        assert (hold.rule, lab.writes()[at:]) == (Rule.RECREATE, [])

    daemon(lab, tmp_path, kind).run(script)


def protected(lab: Lab, place: str) -> None:
    lab.api("PUT", f"{place}/config", protection=1)


def locked(lab: Lab, _place: str) -> None:
    lab.happen("guest_lock_held", vmid=1000, lock="backup")


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [
        pytest.param(kind, trouble, id=f"{kind}: {trouble.__name__}")
        for kind in SPECS
        for trouble in (protected, locked)
    ],
)
def test_what_cannot_be_destroyed_is_not_even_stopped(
    lab: Lab, tmp_path: Path, kind: str, trouble: Callable[[Lab, str], None]
) -> None:
    async def script(running: Running) -> None:
        await grown(running)
        await until(running, MOMENT - 60)
        trouble(lab, PLACES[kind])
        at = len(lab.writes())
        await until(running, MOMENT + 600)
        assert running.status(f"{kind}/box").outcome == "Held", running.status(f"{kind}/box").sentence
        await until(running, MOMENT + 4 * HOUR)
        assert lab.writes()[at:] == []

    daemon(lab, tmp_path, kind).run(script)
