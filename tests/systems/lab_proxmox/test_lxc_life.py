"""Containers from the template to the grave: made, listed, resized, moved, and destroyed."""

from __future__ import annotations

import pytest

from setpoint_lab.proxmox.lxc.container import Container, read_container
from tests.systems.lab_proxmox.lxc_api import ALPINE, CT, NET, TEMPLATE, CtApi

ROOT = "local-zfs:subvol-200-disk-0"
LXC = "/nodes/pve1/lxc"


async def test_a_container_gets_what_was_not_said() -> None:
    api = CtApi()
    assert await api.create() == "OK"
    config = await api.config()
    assert config.pop("digest") == api.ct.digest
    assert config == {
        "arch": "amd64",
        "features": "nesting=1",
        "hostname": "CT200",
        "memory": 512,
        "ostype": "debian",
        "rootfs": f"{ROOT},size=4G",
        "swap": 512,
        "unprivileged": 1,
    }


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"features": "keyctl=1"}, "WARNINGS: 1"),
        ({"features": "nesting=1"}, "OK"),
        ({"features": "keyctl=1", "ostemplate": ALPINE}, "OK"),
    ],
    ids=["systemd", "nesting", "no-systemd"],
)
async def test_only_systemd_without_nesting_is_warned_of(given: dict[str, str], status: str) -> None:
    assert await CtApi().create(**given) == status


async def test_a_template_that_is_gone_ends_the_task_and_leaves_nothing() -> None:
    api = CtApi()
    gone = "local:vztmpl/gone.tar.zst"
    status = await api.create(ostemplate=gone, mp0="local-zfs:1,mp=/data", rootfs="local-zfs:1")
    assert status == f"unable to create CT 200 - volume '{gone}' does not exist"
    assert (api.own_volumes(), api.world.guests) == ([], {})


async def test_volumes_that_were_made_go_when_a_later_one_fails() -> None:
    api = CtApi()
    api.world.storages["local-zfs"].nodes = frozenset({"pve1"})
    started = await api.ask(
        "POST", LXC, vmid=200, ostemplate=TEMPLATE, rootfs="local-zfs:1", mp0="local-zfs:1,mp=/a"
    )
    await api.world.clock.advance(0.42)
    assert api.own_volumes() == [ROOT]
    api.world.storages["local-zfs"].disabled = True
    await api.pass_until_idle()
    task = api.world.tasks.find(started.data)
    assert task is not None
    assert task.exitstatus == "unable to create CT 200 - storage 'local-zfs' is disabled"
    assert (api.own_volumes(), api.world.guests) == ([], {})


@pytest.mark.parametrize(
    ("given", "status", "reason"),
    [
        ({"mp0": "local-zfs:1,mp=/a"}, 500, "mount points configured, but 'rootfs' not set - aborting"),
        ({"rootfs": "nope:1"}, 500, "storage 'nope' does not exist"),
        ({"ostemplate": "nope:vztmpl/x"}, 500, "storage 'nope' does not exist"),
        ({"pool": "nope"}, 403, "Permission check failed (pool 'nope' does not exist)"),
        ({"ssh-public-keys": "no key"}, 500, "SSH public key validation error"),
        ({"dev0": "/dev/nope"}, 500, "Device /dev/nope does not exist"),
        ({"storage": "files"}, 400, "Parameter verification failed."),
    ],
    ids=[
        "no-root",
        "no-storage",
        "no-template-storage",
        "no-pool",
        "no-key",
        "no-device",
        "not-for-containers",
    ],
)
async def test_what_is_wrong_is_said_at_once(given: dict[str, str], status: int, reason: str) -> None:
    api = CtApi()
    local = api.world.storages["local"]
    api.world.storages["files"] = type(local)("files", "dir", frozenset({"iso"}), path="/files")
    answered = await api.ask("POST", LXC, **{"vmid": 200, "ostemplate": TEMPLATE, **given})
    assert (answered.status, answered.reason) == (status, reason)
    assert api.world.guests == {}


async def test_numbers_are_shared_with_machines() -> None:
    api = CtApi()
    assert await api.done("POST", "/nodes/pve1/qemu", vmid=200) == "OK"
    answered = await api.ask("POST", LXC, vmid=200, ostemplate=TEMPLATE)
    assert answered.reason == "VM 200 already exists on node 'pve1'"
    assert (await api.ask("GET", f"{CT}/config")).reason == (
        "Configuration file 'nodes/pve1/lxc/200.conf' does not exist"
    )


async def test_the_lists_show_a_container_to_those_who_may_see_it() -> None:
    api = CtApi()
    await api.running(hostname="dns", tags="B;a", cores=2, memory=256, net0=NET)
    (row,) = (await api.ask("GET", LXC)).data
    assert (row["type"], row["name"], row["cpus"], row["maxmem"], row["tags"]) == (
        "lxc", "dns", 2, 256 << 20, "a;b",
    )  # fmt: skip
    (seen,) = (await api.ask("GET", "/cluster/resources", type="vm")).data
    assert (seen["id"], seen["name"], seen["status"], seen["maxcpu"]) == ("lxc/200", "dns", "running", 2)
    api.become()
    assert (await api.ask("GET", LXC)).data == []


async def test_interfaces_are_known_only_while_it_runs() -> None:
    api = CtApi()
    await api.running(net0=NET, net1="name=eth1,bridge=vmbr0,hwaddr=BC:24:11:00:00:02,ip=dhcp")
    api.behave(addresses={"net1": ["10.99.0.77/24"]})
    found = {row["name"]: row for row in (await api.ask("GET", f"{CT}/interfaces")).data}
    assert found["eth0"]["inet"] == "10.99.0.20/24"
    assert found["eth1"]["inet"] == "10.99.0.77/24"
    assert found["eth1"]["inet6"] == "fe80::be24:11ff:fe00:2/64"
    assert await api.done("POST", f"{CT}/status/stop") == "OK"
    assert (await api.ask("GET", f"{CT}/interfaces")).data is None


@pytest.mark.parametrize(
    ("size", "outcome"),
    [
        ("+1G", "5G"),
        ("6G", "6G"),
        ("3G", "unable to shrink disk size"),
        ("4G", "disk is already at specified size"),
    ],
    ids=["by", "to", "smaller", "same"],
)
async def test_a_volume_grows_while_it_is_mounted(size: str, outcome: str) -> None:
    api = CtApi()
    await api.running()
    answered = await api.ask("PUT", f"{CT}/resize", disk="rootfs", size=size)
    await api.pass_until_idle()
    if answered.status == 200:
        assert (await api.config())["rootfs"] == f"{ROOT},size={outcome}"
    else:
        assert answered.reason == outcome


async def test_moving_a_volume_keeps_the_old_one_unless_it_is_to_go() -> None:
    api = CtApi()
    await api.create(rootfs="local-zfs:1", mp0="local-zfs:2,mp=/data")
    assert await api.done("POST", f"{CT}/move_volume", volume="mp0", storage="local") == "OK"
    config = await api.config()
    assert config["mp0"] == "local:200/vm-200-disk-0.raw,mp=/data,size=2G"
    assert config["unused0"] == "local-zfs:subvol-200-disk-1"
    assert await api.done("POST", f"{CT}/move_volume", volume="rootfs", storage="local", delete=1) == "OK"
    assert api.own_volumes() == [
        "local-zfs:subvol-200-disk-1",
        "local:200/vm-200-disk-0.raw",
        "local:200/vm-200-disk-1.raw",
    ]


async def test_a_volume_of_a_running_container_is_not_moved() -> None:
    api = CtApi()
    await api.running()
    answered = await api.ask("POST", f"{CT}/move_volume", volume="rootfs", storage="local")
    assert answered.reason == "cannot move volumes of a running container"
    assert api.ct.lock is None


async def test_a_mount_point_is_given_to_another_container() -> None:
    api = CtApi()
    await api.create(rootfs="local-zfs:1", mp0="local-zfs:2,mp=/data")
    await api.create(vmid=201)
    given = {"volume": "mp0", "target-vmid": 201, "target-volume": "mp3"}
    assert await api.done("POST", f"{CT}/move_volume", **given) == "OK"
    assert "mp0" not in await api.config()
    other = (await api.ask("GET", f"{LXC}/201/config")).data
    assert other["mp3"] == "local-zfs:subvol-201-disk-1,mp=/data,size=2G"


async def test_destroying_takes_every_volume_and_every_trace() -> None:
    api = CtApi()
    assert (await api.ask("POST", "/pools", poolid="p")).status == 200
    await api.create(rootfs="local-zfs:1", mp0="local-zfs:1,mp=/data", pool="p")
    await api.put(delete="mp0")
    assert (await api.config())["unused0"] == "local-zfs:subvol-200-disk-1"
    assert await api.done("DELETE", CT, purge=1) == "OK"
    assert (api.own_volumes(), api.world.guests, api.world.pools["p"].guests) == ([], {}, set())
    assert api.log("vzdestroy")[0] == "purging CT 200 from related configurations.."


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        ({"protection": 1}, "can't remove CT 200 - protection mode enabled"),
        ({"lock": "backup"}, "CT is locked (backup)"),
    ],
    ids=["protected", "locked"],
)
async def test_force_does_not_help_against(prepare: dict[str, str], reason: str) -> None:
    api = CtApi()
    await api.running()
    assert (await api.put(**prepare)).status == 200
    assert (await api.ask("DELETE", CT, force=1)).reason == reason


async def test_force_kills_a_container_before_it_is_destroyed() -> None:
    api = CtApi()
    await api.running()
    assert (await api.ask("DELETE", CT)).reason == "unable to destroy CT 200 - container is running"
    assert await api.done("DELETE", CT, force=1) == "OK"
    assert [each.kind for each in api.world.effects.all[-3:]] == ["stopped", "volume_gone", "guest_gone"]


async def test_a_killed_worker_leaves_a_lock_that_the_interface_cannot_take_away() -> None:
    api = CtApi()
    started = await api.ask("POST", LXC, vmid=200, ostemplate=TEMPLATE, storage="local-zfs")
    await api.world.clock.advance(0.4)
    task = api.world.tasks.find(started.data)
    assert task is not None
    api.world.tasks.kill(task)
    assert set(await api.config()) == {"digest", "lock"}
    assert (await api.put(delete="lock")).reason == "CT is locked (create)"
    assert (await api.ask("DELETE", CT, force=1)).reason == "CT is locked (create)"


async def test_a_container_survives_the_writing_of_the_world() -> None:
    api = CtApi()
    await api.running(ostemplate=ALPINE, ostype="debian", description="a\nb")
    again = read_container(api.world, api.ct.state())
    assert isinstance(again, Container)
    assert (again.text, again.status, again.inside) == (api.ct.text, "running", "alpine")
