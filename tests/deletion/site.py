"""An estate of virtual machines whose policy has them deleted, with the daemon over an emulated cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from setpoint.model.key import Key
from setpoint.model.tombstone import Phase
from setpoint.surface.answers import Answers
from setpoint.surface.bodies import StatusQuery
from tests.rig.daemon import Running, Script, T, VirtualDaemon
from tests.rig.estate import cluster, vm
from tests.systems.proxmox.drive import Lab

HOUR, DAY = 3600.0, 86400.0
DISK = {"storage": "local-zfs", "size": "1GiB"}
POLICY: Mapping[str, Any] = {"deletion": "delete", "interval": "6h"}


def machine(
    name: str, /, policy: Mapping[str, Any] = POLICY, folder: str = "", **spec: Any
) -> dict[str, str]:
    """One that runs, has a disk, and looks like no other."""
    text = vm(name, {"node": "pve1", "disks": {"scsi0": DISK}, "power": "running", **spec}, **policy)
    return {f"{folder}{name}.yaml": text}


def cluster_at(url: str) -> str:
    """The cluster, looked at by itself now and then only, for days pass here."""
    return json.dumps({**json.loads(cluster(url)), "policy": {"interval": "6h"}})


def machines(*numbers: int, policy: Mapping[str, Any] = POLICY) -> dict[str, str]:
    files: dict[str, str] = {}
    for number in numbers:
        files |= machine(f"w{number}", policy=policy, description=f"number {number}")
    return files


def key(name: str) -> Key:
    return Key("default", "VirtualMachine", name)


@dataclass
class Site:
    """A cluster, the state directory of a daemon, and what is declared."""

    lab: Lab
    folder: Path
    files: dict[str, str] = field(default_factory=dict[str, str])

    def declare(self, *parts: Mapping[str, str]) -> None:
        """Begin with exactly this, and the cluster."""
        self.files = {
            "lab.yaml": cluster_at(self.lab.url),
            **{p: t for part in parts for p, t in part.items()},
        }

    def run(self, script: Script[T]) -> T:
        """One life of the daemon."""
        daemon = VirtualDaemon(self.lab.url, self.folder, self.files)
        try:
            return daemon.run(script)
        finally:
            self.files = daemon.files

    def guests(self) -> set[str]:
        """The names of the guests that are there."""
        return {str(guest["config"].get("name")) for guest in self.lab.get("state")["guests"]}

    def vmid(self, name: str) -> int:
        """The number of the guest of that name."""
        guests = self.lab.get("state")["guests"]
        return next(int(guest["vmid"]) for guest in guests if guest["config"].get("name") == name)

    def count(self, kind: str) -> int:
        """How often that came about."""
        return sum(effect["kind"] == kind for effect in self.lab.get("effects"))

    def assert_untouched(self) -> None:
        """Nothing was destroyed, nor asked to be, and nothing was stopped."""
        assert [self.count(kind) for kind in ("guest_gone", "volume_gone", "stopped")] == [0, 0, 0]
        self.assert_nothing_destroyed()

    def assert_nothing_destroyed(self) -> None:
        assert [self.count(kind) for kind in ("guest_gone", "volume_gone")] == [0, 0]
        assert not [call for call in self.lab.writes() if call.startswith("DELETE")]


async def redeclare(running: Running, *parts: Mapping[str, str]) -> None:
    """Declare exactly this and the cluster, and wait until it is in force."""
    wanted = {path: text for part in parts for path, text in part.items()}
    gone = dict.fromkeys(path for path in running.source.files if path not in wanted and path != "lab.yaml")
    await running.declare({**gone, **wanted})


async def told(running: Running) -> dict[str, Any]:
    """What `setpoint status -o json` says."""
    return await Answers(running.supervisor).status(StatusQuery())


async def said(running: Running, name: str) -> dict[str, Any]:
    """What is said of a machine that is to be deleted."""
    rows = (await told(running))["deletions"]
    return next(row for row in rows if row["key"] == f"VirtualMachine/{name}")


async def rules(running: Running, name: str) -> set[str]:
    return {hold["rule"] for hold in (await said(running, name))["holds"]}


def phase(running: Running, name: str) -> Phase | None:
    tombstone = running.estate.store.tombstone(key(name))
    return None if tombstone is None else tombstone.phase
