from __future__ import annotations

from typing import Any

import pytest

from setpoint_lab.proxmox.users import Role
from setpoint_lab.proxmox.world import Pool
from tests.systems.lab_proxmox.qemu_api import Api

ADMIN = ("/vms", "PVEVMAdmin")
STORAGE = ("/storage/local-zfs", "PVEDatastoreUser")
BRIDGE = ("/sdn/zones/localnetwork", "PVESDNUser")
CREATE = {"vmid": 100, "scsi0": "local-zfs:1", "net0": "virtio,bridge=vmbr0"}


@pytest.fixture
async def api() -> Api:
    api = Api()
    await api.create(scsi0="local-zfs:1")
    return api


async def test_creating_needs_the_vm_then_the_storage_then_the_bridge() -> None:
    api = Api()
    reasons: list[str] = []
    for grants in ([], [ADMIN], [ADMIN, STORAGE], [ADMIN, STORAGE, BRIDGE]):
        api.become(*grants)
        reasons.append((await api.ask("POST", "/nodes/pve1/qemu", **CREATE)).reason)
    assert reasons == [
        "Permission check failed",
        "Permission check failed (/storage/local-zfs, Datastore.AllocateSpace)",
        "Permission check failed (/sdn/zones/localnetwork/vmbr0, SDN.Use)",
        "OK",
    ]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("args", "-foo", "only root can set 'args' config"),
        ("lock", "backup", "only root can set 'lock' config"),
        ("affinity", "0", "only root can set 'affinity' config"),
        ("usb0", "host=1234:5678", "only root can set 'usb0' config for real devices"),
        ("serial0", "/dev/ttyS0", "only root can set 'serial0' config for real devices"),
        ("hostpci0", "00:01.0", "only root can set 'hostpci0' config for non-mapped devices"),
        ("parallel0", "/dev/parport0", "only root can set 'parallel0' config"),
        ("startup", "order=1", "Permission check failed (/, Sys.Modify)"),
        ("scsi1", "/dev/loop0", "Only root can pass arbitrary filesystem paths. at /usr/share/perl5/PVE/Storage.pm line 651."),
        ("scsi1", "local-zfs:1", "Permission check failed (/storage/local-zfs, Datastore.AllocateSpace)"),
        ("net0", "virtio,bridge=vmbr0,tag=5", "Permission check failed (/sdn/zones/localnetwork/vmbr0/5, SDN.Use)"),
        ("ide2", "cdrom", "Permission check failed (/, Sys.Console)"),
    ],
)  # fmt: skip
async def test_even_an_administrator_of_vms_may_not_set_everything(
    api: Api, key: str, value: str, text: str
) -> None:
    api.become(ADMIN)
    assert (await api.put(**{key: value})).reason == text


@pytest.mark.parametrize(
    ("key", "value"),
    [("serial0", "socket"), ("usb0", "spice"), ("tags", "a"), ("ciuser", "a"), ("cores", "2"), ("memory", "256"), ("boot", "order=scsi0"), ("agent", "1"), ("smbios1", "serial=x")],
)  # fmt: skip
async def test_an_administrator_of_vms_may_set_the_rest(api: Api, key: str, value: str) -> None:
    api.become(ADMIN)
    assert (await api.put(**{key: value})).status == 200


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"cores": 2}, "VM.Config.CPU"),
        ({"memory": 256}, "VM.Config.Memory"),
        ({"net0": "virtio"}, "VM.Config.Network"),
        ({"boot": " "}, "VM.Config.Disk"),
        ({"delete": "scsi0"}, "VM.Config.Disk"),
        ({"vga": "std"}, "VM.Config.HWType"),
        ({"ciuser": "a"}, "VM.Config.Cloudinit|VM.Config.Network"),
    ],
)
async def test_every_class_of_options_has_its_privilege(api: Api, params: dict[str, Any], text: str) -> None:
    api.world.access.roles["Namer"] = Role("Namer", frozenset({"VM.Config.Options"}))
    api.become(("/vms/100", "Namer"))
    assert (await api.put(name="a")).status == 200
    assert (await api.put(**params)).reason == f"Permission check failed (/vms/100, {text})"


async def test_a_foreign_volume_needs_rights_on_its_vm(api: Api) -> None:
    await api.create(vmid=101, scsi0="local-zfs:1")
    api.become(("/vms/100", "PVEVMAdmin"), ("/storage/local-zfs", "PVEDatastoreUser"))
    answered = await api.put(scsi1="local-zfs:vm-101-disk-0")
    assert answered.reason == "Permission check failed (/vms/101, VM.Config.Disk)"
    api.become(ADMIN, STORAGE)
    assert (await api.put(scsi1="local-zfs:vm-101-disk-0")).status == 200


async def test_skipping_locks_is_for_root_alone(api: Api) -> None:
    api.become(ADMIN)
    answered = await api.put(memory=300, skiplock=1)
    assert answered.errors == {"skiplock": "Only root may use this option."}


async def test_a_pool_gives_the_right_to_create_in_it() -> None:
    api = Api()
    api.world.pools["p"] = Pool("p")
    api.become(("/pool/p", "PVEVMAdmin"))
    assert (await api.ask("POST", "/nodes/pve1/qemu", vmid=100)).reason == "Permission check failed"
    assert await api.create(pool="p", memory=256) == "OK"
    assert api.world.pools["p"].guests == {100}
