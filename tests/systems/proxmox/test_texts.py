"""NICs and disks in every form, and answers in none that is expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from setpoint.model.errors import RefusalError
from setpoint.model.tree import Json
from setpoint_proxmox.answer import operation, record, records
from setpoint_proxmox.guest.syntax import storage_of
from setpoint_proxmox.kinds.virtual_machine.strings import (
    DRIVE,
    NicText,
    is_cdrom,
    is_cloudinit,
    is_disk,
)

MAC = "BC:24:11:00:00:01"


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (f"virtio={MAC},bridge=vmbr0", f"virtio={MAC},bridge=vmbr0"),
        (f"model=virtio,macaddr={MAC},bridge=vmbr0", f"virtio={MAC},bridge=vmbr0"),
        (f"bridge=vmbr0,tag=10,firewall=1,virtio={MAC}", f"virtio={MAC},bridge=vmbr0,firewall=1,tag=10"),
        (f"e1000-82540em={MAC},link_down=1", f"e1000-82540em={MAC},link_down=1"),
        ("virtio,bridge=vmbr0", "virtio,bridge=vmbr0"),
    ],
)
def test_a_nic_is_printed_as_proxmox_prints_it(text: str, printed: str) -> None:
    assert NicText.parse(text).render() == printed
    assert NicText.parse(printed).render() == printed


@pytest.mark.parametrize("text", ["", "bridge=vmbr0", "a=1,a=2"])
def test_what_is_no_nic_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"'"):
        NicText.parse(text)


@pytest.mark.parametrize(
    ("volume", "storage"),
    [
        ("local-zfs:vm-1-disk-0", "local-zfs"),
        ("local:100/vm-100-disk-0.qcow2", "local"),
        ("/dev/disk/by-id/x:y", None),
        ("none", None),
    ],
)
def test_the_storage_of_a_volume(volume: str, storage: str | None) -> None:
    assert storage_of(volume) == storage


SORTS: list[tuple[str, Callable[[Mapping[str, str]], bool]]] = [
    ("local-zfs:vm-1-disk-0,size=1G", is_disk),
    ("volume=local-zfs:vm-1-disk-0", is_disk),
    ("local:1/vm-1-disk-0.qcow2", is_disk),
    ("none,media=cdrom", is_cdrom),
    ("cdrom,media=cdrom", is_cdrom),
    ("local:iso/cloudinit-tools.iso,media=cdrom", is_cdrom),
    ("local-zfs:vm-1-cloudinit,media=cdrom", is_cloudinit),
    ("local:1/vm-1-cloudinit.qcow2,media=cdrom,size=4M", is_cloudinit),
    ("local-zfs:cloudinit", is_cloudinit),
]


@pytest.mark.parametrize(("text", "sort"), SORTS, ids=[text for text, _ in SORTS])
def test_a_drive_is_of_one_sort(text: str, sort: Callable[[Mapping[str, str]], bool]) -> None:
    drive = DRIVE.split(text)

    assert [one for one in (is_disk, is_cdrom, is_cloudinit) if one(drive)] == [sort]


def test_a_device_of_the_node_is_no_drive_of_ours() -> None:
    drive = DRIVE.split("/dev/disk/by-id/x:y")

    assert [is_disk(drive), is_cdrom(drive), is_cloudinit(drive)] == [False, False, False]


@pytest.mark.parametrize(
    ("read", "value"),
    [(record, []), (record, None), (records, {}), (records, [1]), (operation, None), (operation, "done")],
)
def test_an_answer_of_another_form_is_an_error(read: Callable[[Json], object], value: Json) -> None:
    with pytest.raises(RefusalError, match="was expected"):
        read(value)
