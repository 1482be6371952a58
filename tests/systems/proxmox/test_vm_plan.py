"""Plans for every state a VM can be met in. Pure: what is asked of Proxmox, in which order, how disruptive."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings

from setpoint.decide.diff import diff
from setpoint.model.diff import Treatment
from setpoint.model.identity import Reserve
from setpoint.model.kind import Planning
from setpoint.model.plan import Disruption, Step
from setpoint.model.tree import Json, Tree, put
from setpoint_proxmox.facts import Guest
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.create import Context
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.mark import with_mark
from tests.systems.proxmox.made import MARK, OWNER, SPECS, differ, facts, spec, steps, vm

NIC = "virtio=BC:24:11:00:00:01,bridge=vmbr0"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGr/0+mzHk2r8sDq0nQ1u anna@example.org"
CI = "local-zfs:vm-101-cloudinit,media=cdrom"
DISK = "local-zfs:vm-101-disk-0,iothread=1,size=10G"
TEN: dict[str, Json] = {"scsi0": {"storage": "local-zfs", "size": "10GiB"}}


def written(step: Step) -> Json:
    assert step.verb == "configure"
    return step.arguments["config"]


def verbs(found: tuple[Step, ...]) -> list[str]:
    return [step.verb for step in found]


CREATED: list[tuple[str, dict[str, Any], dict[str, Json]]] = [
    ("defaults", {}, {"cores": 1, "memory": 1024, "tags": "setpoint", "scsihw": "virtio-scsi-single"}),
    ("size in GiB", {"disks": {"scsi0": {"storage": "nas", "size": "512MiB"}}}, {"scsi0": "nas:0.5"}),
    ("nic without mac", {"nics": {"net0": {"bridge": "vmbr0"}}}, {"net0": "virtio,bridge=vmbr0"}),
    (
        "nic in full",
        {
            "nics": {
                "net3": {
                    "bridge": "v1",
                    "model": "e1000",
                    "mac": "bc:24:11:00:00:01",
                    "vlan": 7,
                    "firewall": True,
                }
            }
        },
        {"net3": "e1000=BC:24:11:00:00:01,bridge=v1,firewall=1,tag=7"},
    ),
    ("tags", {"tags": ["Web", "prod"]}, {"tags": "prod;setpoint;web"}),
    ("onboot", {"onboot": True}, {"onboot": 1}),
]


@pytest.mark.parametrize(("fields", "config"), [row[1:] for row in CREATED], ids=[row[0] for row in CREATED])
def test_an_absent_vm_is_created_with(fields: dict[str, Any], config: dict[str, Json]) -> None:
    (create,) = steps(spec(**fields), None)

    assert (create.verb, create.disruption) == ("create", Disruption.NONE)
    sent = create.arguments["config"]
    assert isinstance(sent, dict)
    assert sent | config == sent
    assert sent["name"] == "web01"


def test_a_create_never_starts() -> None:
    assert verbs(steps(spec(power="running"), None)) == ["create"]


def test_a_new_vm_reserves_a_number_that_no_guest_of_any_type_has() -> None:
    rest: tuple[Any, ...] = ("pve1", frozenset[str](), "", "", False, "", "")
    guests = {1000: Guest(1000, "lxc", *rest), 7: Guest(7, "qemu", *rest)}
    planning: Context = Planning(spec(), OWNER, None, None, facts(guests=guests))

    (create,) = KIND.plan(differ(spec(), None), planning)

    assert create.reserve == Reserve("vmid", 1000, 1999, frozenset({7, 1000}))


def test_a_known_number_is_not_reserved_again() -> None:
    planning: Context = Planning(spec(), OWNER, None, {"vmid": 150}, facts())

    (create,) = KIND.plan(differ(spec(), None), planning)

    assert create.reserve is None


@pytest.mark.parametrize(
    ("node", "nodes", "verb", "said"),
    [
        pytest.param("pve1", ("pve1", "pve2"), "create", "on node pve1", id="known"),
        pytest.param(None, ("pve7",), "create", "on node pve7", id="the only one"),
        pytest.param(None, ("pve1", "pve2"), "none", "several nodes", id="not said which"),
        pytest.param("pve9", ("pve1", "pve2"), "none", "node pve9 is not in the cluster", id="unknown"),
    ],
)
def test_the_node_of_a_new_vm(node: str | None, nodes: tuple[str, ...], verb: str, said: str) -> None:
    (step,) = steps(VirtualMachineSpec(node=node), None, *nodes)

    assert step.verb == verb
    assert said in step.summary


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_a_plan_is_the_same_every_time(declared: VirtualMachineSpec) -> None:
    assert steps(declared, vm()) == steps(declared, vm())
    assert steps(declared, None) == steps(declared, None)


def test_nothing_differs_nothing_is_done() -> None:
    assert steps(spec(cores=1, tags=[], description=""), vm()) == ()


EDITS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Json]]] = [
    ("cores", {"cores": 4}, {"cores": 2}, {"cores": 4}),
    ("memory", {"memory": "2GiB"}, {"memory": "512"}, {"memory": 2048}),
    ("onboot off", {"onboot": False}, {"onboot": 1}, {"onboot": 0}),
    ("tags keep ours", {"tags": ["web"]}, {"tags": "old;setpoint"}, {"tags": "setpoint;web"}),
    ("no tags", {"tags": []}, {"tags": "old;setpoint"}, {"tags": "setpoint"}),
    ("description keeps the mark", {"description": "Shop"}, {}, {"description": with_mark("Shop", MARK)}),
    (
        "description removed",
        {"description": ""},
        {"description": with_mark("Old", MARK)},
        {"description": with_mark("", MARK)},
    ),
    ("several in one write", {"cores": 4, "onboot": True}, {"cores": 2}, {"cores": 4, "onboot": 1}),
    (
        "new nic",
        {"nics": {"net1": {"bridge": "vmbr0", "vlan": 5}}},
        {},
        {"net1": "virtio,bridge=vmbr0,tag=5"},
    ),
    ("new disk", {"disks": TEN}, {}, {"scsi0": "local-zfs:10"}),
    (
        "bridge keeps mac and the rest",
        {"nics": {"net0": {"bridge": "vmbr1"}}},
        {"net0": f"{NIC},queues=4,tag=9"},
        {"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr1,queues=4,tag=9"},
    ),
    (
        "model keeps mac",
        {"nics": {"net0": {"bridge": "vmbr0", "model": "e1000"}}},
        {"net0": NIC},
        {"net0": "e1000=BC:24:11:00:00:01,bridge=vmbr0"},
    ),
    (
        "mac",
        {"nics": {"net0": {"bridge": "vmbr0", "mac": "02:00:00:00:00:0A"}}},
        {"net0": NIC},
        {"net0": "virtio=02:00:00:00:00:0A,bridge=vmbr0"},
    ),
    (
        "vlan removed",
        {"nics": {"net0": {"bridge": "vmbr0", "vlan": None}}},
        {"net0": f"{NIC},tag=9"},
        {"net0": NIC},
    ),
    (
        "firewall off",
        {"nics": {"net0": {"bridge": "vmbr0", "firewall": False}}},
        {"net0": f"{NIC},firewall=1"},
        {"net0": NIC},
    ),
    (
        "agent keeps what is not managed",
        {"agent": True},
        {"agent": "0,fstrim_cloned_disks=1,future=x"},
        {"agent": "1,fstrim_cloned_disks=1,future=x"},
    ),
    ("agent in full from nothing", {"agent": {"type": "isa"}}, {}, {"agent": "1,type=isa"}),
    ("agent off keeps the rest", {"agent": False}, {"agent": "1,type=isa"}, {"agent": "0,type=isa"}),
    (
        "cpu type keeps flags",
        {"cpu": {"type": "host"}},
        {"cpu": "kvm64,flags=+aes"},
        {"cpu": "host,flags=+aes"},
    ),
    (
        "cpu default keeps the rest",
        {"cpu": {"type": "kvm64"}},
        {"cpu": "host,phys-bits=40"},
        {"cpu": "phys-bits=40"},
    ),
    ("balloon off", {"balloon": False}, {"memory": "512"}, {"balloon": 0}),
    ("startup", {"startup": {"order": 2, "down": "2m"}}, {"startup": "up=5"}, {"startup": "2,down=120,up=5"}),
    (
        "boot in place of the old form",
        {"boot": ["net0"]},
        {"boot": "cdn", "net0": NIC},
        {"boot": "order=net0"},
    ),
    (
        "ssh keys are encoded twice",
        {"cloudInit": {"sshKeys": [KEY]}},
        {"ide2": CI},
        {"sshkeys": quote(KEY, safe="")},
    ),
    (
        "gateway keeps the address",
        {"cloudInit": {"ip": {"net0": {"ipv4": "192.0.2.9/24", "gateway4": "192.0.2.1"}}}},
        {"ide2": CI, "ipconfig0": "ip=192.0.2.9/24,ip6=auto"},
        {"ipconfig0": "gw=192.0.2.1,ip=192.0.2.9/24,ip6=auto"},
    ),
    (
        "snippet keeps the others",
        {"cloudInit": {"snippets": {"user": "a1:snippets/u"}}},
        {"ide2": CI, "cicustom": "meta=a1:snippets/m"},
        {"cicustom": "meta=a1:snippets/m,user=a1:snippets/u"},
    ),
    (
        "a mapping takes the place of a device",
        {"pci": {"hostpci0": {"mapping": "gpu"}}},
        {"hostpci0": "01:00,pcie=1"},
        {"hostpci0": "mapping=gpu,pcie=1"},
    ),
    (
        "disk option keeps volume and the rest",
        {"disks": {"scsi0": {"storage": "local-zfs", "size": "10GiB", "discard": True}}},
        {"scsi0": DISK},
        {"scsi0": "local-zfs:vm-101-disk-0,discard=on,iothread=1,size=10G"},
    ),
    (
        "another disc",
        {"cdroms": {"ide2": {"iso": "local:iso/b.iso"}}},
        {"ide2": "local:iso/a.iso,media=cdrom,size=1M"},
        {"ide2": "local:iso/b.iso,media=cdrom,size=1M"},
    ),
    ("watchdog of the usual model", {"watchdog": {"model": "i6300esb"}}, {}, {"watchdog": "i6300esb"}),
    ("rng", {"rng": {"period": 5}}, {}, {"rng0": "/dev/urandom,period=5"}),
    (
        "two options of one nic",
        {"nics": {"net0": {"bridge": "vmbr1", "vlan": 9}}},
        {"net0": NIC},
        {"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr1,tag=9"},
    ),
]


@pytest.mark.parametrize(
    ("fields", "current", "config"), [row[1:] for row in EDITS], ids=[row[0] for row in EDITS]
)
def test_only_what_differs_is_written_and_what_we_do_not_manage_is_kept(
    fields: dict[str, Any], current: dict[str, Any], config: dict[str, Json]
) -> None:
    (step,) = steps(spec(**fields), vm(**current))

    assert written(step) == config
    assert step.arguments["digest"] == "d1"


GONE: list[tuple[str, dict[str, Any], dict[str, Any], list[Json]]] = [
    (
        "what is null",
        {"keyboard": None, "rng": None},
        {"keyboard": "de", "rng0": "/dev/urandom"},
        ["keyboard", "rng0"],
    ),
    (
        "a list without entries",
        {"cloudInit": {"nameservers": []}},
        {"ide2": CI, "nameserver": "9.9.9.9"},
        ["nameserver"],
    ),
    ("an option of which nothing is left", {"agent": False}, {"agent": "1"}, ["agent"]),
    ("every part of an option", {"startup": {"order": None}}, {"startup": "order=2"}, ["startup"]),
]


@pytest.mark.parametrize(("fields", "current", "gone"), [row[1:] for row in GONE], ids=[r[0] for r in GONE])
def test_what_says_nothing_more_is_taken_away(
    fields: dict[str, Any], current: dict[str, Any], gone: list[Json]
) -> None:
    (step,) = steps(spec(**fields), vm(**current))

    assert (written(step), step.arguments["delete"]) == ({}, gone)


def test_a_removed_nic_is_taken_away_and_others_are_not() -> None:
    applied: Tree = {"nics": {"net0": {"bridge": "vmbr0"}, "net1": {"bridge": "vmbr0"}}}
    state = vm(net0=NIC, net1=NIC, net2=NIC, power="running")

    (step,) = planned({"nics": {"net0": {"bridge": "vmbr0"}}}, state, applied)

    assert (step.summary, step.disruption) == ("remove nics.net1", Disruption.HOT)
    assert (written(step), step.arguments["delete"]) == ({}, ["net1"])


def test_a_sentence_says_all_that_one_write_does() -> None:
    applied: Tree = {"nics": {"net1": {"bridge": "vmbr0"}}}
    fields = {"cores": 4, "boot": ["net0", "scsi0"], "balloon": None, "cloudInit": {"password": {"env": "P"}}}
    state = vm(net0=NIC, net1=NIC, scsi0="local-zfs:vm-101-disk-0,size=1G", balloon=5, ide2=CI)
    declared = KIND.declare(spec(**fields))
    put(declared, "/cloudInit/password", "print")
    treatments = {**KIND.treatments, "/cloudInit/password": Treatment.WRITE_ONLY}
    found = diff(declared, KIND.project(state), treatments, applied=applied)

    (step,) = KIND.plan(found, Planning(spec(**fields), OWNER, state, {"vmid": 101}, facts()))

    assert step.summary == (
        "remove nics.net1; set cores to 4, balloon to none, boot to net0, scsi0, cloudInit.password"
    )
    assert step.arguments["secrets"] == {"cipassword": "/cloudInit/password"}


@pytest.mark.parametrize(
    ("pool", "seen", "summary", "arguments"),
    [
        ("ops", "", "put VM 101 into pool ops", {"pool": "ops", "former": ""}),
        ("ops", "team", "put VM 101 into pool ops", {"pool": "ops", "former": "team"}),
        (None, "team", "take VM 101 out of pool team", {"pool": "", "former": "team"}),
    ],
)
def test_a_vm_is_put_into_its_pool(
    pool: str | None, seen: str, summary: str, arguments: dict[str, Json]
) -> None:
    (step,) = steps(spec(pool=pool), vm(pool=seen))

    assert (step.verb, step.summary, step.arguments) == ("enroll", summary, arguments)


def test_a_new_vm_is_made_in_its_pool() -> None:
    (step,) = steps(spec(pool="ops"), None)

    assert isinstance(step.arguments["config"], dict)
    assert step.arguments["config"]["pool"] == "ops"


def test_everything_else_comes_before_the_start() -> None:
    declared = {
        "cores": 4,
        "pool": "ops",
        "disks": {"scsi0": {"storage": "nas", "size": "12GiB"}},
        "power": "running",
    }

    found = planned(declared, vm(scsi0=DISK), {})

    assert verbs(found) == ["configure", "resize", "move", "enroll", "start"]
    assert [step.scopes for step in found if step.verb != "move"] == [("node/pve1",)] * 4
    assert next(step.scopes for step in found if step.verb == "move") == ("node/pve1", "storage/nas")


@pytest.mark.parametrize(
    ("fields", "power", "disruption"),
    [
        pytest.param({"cores": 4}, "running", Disruption.NONE, id="recorded until a restart"),
        pytest.param({"tags": ["a"]}, "running", Disruption.NONE, id="touches nothing that runs"),
        pytest.param({"nics": {"net0": {"bridge": "vmbr0"}}}, "running", Disruption.HOT, id="plugs a nic"),
        pytest.param({"disks": TEN}, "running", Disruption.HOT, id="plugs a disk"),
        pytest.param(
            {"disks": {"sata0": TEN["scsi0"]}}, "running", Disruption.NONE, id="sata waits for a restart"
        ),
        pytest.param({"nics": {"net0": {"bridge": "vmbr0"}}}, "stopped", Disruption.NONE, id="nothing runs"),
    ],
)
def test_the_disruption_of_a_write(fields: dict[str, Any], power: str, disruption: Disruption) -> None:
    (step,) = steps(spec(**fields), vm(power=power))

    assert (step.verb, step.disruption) == ("configure", disruption)


def test_what_is_accepted_waits_for_a_restart_and_is_not_written_again() -> None:
    (step,) = steps(spec(memory="1GiB"), vm({"memory": "1024"}, "running", memory="512"))

    assert (step.verb, step.disruption) == ("restart", Disruption.RESTART)
    assert [change.path for change in step.changes] == ["/memory"]


def test_what_is_accepted_by_a_stopped_vm_is_written_again_so_that_it_is_in_force() -> None:
    (step,) = steps(spec(memory="1GiB"), vm({"memory": "1024"}, memory="512"))

    assert written(step) == {"memory": 1024}


def test_a_vm_that_is_to_stop_is_not_restarted_before() -> None:
    found = steps(spec(memory="1GiB", power="stopped"), vm({"memory": "1024"}, "running", memory="512"))

    assert verbs(found) == ["shutdown"]


def test_a_new_write_comes_before_the_restart() -> None:
    found = steps(spec(memory="1GiB", cores=4), vm({"memory": "1024"}, "running", memory="512"))

    assert verbs(found) == ["configure", "restart"]
    assert written(found[0]) == {"cores": 4}


def test_an_allocated_disk_that_waits_for_a_restart_is_never_allocated_again() -> None:
    sata = {"sata0": {"storage": "local-zfs", "size": "10GiB"}}
    waiting = {"sata0": "local-zfs:vm-101-disk-1,size=10G"}

    assert verbs(steps(spec(disks=sata), vm(waiting, "running"))) == ["restart"]
    (taken_up,) = steps(spec(disks=sata), vm(waiting))
    assert written(taken_up) == waiting


@pytest.mark.parametrize(
    "coming",
    [pytest.param(None, id="detached"), pytest.param("local-zfs:vm-101-disk-7,size=5G", id="replaced")],
)
def test_a_disk_that_would_go_at_the_next_start_is_kept(coming: str | None) -> None:
    (step,) = steps(spec(disks=TEN), vm({"scsi0": coming}, "running", scsi0=DISK))

    assert written(step) == {"scsi0": DISK}


def test_what_would_change_at_the_next_start_is_written_back() -> None:
    (step,) = steps(spec(memory="512MiB"), vm({"memory": "1024"}, "running", memory="512"))

    assert written(step) == {"memory": 512}


def planned(fields: dict[str, Any], state: VmState, applied: Tree | None) -> tuple[Step, ...]:
    """The plan when `applied` is remembered as having been in force."""
    planning: Context = Planning(spec(**fields), OWNER, state, {"vmid": 101}, facts())
    return KIND.plan(differ(spec(**fields), state, applied=applied), planning)


def test_a_newly_declared_disk_is_made_although_something_lies_detached_elsewhere() -> None:
    (step,) = planned({"disks": TEN}, vm(unused0="nas:vm-101-disk-0"), {"cores": 1})

    assert written(step) == {"scsi0": "local-zfs:10"}


def test_a_newly_declared_disk_beside_a_detached_one_asks_which_is_meant() -> None:
    state = vm(unused0="local-zfs:vm-101-disk-0")

    (step,) = planned({"disks": TEN}, state, {"cores": 1})

    assert step.obstacle is not None
    assert "where local-zfs:vm-101-disk-0 lies detached" in step.obstacle.why
    assert "volume: 'local-zfs:vm-101-disk-0' to attach it, or volume: new" in step.obstacle.remedy


@pytest.mark.parametrize(
    ("volume", "text"),
    [("new", "local-zfs:10"), ("local-zfs:vm-101-disk-0", "local-zfs:vm-101-disk-0")],
)
def test_the_answer_is_the_volume(volume: str, text: str) -> None:
    disks = {"scsi0": {"storage": "local-zfs", "size": "10GiB", "volume": volume}}

    (step,) = planned({"disks": disks}, vm(unused0="local-zfs:vm-101-disk-0"), {"cores": 1})

    assert written(step) == {"scsi0": text}


def test_a_waiting_disk_of_another_size_is_grown_after_it_is_there() -> None:
    sata = {"sata0": {"storage": "local-zfs", "size": "20GiB"}}
    waiting: dict[str, Any] = {"sata0": "local-zfs:vm-101-disk-1,size=10G"}

    assert verbs(steps(spec(disks=sata), vm(waiting, "running"))) == ["restart"]
    assert verbs(steps(spec(disks=sata), vm(power="running", **waiting))) == ["resize"]


@pytest.mark.parametrize("change", [{"size": "20GiB"}, {"storage": "nas"}])
def test_what_is_declared_of_a_disk_is_written_once_it_is_grown_and_moved(change: dict[str, Json]) -> None:
    """Pending until the next start, it would bring back the size and the place of before."""
    disks = {"scsi0": {"storage": "local-zfs", "size": "10GiB", "discard": True} | change}

    found = planned({"disks": disks, "cores": 4}, vm(power="running", scsi0=DISK), {})

    assert verbs(found) == ["configure", "resize" if "size" in change else "move"]
    assert written(found[0]) == {"cores": 4}


def test_a_disk_that_grew_keeps_what_waits_for_the_next_start() -> None:
    disks = {"scsi0": {"storage": "local-zfs", "size": "20GiB", "discard": True}}
    now, later = "local-zfs:vm-101-disk-0,size=20G", "local-zfs:vm-101-disk-0,discard=on,size=10G"

    found = steps(spec(disks=disks), vm({"scsi0": later}, "running", scsi0=now))

    assert verbs(found)[0] == "configure"
    assert written(found[0]) == {"scsi0": "local-zfs:vm-101-disk-0,discard=on,size=20G"}


def test_a_waiting_nic_is_changed_as_it_waits() -> None:
    found = steps(spec(nics={"net0": {"bridge": "vmbr2"}}), vm({"net0": f"{NIC},tag=3"}, "running"))

    assert written(found[0]) == {"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr2,tag=3"}


@pytest.mark.parametrize(("power", "disruption"), [("running", Disruption.HOT), ("stopped", Disruption.NONE)])
def test_a_disk_grows_to_an_absolute_size(power: str, disruption: Disruption) -> None:
    (step,) = steps(
        spec(disks={"scsi0": {"storage": "local-zfs", "size": "12GiB"}}), vm(power=power, scsi0=DISK)
    )

    assert (step.verb, step.disruption) == ("resize", disruption)
    assert step.arguments == {"node": "pve1", "digest": "d1", "disk": "scsi0", "size": "12G"}


def test_a_disk_never_shrinks_and_everything_else_goes_on_before_it_is_said() -> None:
    found = steps(spec(disks={"scsi0": {"storage": "local-zfs", "size": "8GiB"}}, cores=4), vm(scsi0=DISK))

    assert verbs(found) == ["configure", "none"]
    assert "cannot shrink it to 8GiB" in found[1].summary
    assert found[1].obstacle is not None
    assert found[1].obstacle.remedy == "declare 10GiB, or replace the disk by hand"


def test_a_disk_is_moved_to_another_storage_that_was_declared() -> None:
    ceph: dict[str, Json] = {"scsi0": {"storage": "ceph", "size": "10GiB", "format": "raw"}}

    (step,) = planned({"disks": ceph}, vm(scsi0=DISK), {"disks": TEN})

    assert (step.verb, step.disruption) == ("move", Disruption.NONE)
    assert step.arguments == {
        "node": "pve1",
        "digest": "d1",
        "disk": "scsi0",
        "storage": "ceph",
        "format": "raw",
    }
    assert step.scopes == ("node/pve1", "storage/pve1/ceph")


def test_a_disk_that_somebody_moved_is_not_moved_back() -> None:
    ceph: dict[str, Json] = {"scsi0": {"storage": "ceph", "size": "10GiB"}}

    (step,) = planned({"disks": ceph}, vm(scsi0=DISK), {"disks": ceph})

    assert step.obstacle is not None
    assert "lies on local-zfs and not on ceph" in step.obstacle.why
    assert "qm disk move 101 scsi0 ceph --delete 1" in step.obstacle.remedy


def test_a_cd_in_a_declared_slot_is_not_replaced() -> None:
    (step,) = steps(spec(disks={"ide2": TEN["scsi0"]}), vm(ide2="none,media=cdrom"))

    assert step.verb == "none"
    assert "slot ide2 of VM 101 holds 'none,media=cdrom'" in step.summary


@pytest.mark.parametrize(
    ("wanted", "seen", "verb", "disruption"),
    [
        ("running", "stopped", "start", Disruption.NONE),
        ("running", "paused", "resume", Disruption.NONE),
        ("stopped", "running", "shutdown", Disruption.STOP),
    ],
)
def test_a_declared_power_state_is_reached_by(
    wanted: str, seen: str, verb: str, disruption: Disruption
) -> None:
    (step,) = steps(spec(power=wanted), vm(power=seen))

    assert (step.verb, step.disruption) == (verb, disruption)


def test_a_paused_vm_goes_on_so_that_it_can_shut_down_and_both_are_held_together() -> None:
    found = steps(spec(power="stopped"), vm(power="paused"))

    assert verbs(found) == ["resume", "shutdown"]
    assert {step.disruption for step in found} == {Disruption.STOP}


def test_a_paused_vm_that_may_be_switched_off_is() -> None:
    assert verbs(steps(spec(power="stopped", forceStop=True), vm(power="paused"))) == ["shutdown"]


@pytest.mark.parametrize("seen", ["stopped", "running", "paused"])
def test_power_that_was_not_declared_is_left_alone(seen: str) -> None:
    assert steps(spec(), vm(power=seen)) == ()


@pytest.mark.parametrize("force", [False, True])
def test_a_guest_is_switched_off_only_when_that_was_declared(*, force: bool) -> None:
    (step,) = steps(spec(power="stopped", forceStop=force), vm(power="running"))

    assert step.arguments["force"] is force


def test_a_stopped_vm_is_written_to_before_it_starts() -> None:
    found = steps(
        spec(cores=4, disks={"scsi0": {"storage": "local-zfs", "size": "12GiB"}}, power="running"),
        vm(scsi0=DISK),
    )

    assert verbs(found) == ["configure", "resize", "start"]


@pytest.mark.parametrize("lock", ["backup", "snapshot", "migrate", "suspended"])
def test_a_locked_vm_is_not_touched(lock: str) -> None:
    (step,) = steps(spec(cores=4, power="running"), vm(lock=lock))

    assert step.obstacle is not None
    assert step.obstacle.passing
    assert f"locked ({lock})" in step.obstacle.why


def test_a_locked_vm_that_is_as_declared_needs_nothing() -> None:
    assert steps(spec(cores=1), vm(lock="backup")) == ()


def test_every_verb_has_an_act() -> None:
    assert set(KIND.acts) == {
        "create",
        "clone",
        "configure",
        "regenerate",
        "resize",
        "move",
        "enroll",
        "start",
        "resume",
        "shutdown",
        "restart",
        "destroy",
        "migrate",
    }


@pytest.mark.parametrize(
    ("declared", "waits"),
    [
        pytest.param({"memory": "2GiB"}, "memory", id="memory"),
        pytest.param({"cores": 4, "cpu": {"type": "host"}}, "cores, cpu/type", id="cores and their type"),
        pytest.param({"machine": "q35"}, "machine", id="machine"),
        pytest.param({"agent": True}, "agent/enabled", id="guest agent"),
        pytest.param({"tags": ["x"], "onboot": True, "cpu": {"limit": 2}}, "", id="what a running VM takes"),
        pytest.param({"nics": {"net0": {"bridge": "vmbr0"}}}, "", id="a network card"),
    ],
)
def test_the_restart_that_a_write_makes_necessary_is_known_before_it(
    declared: dict[str, Any], waits: str
) -> None:
    for power in ("running", "stopped"):
        (step,) = steps(spec(**declared), vm(power=power, memory="1024"))
        told = step.then.summary if step.then is not None else ""
        assert told == (
            f"restart VM 101, so that {waits} takes effect" if waits and power == "running" else ""
        )


def test_memory_that_is_plugged_needs_no_restart() -> None:
    plugging = vm(power="running", memory="1024", hotplug="disk,network,memory")
    (step,) = steps(spec(memory="2GiB"), plugging)
    assert step.then is None
