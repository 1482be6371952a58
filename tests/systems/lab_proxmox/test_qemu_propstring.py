from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.propstring import render, size_bytes, size_text
from setpoint_lab.proxmox.qemu import nets, options
from setpoint_lab.proxmox.qemu.drives import Drive

NET = (options.shape("net0") or {})["format"]
SCSI = (options.shape("scsi0") or {})["format"]
WORDS = st.text(string.ascii_letters + string.digits + ":/.-_+;", min_size=1, max_size=12)


def values_of(
    shapes: Mapping[str, Mapping[str, Any]], required: list[str]
) -> st.SearchStrategy[dict[str, str]]:
    """Properties that a string of the format can hold."""
    plain = {name for name, shape in shapes.items() if "alias" not in shape}
    texts = {
        name: st.sampled_from(["0", "1"])
        if shapes[name].get("type") == "boolean"
        else st.sampled_from(shapes[name]["enum"])
        if "enum" in shapes[name]
        else WORDS
        for name in plain
    }
    must = {name: texts.pop(name) for name in required}
    return st.fixed_dictionaries(must, optional=texts)


@given(values_of(NET, ["model", "macaddr"]))
def test_a_printed_card_reads_back_as_it_was(values: dict[str, str]) -> None:
    assert split_properties(NET, render(NET, values)) == values


@given(values_of(SCSI, ["file"]))
def test_a_printed_drive_reads_back_as_it_was(values: dict[str, str]) -> None:
    assert split_properties(SCSI, render(SCSI, values)) == values


@given(values_of(NET, ["model", "macaddr"]))
def test_printing_is_stable(values: dict[str, str]) -> None:
    once = render(NET, values)
    assert render(NET, split_properties(NET, once)) == once


@given(st.integers(0, 1 << 62))
def test_a_size_reads_back_as_it_was(size: int) -> None:
    assert size_bytes(size_text(size)) == size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0T"),
        (1, "1"),
        (1 << 10, "1K"),
        (105 << 10, "105K"),
        (1024 << 20, "1G"),
        (3584 << 20, "3584M"),
        (1 << 40, "1T"),
        (2048 << 40, "2048T"),
    ],
)
def test_sizes_are_printed_in_the_largest_exact_unit(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1.5G", 1536 << 20),
        ("512M", 512 << 20),
        ("7", 7),
        ("abc", None),
        ("1.", None),
        ("G", None),
        ("", None),
    ],
)
def test_sizes_are_read_with_fractions(text: str, size: int | None) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize(
    ("sent", "printed"),
    [
        ("bridge=vmbr0,virtio=AA:BB:CC:DD:EE:01", "virtio=AA:BB:CC:DD:EE:01,bridge=vmbr0"),
        ("model=virtio,macaddr=AA:BB:CC:DD:EE:01,tag=3,bridge=b", "virtio=AA:BB:CC:DD:EE:01,bridge=b,tag=3"),
        ("virtio=aa:bb:cc:dd:ee:01,trunks=20;10,queues=4,link_down=yes", "virtio=aa:bb:cc:dd:ee:01,link_down=1,queues=4,trunks=20;10"),
    ],
)  # fmt: skip
def test_cards_are_printed_with_the_model_first_and_the_rest_by_name(sent: str, printed: str) -> None:
    assert render(NET, nets.parse(sent)) == printed


@pytest.mark.parametrize(
    ("sent", "printed"),
    [
        ("local-zfs:vm-1-disk-0,ssd=1,iothread=on,discard=on", "local-zfs:vm-1-disk-0,discard=on,iothread=1,ssd=1"),
        ("cache=none,volume=a:b,size=1024M", "a:b,cache=none,size=1G"),
        ("media=cdrom,file=none", "none,media=cdrom"),
        ("a:b,bps=1048576", "a:b,mbps=1.000"),
    ],
)  # fmt: skip
def test_drives_are_printed_with_the_file_first_and_the_rest_by_name(sent: str, printed: str) -> None:
    assert str(Drive.parse("scsi0", sent)) == printed


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("scsi0", "cache=none"),
        ("scsi0", "a,b"),
        ("scsi0", "none,media=cdrom,snapshot=1"),
        ("virtio0", "none,media=cdrom"),
    ],
)
def test_what_no_drive_can_be_is_refused(key: str, text: str) -> None:
    assert Drive.parse(key, text) is None
