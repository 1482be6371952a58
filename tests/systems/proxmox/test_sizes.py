"""Sizes keep their exact value through every form that Proxmox writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_proxmox.sizes import GIB, MIB, allocation_text, memory_bytes, parse_size, resize_text

GRAINS = st.integers(1, 1 << 22).map(lambda count: count * 4 * MIB)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1G", GIB),
        ("3584M", 3584 * MIB),
        ("512K", 512 << 10),
        ("2T", 2 << 40),
        ("0T", 0),
        ("0.5G", 512 * MIB),
        ("17", 17),
    ],
)
def test_a_disk_size_is_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "1GiB", "-1G", "+1G", "G"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        parse_size(text)


@given(GRAINS)
def test_a_resize_names_the_exact_absolute_size(size: int) -> None:
    assert parse_size(resize_text(size)) == size


@given(GRAINS)
def test_an_allocation_names_the_exact_number_of_gib(size: int) -> None:
    text = allocation_text(size)

    assert "E" not in text.upper()
    assert parse_size(f"{text}G") == size


@pytest.mark.parametrize(
    ("size", "text"), [(32 * GIB, "32"), (512 * MIB, "0.5"), (1536 * MIB, "1.5"), (100 * GIB, "100")]
)
def test_an_allocation_is_short(size: int, text: str) -> None:
    assert allocation_text(size) == text


@pytest.mark.parametrize(("raw", "mib"), [("512", 512), ("current=512", 512), ("0512", 512), (512, 512)])
def test_memory_is_read_in_every_form(raw: str | int, mib: int) -> None:
    assert memory_bytes(raw) == mib * MIB
