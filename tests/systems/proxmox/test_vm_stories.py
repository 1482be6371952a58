"""Stories of VMs that do not go the easy way, lived through by the whole daemon in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setpoint.model.hold import Rule
from setpoint.store.records import Status
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
GONE = "Configuration file 'nodes/pve1/qemu-server/1000.conf' does not exist"
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
        assert len(story.sent("cloudinit")) == 1

    stage.tell(script, {**ONE, "cloudInit": CLOUD})


def test_addresses_that_change_are_shown_to_a_running_guest_once(stage: Stage) -> None:
    """Proxmox tells that a user or key is old on the drive, but neither an address nor a password."""

    async def script(story: Story) -> None:
        again = {**CLOUD, "ip": {"net0": {"ipv4": "192.0.2.11/24"}}}

        status = await story.declare({**ONE, "cloudInit": again})

        assert status.outcome == "Done"
        assert len(story.sent("config")) == len(story.sent("cloudinit")) == 1
        await story.later()
        assert len(story.sent("cloudinit")) == 1

    stage.tell(script, {**ONE, "cloudInit": CLOUD})


def test_what_a_guest_that_is_off_will_find_is_made_by_its_start_alone(stage: Stage) -> None:
    async def script(story: Story) -> None:
        again = {**CLOUD, "ip": {"net0": {"ipv4": "192.0.2.11/24"}}}
        await story.declare({**off, "cloudInit": again})

        assert (await story.declare({**ONE, "cloudInit": again})).outcome == "Done"
        assert story.sent("cloudinit") == []

    off = {**ONE, "power": "stopped"}
    stage.tell(script, {**off, "cloudInit": CLOUD})


def test_an_image_is_imported_and_then_grown_to_the_declared_size(stage: Stage) -> None:
    async def script(story: Story) -> None:
        assert story.config["scsi0"].endswith("size=4G")
        assert [sent["size"] for sent in story.sent("resize")] == ["4G"]
        # What the image was is looked at no more.
        other = {"scsi0": {**DISK, "image": "local:import/other.qcow2"}}
        assert (await story.declare({**ONE, "disks": other})).outcome == "Done"
        assert story.count("volume_made") == 1

    image = {"volid": "local:import/a.qcow2", "node": "pve1", "content": "import", "size": GIB}
    state = world(content=[image])
    state["storages"]["local"]["content"] = "images,iso,import"
    stage.tell(script, {**ONE, "disks": {"scsi0": {**DISK, "image": image["volid"]}}}, state=state)


def test_a_disk_that_is_grown_and_moved_keeps_its_data_and_its_size(stage: Stage) -> None:
    async def script(story: Story) -> None:
        status = await story.declare({**ONE, "disks": {"scsi0": {"storage": "local", "size": "8GiB"}}})

        assert status.outcome == "Done"
        assert story.config["scsi0"] == "local:1000/vm-1000-disk-0.raw,size=8G"
        assert len(story.sent("move_disk")) == len(story.sent("resize")) == 1
        assert story.sent("config") == []

    stage.tell(script)


@pytest.mark.parametrize("lock", ["backup", "snapshot"])
def test_a_disk_is_moved_only_when_the_lock_is_gone(stage: Stage, lock: str) -> None:
    async def script(story: Story) -> None:
        story.happen("guest_lock_held", lock=lock)

        status = await story.declare({**ONE, "disks": {"scsi0": {**DISK, "storage": "local"}}})

        assert f"VM 1000 is locked ({lock}), so it is not changed (wait until that ends" in status.sentence
        assert "qm unlock 1000" in status.sentence
        assert story.sent("move_disk") == []
        story.happen("guest_unlock")
        assert (await story.later()).outcome == "Done"
        assert len(story.sent("move_disk")) == 1

    stage.tell(script)


def test_a_smaller_disk_is_refused_and_the_rest_goes_on(stage: Stage) -> None:
    async def script(story: Story) -> None:
        less = {"scsi0": {**DISK, "size": "2GiB"}}

        status = await story.declare({**ONE, "disks": less, "tags": ["WEB", "Web", "b"]})

        assert "disk scsi0 of VM 1000 is 4GiB, and Proxmox cannot shrink it to 2GiB" in status.sentence
        assert story.config["tags"] == "b;setpoint;web"

    stage.tell(script)


def test_a_template_that_is_locked_is_waited_for_and_one_that_is_renamed_is_asked_about(
    stage: Stage,
) -> None:
    async def script(story: Story) -> None:
        story.lab.happen("guest_lock_held", vmid=TEMPLATE, lock="backup")
        assert "VM is locked (backup)" in (await story.declare(CLONE)).sentence
        story.lab.happen("guest_unlock", vmid=TEMPLATE)
        story.lab.api("PUT", f"nodes/pve1/qemu/{TEMPLATE}/config", name="debian-old")

        status = await story.later()

        assert rules(status) == [Rule.IMPOSSIBLE]
        assert "one of the templates: debian-old (9000)" in status.sentence
        assert story.count("guest_made") == 0
        assert (await story.declare({**CLONE, "clone": {"from": "debian-old"}})).outcome == "Done"

    stage.tell(script, None, state=templates(template()))


@pytest.mark.parametrize(
    ("state", "spec", "sentence"),
    [
        pytest.param(
            templates(template(), template(9001)),
            CLONE,
            "several templates are called debian: 9000 on pve1, 9001 on pve1 (set spec.clone.from to the vmid",
            id="two of one name",
        ),
        pytest.param(
            templates(template(node="pve2")),
            {**CLONE, "node": "pve1"},
            "VM 9000 lies on a storage of node pve2, so its clone cannot be made on pve1 (set spec.node to pve2",
            id="on another node's own storage",
        ),
    ],
)
def test_a_clone_that_cannot_be_made_says_what_to_write(
    stage: Stage, state: Document, spec: Document, sentence: str
) -> None:
    async def script(story: Story) -> None:
        assert sentence in (await story.declare(spec)).sentence
        assert story.lab.writes() == []

    stage.tell(script, None, state=state)


def test_a_clone_that_fails_leaves_nothing_and_is_made_under_the_same_id(stage: Stage) -> None:
    async def script(story: Story) -> None:
        story.lab.happen("task_fails", type="qmclone", exitstatus="clone failed: copy failed")

        assert (await story.declare(CLONE)).outcome == "Done"

        assert story.count("guest_made") == 2
        assert story.count("guest_gone") == 1
        assert [guest["vmid"] for guest in story.lab.get("state")["guests"]] == [TEMPLATE, 1000]

    stage.tell(script, None, state=templates(template()))


def test_what_loses_its_mark_before_it_was_seen_once_is_not_made_again(stage: Stage) -> None:
    async def script(story: Story) -> None:
        await story.running.declare({"web01.yaml": vm("web01", ONE)})
        while story.count("volume_made") == 0:
            await asyncio.sleep(0.05)
        story.by_hand(description="", tags="")
        status = await story.later(QUICK)
        assert [hold.rule for hold in status.holds] == [Rule.EXISTS], status.sentence
        assert story.count("guest_made") == 1

    stage.tell(script, None)


def test_a_clone_whose_worker_was_killed_is_told_with_the_commands_for_its_node(stage: Stage) -> None:
    async def script(story: Story) -> None:
        await story.running.declare({"web01.yaml": vm("web01", CLONE)})
        await asyncio.sleep(1)
        key = story.status.key
        intent = story.running.estate.store.intent(key)
        assert intent is not None
        story.lab.happen("kill_worker", upid=intent.operation)

        status = await story.later()

        assert "locked (clone) on pve1 and no task works on it" in status.sentence
        assert "qm unlock 1000 && qm destroy 1000" in status.sentence
        assert story.count("guest_made") == 1
        assert len([one for one in story.lab.writes() if one.endswith("/clone")]) == 1

    stage.tell(script, None, state=templates(template(), pace="realistic"))


@pytest.mark.parametrize("off", [False, True], ids=["while it runs", "while it is off"])
@pytest.mark.parametrize(
    ("spec", "verb"),
    [
        pytest.param({**ONE, "tags": ["web"], "cores": 2}, "config", id="configure"),
        pytest.param({**ONE, "disks": {"scsi0": {**DISK, "size": "8GiB"}}}, "resize", id="resize"),
        pytest.param({**ONE, "disks": {"scsi0": {**DISK, "storage": "local"}}}, "move_disk", id="move"),
    ],
)
def test_a_vm_that_is_moved_away_in_the_middle_is_followed(
    stage: Stage, spec: Document, verb: str, *, off: bool
) -> None:
    """The first write of ours reaches the node that it has just left."""

    async def script(story: Story) -> None:
        story.lab.happen("reply_fails", path=f"{GUEST}/{verb}", status=500, reason=GONE)
        story.lab.api(
            "POST", f"{GUEST}/migrate", target="pve2", online=int(not off), **{"with-local-disks": 1}
        )

        status = await story.declare({**spec, "power": power})
        status = await story.later()

        assert status.outcome in {"Done", "Held"}, status.sentence
        assert [hold.rule for hold in status.holds] in ([], [Rule.REBOOT_PENDING])
        assert status.detail is not None
        assert status.detail["node"] == "pve2"
        assert story.effects("guest_moved") == ["pve2"]
        assert story.count("guest_made") == 1

    power = "stopped" if off else "running"
    stage.tell(script, {**ONE, "power": power})


def test_a_container_under_the_number_of_our_vm_is_never_touched(stage: Stage) -> None:
    async def script(story: Story) -> None:
        state = story.lab.get("state")
        stranger = {
            "type": "lxc",
            "vmid": 1000,
            "node": "pve1",
            "status": "stopped",
            "config": {"hostname": "x"},
        }
        story.lab.begin({**state, "guests": [stranger], "content": []})

        status = await story.later()

        assert status.outcome == "Held"
        assert "1000" in status.sentence
        assert story.lab.writes() == []

    stage.tell(script)


def test_a_write_that_fails_half_way_on_a_vm_that_is_off_is_finished(stage: Stage) -> None:
    async def script(story: Story) -> None:
        story.lab.happen("task_fails", type="qmconfig", exitstatus="something broke", count=2)

        status = await story.declare({**off, "cores": 3, "memory": "2GiB", "disks": TWO["disks"]})

        assert status.outcome == "Done", status.sentence
        assert (story.config["cores"], story.config["memory"]) == (3, "2048")
        disks = [story.config[slot].partition(",")[0] for slot in ("scsi0", "scsi1")]
        assert sorted(disks) == sorted(set(story.effects("volume_made")) - set(story.effects("volume_gone")))

    off = {**ONE, "power": "stopped"}
    stage.tell(script, off)


def test_what_is_half_written_on_a_vm_that_is_off_does_not_wait_for_a_start(stage: Stage) -> None:
    """Keys of a failed call stay pending; a later one of another admin does not bring ours into force."""

    async def script(story: Story) -> None:
        state = story.lab.get("state")
        state["guests"][0]["pending"] = {"cores": "3"}
        story.lab.begin(state)

        status = await story.declare({**ONE, "power": "stopped", "cores": 3})

        assert status.outcome == "Done", status.sentence
        assert story.config["cores"] == 3
        assert not [row for row in story.lab.api("GET", f"{GUEST}/pending") if "pending" in row]

    stage.tell(script, {**ONE, "power": "stopped"})


def test_a_restart_waits_for_its_window_and_comes_with_it(stage: Stage) -> None:
    async def script(story: Story) -> None:
        begun = story.running.now()
        opens = datetime.fromtimestamp(begun, UTC) + timedelta(hours=3)
        closes = opens + timedelta(minutes=30)
        window = f"{opens:%H:%M}-{closes:%H:%M} UTC"

        status = await story.declare({**ONE, "cores": 4}, reboot="window", window=window)

        assert rules(status) == [Rule.REBOOT_PENDING]
        assert f"{opens:%H:%M} UTC" in status.sentence
        edge = opens.replace(second=0, microsecond=0).timestamp()
        await asyncio.sleep(edge - story.running.now() - 5)
        assert story.count("stopped") == 0
        assert (await story.later()).outcome == "Done"
        stopped = [effect["time"] for effect in story.lab.get("effects") if effect["kind"] == "stopped"]
        assert len(stopped) == 1
        assert stopped[0] >= edge

    stage.tell(script)


def test_several_changes_that_wait_are_brought_into_force_by_one_restart(stage: Stage) -> None:
    async def script(story: Story) -> None:
        more = {**ONE, "cores": 4, "memory": "2GiB", "agent": True}
        status = await story.declare(more, reboot="whenNeeded")

        assert status.outcome == "Done"
        assert (story.count("started"), story.count("stopped")) == (2, 1)

    stage.tell(script)


def test_nothing_restarts_a_vm_whose_policy_is_silent(stage: Stage) -> None:
    async def script(story: Story) -> None:
        status = await story.declare({**ONE, "cores": 4})

        assert rules(status) == [Rule.REBOOT_PENDING]
        await story.later(24 * 3600)
        assert (story.count("started"), story.count("stopped")) == (1, 0)
        assert len(story.sent("config")) == 1

    stage.tell(script)


def test_a_pending_change_that_somebody_takes_back_is_written_once_more(stage: Stage) -> None:
    async def script(story: Story) -> None:
        await story.declare({**ONE, "cores": 4})
        story.by_hand(revert="cores")

        assert rules(await story.later()) == [Rule.REBOOT_PENDING]
        assert len(story.sent("config")) == 2

    stage.tell(script)


@pytest.mark.parametrize("begin", [ONE, None], ids=["put into", "made in"])
def test_a_pool_that_is_not_there_is_named_and_nothing_else_waits_for_it(
    stage: Stage, begin: Document | None
) -> None:
    async def script(story: Story) -> None:
        status = await story.declare({**ONE, "pool": "nope", "tags": ["web"]})

        assert status.outcome == "Failed"
        assert "pool 'nope' does not exist" in status.sentence
        assert "create the pool, or name another one" in status.sentence
        if begin is not None:
            assert story.config["tags"] == "setpoint;web"
        story.lab.api("POST", "pools", poolid="nope")
        assert (await story.later()).outcome == "Done"

    granted = {"/": "PVEAuditor", "/vms": "PVEVMAdmin", "/storage": "PVEDatastoreUser", "/sdn": "PVESDNUser"}
    stage.tell(script, begin, state=world({**granted, "/pool": "PVEPoolAdmin"}))


def test_an_agent_that_stops_answering_is_told_and_is_no_difference(stage: Stage) -> None:
    async def script(story: Story) -> None:
        story.happen("guest_behaviour", guest_agent="stopped")

        status = await story.later()

        assert status.outcome == "Done"
        assert status.detail is not None
        assert "start the guest agent inside the guest" in str(status.detail["guestAgent"])
        assert status.detail["addresses"] is None

    stage.tell(script, {**ONE, "agent": True})


def test_what_we_do_not_manage_survives_all_that_we_write(stage: Stage) -> None:
    async def script(story: Story) -> None:
        nic, disk = story.config["net0"], story.config["scsi0"]
        story.by_hand(net0=f"{nic},rate=5", scsi0=f"{disk},mbps_rd=7", cpulimit=2, keyboard="de")
        more = {
            "disks": {"scsi0": {**DISK, "backup": False}},
            "nics": {"net0": {"bridge": "vmbr1"}},
            "description": "Gr\u00fc\u00dfe \u2603, 100 % %20\nzweite Zeile",
        }

        await story.declare({**ONE, **more})

        config = story.config
        assert config["net0"] == nic.replace("vmbr0", "vmbr1") + ",rate=5"
        assert "mbps_rd=7" in config["scsi0"]
        assert "backup=0" in config["scsi0"]
        assert (config["cpulimit"], config["keyboard"]) == ("2", "de")
        assert config["description"].startswith(str(more["description"]) + "\n\nsetpoint: home")
        writes = len(story.sent("config"))
        await story.later()
        assert len(story.sent("config")) == writes

    stage.tell(script)


def test_a_nic_whose_bridge_somebody_took_away_is_connected_again(stage: Stage) -> None:
    async def script(story: Story) -> None:
        nic = story.config["net0"]
        story.by_hand(net0=nic.replace(",bridge=vmbr0", ""))

        assert (await story.later()).outcome == "Done"
        assert story.config["net0"] == nic

    stage.tell(script)


def test_every_nic_model_can_be_declared_and_keeps_its_address(stage: Stage) -> None:
    async def script(story: Story) -> None:
        mac = story.config["net0"].partition(",")[0].partition("=")[2]
        for model in ("ne2k_pci", "e1000-82545em", "pcnet"):
            assert (await story.declare({**ONE, "nics": {"net0": {**NIC, "model": model}}})).outcome == "Done"
            assert story.config["net0"] == f"{model}={mac},bridge=vmbr0"

    stage.tell(script)


def test_a_disc_that_is_taken_out_leaves_its_drive_there(stage: Stage) -> None:
    async def script(story: Story) -> None:
        status = await story.declare({**ONE, "cdroms": {"ide2": {"iso": None}}})
        assert status.outcome == "Done"
        assert story.config["ide2"] == "none,media=cdrom"

        story.by_hand(ide2=f"{iso['volid']},media=cdrom")
        assert (await story.later()).outcome == "Done"
        assert story.config["ide2"] == "none,media=cdrom"

    iso = {"volid": "local:iso/a.iso", "node": "pve1", "content": "iso", "size": 1 << 20}
    stage.tell(script, {**ONE, "cdroms": {"ide2": {"iso": iso["volid"]}}}, state=world(content=[iso]))


def test_a_new_empty_drive_is_there_after_a_restart(stage: Stage) -> None:
    async def script(story: Story) -> None:
        status = await story.declare({**ONE, "cdroms": {"ide2": {"iso": None}}})

        assert rules(status) == [Rule.REBOOT_PENDING]
        story.lab.api("POST", f"{GUEST}/status/reboot")
        assert (await story.later()).outcome == "Done"
        assert len(story.sent("config")) == 1

    stage.tell(script)


SLOTS = ("scsi0", "scsi1", "virtio0", "sata1")
SIZES = st.sampled_from(["1GiB", "2GiB"])
VOLUME = st.sampled_from([None, None, "new", *VOLUMES])
DISKS = st.fixed_dictionaries(
    {"storage": st.sampled_from(["local-zfs", "local"]), "size": SIZES},
    optional={"volume": VOLUME, "backup": st.booleans()},
)
HANDS = st.sampled_from(["", "", "reboot", "detach", "unplug fails", "unplug works", "unlock", "lock"])
CHAPTERS = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(SLOTS), DISKS, max_size=3), st.booleans(), HANDS),
    min_size=3,
    max_size=7,
)


async def meddle(story: Story, what: str) -> None:
    """What another admin or the guest does between two commits."""
    config = story.config
    match what.split():
        case ["unplug", how]:
            story.happen("guest_behaviour", disk_hot_unplug=how)
        case ["lock"]:
            story.happen("guest_lock_held", lock="backup")
        case ["unlock"]:
            story.happen("guest_unlock")
        case ["detach"] if "scsi0" in config and "lock" not in config:
            story.happen("guest_behaviour", disk_hot_unplug="works")
            story.by_hand(delete="scsi0")
        case ["reboot"] if (
            story.lab.get("state")["guests"][0]["status"] == "running" and "lock" not in config
        ):
            story.lab.api("POST", f"{GUEST}/status/reboot")
        case _:
            pass


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(CHAPTERS)
def test_whatever_is_declared_in_turn_no_volume_is_lost_and_none_is_made_that_was_not_declared(
    emulator: str, tmp_path_factory: pytest.TempPathFactory, chapters: list[tuple[Document, bool, str]]
) -> None:
    stage = Stage(Lab(emulator), tmp_path_factory.mktemp("story"))

    async def script(story: Story) -> None:
        comings, before = 0, set[str]()
        for disks, runs, what in chapters:
            await meddle(story, what)
            await story.declare({"node": "pve1", "disks": disks, "power": "running" if runs else "stopped"})
            comings += len(disks.keys() - before)
            before = set(disks)
        moved = sum(effect["path"].endswith("/move_disk") for effect in stage.lab.get("ledger"))
        by_hand = sum(what == "detach" for _, _, what in chapters)
        made, gone = story.effects("volume_made"), story.effects("volume_gone")
        assert len(gone) <= moved
        assert len(made) - moved <= comings + by_hand
        volumes = {row["volid"] for row in stage.lab.get("state")["content"] if row.get("vmid") == 1000}
        assert volumes == set(Counter(made) - Counter(gone)), "a name that was given up is given again"
        # Not the merged config: a disk whose unplugging failed is in the one in effect only.
        held = set(stage.lab.get("state")["guests"][0]["file"].replace(",", " ").split())
        assert volumes <= held, "every volume is attached or shown as unused"

    stage.tell(script, {"node": "pve1", "power": "running"})
