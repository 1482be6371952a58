"""Stories of VMs that do not go the easy way, lived through by the whole daemon in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.hold import Rule
from setpoint.store.records import Status
from setpoint_lab.process import start_proxmox
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, vm
from tests.systems.proxmox.drive import Lab, world

NAME = "VirtualMachine/web01"
GUEST = "nodes/pve1/qemu/1000"
TEMPLATE = 9000
GIB = 1 << 30
Document = dict[str, Any]
DISK: Document = {"storage": "local-zfs", "size": "4GiB"}
DATA: Document = {"storage": "local-zfs", "size": "2GiB"}
NIC: Document = {"bridge": "vmbr0"}
ONE: Document = {"node": "pve1", "disks": {"scsi0": DISK}, "nics": {"net0": NIC}, "power": "running"}
TWO: Document = {**ONE, "disks": {"scsi0": DISK, "scsi1": DATA}}
VOLUMES = ["local-zfs:vm-1000-disk-0", "local-zfs:vm-1000-disk-1"]
CLONE: Document = {"clone": {"from": "debian"}, "nics": {"net0": NIC}, "power": "running"}
CLOUD: Document = {
    "user": "Administrator",
    "password": {"env": "STORY_PASSWORD"},
    "ip": {"net0": {"ipv4": "192.0.2.10/24"}},
}
QUICK, LONG = 400.0, 1500.0
"""Seconds in which what can be done is done; and in which drift is found."""


@dataclass
class Story:
    """The VM web01, the world around it, and what the daemon says of it."""

    lab: Lab
    running: Running

    @property
    def status(self) -> Status:
        return self.running.status(NAME)

    @property
    def config(self) -> Document:
        found: Document = self.lab.api("GET", f"{GUEST}/config")
        return found

    async def declare(self, spec: Mapping[str, Any], **policy: Any) -> Status:
        """Commit another declaration and give it time."""
        await self.running.declare({"web01.yaml": vm("web01", spec, **policy)})
        return await self.later(QUICK)

    async def later(self, seconds: float = LONG) -> Status:
        await asyncio.sleep(seconds)
        return self.status

    def by_hand(self, **options: Any) -> None:
        """Another admin changes the configuration."""
        self.lab.api("POST", f"{GUEST}/config", **options)

    def happen(self, kind: str, **spec: Any) -> None:
        self.lab.happen(kind, vmid=1000, **spec)

    def effects(self, *kinds: str) -> list[str]:
        """What came about of these kinds, in order."""
        return [effect["what"] for effect in self.lab.get("effects") if effect["kind"] in kinds]

    def count(self, kind: str) -> int:
        return len(self.effects(kind))

    def sent(self, path: str) -> list[Document]:
        """The parameters of every write of ours to a path of the VM."""
        ledger = self.lab.get("ledger")
        ours = [effect for effect in ledger if effect["user"] != "root@pam"]
        return [effect["params"] for effect in ours if effect["path"] == f"/{GUEST}/{path}"]


Script = Callable[[Story], Awaitable[None]]


@pytest.fixture(scope="module")
def emulator() -> Generator[str]:
    with start_proxmox(clock="virtual", lag=0) as running:
        yield running.url


@dataclass
class Stage:
    """Where stories are told; every one ends with the invariants that no story may break."""

    lab: Lab
    folder: Path

    def tell(
        self,
        script: Script,
        begin: Mapping[str, Any] | None = ONE,
        *,
        state: Document | None = None,
        **policy: Any,
    ) -> None:
        """Let `begin` come true in a new world, then live through `script`."""
        self.lab.begin(state or world())
        files = {"lab.yaml": cluster(self.lab.url)}
        if begin is not None:
            files["web01.yaml"] = vm("web01", begin, **policy)

        async def life(running: Running) -> None:
            if begin is not None:
                await running.settle()
                assert running.status(NAME).outcome == "Done", running.status(NAME).sentence
            await script(Story(self.lab, running))

        VirtualDaemon(self.lab.url, self.folder, files).run(life)
        self.check()

    def check(self) -> None:
        """No guest was destroyed by us, and every write of a configuration carried a digest."""
        for effect in self.lab.get("ledger"):
            if effect["user"] != "root@pam":
                assert effect["method"] != "DELETE"
                config = effect["path"].rpartition("/")[2] in {"config", "resize", "move_disk"}
                assert not config or effect["params"].get("digest"), effect


@pytest.fixture
def stage(emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("STORY_PASSWORD", "first")
    return Stage(Lab(emulator), tmp_path)


def rules(status: Status) -> list[Rule]:
    return [hold.rule for hold in status.holds]


def template(vmid: int = TEMPLATE, name: str = "debian", node: str = "pve1", **config: Any) -> Document:
    """A world with one template in it, `other` worlds' guests and volumes can be put beside it."""
    disk = f"local-zfs:base-{vmid}-disk-0"
    kept = {
        "name": name,
        "template": 1,
        "memory": "1024",
        "scsi0": f"{disk},size=2G",
        "net0": f"virtio=BC:24:11:00:00:{vmid % 100:02d},bridge=vmbr0",
        **config,
    }
    guest = {"type": "qemu", "vmid": vmid, "node": node, "status": "stopped", "config": kept}
    return {"guests": [guest], "content": [{"volid": disk, "node": node, "vmid": vmid, "size": 2 * GIB}]}


def templates(*parts: Document, **more: Any) -> Document:
    return world(
        guests=[guest for part in parts for guest in part["guests"]],
        content=[volume for part in parts for volume in part["content"]],
        **more,
    )


def test_a_nic_that_the_guest_does_not_let_go_of_is_pending_and_gone_after_a_restart(stage: Stage) -> None:
    async def script(story: Story) -> None:
        story.happen("guest_behaviour", nic_hot_unplug="fails")

        status = await story.declare({**ONE, "nics": {}})

        assert rules(status) == [Rule.REBOOT_PENDING]
        assert status.changes
        assert len(story.sent("config")) == 1
        story.lab.api("POST", f"{GUEST}/status/reboot")
        assert (await story.later()).outcome == "Done"
        assert "net0" not in story.config
        assert len(story.sent("config")) == 1

    stage.tell(script)


@pytest.mark.parametrize("unplug", ["lets go", "fails"])
def test_a_disk_that_was_taken_out_and_is_declared_again_is_never_an_empty_one(
    stage: Stage, unplug: str
) -> None:
    async def script(story: Story) -> None:
        story.happen("guest_behaviour", disk_hot_unplug=unplug if unplug == "fails" else "works")
        await story.declare(ONE)

        status = await story.declare(TWO)

        assert story.effects("volume_made") == VOLUMES
        assert story.effects("volume_gone") == []
        if unplug == "fails":
            assert status.outcome == "Done"
        else:
            assert f"write volume: '{VOLUMES[1]}' to attach it" in status.sentence
            again = {**TWO, "disks": {"scsi0": DISK, "scsi1": {**DATA, "volume": VOLUMES[1]}}}
            assert (await story.declare(again)).outcome == "Done"
        assert story.config["scsi1"].startswith(VOLUMES[1])

    stage.tell(script, TWO)


@pytest.mark.parametrize("storage", ["local-zfs", "local"])
def test_a_disk_that_changes_its_slot_is_asked_about_before_anything_happens(
    stage: Stage, storage: str
) -> None:
    """Taken for one disk that goes and one that comes, the guest would find an empty one in the place of its data."""

    async def script(story: Story) -> None:
        moved = {**DATA, "storage": storage}
        status = await story.declare({**ONE, "disks": {"scsi0": DISK, "virtio1": moved}})

        assert rules(status) == [Rule.IMPOSSIBLE, Rule.IMPOSSIBLE]
        assert f"write volume: '{VOLUMES[1]}' to attach that one, or volume: new" in status.sentence
        assert story.effects("volume_made") == VOLUMES
        assert story.config["scsi1"].startswith(VOLUMES[1])

        answer = {**moved, "volume": VOLUMES[1]}
        status = await story.declare({**ONE, "disks": {"scsi0": DISK, "virtio1": answer}})

        assert status.outcome == "Done", status.sentence
        assert story.config["virtio1"].startswith(VOLUMES[1] if storage == "local-zfs" else "local:")
        assert "scsi1" not in story.config
        # On another storage it is moved there, and only its own copy takes its place.
        assert len(story.effects("volume_made")) == len(story.effects("volume_gone")) + 2

    stage.tell(script, TWO)


def test_a_disk_that_replaces_another_one_is_made_when_that_is_said(stage: Stage) -> None:
    async def script(story: Story) -> None:
        new = {**DATA, "volume": "new"}

        status = await story.declare({**ONE, "disks": {"scsi0": DISK, "virtio1": new}})

        assert status.outcome == "Done"
        assert story.config["unused0"] == VOLUMES[1]
        assert story.config["virtio1"].startswith("local-zfs:vm-1000-disk-2")
        assert story.effects("volume_gone") == []

    stage.tell(script, TWO)


def test_a_protected_vm_keeps_a_disk_that_is_declared_no_more_and_the_rest_goes_on(stage: Stage) -> None:
    async def script(story: Story) -> None:
        await story.declare({**TWO, "protection": True})

        status = await story.declare({**ONE, "protection": True, "tags": ["web"]})

        assert "VM 1000 is protected, so drive scsi1 stays" in status.sentence
        assert story.config["tags"] == "setpoint;web"
        writes = len(story.sent("config"))
        await story.later()
        assert len(story.sent("config")) == writes

        status = await story.declare({**ONE, "protection": False})
        assert status.outcome == "Done"
        assert "scsi1" not in story.config
        assert story.config["unused0"] == VOLUMES[1]

    stage.tell(script, TWO)


def test_protection_that_comes_with_a_disk_s_removal_is_written_with_it(stage: Stage) -> None:
    async def script(story: Story) -> None:
        assert (await story.declare({**ONE, "protection": True})).outcome == "Done"
        assert story.config["protection"] == 1
        assert story.config["unused0"] == VOLUMES[1]

    stage.tell(script, TWO)


def test_a_boot_order_with_a_disk_that_is_not_made_holds_up_nothing_else(stage: Stage) -> None:
    async def script(story: Story) -> None:
        await story.declare(ONE)

        status = await story.declare({**TWO, "boot": ["scsi1", "scsi0"], "tags": ["web"]})

        assert status.outcome == "Held"
        assert (
            "VM 1000 has no scsi1 to boot from (declare it, or take it out of spec.boot)" in status.sentence
        )
        assert story.config["tags"] == "setpoint;web"

    stage.tell(script, TWO)


def test_a_vm_that_is_to_boot_from_nothing_is_not_made(stage: Stage) -> None:
    async def script(story: Story) -> None:
        status = await story.declare({**ONE, "boot": ["scsi3", "net0"]})

        assert status.outcome == "Held"
        assert "there is no scsi3 to boot from" in status.sentence
        assert story.count("guest_made") == 0

    stage.tell(script, None)


def test_a_boot_order_is_written_with_the_disk_that_it_names(stage: Stage) -> None:
    async def script(story: Story) -> None:
        status = await story.declare({**TWO, "boot": ["scsi1", "scsi0"]})

        assert rules(status) == [Rule.REBOOT_PENDING]
        assert [sent["boot"] for sent in story.sent("config")] == ["order=scsi1;scsi0"]

    stage.tell(script)


def test_a_clone_gets_our_password_although_its_template_has_one(stage: Stage) -> None:
    async def script(story: Story) -> None:
        status = await story.declare({**CLONE, "cloudInit": CLOUD})

        assert status.outcome == "Done"
        assert [sent["cipassword"] for sent in story.sent("config") if "cipassword" in sent] == ["first"]

    stage.tell(script, None, state=templates(template(cipassword="$5$template")))


def test_a_password_is_sent_once_for_each_value(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(story: Story) -> None:
        assert story.sent("config") == []
        monkeypatch.setenv("STORY_PASSWORD", "second")
        await story.running.look_again()

        assert (await story.later()).outcome == "Done"

        assert [sent["cipassword"] for sent in story.sent("config")] == ["second"]

    stage.tell(script, {**ONE, "cloudInit": CLOUD})
