"""What is planned for a container: one write, then what takes longer, then power; and what cannot be done, by name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from setpoint.model.plan import Disruption, Step
from setpoint.model.tree import Scalar
from setpoint_proxmox.access import Privilege
from setpoint_proxmox.kinds.container import KIND
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState
from setpoint_proxmox.mark import with_mark
from tests.systems.proxmox.made import facts
from tests.systems.proxmox.made_ct import MARK, OWNER, ROOTFS, TEMPLATE, VMID, ct, differ, spec, steps

VOLUME = f"local-zfs:subvol-{VMID}-disk-1"
DATA = {"storage": "local-zfs", "size": "4GiB", "path": "/data"}
MP0 = f"{VOLUME},mp=/data,size=4G"
NET = "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,type=veth"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGr/0+mzHk2r8sDq0nQ1u7cPz anna@example.org"


def verbs(found: tuple[Step, ...]) -> list[str]:
    return [step.verb for step in found]


def obstacles(found: tuple[Step, ...]) -> list[tuple[str, str]]:
    return [(step.obstacle.why, step.obstacle.remedy) for step in found if step.obstacle is not None]


def config(step: Step) -> dict[str, Any]:
    found = step.arguments["config"]
    assert isinstance(found, dict)
    return found


def test_a_container_is_made_whole_in_one_call() -> None:
    declared = spec(
        cores=2,
        memory="1GiB",
        swap=0,
        rootfs=ROOTFS | {"mountOptions": ["noatime"]},
        mountPoints={"mp0": DATA | {"size": "512MiB", "backup": True}},
        nics={"net0": {"bridge": "vmbr0", "vlan": 20, "ipv4": "192.0.2.9/24", "gateway4": "192.0.2.1"}, "net1": {"bridge": "vmbr1"}},
        features={"nesting": True},
        nameservers=["9.9.9.9", "1.1.1.1"],
        searchDomains=["example.org"],
        tags=["dns"],
        pool="ops",
        password={"env": "PW"},
        sshKeys=[KEY],
        startup={"order": 1},
        onboot=True,
        console={"mode": "shell"},
    )  # fmt: skip
    (create,) = steps(declared, None)
    assert create.verb == "create"
    assert create.disruption is Disruption.NONE
    assert create.reserve is not None
    assert create.scopes == ("node/pve1", "storage/pve1/local-zfs")
    assert create.arguments["secrets"] == {"password": "/password"}
    assert config(create) == {
        "ostemplate": TEMPLATE,
        "hostname": "dns01",
        "unprivileged": 1,
        "cores": 2,
        "memory": 1024,
        "swap": 0,
        "rootfs": "local-zfs:8,mountoptions=noatime",
        "mp0": "local-zfs:0.5,mp=/data,backup=1",
        "net0": "name=eth0,bridge=vmbr0,gw=192.0.2.1,ip=192.0.2.9/24,tag=20",
        "net1": "name=eth1,bridge=vmbr1",
        "features": "nesting=1",
        "nameserver": "9.9.9.9 1.1.1.1",
        "searchdomain": "example.org",
        "tags": "dns;setpoint",
        "pool": "ops",
        "ssh-public-keys": KEY,
        "startup": "1",
        "onboot": 1,
        "cmode": "shell",
    }


def test_no_secret_stands_in_a_plan() -> None:
    (create,) = steps(spec(password={"env": "PW"}), None)
    assert "PW" not in json.dumps(dict(create.arguments))


@pytest.mark.parametrize(
    ("fields", "why", "remedy"),
    [
        ({"template": None}, "nothing says what it is made from", "spec.template"),
        ({"rootfs": None}, "nothing says where it is to lie", "spec.rootfs"),
        ({"node": "pve9"}, "node pve9 is not in the cluster", "pve1"),
    ],
    ids=["template", "rootfs", "node"],
)
def test_what_is_lacking_is_said_before_anything_is_made(
    fields: dict[str, Any], why: str, remedy: str
) -> None:
    (step,) = steps(spec(**fields), None)
    ((said, next_),) = obstacles((step,))
    assert why in said
    assert remedy in next_


def test_a_privileged_container_needs_a_privilege_that_is_named() -> None:
    declared = spec(unprivileged=False)
    lacking = replace(facts(), forgone=(Privilege("/", "Sys.Modify"),))
    ((why, remedy),) = obstacles(steps(declared, None, known=lacking))
    assert "Sys.Modify on /, which setpoint@pve!ctl lacks" in why
    assert "pveum role add SetpointSysModify --privs Sys.Modify && pveum acl modify /" in remedy
    (create,) = steps(declared, None)
    assert config(create)["unprivileged"] == 0


BY_ROOT: list[tuple[str, dict[str, Any], dict[str, Scalar], str]] = [
    ("a bind mount", {"bindMounts": {"mp1": {"source": "/srv/a&b", "path": "/media"}}}, {}, "pct set 101 --mp1 '/srv/a&b,mp=/media'"),
    ("a bind mount to read", {"bindMounts": {"mp1": {"source": "/srv", "path": "/media", "readOnly": True}}}, {"mp1": "/srv,mp=/media"}, "pct set 101 --mp1 /srv,mp=/media,ro=1"),
    ("a device", {"devices": {"dev0": {"path": "/dev/fuse", "mode": "0666"}}}, {}, "pct set 101 --dev0 /dev/fuse,mode=0666"),
    ("a feature", {"features": {"keyctl": True}}, {}, "pct set 101 --features keyctl=1"),
    ("a feature beside nesting", {"features": {"keyctl": True}}, {"features": "nesting=1"}, "pct set 101 --features keyctl=1,nesting=1"),
    ("a feature with nesting", {"features": {"keyctl": True, "nesting": True}}, {}, "pct set 101 --features keyctl=1,nesting=1"),
    ("file systems", {"features": {"mount": ["nfs", "cifs"]}}, {}, "pct set 101 --features 'mount=cifs;nfs'"),
    ("a feature less", {"features": {"keyctl": False}}, {"features": "keyctl=1"}, "pct set 101 --delete features"),
    ("nesting of a privileged one", {"features": {"nesting": True}, "unprivileged": False}, {"unprivileged": 0}, "pct set 101 --features nesting=1"),
    ("a script", {"hookScript": "local:snippets/x"}, {}, "pct set 101 --hookscript local:snippets/x"),
]  # fmt: skip


@pytest.mark.parametrize("power", ["stopped", "running"])
@pytest.mark.parametrize(
    ("fields", "current", "command"), [row[1:] for row in BY_ROOT], ids=[row[0] for row in BY_ROOT]
)
def test_what_no_token_may_do_is_said_with_the_command(
    fields: dict[str, Any], current: dict[str, Scalar], command: str, power: str
) -> None:
    found = steps(spec(**fields), ct(power=power, **current))
    (step,) = [step for step in found if step.obstacle is not None]
    assert step.obstacle is not None
    assert step.obstacle.why.startswith(f"only root may set {step.changes[0].path[1:].split('/')[0]}")
    assert step.obstacle.remedy == f"run on pve1: {command}"
    assert not [one for one in found if "keyctl" in json.dumps(dict(one.arguments))]


def test_what_no_token_may_do_does_not_hold_up_the_making_but_the_start() -> None:
    declared = spec(bindMounts={"mp1": {"source": "/srv", "path": "/srv"}}, power="running")
    create, said = steps(declared, None)
    assert "mp1" not in config(create)
    assert said.obstacle is not None
    assert said.obstacle.remedy == "run on pve1: pct set VMID --mp1 /srv,mp=/srv"

    assert verbs(steps(declared, ct())) == ["none"]
    assert verbs(steps(declared, ct(mp1="/srv,mp=/srv"))) == ["start"]


def test_what_no_token_may_do_and_root_did_waits_for_a_restart_like_all_else() -> None:
    declared = spec(features={"keyctl": True}, power="running")
    (step,) = steps(declared, ct({"features": "keyctl=1"}, "running"))
    assert (step.verb, step.disruption) == ("restart", Disruption.RESTART)


def test_a_bind_mount_that_is_declared_no_more_is_removed_but_a_device_only_by_root() -> None:
    applied: dict[str, Any] = {
        "bindMounts": {"mp1": {"path": "/srv"}},
        "devices": {"dev0": {"path": "/dev/fuse"}},
    }
    found = steps(spec(), ct(mp1="/srv,mp=/srv", dev0="/dev/fuse"), applied=applied)
    assert verbs(found) == ["configure", "none"]
    assert found[0].arguments["delete"] == ["mp1"]
    assert obstacles(found)[0][1] == "run on pve1: pct set 101 --delete dev0"


CHANGES: list[tuple[str, dict[str, Any], dict[str, Scalar], dict[str, Any], list[str], bool]] = [
    # name, declared, seen beside the usual, written, removed, whether a running one waits for a restart
    ("memory", {"memory": "1GiB"}, {}, {"memory": 1024}, [], False),
    ("swap", {"swap": 0}, {}, {"swap": 0}, [], False),
    ("cores", {"cores": 4}, {}, {"cores": 4}, [], False),
    ("all cores", {"cores": None}, {"cores": 2}, {}, ["cores"], False),
    ("limit", {"cpu": {"limit": 1.5}}, {}, {"cpulimit": "1.5"}, [], False),
    ("no limit", {"cpu": {"limit": None}}, {"cpulimit": "2"}, {}, ["cpulimit"], False),
    ("units", {"cpu": {"units": 200}}, {}, {"cpuunits": 200}, [], False),
    ("description", {"description": "x"}, {}, {"description": with_mark("x", MARK)}, [], False),
    ("tags", {"tags": ["a"]}, {}, {"tags": "a;setpoint"}, [], False),
    ("onboot", {"onboot": True}, {}, {"onboot": 1}, [], False),
    ("startup", {"startup": {"order": 2}}, {"startup": "up=5"}, {"startup": "2,up=5"}, [], False),
    ("protection", {"protection": True}, {}, {"protection": 1}, [], False),
    ("nic added", {"nics": {"net1": {"bridge": "vmbr1"}}}, {}, {"net1": "name=eth1,bridge=vmbr1"}, [], False),
    ("nic changed", {"nics": {"net0": {"bridge": "vmbr1", "vlan": 7}}}, {"net0": f"{NET},host-managed=1"}, {"net0": "name=eth0,bridge=vmbr1,host-managed=1,hwaddr=BC:24:11:00:00:01,tag=7,type=veth"}, [], False),
    ("nic address", {"nics": {"net0": {"bridge": "vmbr0", "ipv4": "dhcp", "gateway4": None}}}, {"net0": f"{NET},gw=192.0.2.1,ip=192.0.2.9/24"}, {"net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=dhcp,type=veth"}, [], False),
    ("mount point added", {"mountPoints": {"mp0": DATA}}, {}, {"mp0": "local-zfs:4,mp=/data"}, [], False),
    ("detached volume attached", {"mountPoints": {"mp0": DATA | {"volume": VOLUME}}}, {"unused0": VOLUME}, {"mp0": f"{VOLUME},mp=/data"}, [], False),
    ("mount point elsewhere", {"mountPoints": {"mp0": DATA | {"path": "/srv"}}}, {"mp0": MP0}, {"mp0": f"{VOLUME},mp=/srv,size=4G"}, [], True),
    ("mount point backed up", {"mountPoints": {"mp0": DATA | {"backup": True}}}, {"mp0": f"{MP0},keepattrs=1"}, {"mp0": f"{VOLUME},mp=/data,backup=1,keepattrs=1,size=4G"}, [], True),
    ("root options", {"rootfs": ROOTFS | {"mountOptions": ["noatime"]}}, {}, {"rootfs": "local-zfs:subvol-101-disk-0,mountoptions=noatime,size=8G"}, [], True),
    ("nesting", {"features": {"nesting": True}}, {}, {"features": "nesting=1"}, [], True),
    ("nesting beside another", {"features": {"nesting": True}}, {"features": "keyctl=1"}, {"features": "keyctl=1,nesting=1"}, [], True),
    ("no nesting", {"features": {"nesting": False}}, {"features": "nesting=1"}, {}, ["features"], True),
    ("servers", {"nameservers": ["9.9.9.9"]}, {}, {"nameserver": "9.9.9.9"}, [], True),
    ("no servers", {"nameservers": []}, {"nameserver": "1.1.1.1"}, {}, ["nameserver"], True),
    ("console", {"console": {"ttys": 1}}, {}, {"tty": 1}, [], True),
    ("time zone", {"timeZone": "host"}, {}, {"timezone": "host"}, [], True),
    ("distribution", {"osType": "nixos"}, {}, {"ostype": "nixos"}, [], True),
    ("entrypoint", {"entrypoint": "/init"}, {}, {"entrypoint": "/init"}, [], True),
]  # fmt: skip


@pytest.mark.parametrize("power", ["stopped", "running"])
@pytest.mark.parametrize(
    ("fields", "current", "written", "removed", "waits"),
    [row[1:] for row in CHANGES],
    ids=[row[0] for row in CHANGES],
)
def test_a_change_is_one_write_and_tells_what_it_makes_necessary(
    fields: dict[str, Any],
    current: dict[str, Scalar],
    written: dict[str, Any],
    removed: list[str],
    waits: bool,  # noqa: FBT001
    power: str,
) -> None:
    (step,) = steps(spec(**fields), ct(power=power, **current))
    assert (step.verb, config(step), step.arguments["delete"]) == ("configure", written, removed)
    assert step.arguments["digest"] == "d1"
    assert (step.then is not None) == (waits and power == "running")
    assert step.then is None or step.then.disruption is Disruption.RESTART


def test_a_nic_that_left_the_declaration_is_removed_and_a_mount_point_is_detached() -> None:
    applied: dict[str, Any] = {
        "nics": {"net0": {"bridge": "vmbr0"}},
        "mountPoints": {"mp0": {"path": "/data"}},
    }
    (step,) = steps(spec(), ct(power="running", net0=NET, mp0=MP0), applied=applied)
    assert step.arguments["delete"] == ["mp0", "net0"]
    assert f"detach mount point mp0, whose volume {VOLUME} is kept" in step.summary
    assert step.disruption is Disruption.HOT
    assert step.then is not None


def test_a_volume_grows_to_an_absolute_size_also_while_it_runs() -> None:
    declared = spec(rootfs=ROOTFS | {"size": "10GiB"}, mountPoints={"mp0": DATA | {"size": "4608MiB"}})
    found = steps(declared, ct(power="running", mp0=MP0))
    sent = [(step.verb, step.disruption, step.arguments["disk"], step.arguments["size"]) for step in found]
    assert sent == [
        ("resize", Disruption.HOT, "rootfs", "10G"),
        ("resize", Disruption.HOT, "mp0", "4608M"),
    ]


def test_what_is_declared_of_a_volume_is_written_once_it_is_grown() -> None:
    declared = spec(mountPoints={"mp0": DATA | {"size": "9GiB", "backup": True}}, cores=4)
    found = steps(declared, ct(power="running", mp0=MP0))
    assert [step.verb for step in found] == ["configure", "resize"]
    assert found[0].arguments["config"] == {"cores": 4}


VOLUMES: list[tuple[str, dict[str, Any], dict[str, Scalar], str, str]] = [
    ("smaller", {"rootfs": ROOTFS | {"size": "4GiB"}}, {}, "cannot shrink it to 4GiB", "declare 8GiB"),
    ("elsewhere", {"rootfs": ROOTFS | {"storage": "nas"}}, {}, "lies on local-zfs and not on nas", "pct move-volume 101 rootfs nas --delete 1"),
    ("mount point elsewhere", {"mountPoints": {"mp0": DATA | {"storage": "nas"}}}, {"mp0": MP0}, "lies on local-zfs and not on nas", "pct move-volume 101 mp0 nas --delete 1"),
    ("a detached volume beside", {"mountPoints": {"mp3": DATA}}, {"unused0": VOLUME}, "lies detached", f"pct set 101 --mp3 {VOLUME},mp=/data"),
    ("another one's volume", {"mountPoints": {"mp3": DATA | {"volume": "local-zfs:subvol-7-disk-0"}}}, {}, "bears no name of CT 101", "move it by hand to this CT first"),
    ("attached already", {"mountPoints": {"mp3": DATA | {"volume": VOLUME}}}, {"mp0": MP0}, "is attached to mp0 of CT 101 already", "declare the mount point as mp0"),
    ("a folder in the slot", {"mountPoints": {"mp3": DATA}}, {"mp3": "/srv,mp=/data"}, "slot mp3 of CT 101 holds '/srv,mp=/data'", "choose another slot"),
    ("protected", {"mountPoints": {"mp3": DATA}}, {"protection": 1}, "CT 101 is protected, so mount point mp3 stays as it is", "protection: false"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "current", "why", "remedy"), [row[1:] for row in VOLUMES], ids=[row[0] for row in VOLUMES]
)
def test_what_is_not_done_to_a_volume_holds_up_nothing_else(
    fields: dict[str, Any], current: dict[str, Scalar], why: str, remedy: str
) -> None:
    found = steps(spec(memory="1GiB", **fields), ct(**current))
    assert verbs(found) == ["configure", "none"]
    assert config(found[0]) == {"memory": 1024}
    ((said, next_),) = obstacles(found)
    assert why in said
    assert remedy in next_


ELSEWHERE: dict[str, Any] = {"rootfs": ROOTFS | {"storage": "nas"}}


def test_a_volume_of_a_stopped_container_is_moved_to_the_storage_that_was_declared() -> None:
    found = steps(spec(**ELSEWHERE, cores=4, power="running"), ct(), applied={})
    assert verbs(found) == ["configure", "move", "start"]
    assert found[1].arguments == {"node": "pve1", "digest": "d1", "disk": "rootfs", "storage": "nas"}
    assert found[1].scopes == ("node/pve1", "storage/nas")


def test_a_volume_of_a_running_container_is_moved_once_it_may_stop() -> None:
    ((why, remedy),) = obstacles(steps(spec(**ELSEWHERE), ct(power="running"), applied={}))
    assert "can be moved only while the container is stopped" in why
    assert remedy == "declare power: stopped until it is moved; or declare storage: local-zfs"
    off = steps(spec(**ELSEWHERE, power="stopped"), ct(power="running"), applied={})
    assert verbs(off) == ["shutdown"]


def test_a_mount_point_that_somebody_detached_is_never_replaced_by_an_empty_one() -> None:
    declared = spec(mountPoints={"mp0": DATA | {"volume": "new"}})
    assert verbs(steps(declared, ct(unused0=VOLUME), applied={})) == ["configure"]
    lost = spec(mountPoints={"mp0": DATA})
    ((_, remedy),) = obstacles(steps(lost, ct(unused0=VOLUME)))
    assert f"pct set 101 --mp0 {VOLUME},mp=/data" in remedy


def test_a_mount_point_in_another_slot_is_not_taken_for_a_new_one() -> None:
    applied: dict[str, Any] = {"mountPoints": {"mp0": {"path": "/data"}}}
    found = steps(spec(mountPoints={"mp1": DATA}), ct(mp0=MP0), applied=applied)
    assert verbs(found) == ["none", "none"]
    assert f"write volume: '{VOLUME}' to attach that one" in obstacles(found)[0][1]


def test_the_root_of_a_container_that_is_there_is_never_allocated() -> None:
    rest = {key: value for key, value in ct().current.items() if key != "rootfs"}
    (step,) = steps(spec(), replace(ct(), current=rest, coming=rest))
    assert step.obstacle is not None
    assert "CT 101 has no root volume" in step.obstacle.why


@pytest.mark.parametrize(
    ("declared", "power", "found"),
    [
        ("running", "stopped", [("start", Disruption.NONE)]),
        ("stopped", "running", [("shutdown", Disruption.STOP)]),
        ("running", "running", []),
        (None, "running", []),
    ],
)
def test_power_is_what_was_declared(
    declared: str | None, power: str, found: list[tuple[str, Disruption]]
) -> None:
    seen = steps(spec(power=declared), ct(power=power))
    assert [(step.verb, step.disruption) for step in seen] == found


def test_a_locked_container_is_left_alone() -> None:
    (step,) = steps(spec(memory="1GiB"), ct(lock="backup"))
    assert step.obstacle is not None
    assert step.obstacle.passing
    assert "pct unlock 101" in step.obstacle.remedy


def test_a_changed_password_is_held_with_the_command_that_sets_it() -> None:
    declared = spec(password={"env": "PW"})
    found = differ(declared, ct())
    assert found.changes == ()
    state = ct()
    changed = replace(found, changes=(_password_change(declared, state),))
    from setpoint.model.kind import Planning

    plan = KIND.plan(changed, Planning(declared, OWNER, state, {"vmid": VMID}, facts()))
    ((why, remedy),) = obstacles(plan)
    assert "Proxmox cannot set another one" in why
    assert "pct exec 101 -- passwd" in remedy


def _password_change(declared: ContainerSpec, state: CtState) -> Any:
    from setpoint.decide.diff import diff
    from setpoint.model.diff import Treatment
    from setpoint.model.tree import put

    tree = KIND.declare(declared)
    put(tree, "/password", "second")
    treatments = {**KIND.treatments, "/password": Treatment.WRITE_ONLY}
    (change,) = diff(tree, KIND.project(state), treatments, applied={"password": "first"}).changes
    return change


@pytest.mark.parametrize(
    ("state", "verbs_", "why"),
    [
        (ct(), ["destroy"], ""),
        (ct(power="running"), ["shutdown", "destroy"], ""),
        (ct(description="hi\n"), ["none"], "does not bear the mark"),
        (ct(lock="backup"), ["none"], "is locked (backup)"),
        (ct(protection=1), ["none"], "is protected"),
        (CtState(VMID, "pve1", "qemu"), ["none"], "does not bear the mark"),
    ],
    ids=["stopped", "running", "no mark", "locked", "protected", "a virtual machine"],
)
def test_a_container_is_taken_away_only_when_it_is_ours(state: CtState, verbs_: list[str], why: str) -> None:
    assert KIND.remove is not None
    found = KIND.remove(OWNER, state, facts())
    assert verbs(found) == verbs_
    assert all(why in said for said, _ in obstacles(found))
    if not why:
        assert all(step.disruption is Disruption.DESTROY for step in found)
        assert found[-1].summary == "destroy CT 101 with local-zfs:subvol-101-disk-0"
