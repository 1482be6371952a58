from __future__ import annotations

import re
from typing import Any

import pytest

from setpoint_lab.proxmox.snapshot import write_state
from setpoint_lab.proxmox.state import read_state
from setpoint_lab.proxmox.volumes import Volume
from tests.systems.lab_proxmox.qemu_api import VM, Api

LIST = "/nodes/pve1/qemu"


@pytest.fixture
def api() -> Api:
    return Api()


async def test_a_new_vm_has_what_every_vm_has(api: Api) -> None:
    assert await api.create() == "OK"
    config = await api.config()
    assert config.keys() == {"boot", "digest", "meta", "smbios1", "vmgenid"}
    assert config["boot"] == " "
    assert re.fullmatch(r"creation-qemu=[\d.]+,ctime=\d+", config["meta"])
    assert re.fullmatch(r"uuid=[0-9a-f-]{36}", config["smbios1"])


async def test_disks_are_made_in_the_order_of_buses_and_the_boot_order_names_one_of_each(api: Api) -> None:
    await api.create(
        sata0="local:1,format=qcow2", scsi0="local-zfs:1,ssd=1", ide2="none,media=cdrom", net1="virtio", net0="virtio"
    )  # fmt: skip
    assert (await api.config())["boot"] == "order=scsi0;ide2;net0"
    assert api.log("qmcreate") == [
        "scsi0: successfully created disk 'local-zfs:vm-100-disk-0,size=1G,ssd=1'",
        (
            "Formatting '/var/lib/vz/images/100/vm-100-disk-0.qcow2', fmt=qcow2 cluster_size=65536 extended_l2=off "
            "preallocation=metadata compression_type=zlib size=1073741824 lazy_refcounts=off refcount_bits=16"
        ),
        "sata0: successfully created disk 'local:100/vm-100-disk-0.qcow2,size=1G'",
        "TASK OK",
    ]


async def test_while_it_is_made_a_vm_is_locked_and_empty(api: Api) -> None:
    started = await api.ask("POST", LIST, vmid=100, scsi0="local-zfs:vm-100-disk-9")
    assert started.status == 200
    await api.world.clock.advance(100)
    assert await api.config() == {"lock": "create", "digest": "a7e9f8c42935261b36fcd1d7d6cd8cd41648da49"}
    assert (await api.put(cores=1)).reason == "VM is locked (create)"
    await api.pass_until_idle()
    assert 100 not in api.world.guests


async def test_a_failed_creation_leaves_nothing(api: Api) -> None:
    error = await api.create(scsi0="local-zfs:1", ide2="local:iso/nope.iso,media=cdrom", scsi1="local:1")
    assert error == "unable to create VM 100 - volume 'local:iso/nope.iso' does not exist"
    assert api.world.guests == {}
    assert api.volumes() == []


async def test_an_interrupted_creation_leaves_nothing(api: Api) -> None:
    started = await api.ask("POST", LIST, vmid=100, scsi0="local-zfs:vm-100-disk-9")
    await api.world.clock.advance(20)
    task = api.world.tasks.find(started.data)
    assert task is not None
    api.world.tasks.interrupt(task)
    await api.world.clock.advance(1)
    assert task.exitstatus == "unable to create VM 100 - received interrupt"
    assert api.world.guests == {}


async def test_a_killed_creation_leaves_its_lock(api: Api) -> None:
    started = await api.ask("POST", LIST, vmid=100, scsi0="local-zfs:vm-100-disk-9")
    await api.world.clock.advance(20)
    task = api.world.tasks.find(started.data)
    assert task is not None
    api.world.tasks.kill(task)
    await api.world.clock.advance(1)
    assert (await api.config())["lock"] == "create"
    assert await api.done("DELETE", VM) == "VM is locked (create)"
    assert await api.done("DELETE", VM, skiplock=1) == "OK"
    assert api.world.guests == {}


async def test_a_number_is_given_once(api: Api) -> None:
    await api.create()
    answered = await api.ask("POST", LIST, vmid=100)
    assert answered.reason == "unable to create VM 100 - VM 100 already exists on node 'pve1'"


@pytest.mark.parametrize(
    ("params", "status", "text"),
    [
        ({"pool": "nopool"}, 403, "Permission check failed (pool 'nopool' does not exist)"),
        ({"scsi0": "nostore:4"}, 500, "storage 'nostore' does not exist"),
        ({"sshkeys": "garbage"}, 500, "SSH public key validation error"),
    ],
)
async def test_some_things_are_wrong_before_there_is_a_task(
    api: Api, params: dict[str, Any], status: int, text: str
) -> None:
    answered = await api.ask("POST", LIST, vmid=100, **params)
    assert (answered.status, answered.reason) == (status, text)
    assert api.world.guests == {}


async def test_a_vm_can_start_as_soon_as_it_is_made(api: Api) -> None:
    assert await api.create(start=1) == "OK"
    assert api.log("qmcreate") == ["Execute autostart", "TASK OK"]
    await api.pass_until_idle()
    assert api.vm.status == "running"


async def test_importing_copies_the_source(api: Api) -> None:
    await api.create(vmid=101, scsi0="local-zfs:3")
    assert await api.create(scsi0="local-zfs:0,import-from=local-zfs:vm-101-disk-0") == "OK"
    assert (await api.config())["scsi0"] == "local-zfs:vm-100-disk-0,size=3G"


async def test_the_list_shows_what_the_user_may_see(api: Api) -> None:
    await api.create(name="web", tags="b,a", memory=256, cores=2, scsi0="local-zfs:1")
    await api.create(vmid=101)
    rows = {row["vmid"]: row for row in (await api.ask("GET", LIST)).data}
    assert rows[101]["name"] == "VM 101"
    assert rows[100] == {
        **dict.fromkeys(("cpu", "disk", "mem", "memhost", "netin", "netout", "uptime"), 0),
        "vmid": 100,
        "name": "web",
        "status": "stopped",
        "tags": "a;b",
        "cpus": 2,
        "maxmem": 256 << 20,
        "maxdisk": 1 << 30,
    }
    api.become(("/vms/101", "PVEAuditor"))
    assert [row["vmid"] for row in (await api.ask("GET", LIST)).data] == [101]


async def test_destroying_takes_disks_and_rights_along_but_no_orphans(api: Api) -> None:
    await api.create(scsi0="local-zfs:1", scsi1="local-zfs:1", ide2="local-zfs:cloudinit")
    await api.put(delete="scsi1")
    api.world.volumes.add(Volume("local-zfs:vm-100-disk-7", "pve1", "images", "raw", 1 << 30, 100))
    api.become(("/vms/100", "PVEVMAdmin"))
    assert await api.done("DELETE", VM) == "OK"
    assert api.volumes() == ["local-zfs:vm-100-disk-7"]
    assert api.world.access.acl == {}


async def test_orphans_go_when_asked_for(api: Api) -> None:
    await api.create(scsi0="local-zfs:1")
    api.world.volumes.add(Volume("local-zfs:vm-100-disk-7", "pve1", "images", "raw", 1 << 30, 100))
    assert await api.done("DELETE", VM, purge=1, **{"destroy-unreferenced-disks": 1}) == "OK"
    assert api.volumes() == []
    assert api.log("qmdestroy") == ["purging VM 100 from related configurations..", "TASK OK"]


async def test_a_running_or_protected_vm_is_not_destroyed(api: Api) -> None:
    await api.create(protection=1, start=1)
    await api.pass_until_idle()
    assert (await api.ask("DELETE", VM)).reason == "can't remove VM 100 - protection mode enabled"
    await api.put(protection=0)
    assert (await api.ask("DELETE", VM)).reason == "VM 100 is running - destroy failed"


async def test_another_node_does_not_know_the_vm(api: Api) -> None:
    await api.create()
    api.vm.node = "pve2"
    assert (await api.ask("DELETE", VM)).reason == (
        "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist"
    )


@pytest.mark.parametrize(
    ("text", "size"),
    [("+1G", "2G"), ("3G", "3G"), ("+512M", "1536M"), ("+0.5G", "1536M"), ("1G", "1G")],
)
async def test_a_disk_grows_to_or_by_a_size(api: Api, text: str, size: str) -> None:
    await api.create(scsi0="local-zfs:1,ssd=1")
    assert await api.done("PUT", f"{VM}/resize", disk="scsi0", size=text) == "OK"
    assert (await api.config())["scsi0"] == f"local-zfs:vm-100-disk-0,size={size},ssd=1"


@pytest.mark.parametrize(
    ("key", "text", "returned"),
    [
        ("scsi0", "512M", "shrinking disks is not supported"),
        ("scsi9", "2G", "disk 'scsi9' does not exist"),
    ],
)
async def test_a_resize_fails_in_its_task(api: Api, key: str, text: str, returned: str) -> None:
    await api.create(scsi0="local-zfs:1")
    assert await api.done("PUT", f"{VM}/resize", disk=key, size=text) == returned


async def test_a_moved_disk_leaves_its_old_volume_unused(api: Api) -> None:
    await api.create(scsi0="local-zfs:1,ssd=1")
    assert await api.done("POST", f"{VM}/move_disk", disk="scsi0", storage="local", format="qcow2") == "OK"
    config = await api.config()
    assert config["scsi0"] == "local:100/vm-100-disk-0.qcow2,size=1G,ssd=1"
    assert config["unused0"] == "local-zfs:vm-100-disk-0"
    assert await api.done("POST", f"{VM}/move_disk", disk="scsi0", storage="local-zfs", delete=1) == "OK"
    assert (await api.config())["scsi0"] == "local-zfs:vm-100-disk-1,size=1G,ssd=1"
    assert api.volumes() == ["local-zfs:vm-100-disk-0", "local-zfs:vm-100-disk-1"]
    same = await api.ask("POST", f"{VM}/move_disk", disk="scsi0", storage="local-zfs")
    assert same.reason == "you can't move to the same storage with same format"


async def test_unlinking_detaches_and_then_destroys(api: Api) -> None:
    await api.create(scsi0="local-zfs:1")
    assert (await api.ask("PUT", f"{VM}/unlink", idlist="scsi0")).status == 200
    assert (await api.config())["unused0"] == "local-zfs:vm-100-disk-0"
    assert (await api.ask("PUT", f"{VM}/unlink", idlist="unused0")).status == 200
    assert api.volumes() == []


async def test_the_cloudinit_image_holds_what_the_options_say(api: Api) -> None:
    await api.create(
        name="web.lan", ciuser="ann", ide2="local-zfs:cloudinit", net0="virtio=BC:24:11:00:00:01",
        ipconfig0="ip=10.0.0.2/24,gw=10.0.0.1,ip6=auto", nameserver="1.1.1.1", searchdomain="lan",
    )  # fmt: skip
    dump = f"{VM}/cloudinit/dump"
    assert (await api.ask("GET", dump, type="user")).data == (
        "#cloud-config\nhostname: web\nmanage_etc_hosts: true\nfqdn: web.lan\nuser: ann\n"
        "chpasswd:\n  expire: False\nusers:\n  - default\npackage_upgrade: true\n"
    )
    assert (await api.ask("GET", dump, type="network")).data == (
        "version: 1\nconfig:\n    - type: physical\n      name: eth0\n      mac_address: 'bc:24:11:00:00:01'\n"
        "      subnets:\n      - type: static\n        address: '10.0.0.2/24'\n        gateway: '10.0.0.1'\n"
        "      - type: ipv6_slaac\n    - type: nameserver\n      address:\n      - '1.1.1.1'\n"
        "      search:\n      - 'lan'\n"
    )


async def test_a_state_brings_vms_back_as_they_were(api: Api) -> None:
    await api.create(scsi0="local-zfs:1", start=1)
    await api.pass_until_idle()
    await api.put(cores=2)
    text = api.vm.text
    other = Api()
    read_state(other.world, write_state(api.world))
    assert (other.vm.text, other.vm.status) == (text, "running")
    assert other.volumes() == api.volumes()
