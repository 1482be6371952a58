"""By which ids the daemon knows the machine that it runs on."""

from __future__ import annotations

from pathlib import Path

import pytest

from setpoint.machine import CREDENTIAL, own_ids, plain_id

UUID = "0B0E4C71-6A0E-4A6C-9A63-0B7F2D9D3A01"
PLAIN = "0b0e4c716a0e4a6c9a630b7f2d9d3a01"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (UUID, PLAIN),
        (f"{PLAIN}\n", PLAIN),
        ("", ""),
        ("uninitialized", ""),
        ("Not Settable", ""),
        ("00000000-0000-0000-0000-000000000000", ""),
        ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", ""),
    ],
)
def test_one_id_has_one_form_and_what_many_machines_say_is_none(text: str, plain: str) -> None:
    assert plain_id(text) == plain


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_every_id_that_can_be_read_counts(tmp_path: Path) -> None:
    assert own_ids({}, tmp_path) == frozenset()
    write(tmp_path / "etc/machine-id", b"1" * 16 + b"2" * 16 + b"\n")
    assert own_ids({}, tmp_path) == {"1" * 16 + "2" * 16}
    write(tmp_path / "sys/class/dmi/id/product_uuid", UUID.encode())
    assert own_ids({}, tmp_path) == {"1" * 16 + "2" * 16, PLAIN}


def test_the_firmware_that_only_root_may_read_can_be_handed_over_as_a_credential(tmp_path: Path) -> None:
    write(tmp_path / "credentials" / CREDENTIAL, UUID.encode())
    assert own_ids({"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}, tmp_path) == {PLAIN}


def test_what_is_no_text_is_no_id(tmp_path: Path) -> None:
    write(tmp_path / "etc/machine-id", b"\xff\xfe")
    assert own_ids({}, tmp_path) == frozenset()
