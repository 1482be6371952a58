from __future__ import annotations

import re
from typing import Any

import pytest

from setpoint_lab.clock import VirtualClock
from setpoint_lab.proxmox.events import EVENTS
from setpoint_lab.proxmox.world import World
from tests.systems.lab_proxmox.qemu_api import VM, Api

MAC = r"BC(:[0-9A-F]{2}){5}"
KEY = "ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIOr%2BE7o7TTe%2B6wLDOOtV06YCdC6EqUgQ0p4tnzBZiB5P%20a%40b"


@pytest.fixture
async def api() -> Api:
    api = Api()
    assert await api.create(name="norm", scsi0="local-zfs:1") == "OK"
    return api


@pytest.mark.parametrize(
    ("key", "sent", "returned"),
    [
        ("memory", "current=512", "current=512"),
        ("memory", "0512", "0512"),
        ("cores", "02", 2),
        ("cpulimit", "1.50", "1.50"),
        ("onboot", "0", 0),
        ("description", "a\nb\n\n", "a\nb"),
        ("description", "", None),
        ("tags", "Zeta, alpha;alpha", "alpha;zeta"),
        ("tags", "", " "),
        ("boot", "", " "),
        ("agent", "fstrim_cloned_disks=1,enabled=1", "fstrim_cloned_disks=1,enabled=1"),
        ("startup", "up=30,order=1", "up=30,order=1"),
        ("cpu", "cputype=host", "cputype=host"),
        ("nameserver", "1.1.1.1,8.8.8.8", "1.1.1.1,8.8.8.8"),
        ("ipconfig0", "gw=10.0.0.1,ip=10.0.0.2/24", "gw=10.0.0.1,ip=10.0.0.2/24"),
        ("sshkeys", KEY, KEY),
        ("cipassword", "secret", "**********"),
        ("net0", "tag=3,bridge=vmbr0,virtio=AA:BB:CC:DD:EE:01", "virtio=AA:BB:CC:DD:EE:01,bridge=vmbr0,tag=3"),
        ("net0", "virtio=aa:bb:cc:dd:ee:01", "virtio=aa:bb:cc:dd:ee:01"),
        ("ide2", "none", "none,media=cdrom"),
        ("ide2", "cdrom", "cdrom,media=cdrom"),
        ("ide3", "local-zfs:cloudinit", "local-zfs:vm-100-cloudinit,media=cdrom"),
        ("cdrom", "none", None),
        ("scsi1", "local-zfs:0.5", "local-zfs:vm-100-disk-1,size=512M"),
        ("scsi1", "local-zfs:0", "local-zfs:vm-100-disk-1,size=0T"),
        ("scsi1", "local-zfs:1,size=9G,ssd=yes", "local-zfs:vm-100-disk-1,size=1G,ssd=1"),
        ("scsi1", "local:1", "local:100/vm-100-disk-0.raw,size=1G"),
        ("scsi1", "local:1,format=qcow2", "local:100/vm-100-disk-0.qcow2,size=1G"),
        ("scsi0", "local-zfs:vm-100-disk-0,size=99G,cache=none", "local-zfs:vm-100-disk-0,cache=none,size=1G"),
        ("tpmstate0", "local-zfs:1,version=v2.0", "local-zfs:vm-100-disk-1,size=4M,version=v2.0"),
        ("efidisk0", "local:1,efitype=4m", "local:100/vm-100-disk-0.raw,efitype=4m,size=528K"),
        ("vmgenid", "0", "0"),
        ("unused0", "local-zfs:vm-100-disk-0", None),
    ],
)  # fmt: skip
async def test_a_value_comes_back_in_its_own_form(api: Api, key: str, sent: str, returned: object) -> None:
    answered = await api.put(**{key: sent})
    assert (answered.status, answered.data) == (200, None)
    assert (await api.config()).get(key) == returned


@pytest.mark.parametrize(
    ("key", "sent", "status", "text"),
    [
        ("net0", "bogus,bridge=vmbr0", 400, "invalid format - format error\nnet0.model: value 'bogus' does not"),
        ("tags", "A/b", 400, "invalid format - invalid characters in tag\n"),
        ("balloon", "99999", 500, "balloon value too large (must be smaller than assigned memory)"),
        ("boot", "order=net0", 500, "invalid bootorder: device 'net0' does not exist'"),
        ("sshkeys", "garbage", 500, "SSH public key validation error"),
        ("hookscript", "local:snippets/x.sh", 400, "script 'local:snippets/x.sh' does not exist\n"),
        ("hookscript", "local:iso/x.iso", 400, "'local:iso/x.iso' is not in the snippets directory\n"),
        ("scsi1", "nostore:1", 500, "storage 'nostore' does not exist"),
        ("scsi1", "1", 400, "unable to parse volume ID '1'"),
        ("scsi1", "local-zfs:10G", 500, "unable to parse zfs volume name '10G'"),
        ("scsi1", "local:bad", 500, "unable to parse directory volume name 'bad'"),
        ("scsi1", "local-zfs:1,format=qcow2", 500, "unsupported format 'qcow2' at "),
        ("scsi1", "local:100/nope.qcow2", 500, "volume 'local:100/nope.qcow2' does not exist"),
        ("scsi1", "local-zfs:vm-100-disk-9", 500, "timeout: no zvol device link for 'vm-100-disk-9' found after 10 sec."),
        ("scsi1", "/dev/loop0", 500, "volume /dev/loop0 does not exist"),
        ("scsi1", "local:iso/x.iso", 400, "explicit 'media=cdrom' is required for iso images"),
        ("scsi1", "local-zfs:1,import-from=local-zfs:vm-100-disk-0", 400, "'import-from' requires special syntax"),
        ("virtio0", "none,media=cdrom", 400, "unable to parse drive options"),
        ("delete", "nosuchkey", 400, "unknown option 'nosuchkey'"),
        ("revert", "nosuchkey", 400, "unknown option 'nosuchkey'"),
        ("net32", "virtio", 400, "property is not defined in schema"),
    ],
)  # fmt: skip
async def test_a_bad_value_is_refused_in_the_words_of_a_real_node(
    api: Api, key: str, sent: str, status: int, text: str
) -> None:
    before = (await api.config())["digest"]
    answered = await api.put(**{key: sent})
    assert answered.status == status
    assert text in (answered.errors.get(key, "") if status == 400 else answered.reason)
    assert (await api.config())["digest"] == before


async def test_nothing_to_do_is_an_error(api: Api) -> None:
    assert (await api.put()).reason == "no options specified"


@pytest.mark.parametrize(
    ("params", "key", "text"),
    [
        ({"cores": 1, "delete": "cores"}, "delete", "you can't use '-cores' and -delete cores' at the same time"),
        ({"cores": 1, "revert": "cores"}, "delete", "you can't use '-cores' and '-revert cores' at the same time"),
        ({"delete": "cores", "revert": "cores"}, "revert", "you can't use '-delete cores' and '-revert cores' at the same time"),
    ],
)  # fmt: skip
async def test_one_key_cannot_go_two_ways(api: Api, params: dict[str, Any], key: str, text: str) -> None:
    assert (await api.put(**params)).errors == {key: text}


async def test_a_card_without_mac_gets_a_new_one_every_time(api: Api) -> None:
    seen = set()
    for _ in range(3):
        await api.put(net0="virtio,bridge=vmbr0")
        seen.add((await api.config())["net0"])
    assert len(seen) == 3
    assert all(re.fullmatch(rf"virtio={MAC},bridge=vmbr0", card) for card in seen)


async def test_the_datacentre_sets_the_prefix_of_macs_and_the_style_of_tags(api: Api) -> None:
    api.world.datacenter = {"mac_prefix": "0a:bc", "tag-style": "case-sensitive=1,ordering=config"}
    await api.put(net0="virtio", tags="b,A,b")
    config = await api.config()
    assert config["net0"].startswith("virtio=0A:BC:")
    assert config["tags"] == "b;A"


async def test_allocating_twice_detaches_the_first_disk(api: Api) -> None:
    await api.put(scsi0="local-zfs:2")
    config = await api.config()
    assert config["scsi0"] == "local-zfs:vm-100-disk-1,size=2G"
    assert config["unused0"] == "local-zfs:vm-100-disk-0"


async def test_a_detached_disk_that_is_attached_again_is_no_longer_unused(api: Api) -> None:
    await api.put(delete="scsi0")
    assert (await api.config())["unused0"] == "local-zfs:vm-100-disk-0"
    await api.put(scsi3="local-zfs:vm-100-disk-0")
    config = await api.config()
    assert "unused0" not in config
    assert config["scsi3"] == "local-zfs:vm-100-disk-0,size=1G"


async def test_deleting_an_unused_disk_destroys_it(api: Api) -> None:
    await api.put(delete="scsi0")
    await api.put(delete="unused0")
    assert api.volumes() == []
    assert "unused0" not in await api.config()


async def test_deleting_a_disk_by_force_destroys_it(api: Api) -> None:
    await api.put(delete="scsi0", force=1)
    assert api.volumes() == []
    assert "unused0" not in await api.config()


async def test_a_foreign_volume_is_forgotten_but_not_destroyed(api: Api) -> None:
    assert await api.create(vmid=101, scsi0="local-zfs:1") == "OK"
    assert (await api.put(scsi1="local-zfs:vm-101-disk-0")).status == 200
    await api.put(delete="scsi1")
    assert "unused0" not in await api.config()
    await api.put(scsi1="local-zfs:vm-101-disk-0")
    await api.put(delete="scsi1", force=1)
    assert "local-zfs:vm-101-disk-0" in api.volumes()


async def test_the_boot_order_follows_its_drives(api: Api) -> None:
    await api.put(ide2="none,media=cdrom")
    assert (await api.config())["boot"] == "order=scsi0;ide2"
    await api.put(delete="scsi0")
    assert (await api.config())["boot"] == "order=ide2"
    await api.put(delete="ide2")
    assert (await api.config())["boot"] == " "


async def test_a_second_cloudinit_drive_is_refused(api: Api) -> None:
    await api.put(ide2="local-zfs:cloudinit")
    answered = await api.put(ide3="local-zfs:cloudinit")
    assert answered.reason == "ide3 - cloud-init drive is already attached at 'ide2'"


async def test_a_replaced_cloudinit_drive_takes_its_volume_along(api: Api) -> None:
    await api.put(ide2="local-zfs:cloudinit")
    assert "local-zfs:vm-100-cloudinit" in api.volumes()
    await api.put(ide2="none,media=cdrom")
    assert "local-zfs:vm-100-cloudinit" not in api.volumes()


async def test_protection_keeps_disks(api: Api) -> None:
    await api.put(protection=1)
    assert (await api.put(delete="scsi0")).reason == "can't remove drive 'scsi0' - protection mode enabled"


async def test_the_lowest_free_number_is_taken_per_storage(api: Api) -> None:
    await api.put(scsi1="local-zfs:1")
    await api.put(delete="scsi0", force=1)
    await api.put(scsi2="local-zfs:1", scsi3="local:1")
    config = await api.config()
    assert config["scsi2"] == "local-zfs:vm-100-disk-0,size=1G"
    assert config["scsi3"] == "local:100/vm-100-disk-0.raw,size=1G"


async def test_what_was_written_before_the_failing_key_stays_pending() -> None:
    kept = set()
    for seed in range(8):
        api = Api(World(VirtualClock(), seed=seed, lag=0))
        await api.create()
        answered = await api.put(memory=256, scsi0="local:100/nope.qcow2")
        assert answered.reason == "volume 'local:100/nope.qcow2' does not exist"
        rows = await api.pending()
        kept.add(rows.get("memory", {}).get("pending"))
        assert (await api.config()).get("memory") == rows.get("memory", {}).get("pending")
        assert "memory" not in await api.config(current=1)
    assert kept == {None, "256"}


async def test_what_stayed_pending_is_applied_by_the_next_change(api: Api) -> None:
    vm = api.vm
    config = vm.load()
    config.pending["memory"] = "256"
    vm.write(config)
    await api.put(name="other")
    assert (await api.pending())["memory"] == {"value": "256"}


async def test_the_digest_changes_with_writes_only(api: Api) -> None:
    first = (await api.config())["digest"]
    assert (await api.config(current=1))["digest"] == first == (await api.pending())["digest"]["value"]
    await api.put(name="norm")
    assert (await api.config())["digest"] == first
    await api.put(description="x")
    assert (await api.config())["digest"] != first


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("digest", ["0" * 40, "zz"])
async def test_another_digest_is_a_conflict(api: Api, method: str, digest: str) -> None:
    answered = await api.ask(method, f"{VM}/config", cores=2, digest=digest)
    assert (answered.status, answered.reason) == (500, "checksum mismatch (file change by other user?)")
    assert "cores" not in await api.config()


async def test_the_right_digest_is_none(api: Api) -> None:
    assert (await api.put(cores=2, digest=(await api.config())["digest"])).status == 200


async def test_post_changes_in_a_task(api: Api) -> None:
    assert await api.done("POST", f"{VM}/config", memory=768, cipassword="secret") == "OK"
    assert api.log("qmconfig") == ["update VM 100: -cipassword <hidden> -memory 768", "TASK OK"]
    assert (await api.config())["memory"] == "768"


async def test_a_failing_post_says_so_in_its_task(api: Api) -> None:
    assert (
        await api.done("POST", f"{VM}/config", scsi1="local:100/nope.raw")
        == "volume 'local:100/nope.raw' does not exist"
    )


async def test_a_locked_vm_is_changed_by_root_alone(api: Api) -> None:
    await api.put(lock="backup")
    assert (await api.put(cores=2)).reason == "VM is locked (backup)"
    assert (await api.put(cores=2, skiplock=1)).status == 200
    assert (await api.put(delete="lock", skiplock=1)).status == 200
    assert (await api.put(cores=1)).status == 200


async def test_a_lock_can_be_taken_away_on_the_node_itself(api: Api) -> None:
    await api.put(lock="backup")
    await EVENTS["guest_unlock"](api.world, {"vmid": 100})
    assert (await api.put(cores=2)).status == 200


async def test_who_cannot_get_the_files_lock_gives_up_after_ten_seconds(api: Api) -> None:
    await EVENTS["guest_lock_held"](api.world, {"vmid": 100, "longer_than_s": 10})
    start = api.world.clock.now()
    answered = await api.put(cores=2)
    assert answered.reason == "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"
    assert 10 <= api.world.clock.now() - start < 11


async def test_who_waits_shorter_gets_the_files_lock(api: Api) -> None:
    await EVENTS["guest_lock_held"](api.world, {"vmid": 100, "longer_than_s": 5})
    assert (await api.put(cores=2)).status == 200


async def test_without_quorum_nothing_is_written(api: Api) -> None:
    api.world.quorate = False
    answered = await api.put(cores=2)
    assert re.fullmatch(
        r"unable to open file '/etc/pve/nodes/pve1/qemu-server/100\.conf\.tmp\.\d+' - Permission denied",
        answered.reason,
    )
    assert "cores" not in await api.config()


async def test_an_unknown_vm_is_an_internal_error() -> None:
    answered = await Api().put(cores=2)
    assert (answered.status, answered.reason) == (
        500,
        "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist",
    )
