"""NICs and disks in every form, and answers in none that is expected."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from setpoint.model.errors import RefusalError
from setpoint.model.tree import Json
from setpoint_proxmox.answer import operation, record, records
from setpoint_proxmox.kinds.virtual_machine.strings import DiskText, NicText

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
    ("text", "storage"),
    [
        ("local-zfs:vm-1-disk-0,size=1G", "local-zfs"),
        ("volume=local-zfs:vm-1-disk-0", "local-zfs"),
        ("/dev/disk/by-id/x:y", None),
        ("none,media=cdrom", None),
    ],
)
def test_the_storage_of_a_disk(text: str, storage: str | None) -> None:
    assert DiskText.parse(text).storage == storage


def test_what_names_no_volume_is_no_disk() -> None:
    with pytest.raises(ValueError, match="names no volume"):
        DiskText.parse("size=1G")


@pytest.mark.parametrize(
    ("read", "value"),
    [(record, []), (record, None), (records, {}), (records, [1]), (operation, None), (operation, "done")],
)
def test_an_answer_of_another_form_is_an_error(read: Callable[[Json], object], value: Json) -> None:
    with pytest.raises(RefusalError, match="was expected"):
        read(value)
