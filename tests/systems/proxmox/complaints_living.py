"""Complaints about guests that live already: taken over, gone by hand, moved by hand or by the cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

from tests.systems.proxmox.complaints import LONG, Complaint, Document, Scene, ct, vm
from tests.systems.proxmox.complaints_values import CLONE, CT, NIC, ONE, TWO, with_template
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.made_ct import ROOTFS, TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate

Story = Callable[[Scene], Awaitable[None]]
ADOPT = {"adopt": True}
OFF: Document = {**ONE, "power": "stopped"}
BY_HAND: Document = {
    "vmid": 150,
    "name": "web01",
    "cores": 4,
    "memory": 4096,
    "cpu": "host",
    "balloon": 1024,
    "machine": "q35",
    "bios": "ovmf",
    "efidisk0": "local-zfs:1,efitype=4m,pre-enrolled-keys=1",
    "scsihw": "virtio-scsi-pci",
    "scsi0": "local-zfs:8,discard=on,ssd=1,cache=writeback",
    "net0": "virtio,bridge=vmbr0,firewall=1,queues=4",
    "vga": "serial0",
    "serial0": "socket",
    "agent": "1",
    "hotplug": "network,disk",
    "tablet": 0,
    "numa": 1,
    "start": 1,
}
CT_BY_HAND: Document = {
    "vmid": 150,
    "hostname": "dns01",
    "ostemplate": TEMPLATE,
    "rootfs": "local-zfs:8",
    "mp0": "local-zfs:2,mp=/data,backup=1",
    "net0": "name=eth0,bridge=vmbr0,firewall=1,ip=dhcp",
    "cores": 3,
    "swap": 0,
    "cmode": "shell",
    "nameserver": "9.9.9.9",
    "start": 1,
}


def made_by_hand(kind: str, options: Document) -> Callable[[Lab], None]:
    """Somebody made the guest long before, and it runs."""

    def make(lab: Lab) -> None:
        lab.api("POST", f"nodes/pve1/{kind}", **options)
        if kind == "qemu":
            lab.api("POST", "nodes/pve1/qemu/150/status/start") if not _runs(lab) else None

    return make


def _runs(lab: Lab) -> bool:
    return bool(lab.get("state")["guests"][0]["status"] == "running")


async def only_marked(scene: Scene) -> None:
    """Nothing but the mark is written on what is taken over."""
    await scene.later()
    (write,) = scene.ours()
    assert set(write["params"]) - {"node", "vmid"} == {"description", "tags", "digest"}


async def gone_by_hand(scene: Scene) -> None:
    """An empty one instead of it is made only when somebody says so."""
    scene.lab.api("DELETE", scene.path())
    await scene.later()
    (hold,) = scene.status().holds
    assert "was there at" in hold.why
    assert "web01" not in scene.guests()
    await scene.running.supervisor.approve(hold.token, "anna")
    await scene.later()
    assert "web01" in scene.guests()


def moved(
    node: str = "pve2", *, name: str = "web01", kind: str = "VirtualMachine", change: Document | None = None
) -> Story:
    """It is moved by another hand, and what is declared meanwhile reaches it where it is."""

    async def story(scene: Scene) -> None:
        vmid = scene.guests()[name]["vmid"]
        scene.happen("guest_moves", vmid=vmid, node=node)
        if change is not None:
            await scene.declare(change, seconds=LONG)
        else:
            await scene.later()
        assert scene.guests()[name]["node"] == node
        detail = scene.status(f"{kind}/{name}").detail
        assert detail is not None
        assert detail["node"] == node
        assert scene.effects("guest_moved") == [node]
        assert len(scene.effects("guest_made")) == 1

    return story  # fmt: skip


async def moved_anywhere(scene: Scene) -> None:
    """Somebody moves it to the other one of its nodes."""
    to = {"pve1": "pve2", "pve2": "pve1"}[scene.guests()["web01"]["node"]]
    scene.lab.api("POST", f"{scene.path()}/migrate", target=to, online=1)
    await scene.later()
    assert scene.effects("guest_moved") == [to]


async def moved_live(scene: Scene) -> None:
    scene.lab.api("POST", f"{scene.path()}/migrate", target="pve2", online=1, **{"with-local-disks": 1})
    await scene.later()
    assert scene.ours()[-1]["path"].endswith("/status/start")
    assert scene.guests()["web01"]["node"] == "pve2"


async def moved_by_the_manager(scene: Scene) -> None:
    """The cluster's manager looks after it, and moves it as its node fails."""
    scene.lab.api("POST", "cluster/ha/resources", sid="vm:1000", state="started")
    scene.lab.post("clock", {"advance": 30})
    scene.lab.api("POST", f"{scene.path()}/migrate", target="pve2", online=1)
    scene.lab.post("clock", {"advance": 120})
    await scene.later()
    assert scene.guests()["web01"]["node"] == "pve2"
    assert len(scene.effects("guest_made")) == 1


async def not_where_it_was(scene: Scene) -> None:
    """The first write meets the node that it has just left."""
    gone = "Configuration file 'nodes/pve1/qemu-server/1000.conf' does not exist"
    scene.happen("reply_fails", path="/nodes/pve1/qemu/1000/config", status=500, reason=gone)
    scene.happen("guest_moves", vmid=1000, node="pve2")
    await scene.declare(vm(**{**ONE, "tags": ["web"]}), seconds=LONG)
    assert scene.config()["tags"] == "setpoint;web"
    assert len(scene.effects("guest_made")) == 1


async def started_where_it_is(scene: Scene) -> None:
    scene.happen("guest_moves", vmid=1000, node="pve2")
    await scene.declare(vm(**ONE), seconds=LONG)
    (found,) = scene.guests().values()
    assert (found["node"], found["status"]) == ("pve2", "running")


def with_shared_storage() -> Document:
    found = estate()
    nfs = {"type": "nfs", "content": "images", "path": "/mnt/pve/nfs", "shared": 1, "total": 1 << 40}
    found["storages"]["nfs"] = nfs
    return found


SHARED = {**ONE, "disks": {"scsi0": {"storage": "nfs", "size": "4GiB"}}}
ADOPTED = {"vmid": 150, "power": "running"}
TAKEN = [
    Complaint("bpg#2902", "defaults are written on a running machine that is taken over", vm(**ADOPTED, policy=ADOPT), only_marked, before=made_by_hand("qemu", BY_HAND), calm=False),
    Complaint("bpg#932", "a running container that is taken over restarts", ct(**ADOPTED, nics={"net0": NIC}, rootfs=ROOTFS, policy=ADOPT), only_marked, before=made_by_hand("lxc", CT_BY_HAND), calm=False),
    Complaint("Telmate#546", "one that was destroyed by hand breaks everything", vm(**OFF), gone_by_hand),
]  # fmt: skip

MOVED = [
    Complaint("bpg#391", "one that was moved by hand is made again", vm(**ONE), moved()),
    Complaint("Telmate#168", "the same of one that the manager moved", vm(**SHARED), moved_by_the_manager, state=with_shared_storage),
    Complaint("Telmate#1127", "what is declared after a move does not reach it", vm(**ONE), moved(change=vm(**{**ONE, "tags": ["web"]}))),
    Complaint("Telmate#717", "a container that was moved is made again", ct(**CT), moved(name="dns01", kind="Container", change=ct(**{**CT, "tags": ["x"]}))),
    Complaint("Telmate#1031", "one that was moved while it was off does not start", vm(**OFF), started_where_it_is),
    Complaint("Telmate#1343", "the file of the configuration is not there", vm(**ONE), not_where_it_was),
    Complaint("bpg#1256", "a clone that was moved is cloned again", vm(**CLONE), moved(), state=with_template()),
    Complaint("bpg#2025", "a live move is taken for a difference", vm(**TWO), moved_live),
]  # fmt: skip

ANYWHERE = {name: value for name, value in SHARED.items() if name != "node"}
BOTH: Document = {"placement": {"nodes": ["pve1", "pve2"]}}


def allowed(*nodes: str) -> dict[str, str]:
    return vm(**ANYWHERE, placement={"nodes": list(nodes)})


async def spread_by_what_is_promised(scene: Scene) -> None:
    await scene.later()
    assert Counter(guest["node"] for guest in scene.guests().values()) == {"pve1": 2, "pve2": 2}


async def made_where_it_may_be(scene: Scene) -> None:
    assert scene.guests()["web01"]["node"] == "pve2"


async def migrated_while_it_runs(scene: Scene) -> None:
    await scene.declare(allowed("pve2"), seconds=LONG)
    assert (scene.guests()["web01"]["node"], scene.effects("stopped")) == ("pve2", [])


PLACED = [
    Complaint("bpg#2081", "one that may be on any of several nodes is moved back", allowed("pve1", "pve2"), moved_anywhere, state=with_shared_storage),
    Complaint("Telmate#970", "all guests land on one node", {name: text for number in range(4) for name, text in vm(f"web{number}", **ANYWHERE, **BOTH).items()}, spread_by_what_is_promised, state=with_shared_storage),
    Complaint("ionos#214", "a guest is made on a node that it may not be on", allowed("pve2"), made_where_it_may_be, state=with_shared_storage),
    Complaint("omni#50", "one that may be elsewhere only is stopped or made again", allowed("pve1"), migrated_while_it_runs, state=with_shared_storage),
]  # fmt: skip

LIVING = [*TAKEN, *MOVED, *PLACED]
