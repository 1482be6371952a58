"""Complaints about making guests: locks, several at once, time, numbers, halves that stay behind, and permissions."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from tests.rig.estate import manifest
from tests.systems.proxmox.complaints import LONG, Complaint, Document, Scene, ct, nothing, vm
from tests.systems.proxmox.complaints_values import CLONE, CT, DATA, DISK, ONE, TWO, with_template
from tests.systems.proxmox.drive import TOKEN, Lab
from tests.systems.proxmox.test_ct_converge import estate

Story = Callable[[Scene], Awaitable[None]]
Event = dict[str, Any]
GUEST = "/nodes/pve1/qemu/1000"
OFF: Document = {**ONE, "power": "stopped"}
LOCKED = "can't lock file '/var/lock/qemu-server/lock-1000.conf' - got timeout"
CFS = "cfs-lock 'storage-local-zfs' error: got timeout"
HOUR = 3600.0


def several(count: int, make: Callable[..., dict[str, str]], **spec: Any) -> dict[str, str]:
    """As many alike."""
    return {name: text for number in range(count) for name, text in make(f"guest{number}", **spec).items()}


def happening(*events: tuple[str, Event]) -> Callable[[Lab], None]:
    """What happens before the daemon starts."""

    def happen(lab: Lab) -> None:
        for kind, spec in events:
            lab.happen(kind, **spec)

    return happen


def realistic(state: Callable[[], Document] = estate) -> Callable[[], Document]:
    """The same world, where everything takes its time and storages are locked."""
    return lambda: {**state(), "pace": "realistic"}


def made_once(count: int = 1) -> Story:
    """So many guests were made by as many calls, each with its own number, and no volume too much."""

    async def story(scene: Scene) -> None:
        await scene.later()
        made = scene.effects("guest_made")
        assert len(made) - len(scene.effects("guest_gone")) == count
        numbers = [guest["vmid"] for guest in scene.guests().values()]
        assert len(set(numbers)) == len(numbers)

    return story


def meanwhile(kind: str, spec: Event, change: Document, then: Callable[[Scene], None] | None = None) -> Story:
    """Something happens, and then another declaration is to come true."""

    async def story(scene: Scene) -> None:
        scene.happen(kind, **spec)
        await scene.declare(vm(**{**ONE, **change}), seconds=2 * LONG)
        if then is not None:
            then(scene)

    return story


def has(**values: Any) -> Callable[[Scene], None]:
    def check(scene: Scene) -> None:
        config = scene.config()
        assert {key: config.get(key) for key in values} == values

    return check


def grown(scene: Scene) -> None:
    assert "size=8G" in scene.config()["scsi0"]
    assert len(scene.sent("/resize")) <= 2


GROWN: Document = {"disks": {"scsi0": {**DISK, "size": "8GiB"}}}


def on_shared_storage() -> Document:
    """The template lies where every node finds it."""
    found = with_template(scsi0="nfs:9000/base-9000-disk-0.raw,size=2G")()
    found["storages"]["nfs"] = {
        "type": "nfs",
        "content": "images",
        "path": "/mnt/pve/nfs",
        "shared": 1,
        "total": 1 << 40,
    }
    found["content"][-1] = {
        "volid": "nfs:9000/base-9000-disk-0.raw",
        "node": "pve1",
        "vmid": 9000,
        "size": 2 << 30,
        "format": "raw",
    }
    return found  # fmt: skip


async def a_lock_of_a_backup(scene: Scene) -> None:
    scene.happen("guest_lock_held", vmid=1000, lock="backup")
    await scene.declare(vm(**{**ONE, "tags": ["web"]}))
    assert "locked (backup)" in scene.status().sentence
    assert scene.sent("/config") == []
    scene.happen("guest_unlock", vmid=1000)
    await scene.later()
    assert scene.config()["tags"] == "setpoint;web"


async def a_shutdown_under_a_lock(scene: Scene) -> None:
    scene.happen("guest_lock_held", vmid=1000, lock="snapshot")
    await scene.declare(vm(**OFF))
    assert scene.guests()["web01"]["status"] == "running"
    scene.happen("guest_unlock", vmid=1000)
    await scene.later()
    assert scene.guests()["web01"]["status"] == "stopped"


async def off_without_an_agent(scene: Scene) -> None:
    await scene.declare(vm(**{**OFF, "agent": True}))
    assert scene.guests()["web01"]["status"] == "stopped"


async def an_agent_that_comes_late(scene: Scene) -> None:
    scene.happen("guest_behaviour", vmid=1000, guest_agent="running", agent_after_s=120)
    await scene.later()
    assert scene.status().detail is not None


LOCKS = [
    Complaint("Telmate#173", "several VMs at once lock each other out", several(4, vm, **ONE), made_once(4), state=realistic()),
    Complaint("bpg#995", "several clones of one template at once", several(3, vm, **CLONE), made_once(3), state=realistic(with_template())),
    Complaint("bpg#1521", "a lock that is held a little too long", vm(**ONE), meanwhile("guest_lock_held", {"vmid": 1000, "longer_than_s": 20}, {"tags": ["web"]}, has(tags="setpoint;web"))),
    Complaint("bpg#186", "a lock that a backup left on", vm(**ONE), a_lock_of_a_backup),
    Complaint("bpg#133", "several containers at once", several(4, ct, **CT), made_once(4), state=realistic()),
    Complaint("danitso#40", "a disk that grows while the file is locked", vm(**ONE), meanwhile("guest_lock_held", {"vmid": 1000, "longer_than_s": 15}, GROWN, grown)),
    Complaint("Telmate#1069", "a task that did not get the lock", vm(**ONE), meanwhile("task_fails", {"type": "qmconfig", "exitstatus": LOCKED}, {"tags": ["web"]}, has(tags="setpoint;web"))),
    Complaint("proxmox-kubernetes#71", "full clones wait for the lock of their storage", several(4, vm, **CLONE), made_once(4), state=realistic(with_template())),
    Complaint("linstor-proxmox#73", "a clone that did not get the lock of its storage", vm(**CLONE), made_once(), before=happening(("task_fails", {"type": "qmclone", "exitstatus": CFS})), state=with_template(), calm=False),
    Complaint("bpg#2145", "clones on other nodes at once", {**vm("a", **CLONE), **vm("b", **{**CLONE, "node": "pve2"})}, made_once(2), state=on_shared_storage),
    Complaint("Telmate#705", "more than one container at a time", several(2, ct, **CT), made_once(2)),
    Complaint("bpg#1255", "a shutdown that waits for a lock", vm(**ONE), a_shutdown_under_a_lock, stops=1),
    Complaint("Telmate#620", "an agent that is declared and never answers", vm(**ONE, agent=True), nothing),
    Complaint("Telmate#840", "an agent that answers late", vm(**ONE, agent=True), an_agent_that_comes_late),
    Complaint("bpg#1828", "a shutdown without the declared agent", vm(**ONE, agent=True), off_without_an_agent, stops=1),
]  # fmt: skip


def cut_off(**words: Any) -> tuple[str, Event]:
    return "reply_lost", words


async def made_with_one_call(scene: Scene) -> None:
    await scene.later()
    assert [one["path"] for one in scene.ours() if one["path"].endswith("/qemu")] == ["/nodes/pve1/qemu"]
    assert scene.effects("guest_made") == ["pve1"]


async def a_write_on_a_dead_connection(scene: Scene) -> None:
    scene.happen("reply_lost", method="POST", path=f"{GUEST}/config", status=0, executed=False, count=2)
    await scene.declare(vm(**{**ONE, "tags": ["web"]}), seconds=LONG)
    assert scene.config()["tags"] == "setpoint;web"
    assert len(scene.sent("/config")) == 1


async def tasks_that_cannot_be_asked(scene: Scene) -> None:
    scene.happen(
        "reply_fails",
        method="GET",
        path="/nodes/*/tasks/*",
        status=599,
        reason="Too many redirections",
        count=6,
    )
    await scene.declare(vm(**{**ONE, **GROWN}), seconds=LONG)  # fmt: skip
    grown(scene)


async def a_slow_cluster(scene: Scene) -> None:
    scene.happen("latency", seconds=20, for_s=900)
    await scene.declare(vm(**{**ONE, "tags": ["web"]}), seconds=2 * LONG)
    assert len(scene.sent("/config")) == 1


async def moved_slowly(scene: Scene) -> None:
    await scene.declare(vm(**{**ONE, "disks": {"scsi0": {"storage": "local", "size": "4GiB"}}}), seconds=HOUR)
    assert scene.config()["scsi0"].startswith("local:1000/")
    assert len(scene.sent("/move_disk")) == 1


async def cloned_once(scene: Scene) -> None:
    await scene.later(3 * HOUR)
    assert len(scene.sent("/clone")) == 1
    assert len(scene.effects("guest_made")) == 1


def large() -> Document:
    """A template whose copy takes more than an hour and a half."""
    found = with_template(scsi0="local-zfs:base-9000-disk-0,size=2T")()
    found["content"][-1]["size"] = 2 << 40
    found["storages"]["local-zfs"]["total"] = 1 << 44
    return {**found, "pace": "realistic"}


FULL_CLONE = {**CLONE, "clone": {"from": "debian", "linked": False, "storage": "local-zfs"}}
TIME = [
    Complaint("Telmate#1115", "an answer that never comes", vm(**ONE), made_with_one_call, before=happening(cut_off(path="/nodes/pve1/qemu", status=596)), calm=False),
    Complaint("bpg#1312", "a list of contents that times out", vm(**ONE), meanwhile("reply_lost", {"method": "GET", "path": "/nodes/*/storage/*/content", "status": 596, "count": 3}, {"tags": ["web"]}, has(tags="setpoint;web"))),
    Complaint("Telmate#467", "a proxy that gives up on a resize", vm(**ONE), meanwhile("reply_fails", {"method": "PUT", "path": f"{GUEST}/resize", "status": 599, "reason": "Too many redirections"}, GROWN, grown)),
    Complaint("bpg#1365", "a task whose status cannot be asked", vm(**ONE), tasks_that_cannot_be_asked),
    Complaint("bpg#3082", "a connection that was closed meanwhile", vm(**ONE), a_write_on_a_dead_connection),
    Complaint("packer#8476", "no answers while a long task runs", vm(**FULL_CLONE), cloned_once, before=happening(("reply_lost", {"method": "GET", "path": "/nodes/*/tasks/*", "status": 596, "count": 5})), state=realistic(with_template()), calm=False),
    Complaint("bpg#1160", "a clone that takes longer than a time-out", vm(**FULL_CLONE), cloned_once, state=large, calm=False),
    Complaint("bpg#1169", "a disk that is moved for longer than a time-out", vm(**ONE), moved_slowly, state=realistic()),
    Complaint("Telmate#17", "everything is slow for a while", vm(**ONE), a_slow_cluster),
    Complaint("Telmate#1450", "a creation that is slow", vm(**ONE), made_with_one_call, before=happening(("latency", {"seconds": 25, "count": 12})), calm=False),
    Complaint("cuckoo3#42", "a time-out of five seconds", vm(**ONE), made_with_one_call, before=happening(("latency", {"seconds": 6, "jitter": 4, "for_s": 1200})), calm=False),
]  # fmt: skip


async def a_number_that_somebody_took(scene: Scene) -> None:
    """Another tool makes a guest under the number that ours was about to use."""
    scene.lab.api("POST", "nodes/pve1/qemu", vmid=1000, name="stranger", tags="theirs")
    await scene.declare(vm(**ONE), seconds=LONG)
    guests = scene.guests()
    assert (guests["stranger"]["vmid"], guests["web01"]["vmid"]) == (1000, 1001)
    assert "setpoint" not in guests["stranger"]["file"]


async def numbers_while_others_ask(scene: Scene) -> None:
    """Others take what the cluster offers as the next number, again and again."""
    for number in range(3):
        taken = scene.lab.api("GET", "cluster/nextid")
        scene.lab.api("POST", "nodes/pve1/qemu", vmid=taken, name=f"theirs{number}")
        await scene.declare(vm(f"web0{number}", **OFF))
    numbers = [guest["vmid"] for guest in scene.guests().values()]
    assert len(set(numbers)) == 6


async def a_number_of_one_that_goes(scene: Scene) -> None:
    """One guest goes for good while another one comes: neither gets into the other's way."""
    await scene.declare({"web01.yaml": None}, vm("web02", **{**OFF, "cores": 3, "disks": {}}))
    assert scene.guests()["web02"]["vmid"] == 1001
    await scene.later(3 * 86400)
    assert set(scene.guests()) == {"web02"}


async def refused_once_as_taken(scene: Scene) -> None:
    await scene.later()
    assert [guest["vmid"] for guest in scene.guests().values()] == [1000]
    assert len(scene.effects("guest_made")) == 1


async def a_failed_clone_whose_number_another_gets(scene: Scene) -> None:
    """The stranger that took the number of a failed clone of ours is not ours, whatever we remember."""
    scene.happen("task_fails", type="qmclone", exitstatus="clone failed: no space left")
    await scene.running.declare(vm(**CLONE))
    await scene.running.until(lambda: scene.outcome() == "Failed")
    scene.lab.api("POST", "nodes/pve1/qemu", vmid=1000, name="stranger")
    await scene.later()
    before = scene.guests().get("stranger")
    assert before is not None
    mine = scene.guests()["web01"]["vmid"]
    assert mine != 1000
    await scene.declare({"web01.yaml": None}, vm("other", **OFF), seconds=3 * 86400)
    assert scene.guests()["stranger"] == before


async def one_object_for_one_declaration(scene: Scene) -> None:
    await scene.later()
    assert len(scene.effects("guest_made")) == 1
    assert len(scene.sent("/clone")) == 1


DELETED = {"deletion": "delete"}
NUMBERS = [
    Complaint("Telmate#23", "the same number twice", several(3, vm, **OFF), made_once(3)),
    Complaint("Telmate#1136", "the same number for a VM and a container", {**several(2, vm, **OFF), **{f"ct-{name}": text for name, text in several(2, ct, **CT).items()}}, made_once(4)),
    Complaint("bpg#1610", "a number that somebody else takes first", {}, a_number_that_somebody_took),
    Complaint("bpg#1709", "one goes and one comes under the same number", vm(**OFF, policy=DELETED), a_number_of_one_that_goes),
    Complaint("community.proxmox#58", "others take the next number all the time", {}, numbers_while_others_ask),
    Complaint("packer-plugin-proxmox#42", "the number is taken when it comes to it", vm(**OFF), refused_once_as_taken, before=happening(("reply_fails", {"path": "/nodes/pve1/qemu", "status": 500, "reason": "unable to create VM 1000 - VM 1000 already exists on node 'pve1'"})), calm=False),
    Complaint("ionos#856", "a failed clone's number is another machine's now", {}, a_failed_clone_whose_number_another_gets, state=with_template()),
    Complaint("ionos#733", "many machines for one declaration", vm(**CLONE), one_object_for_one_declaration, before=happening(cut_off(path="/nodes/*/qemu/9000/clone", status=596)), state=with_template(), calm=False),
    Complaint("kubemox#29", "many VMs for one object", vm(**ONE), made_with_one_call, before=happening(cut_off(path="/nodes/pve1/qemu", status=0)), calm=False),
]  # fmt: skip


async def halves_are_taken_up(scene: Scene) -> None:
    await scene.later()
    volumes = set(scene.effects("volume_made")) - set(scene.effects("volume_gone"))
    held = scene.guests()["web01"]["file"]
    assert [volume for volume in volumes if volume not in held] == []


def left_behind() -> Document:
    """A volume under the number that the next guest gets, of a guest that is no more."""
    found = estate()
    found["content"].append(
        {"volid": "local-zfs:vm-1000-disk-0", "node": "pve1", "vmid": 1000, "size": 1 << 30}
    )
    return found


async def what_was_left_behind_stays(scene: Scene) -> None:
    assert scene.config()["scsi0"].startswith("local-zfs:vm-1000-disk-1")
    assert scene.effects("volume_gone") == []


async def a_clone_that_died(scene: Scene) -> None:
    """Its rest is told with the commands that take it away, and then it is made."""
    await scene.running.declare(vm(**CLONE))
    await asyncio.sleep(1)
    intent = scene.running.estate.store.intent(scene.status().key)
    assert intent is not None
    scene.happen("kill_worker", upid=intent.operation)
    await scene.later()
    assert "qm unlock 1000 && qm destroy 1000" in scene.status().sentence
    scene.happen("guest_unlock", vmid=1000)
    scene.lab.api("DELETE", "nodes/pve1/qemu/1000")
    await scene.later(2 * LONG)
    assert scene.guests()["web01"]["vmid"] == 1000


async def nothing_is_destroyed_for_a_retry(scene: Scene) -> None:
    await scene.later()
    assert [one for one in scene.ours() if one["method"] == "DELETE"] == []
    assert scene.effects("guest_gone") == []
    assert len(scene.effects("guest_made")) == 1


PARTS = [
    Complaint("ionos#389", "machines that stay half made", vm(**TWO), halves_are_taken_up, before=happening(("task_fails", {"type": "qmcreate", "exitstatus": CFS})), calm=False),
    Complaint("truenas-proxmox-plugin#88", "volumes of one that failed block its number", vm(**ONE), what_was_left_behind_stays, state=left_behind),
    Complaint("linstor-proxmox#23", "a clone that died keeps its number", {}, a_clone_that_died, state=realistic(with_template())),
    Complaint("bpg#1711", "a repeated creation destroys what it finds", vm(**ONE), nothing_is_destroyed_for_a_retry, before=happening(cut_off(path="/nodes/pve1/qemu", status=596)), calm=False),
]  # fmt: skip


async def as_little_as_is_needed(scene: Scene) -> None:
    """Made, grown, given a card, tagged, restarted and stopped with the roles that the manual names."""
    changed = {**ONE, **GROWN, "tags": ["web"], "nics": {"net0": {"bridge": "vmbr1"}}}
    await scene.declare(vm(**changed, policy={"reboot": "whenNeeded"}))
    assert "size=8G" in scene.config()["scsi0"]


def refused_until_granted(path: str, role: str, change: Document, words: str) -> Story:
    async def story(scene: Scene) -> None:
        user, _, _ = TOKEN.partition("!")
        scene.happen("acl_taken", path=path, ugid=user, role=role)
        await scene.declare(vm(**{**ONE, **change}))
        assert words in scene.status().sentence
        assert scene.sent("/config") == []
        scene.happen("acl_given", path=path, ugid=user, role=role)
        await scene.later(2 * LONG)

    return story


async def what_only_root_may_do(scene: Scene) -> None:
    await scene.later()
    status = scene.status("Container/dns01")
    assert "pct set 1000" in status.sentence
    assert status.outcome == "Held"
    scene.by_hand("dns01", features="fuse=1,nesting=1")
    await scene.later()
    assert scene.config("dns01")["features"] == "fuse=1,nesting=1"


async def a_token_that_may_nothing(scene: Scene) -> None:
    """Seeing nothing is no proof that there is nothing."""
    await scene.later()
    assert scene.lab.writes() == []
    user, _, _ = TOKEN.partition("!")
    for path, role in ROLES.items():
        scene.happen("acl_given", path=path, ugid=TOKEN, role=role)
        scene.happen("acl_given", path=path, ugid=user, role=role)
    await scene.later(2 * LONG)
    assert len(scene.effects("guest_made")) == 1


ROLES = {"/": "PVEAuditor", "/vms": "PVEVMAdmin", "/storage": "PVEDatastoreUser", "/sdn": "PVESDNUser"}


def without_rights() -> Document:
    found = estate()
    found["acls"] = []
    return found


IMAGE = "GuestImage/debian"
URL = "https://images.example.org/debian-13.tar.zst"
TEXT = "what a template holds"
FETCH = "Fetch"


def image() -> dict[str, str]:
    checksum = f"sha256:{hashlib.sha256(TEXT.encode()).hexdigest()}"
    spec = {"node": "pve1", "storage": "local", "url": URL, "checksum": checksum}
    return {"image.yaml": manifest("GuestImage", "debian", spec)}


def with_images() -> Document:
    """Where images can be fetched by whoever has the role for it."""
    return estate(
        roles=[{"roleid": FETCH, "privs": "Sys.AccessNetwork,Sys.Audit"}], web=[{"url": URL, "text": TEXT}]
    )


def fetched_once_granted(*grants: tuple[str, str]) -> Story:
    """What is missing is named, nothing is taken for absent, and it is fetched once after the grant."""

    async def story(scene: Scene) -> None:
        await scene.later()
        assert scene.outcome(IMAGE) in {"Failed", "Held", "Blocked"}
        assert scene.lab.writes() == []
        for path, role in grants:
            for who in (TOKEN, TOKEN.partition("!")[0]):
                scene.happen("acl_given", path=path, ugid=who, role=role)
        await scene.later(2 * LONG)
        assert [one["path"].rpartition("/")[2] for one in scene.ours()] == ["download-url"]

    return story


def without_storages() -> Document:
    """The token does not even see the storages."""
    found = with_images()
    found["acls"] = [acl for acl in found["acls"] if acl["path"] not in {"/", "/storage"}]
    found["acls"] += [
        {**acl, "path": "/nodes", "roleid": FETCH} for acl in found["acls"] if acl["path"] == "/vms"
    ]
    return found  # fmt: skip


async def a_pool_that_may_not_be_used(scene: Scene) -> None:
    user = TOKEN.partition("!")[0]
    scene.happen("acl_taken", path="/pool", ugid=user, role="PVEPoolAdmin")
    await scene.declare(vm(**{**ONE, "pool": "ops", "tags": ["web"]}))
    assert scene.status().outcome in {"Failed", "Held"}
    assert scene.config()["tags"] == "setpoint;web"
    scene.happen("acl_given", path="/pool", ugid=user, role="PVEPoolAdmin")
    await scene.later(2 * LONG)


FUSE = {**CT, "features": {"fuse": True, "nesting": True}}
RIGHTS = [
    Complaint("Telmate#784", "too many privileges are demanded", vm(**ONE), as_little_as_is_needed),
    Complaint("Telmate#1118", "a privilege is missing and nobody says which", vm(**ONE), refused_until_granted("/vms", "PVEVMAdmin", {"tags": ["web"]}, "VM.Config.Options")),
    Complaint("Telmate#687", "a privilege on a storage is missing", vm(**ONE), refused_until_granted("/storage", "PVEDatastoreUser", {"disks": {"scsi0": DISK, "scsi1": DATA}}, "Datastore.AllocateSpace")),
    Complaint("bpg#609", "what only root may do fails without a way out", ct(**FUSE), what_only_root_may_do, calm=False),
    Complaint("bpg#1285", "a download needs a privilege that nobody names", image(), fetched_once_granted(("/nodes", FETCH), ("/storage", "PVEDatastoreAdmin")), state=with_images, calm=False),
    Complaint("bpg#1451", "files that may not be listed are taken for none", image(), fetched_once_granted(("/", "PVEAuditor"), ("/storage", "PVEDatastoreAdmin")), state=without_storages, calm=False),
    Complaint("pulumi-proxmoxve#480", "a privilege on a pool is missing", vm(**ONE), a_pool_that_may_not_be_used),
    Complaint("proxcenter-ui#9", "a token that begins without rights", vm(**ONE), a_token_that_may_nothing, state=without_rights, calm=False),
]  # fmt: skip

MAKING = [*LOCKS, *TIME, *NUMBERS, *PARTS, *RIGHTS]
