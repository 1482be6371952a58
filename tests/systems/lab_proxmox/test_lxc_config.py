"""Changing a container: all or nothing, what is hot, what waits, and what only root may."""

from __future__ import annotations

import pytest

from tests.systems.lab_proxmox.lxc_api import CT, NET, TEMPLATE, CtApi

MP1 = "local-zfs:subvol-200-disk-1"


async def test_one_mistake_undoes_all_of_a_put() -> None:
    api = CtApi()
    await api.create(rootfs="local-zfs:1")
    before = await api.config()
    answered = await api.put(memory=1024, mp0="local-zfs:1,mp=/a", hostname="x", dev0="/dev/nope")
    assert (answered.status, answered.reason) == (500, "Device /dev/nope does not exist")
    answered = await api.put(hostname="x", net1="name=eth1,bridge=vmbr0", mp0="nope:1,mp=/a")
    assert answered.reason == "storage 'nope' does not exist"
    assert await api.config() == before


async def test_what_cannot_be_plugged_is_told_by_key_and_undoes_the_rest() -> None:
    api = CtApi()
    await api.running()
    before, volumes = await api.config(), api.own_volumes()
    answered = await api.put(memory=1024, mp0="local-zfs:1,mp=/a", net1="name=eth1,bridge=nope")
    assert answered.errors == {"net1": "unable to hotplug net1: bridge 'nope' does not exist\n"}
    assert (await api.config(), api.own_volumes()) == (before, volumes)


@pytest.mark.parametrize(
    "change",
    [
        {"memory": 1024},
        {"swap": 0},
        {"cores": 2},
        {"cpulimit": "1.5"},
        {"cpuunits": 200},
        {"hostname": "x"},
        {"description": "x"},
        {"tags": "x"},
        {"onboot": 1},
        {"protection": 1},
        {"startup": "order=1"},
        {"net1": "name=eth1,bridge=vmbr0"},
        {"net0": f"{NET},link_down=1"},
        {"mp1": "local-zfs:1,mp=/new"},
        {"delete": "net0"},
        {"delete": "swap"},
    ],
    ids=lambda change: "-".join(f"{key}-{value}"[:16] for key, value in change.items()),
)
async def test_hot(change: dict[str, object]) -> None:
    api = CtApi()
    await api.running(net0=NET, rootfs="local-zfs:1", mp0="local-zfs:1,mp=/data")
    assert (await api.put(**change)).status == 200
    assert await api.pending() == {}
    assert await api.config() == await api.config(current=1)


@pytest.mark.parametrize(
    "change",
    [
        {"features": "nesting=1,keyctl=1"},
        {"rootfs": "local-zfs:subvol-200-disk-0,size=1G,mountoptions=noatime"},
        {"mp0": f"{MP1},mp=/other,size=1G"},
        {"nameserver": "1.1.1.1"},
        {"timezone": "host"},
        {"cmode": "shell"},
        {"dev0": "/dev/net/tun"},
        {"delete": "mp0"},
        {"delete": "features"},
    ],
    ids=lambda change: "-".join(f"{key}-{value}"[:16] for key, value in change.items()),
)
async def test_waits_for_a_restart(change: dict[str, object]) -> None:
    api = CtApi()
    await api.running(rootfs="local-zfs:1", mp0="local-zfs:1,mp=/data")
    before = await api.config(current=1)
    assert (await api.put(**change)).status == 200
    now = await api.config(current=1)
    assert {**now, "digest": ""} == {**before, "digest": ""}
    waiting = await api.config()
    (key,) = await api.pending()
    assert await api.done("POST", f"{CT}/status/reboot") == "OK"
    assert await api.pending() == {}
    after = await api.config(current=1)
    assert after.get(key) == waiting.get(key)
    assert after.get(key) != before.get(key)


async def test_a_detached_volume_is_unused_until_it_is_mounted_again_or_destroyed() -> None:
    api = CtApi()
    await api.create(rootfs="local-zfs:1", mp0="local-zfs:1,mp=/data")
    await api.put(delete="mp0")
    assert (await api.config())["unused0"] == MP1
    await api.put(mp5=f"{MP1},mp=/back")
    config = await api.config()
    assert (config["mp5"], "unused0" in config) == (f"{MP1},mp=/back,size=1G", False)
    await api.put(delete="mp5")
    await api.put(delete="unused0")
    assert api.own_volumes() == ["local-zfs:subvol-200-disk-0"]


async def test_an_order_for_a_mount_point_that_is_there_makes_another_volume() -> None:
    api = CtApi()
    await api.create(rootfs="local-zfs:1", mp0="local-zfs:1,mp=/data")
    await api.put(mp0="local-zfs:1,mp=/data")
    config = await api.config()
    assert (config["mp0"], config["unused0"]) == ("local-zfs:subvol-200-disk-2,mp=/data,size=1G", MP1)


async def test_other_options_of_the_same_volume_leave_nothing_unused() -> None:
    api = CtApi()
    await api.create(rootfs="local-zfs:1", mp0="local-zfs:1,mp=/data")
    await api.put(mp0=f"{MP1},mp=/data,backup=1")
    config = await api.config()
    assert (config["mp0"], "unused0" in config) == (f"{MP1},mp=/data,backup=1,size=1G", False)


async def test_an_order_for_the_root_is_kept_as_it_is_and_nothing_starts_any_more() -> None:
    api = CtApi()
    await api.create()
    assert (await api.put(rootfs="local-zfs:2")).status == 200
    assert (await api.config())["rootfs"] == "local-zfs:2"
    assert await api.done("POST", f"{CT}/status/start") == "unable to parse zfs volume name '2'"


async def test_a_stale_digest_is_refused() -> None:
    api = CtApi()
    await api.create()
    old = (await api.config())["digest"]
    assert (await api.put(memory=600, digest=old)).status == 200
    answered = await api.put(memory=700, digest=old)
    expected = "detected modified configuration - file changed by other user? Try again."
    assert (answered.status, answered.reason) == (500, expected)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"delete": "rootfs"}, "unable to delete required option 'rootfs'"),
        ({"delete": "memory"}, "unable to delete required option 'memory'"),
        ({"delete": "unprivileged"}, "unable to delete read-only option: 'unprivileged'"),
        ({"unprivileged": 0}, "unable to modify read-only option: 'unprivileged'"),
        ({}, "no options specified"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_refused(change: dict[str, object], reason: str) -> None:
    api = CtApi()
    await api.create()
    assert (await api.put(**change)).reason == reason


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"delete": "memory", "memory": 600}, "delete"),
        ({"revert": "memory", "memory": 600}, "delete"),
        ({"delete": "cores", "revert": "cores"}, "revert"),
        ({"delete": "nosuch"}, "delete"),
        ({"revert": "nosuch"}, "revert"),
    ],
    ids=["delete-and-set", "revert-and-set", "delete-and-revert", "delete-unknown", "revert-unknown"],
)
async def test_contradictions_are_wrong_parameters(change: dict[str, object], key: str) -> None:
    api = CtApi()
    await api.create()
    answered = await api.put(**change)
    assert (answered.status, [*answered.errors]) == (400, [key])


async def test_reverting_drops_what_waits() -> None:
    api = CtApi()
    await api.running()
    await api.put(features="nesting=1,keyctl=1")
    await api.put(delete="features")
    assert await api.pending() == {"features": {"value": "nesting=1", "delete": 1}}
    await api.put(revert="features")
    assert await api.pending() == {}


async def test_there_is_no_post() -> None:
    api = CtApi()
    await api.create()
    assert (await api.ask("POST", f"{CT}/config", memory=600)).status == 501


async def test_protection_keeps_mount_points() -> None:
    api = CtApi()
    await api.create(rootfs="local-zfs:1", mp0="local-zfs:1,mp=/a", protection=1)
    assert (await api.put(delete="mp0")).reason == "can't remove drive 'mp0' - protection mode enabled"
    answered = await api.put(mp1="local-zfs:1,mp=/b")
    assert answered.reason == "can't update CT 200 drive 'mp1' - protection mode enabled"


TOKEN_REFUSALS = [
    ({"mp0": "/srv,mp=/srv"}, "mount point type bind is only allowed for root@pam"),
    ({"mp0": "/dev/sda,mp=/srv"}, "mount point type device is only allowed for root@pam"),
    ({"dev0": "/dev/null"}, "configuring device passthrough is only allowed for root@pam"),
    (
        {"features": "nesting=1,keyctl=1"},
        "changing feature flags (except nesting) is only allowed for root@pam",
    ),
    ({"hookscript": "local:snippets/x"}, "changing the hookscript is only allowed for root@pam"),
]


@pytest.mark.parametrize(("change", "reason"), TOKEN_REFUSALS, ids=[next(iter(row[0])) + row[1][:24] for row in TOKEN_REFUSALS])  # fmt: skip
async def test_only_root_with_a_ticket(change: dict[str, str], reason: str) -> None:
    api = CtApi()
    await api.create()
    api.become(("/vms", "PVEVMAdmin"), ("/storage", "PVEDatastoreUser"), ("/sdn", "PVESDNUser"))
    answered = await api.put(**change)
    assert (answered.status, answered.reason) == (403, f"Permission check failed ({reason})")
    assert (await api.put(features="nesting=0")).status == 200


@pytest.mark.parametrize(
    ("grants", "given", "missing"),
    [
        ([("/vms", "PVEVMAdmin")], {"storage": "local-zfs"}, "/storage/local, Datastore.AllocateSpace|Datastore.Audit"),
        ([("/vms", "PVEVMAdmin"), ("/storage/local", "PVEAuditor")], {"storage": "local-zfs"}, "/storage/local-zfs, Datastore.AllocateSpace"),
        ([("/vms", "PVEVMAdmin"), ("/storage", "PVEDatastoreUser")], {"net0": NET}, "/sdn/zones/localnetwork/vmbr0, SDN.Use"),
        ([("/vms", "PVEVMAdmin"), ("/storage", "PVEDatastoreUser")], {"unprivileged": 0}, "/, Sys.Modify"),
    ],
    ids=["template", "storage", "bridge", "privileged"],
)  # fmt: skip
async def test_creating_needs(grants: list[tuple[str, str]], given: dict[str, object], missing: str) -> None:
    api = CtApi()
    api.become(*grants)
    answered = await api.ask("POST", "/nodes/pve1/lxc", vmid=200, ostemplate=TEMPLATE, **given)
    assert (answered.status, answered.reason) == (403, f"Permission check failed ({missing})")


async def test_raw_lines_stay_as_they_are_and_are_shown_as_pairs() -> None:
    api = CtApi()
    await api.create()
    api.ct.text += "lxc.apparmor.profile: unconfined\nlxc.mount.entry = /srv srv none bind\n"

    assert (await api.put(memory=1024)).status == 200

    shown = await api.config()
    assert shown["lxc"] == [
        ["lxc.apparmor.profile", "unconfined"],
        ["lxc.mount.entry", "/srv srv none bind"],
    ]
    assert api.ct.text.endswith("lxc.apparmor.profile: unconfined\nlxc.mount.entry = /srv srv none bind\n")
    rows = (await api.ask("GET", f"{CT}/pending")).data
    assert "lxc" not in {row["key"] for row in rows}
