from __future__ import annotations

from typing import Any

import pytest

from setpoint_lab.proxmox.events import EVENTS
from tests.systems.lab_proxmox.qemu_api import Api

NET = "virtio=BC:24:11:00:00:01,bridge=vmbr0"
BUSY = "hotplug problem - error on hot-unplugging device '{}' - still busy in guest?\n"


@pytest.fixture
async def api() -> Api:
    api = Api()
    await api.create(
        scsi0="local-zfs:1", net0=NET, ide2="none,media=cdrom", ostype="l26", memory=512, balloon=256, agent=1, cores=1, start=1
    )  # fmt: skip
    await api.pass_until_idle()
    assert api.vm.status == "running"
    return api


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("description", "x"),
        ("name", "b"),
        ("onboot", "1"),
        ("protection", "1"),
        ("shares", "10"),
        ("startup", "order=1"),
        ("tags", "a"),
        ("migrate_downtime", "1"),
        ("vmstatestorage", "local-zfs"),
        ("ciuser", "a"),
        ("nameserver", "1.1.1.1"),
        ("ipconfig0", "ip=dhcp"),
        ("cpuunits", "50"),
        ("cpulimit", "1"),
        ("balloon", "300"),
        ("net1", "e1000=BC:24:11:00:00:02"),
        ("net0", f"{NET},link_down=1"),
        ("net0", f"{NET},firewall=1,rate=3,tag=4"),
        ("scsi1", "local-zfs:1"),
        ("virtio0", "local-zfs:1"),
        ("scsi0", "local-zfs:vm-100-disk-0,backup=0,mbps_rd=3"),
        ("ide2", "cdrom,media=cdrom"),
        ("usb0", "spice"),
        ("agent", "enabled=1,fstrim_cloned_disks=1"),
        ("tablet", "0"),
    ],
)
async def test_applies_at_once_while_the_vm_runs(api: Api, key: str, sent: str) -> None:
    assert (await api.put(**{key: sent})).status == 200
    row = (await api.pending())[key]
    assert "pending" not in row
    assert "value" in row


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("cores", "2"),
        ("sockets", "2"),
        ("memory", "1024"),
        ("ostype", "win11"),
        ("cpu", "host"),
        ("vcpus", "1"),
        ("balloon", "0"),
        ("bios", "ovmf"),
        ("machine", "q35"),
        ("boot", "order=net0"),
        ("scsihw", "virtio-scsi-pci"),
        ("serial0", "socket"),
        ("vga", "serial0"),
        ("agent", "0"),
        ("hotplug", "memory"),
        ("sata0", "local-zfs:1"),
        ("ide0", "local-zfs:1"),
        ("tpmstate0", "local-zfs:1"),
        ("scsi0", "local-zfs:vm-100-disk-0,ssd=1"),
        ("scsi0", "local-zfs:vm-100-disk-0,cache=none"),
    ],
)
async def test_waits_for_a_power_cycle(api: Api, key: str, sent: str) -> None:
    before = (await api.config(current=1)).get(key)
    assert (await api.put(**{key: sent})).status == 200
    row = (await api.pending())[key]
    assert "pending" in row
    assert row.get("value") == before


@pytest.mark.parametrize("key", ["description", "cpulimit", "net0", "balloon"])
async def test_goes_at_once_while_the_vm_runs(api: Api, key: str) -> None:
    await api.put(description="x", cpulimit=1)
    await api.put(delete=key)
    assert key not in await api.pending()


@pytest.mark.parametrize("key", ["cores", "agent", "ide2"])
async def test_stays_until_a_power_cycle(api: Api, key: str) -> None:
    await api.put(delete=key)
    assert (await api.pending())[key]["delete"] == 1


async def test_without_the_feature_a_card_waits(api: Api) -> None:
    await api.put(hotplug="disk")
    await api.put(net1="virtio")
    assert "pending" in (await api.pending())["net1"]
    await api.put(scsi1="local-zfs:1")
    assert "pending" not in (await api.pending())["scsi1"]


async def test_with_the_feature_memory_and_cpus_are_plugged() -> None:
    api = Api()
    await api.create(hotplug="memory,cpu", numa=1, start=1)
    await api.pass_until_idle()
    await api.put(memory=1024, vcpus=1)
    rows = await api.pending()
    assert rows["memory"] == {"value": "1024"}
    assert rows["vcpus"] == {"value": 1}


@pytest.mark.parametrize(
    ("params", "device"), [({"net0": "e1000,bridge=vmbr0"}, "net0"), ({"delete": "net0"}, "net0")]
)
async def test_a_guest_that_keeps_its_card_leaves_the_change_pending(
    api: Api, params: dict[str, Any], device: str
) -> None:
    api.behave(nic_hot_unplug="fails")
    start = api.world.clock.now()
    answered = await api.put(**params)
    assert (answered.status, answered.errors) == (400, {device: BUSY.format(device)})
    assert api.world.clock.now() - start >= 6
    row = (await api.pending())[device]
    assert row["value"] == NET
    assert row.keys() & {"pending", "delete"}


async def test_a_change_that_failed_is_not_retried_by_a_change_of_something_else(api: Api) -> None:
    api.behave(nic_hot_unplug="fails")
    await api.put(delete="net0")
    assert (await api.put(name="b")).status == 200
    assert (await api.pending())["net0"]["delete"] == 1


async def test_replacing_a_disk_detaches_the_old_one(api: Api) -> None:
    await api.put(scsi1="local-zfs:1")
    await api.put(scsi1="local-zfs:1")
    config = await api.config()
    assert config["scsi1"] == "local-zfs:vm-100-disk-2,size=1G"
    assert config["unused0"] == "local-zfs:vm-100-disk-1"


async def test_a_guest_that_keeps_its_disk_leaves_it_attached(api: Api) -> None:
    await api.put(scsi1="local-zfs:1")
    api.behave(disk_hot_unplug="fails")
    assert (await api.put(delete="scsi1")).errors == {"scsi1": BUSY.format("scsi1")}
    assert "unused0" not in await api.config()


async def test_reverting_drops_what_is_pending(api: Api) -> None:
    await api.put(cores=2, delete="ostype")
    await api.put(sata0="local-zfs:1")
    await api.put(revert="cores,ostype,sata0")
    rows = await api.pending()
    assert rows["cores"] == {"value": 1}
    assert rows["ostype"] == {"value": "l26"}
    assert "sata0" not in rows


async def test_a_stop_brings_what_is_pending_into_effect(api: Api) -> None:
    await api.put(cores=2, delete="ostype")
    assert await api.done("POST", "/nodes/pve1/qemu/100/status/stop") == "OK"
    rows = await api.pending()
    assert rows["cores"] == {"value": 2}
    assert "ostype" not in rows


async def test_a_machine_that_dies_leaves_it_to_the_next_start(api: Api) -> None:
    await api.put(cores=2)
    await EVENTS["guest_dies"](api.world, {"vmid": 100})
    assert (await api.pending())["cores"] == {"value": 1, "pending": 2}
    assert await api.done("POST", "/nodes/pve1/qemu/100/status/start") == "OK"
    assert (await api.pending())["cores"] == {"value": 2}


async def test_a_reset_applies_nothing_and_a_reboot_does(api: Api) -> None:
    await api.put(cores=2)
    assert await api.done("POST", "/nodes/pve1/qemu/100/status/reset") == "OK"
    assert (await api.pending())["cores"] == {"value": 1, "pending": 2}
    assert await api.done("POST", "/nodes/pve1/qemu/100/status/reboot") == "OK"
    assert (await api.pending())["cores"] == {"value": 2}


async def test_cloudinit_changes_show_against_the_image_until_it_is_made_anew() -> None:
    api = Api()
    await api.create(ide2="local-zfs:cloudinit", ciuser="a", nameserver="1.1.1.1", start=1)
    await api.pass_until_idle()
    await api.put(ciuser="b", searchdomain="x.y", delete="nameserver")
    path = "/nodes/pve1/qemu/100/cloudinit"
    assert sorted((await api.ask("GET", path)).data, key=lambda row: row["key"]) == [
        {"key": "ciuser", "value": "a", "pending": "b"},
        {"key": "nameserver", "delete": 1},
        {"key": "searchdomain", "pending": "x.y"},
    ]
    await api.put(ciuser="a", delete="searchdomain", nameserver="1.1.1.1")
    assert sorted((await api.ask("GET", path)).data, key=lambda row: row["key"]) == [
        {"key": "ciuser", "value": "a"},
        {"key": "nameserver", "value": "1.1.1.1"},
    ]
    await api.put(ciuser="c")
    assert (await api.ask("PUT", path)).status == 200
    assert {"key": "ciuser", "value": "c"} in (await api.ask("GET", path)).data
