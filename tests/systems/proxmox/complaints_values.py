"""Complaints about values: endless differences, cloud-init, disks, restarts, and what is not managed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.rig.estate import manifest
from tests.systems.proxmox.complaints import Complaint, Document, Scene, ct, nothing, vm
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.made_ct import ROOTFS, TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate

NIC: Document = {"bridge": "vmbr0"}
DISK: Document = {"storage": "local-zfs", "size": "4GiB"}
DATA: Document = {"storage": "local-zfs", "size": "2GiB"}
ONE: Document = {"node": "pve1", "disks": {"scsi0": DISK}, "nics": {"net0": NIC}, "power": "running"}
TWO: Document = {**ONE, "disks": {"scsi0": DISK, "scsi1": DATA}}
CT: Document = {
    "node": "pve1",
    "template": TEMPLATE,
    "rootfs": ROOTFS,
    "nics": {"net0": NIC},
    "power": "running",
}
MOUNT: Document = {"storage": "local-zfs", "size": "1GiB", "path": "/data"}
CLOUD: Document = {
    "user": "admin",
    "ip": {
        "net0": {"ipv4": "192.0.2.10/24", "gateway4": "192.0.2.1"},
        "net1": {"ipv4": "198.51.100.10/24"},
    },
    "nameservers": ["9.9.9.9", "1.1.1.1"],
}
CLOUDY: Document = {**ONE, "nics": {"net0": NIC, "net1": NIC}, "cloudInit": CLOUD}
VOLUME = "local-zfs:vm-1000-disk-1"
CLONE: Document = {"clone": {"from": "debian"}, "nics": {"net0": NIC}, "power": "running"}
Story = Callable[[Scene], Awaitable[None]]


def with_template(**config: Any) -> Callable[[], Document]:
    """A world with a template of VMs on pve1; `config` are options that it has."""

    def state() -> Document:
        disk = "local-zfs:base-9000-disk-0"
        kept = {"name": "debian", "template": 1, "memory": "1024", "scsi0": f"{disk},size=2G", **config}
        guest = {"type": "qemu", "vmid": 9000, "node": "pve1", "status": "stopped", "config": kept}
        found = estate(guests=[guest])
        found["content"].append({"volid": disk, "node": "pve1", "vmid": 9000, "size": 2 << 30})
        return found

    return state


async def sorted_tags(scene: Scene) -> None:
    assert scene.config()["tags"] == "alpha;setpoint;zeta"


async def tags_with_commas(scene: Scene) -> None:
    scene.by_hand(tags="B,setpoint,a")
    await scene.later()
    assert scene.sent("/config") == []


async def notes_with_line_ends(scene: Scene) -> None:
    assert scene.config()["description"].startswith("hello\n")
    assert scene.sent("/config") == []


async def notes_that_go(scene: Scene) -> None:
    await scene.declare(vm(**ONE))
    await scene.declare(vm(**ONE, description=""))
    assert scene.config()["description"].startswith("setpoint:")
    assert len(scene.sent("/config")) == 1


async def servers_in_their_order(scene: Scene) -> None:
    assert scene.config()["nameserver"] == "9.9.9.9 1.1.1.1"
    scene.by_hand(nameserver="9.9.9.9,1.1.1.1", searchdomain="example.org")
    await scene.later()
    assert scene.config()["searchdomain"] == "example.org"
    assert scene.sent("/config") == []


async def one_disk_more_in_a_pool(scene: Scene) -> None:
    await scene.declare(vm(**{**TWO, "pool": "ops"}))
    assert scene.config()["scsi1"].startswith(VOLUME)
    (pool,) = scene.lab.api("GET", "pools?poolid=ops")
    assert [member["vmid"] for member in pool["members"]] == [1000]


async def a_card_with_more_than_was_said(scene: Scene) -> None:
    card = scene.config()["net0"]
    scene.by_hand(net0=f"{card},mtu=1400,queues=4,rate=10.50")
    await scene.later()
    assert scene.config()["net0"] == f"{card},mtu=1400,queues=4,rate=10.50"
    assert scene.sent("/config") == []


async def an_architecture_nobody_named(scene: Scene) -> None:
    assert scene.config("dns01")["arch"] == "amd64"
    assert scene.sent("/config") == []


async def a_screen_of_the_template(scene: Scene) -> None:
    assert (scene.config()["vga"], scene.config()["serial0"]) == ("serial0", "socket")


async def a_pool_from_both_sides(scene: Scene) -> None:
    await scene.later()
    (pool,) = scene.lab.api("GET", "pools?poolid=customers")
    assert [member["vmid"] for member in pool["members"] if "vmid" in member] == [1000]
    assert len(scene.sent("/pools")) == 1


def pool(name: str) -> dict[str, str]:
    return {"pool.yaml": manifest("Pool", name, {"comment": "paid for"})}


def without_address(*cards: str) -> Story:
    async def story(scene: Scene) -> None:
        less = {**CLOUD, "ip": {card: CLOUD["ip"][card] for card in CLOUD["ip"] if card not in cards}}
        await scene.declare(vm(**{**CLOUDY, "cloudInit": less}))
        left = {key for key in scene.config() if key.startswith("ipconfig")}
        assert left == {f"ipconfig{card[3:]}" for card in less["ip"]}
        assert [sent.get("delete") for sent in scene.sent("/config")] == [
            ",".join(f"ipconfig{card[3:]}" for card in cards)
        ]

    return story


async def what_waits_is_told(scene: Scene) -> None:
    """Tags come into force at once; cores wait, whatever the merged config says."""
    await scene.declare(vm(**{**ONE, "cores": 4, "tags": ["web"]}))
    assert scene.rules() == ["RebootPending"]
    assert scene.status().changes
    assert scene.config()["tags"] == "setpoint;web"
    assert len(scene.sent("/config")) == 1
    scene.lab.api("POST", f"{scene.path()}/status/reboot")
    await scene.later()


DIFFERENCES = [
    Complaint("bpg#321", "tags in another order", vm(**ONE, tags=["Zeta", "alpha"]), sorted_tags),
    Complaint("Telmate#951", "tags that another tool joins otherwise", vm(**ONE, tags=["b", "a"]), tags_with_commas),
    Complaint("bpg#742", "a line end behind the notes of a VM", vm(**ONE, description="hello\n"), notes_with_line_ends),
    Complaint("Telmate#771", "notes and tags of a container", ct(**CT, description="hello\n", tags=["B", "a"]), nothing),
    Complaint("Telmate#1030", "notes that are declared no more", vm(**ONE, description="old"), notes_that_go),
    Complaint("Telmate#1311", "name servers", vm(**CLOUDY), servers_in_their_order),
    Complaint("Telmate#1164", "a disk more of a VM in a pool", vm(**ONE, pool="ops"), one_disk_more_in_a_pool),
    Complaint("Telmate#47", "fields of a card that nobody declared", vm(**ONE), a_card_with_more_than_was_said),
    Complaint("bpg#1494", "an architecture that the server fills in", ct(**CT), an_architecture_nobody_named),
    Complaint("bpg#1224", "a screen that comes with a clone", vm(**CLONE), a_screen_of_the_template, state=with_template(vga="serial0", serial0="socket")),
    Complaint("bpg#2408", "a pool that knows its guest, and a guest that knows its pool", {**pool("customers"), **vm(**ONE, pool="customers")}, a_pool_from_both_sides, calm=False),
    Complaint("bpg#2195", "an address that is declared no more", vm(**CLOUDY), without_address("net1")),
    Complaint("bpg#3040", "no address is declared any more", vm(**CLOUDY), without_address("net0", "net1")),
    Complaint("Telmate#1393", "what is pending is taken for done, and tags restart a VM", vm(**ONE), what_waits_is_told, stops=1),
]  # fmt: skip


def drive_made_anew(change: Document) -> Story:
    async def story(scene: Scene) -> None:
        await scene.declare(vm(**{**CLOUDY, "cloudInit": {**CLOUD, **change}}))
        assert len(scene.sent("/config")) == len(scene.sent("/cloudinit")) == 1

    return story


async def another_snippet(scene: Scene) -> None:
    made = scene.effects("guest_made")
    snippets = {"user": "local:snippets/second.yaml"}
    await scene.declare(vm(**{**CLOUDY, "cloudInit": {**CLOUD, "snippets": snippets}}))
    assert scene.config()["cicustom"] == "user=local:snippets/second.yaml"
    assert scene.effects("guest_made") == made


def with_snippets() -> Document:
    found = estate()
    found["storages"]["local"]["content"] += ",snippets"
    found["content"] += [
        {"volid": f"local:snippets/{name}.yaml", "node": "pve1", "content": "snippets", "size": 9}
        for name in ("first", "second")
    ]
    return found


SNIPPETS = {**CLOUD, "snippets": {"user": "local:snippets/first.yaml"}}
CLOUD_INIT = [
    Complaint("bpg#586", "another login", vm(**CLOUDY), drive_made_anew({"user": "anna"})),
    Complaint("proxmox-api-go#239", "another address", vm(**CLOUDY), drive_made_anew({"ip": {"net0": {"ipv4": "192.0.2.11/24"}}})),
    Complaint("ionos#783", "another name server", vm(**CLOUDY), drive_made_anew({"nameservers": ["9.9.9.9"]})),
    Complaint("bpg#2901", "another snippet makes another VM", vm(**{**CLOUDY, "cloudInit": SNIPPETS}), another_snippet, state=with_snippets),
]  # fmt: skip


async def a_disk_that_goes(scene: Scene) -> None:
    await scene.declare(vm(**ONE))
    assert scene.config()["unused0"] == VOLUME
    assert scene.effects("volume_gone") == []


async def a_disk_that_comes_back(scene: Scene) -> None:
    """Whether its old data or an empty disk is meant is asked, not guessed."""
    await scene.declare(vm(**ONE))
    await scene.declare(vm(**TWO))
    assert f"write volume: '{VOLUME}'" in scene.status().sentence
    assert len(scene.effects("volume_made")) == 2
    disks = {"scsi0": DISK, "scsi1": {**DATA, "volume": VOLUME}}
    await scene.declare(vm(**{**ONE, "disks": disks}))
    assert scene.config()["scsi1"].startswith(VOLUME)


async def a_new_disk_beside_an_old_one(scene: Scene) -> None:
    await scene.declare(vm(**ONE))
    await scene.declare(vm(**{**ONE, "disks": {"scsi0": DISK, "scsi1": {**DATA, "volume": "new"}}}))
    assert scene.config()["scsi1"].startswith("local-zfs:vm-1000-disk-2")
    assert scene.config()["unused0"] == VOLUME


async def a_disk_that_only_lost_its_slot(scene: Scene) -> None:
    scene.by_hand(delete="scsi1")
    await scene.later()
    assert f"{VOLUME} lies detached; a new disk would be empty" in scene.status().sentence
    disks = {"scsi0": DISK, "scsi1": {**DATA, "volume": VOLUME}}
    await scene.declare(vm(**{**ONE, "disks": disks}))
    assert scene.config()["scsi1"].startswith(VOLUME)
    assert len(scene.effects("volume_made")) == 2


async def a_vm_that_is_declared_no_more(scene: Scene) -> None:
    await scene.declare({"web01.yaml": None}, vm("other", **{**ONE, "power": "stopped"}))
    await scene.later(2 * 86400)
    assert scene.guests()["web01"]["status"] == "running"
    assert scene.effects("volume_gone") == []


def mounts(**points: Document) -> Story:
    """Other mount points of the same container, which is never another one."""

    async def story(scene: Scene) -> None:
        await scene.declare(ct(**CT, mountPoints=points, policy={"reboot": "whenNeeded"}))
        assert scene.effects("guest_made") == ["pve1"]
        assert scene.effects("volume_gone") == []
        config = scene.config("dns01")
        assert {key for key in config if key.startswith("mp")} == points.keys()
        assert len(scene.sent("/config")) <= 1
        for slot, point in points.items():
            assert str(point["size"]).replace("iB", "") in config[slot]

    return story


async def a_card_that_goes(scene: Scene) -> None:
    await scene.declare(vm(**{**CLOUDY, "nics": {"net0": NIC}, "cloudInit": {"user": "admin"}}))
    assert "net1" not in scene.config()


MOUNTED = ct(**CT, mountPoints={"mp0": MOUNT})
DISKS = [
    Complaint("Telmate#983", "a disk that is declared no more stays in its slot", vm(**TWO), a_disk_that_goes),
    Complaint("Telmate#805", "a disk that comes back is an empty one", vm(**TWO), a_disk_that_comes_back),
    Complaint("bpg#2218", "a detached disk is found again by accident", vm(**TWO), a_new_disk_beside_an_old_one),
    Complaint("bpg#2596", "a disk that somebody detached is made anew", vm(**TWO), a_disk_that_only_lost_its_slot),
    Complaint("bpg#1763", "data goes with a VM that is declared no more", vm(**TWO), a_vm_that_is_declared_no_more),
    Complaint("bpg#3028", "a larger mount point makes another container", MOUNTED, mounts(mp0={**MOUNT, "size": "2GiB"})),
    Complaint("bpg#2995", "one mount point more makes another container", MOUNTED, mounts(mp0=MOUNT, mp1={**MOUNT, "path": "/more"})),
    Complaint("bpg#2322", "an option of a mount point makes another container", MOUNTED, mounts(mp0={**MOUNT, "size": "2GiB", "backup": True}), stops=1),
    Complaint("bpg#2259", "a card that is declared no more stays", vm(**CLOUDY), a_card_that_goes),
]  # fmt: skip


def at_once(change: Document) -> Story:
    async def story(scene: Scene) -> None:
        await scene.declare(vm(**{**ONE, **change}, policy={"reboot": "whenNeeded"}))
        assert len(scene.sent("/config")) == 1

    return story


def waits_until(how: Document) -> Story:
    """A change that waits is told, and comes into force as the policy says."""

    async def story(scene: Scene) -> None:
        await scene.declare(vm(**{**ONE, "cores": 4}))
        assert scene.rules() == ["RebootPending"]
        assert "restart" in scene.status().sentence
        assert scene.effects("stopped") == []
        await scene.declare(vm(**{**ONE, "cores": 4}, policy=how))
        assert scene.config()["cores"] == 4

    return story


async def never_by_itself(scene: Scene) -> None:
    await scene.declare(vm(**{**ONE, "memory": "2GiB", "cores": 4}, policy={"reboot": "never"}))
    await scene.later(86400)
    assert (scene.rules(), scene.effects("stopped")) == (["RebootPending"], [])
    scene.lab.api("POST", f"{scene.path()}/status/reboot")
    await scene.later()
    assert (scene.config()["memory"], scene.config()["cores"]) == ("2048", 4)


async def a_container_that_waits(scene: Scene) -> None:
    await scene.declare(ct(**{**CT, "features": {"nesting": True}}))
    assert scene.rules("Container/dns01") == ["RebootPending"]
    await scene.declare(ct(**{**CT, "features": {"nesting": True}}, policy={"reboot": "whenNeeded"}))
    assert scene.config("dns01")["features"] == "nesting=1"


RESTARTS = [
    Complaint("Telmate#256", "a change that needs no restart gets one", vm(**ONE), at_once({"description": "x", "onboot": True})),
    Complaint("Telmate#757", "a card more restarts a VM", vm(**ONE), at_once({"nics": {"net0": NIC, "net1": NIC}})),
    Complaint("Telmate#1526", "a disk more restarts a VM", vm(**ONE), at_once({"disks": {"scsi0": DISK, "scsi1": DATA}})),
    Complaint("bpg#1467", "a switch against restarts", vm(**ONE), never_by_itself, stops=1),
    Complaint("bpg#2516", "a change waits for a restart and nobody says so", vm(**ONE), waits_until({"reboot": "whenNeeded"}), stops=1),
    Complaint("bpg#2544", "the same of a container", ct(**CT), a_container_that_waits, stops=1),
]  # fmt: skip


def unmanaged_lines(lab: Lab) -> None:
    """Raw lines that only somebody on the node can write stand in the container's file."""
    state = lab.get("state")
    for guest in state["guests"]:
        guest["file"] = guest["file"].replace(
            "unprivileged:", "lxc.apparmor.profile: unconfined\nunprivileged:"
        )
    lab.begin(state)


async def raw_lines_stay(scene: Scene) -> None:
    unmanaged_lines(scene.lab)
    await scene.declare(ct(**{**CT, "tags": ["web"], "memory": "1GiB"}))
    assert "lxc.apparmor.profile" in scene.guests()["dns01"]["file"]
    assert scene.config("dns01")["memory"] == 1024


async def raw_lines_of_two_kinds_stay(scene: Scene) -> None:
    unmanaged_lines(scene.lab)
    await scene.later()
    assert scene.sent("/config") == []
    assert "lxc.apparmor.profile" in scene.guests()["dns01"]["file"]


async def options_nobody_declared_stay(scene: Scene) -> None:
    scene.by_hand(keyboard="de", cpulimit="2", args="-device x")
    await scene.declare(vm(**{**ONE, "tags": ["web"]}))
    config = scene.config()
    assert (config["keyboard"], config["cpulimit"], config["args"]) == ("de", "2", "-device x")


async def disks_and_cards_change_in_place(scene: Scene) -> None:
    grown = {
        "disks": {"scsi0": {**DISK, "size": "8GiB", "discard": True}},
        "nics": {"net0": {**NIC, "firewall": True}},
    }
    card = scene.config()["net0"].partition(",")[0]
    await scene.declare(vm(**{**ONE, **grown}, policy={"reboot": "whenNeeded"}))
    config = scene.config()
    assert "size=8G" in config["scsi0"]
    assert "discard=on" in config["scsi0"]
    assert config["net0"].startswith(card)
    assert "firewall=1" in config["net0"]
    assert [sorted(sent.keys() & {"net0", "scsi0"}) for sent in scene.sent("/config")] == [
        ["net0"],
        ["scsi0"],
    ]
    assert scene.effects("guest_made") == ["pve1"]


async def what_is_declared_no_more_goes(scene: Scene) -> None:
    await scene.declare(vm(**{**ONE, "disks": {"scsi0": DISK}, "nics": {}}))
    assert not scene.config().keys() & {"net0", "scsi1"}


UNMANAGED = [
    Complaint("bpg#256", "raw lines are lost when something else is written", ct(**CT), raw_lines_stay),
    Complaint("bpg#2973", "raw lines are a difference for ever", ct(**CT), raw_lines_of_two_kinds_stay),
    Complaint("Telmate#714", "options that nobody declared are taken away", vm(**ONE), options_nobody_declared_stay),
    Complaint("community.proxmox#44", "disks and cards cannot be changed in place", vm(**ONE), disks_and_cards_change_in_place, stops=1),
    Complaint("community.proxmox#195", "nothing can be taken away", vm(**TWO), what_is_declared_no_more_goes),
]  # fmt: skip

VALUES = [*DIFFERENCES, *CLOUD_INIT, *DISKS, *RESTARTS, *UNMANAGED]
