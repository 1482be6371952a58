"""What two systems differ in: rows of real Nix in each version's shape, and a change of nothing but the revision."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_nixos.nix import commands
from setpoint_nixos.nix.closure import Row, rows
from setpoint_nixos.nix.read import System
from setpoint_nixos.nix.revision_only import Stamp, Stamped, canonical, is_revision_only
from setpoint_nixos.nix.run import Nix
from tests.systems.nixos.fleet import Fleet, Knobs
from tests.systems.nixos.nixes import VERSIONS, call, make_nix, remove
from tests.systems.nixos.nixing import AMPLE, evaluated

MIB = 1 << 20


@pytest.fixture(params=VERSIONS)
def any_nix(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Nix]:
    yield make_nix(tmp_path / "nix", request.param)
    remove(tmp_path / "nix")


@pytest.mark.parametrize(
    ("line", "row", "told"),
    [
        ("linux: 6.6.1 → 6.6.2", Row("linux", ("6.6.1",), ("6.6.2",), 0), "linux 6.6.1 → 6.6.2"),
        ("vim: 9.0, 9.1 → 9.1, +12.5 KiB", Row("vim", ("9.0", "9.1"), ("9.1",), 12_800), "vim 9.0, 9.1 → 9.1, +0.0 MiB"),
        ("\x1b[1mx\x1b[0m: \x1b[31;1m+4096.0 KiB\x1b[0m", Row("x", (), (), 4 * MIB), "x, +4.0 MiB"),
        ("x: \x1b[31;1m4.0 MiB\x1b[0m", Row("x", (), (), 4 * MIB), "x, +4.0 MiB"),
        ("x: ε → ∅, -5.0 MiB", Row("x", ("",), (), -5 * MIB), "x is gone, -5.0 MiB"),
        ("x: ∅ → 1.2", Row("x", (), ("1.2",), 0), "x 1.2 is new"),
        ("x: ε → 1.2", Row("x", ("",), ("1.2",), 0), "x without version → 1.2"),
    ],
    ids=["version", "versions", "grown", "grown-without-sign", "gone", "new", "gets-a-version"],
)  # fmt: skip
def test_each_shape_of_a_row_is_read(line: str, row: Row, told: str) -> None:
    assert rows(f"{line}\n") == (row,)
    assert str(row) == told


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    rows(text)


async def systems(nix: Nix, fleet: Fleet, tmp_path: Path, *knobs: Knobs) -> list[System]:
    found: list[System] = []
    for each in knobs:
        fleet.host("web01", **each)
        found.append(await evaluated(nix, fleet, "web01", tmp_path))
    return found


async def test_what_real_nix_tells_is_read(any_nix: Nix, fleet: Fleet, tmp_path: Path) -> None:
    first, second, third = await systems(
        any_nix,
        fleet,
        tmp_path,
        {"kernel": "6.6.1", "ballast": MIB},
        {"kernel": "6.6.2", "ballast": 5 * MIB},
        {"kernel": "6.6.2", "payload": "only the configuration"},
    )
    for each in (first, second, third):
        await asyncio.to_thread(call, any_nix, "nix-store", "--realise", each.drv)

    async def between(before: System, after: System) -> tuple[Row, ...]:
        return rows((await any_nix.run(commands.differences(before.out, after.out), AMPLE)).output)

    changed = {row.name: row for row in await between(first, second)}
    assert changed["linux"] == Row("linux", ("6.6.1",), ("6.6.2",), 0)
    assert changed["ballast"].size == 4 * MIB
    (gone,) = await between(second, third)
    assert (gone.name, gone.after) == ("ballast", ())
    assert -6 * MIB < gone.size < -4 * MIB


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"stamp": True}, {"stamp": True}, True, id="revision"),
        pytest.param({"stamp": True, "kernel": "6.7"}, {"stamp": True, "kernel": "6.8"}, False, id="kernel-too"),
        pytest.param({"stamp": True, "payload": "a"}, {"stamp": True, "payload": "b"}, False, id="content-too"),
        pytest.param({"stamp": True}, {"stamp": True, "ballast": 1}, False, id="another-input"),
        pytest.param({"payload": "a"}, {"payload": "a"}, False, id="nothing"),
    ],
)  # fmt: skip
async def test_a_change_of_the_revision_alone_is_told_apart(
    any_nix: Nix, fleet: Fleet, tmp_path: Path, before: Knobs, after: Knobs, *, expected: bool
) -> None:
    stamped: list[Stamped] = []
    for knobs in (before, after):
        (system,) = await systems(any_nix, fleet, tmp_path, knobs)
        stamped.append(Stamped(system.drv, Stamp(head(fleet), 1_700_000_000)))
    assert await is_revision_only(any_nix, stamped[0], stamped[1], AMPLE) is expected


async def test_what_was_collected_is_not_called_the_same(nix: Nix, tmp_path: Path) -> None:
    gone = [Stamped(f"/nix/store/{letter * 32}-x.drv", Stamp(letter * 40, 0)) for letter in "ab"]
    assert not await is_revision_only(nix, gone[0], gone[1], AMPLE)


def head(fleet: Fleet) -> str:
    return (fleet.repository / "refs/heads/main").read_text().strip()


def drv(letter: str, name: str, rest: str, inputs: str = "") -> dict[str, str]:
    out = f"/nix/store/{letter * 32}-{name}"
    return {f"{out}.drv": f'Derive([("out","{out}","","")],[{inputs}],[],"p","/bin/sh",[],[("x","{rest}")])'}


def test_the_order_of_inputs_and_their_paths_count_for_nothing() -> None:
    a, b, c, d = (f"/nix/store/{letter * 32}-{name}" for letter, name in zip("abcd", "pqqp", strict=True))
    left = (
        drv("a", "p", "P")
        | drv("b", "q", "Q")
        | drv("f", "top", f"{a} {b}", f'("{a}.drv",["out"]),("{b}.drv",["out"])')
    )
    right = (
        drv("d", "p", "P")
        | drv("c", "q", "Q")
        | drv("g", "top", f"{d} {c}", f'("{c}.drv",["out"]),("{d}.drv",["out"])')
    )
    assert canonical(left, ()) == canonical(right, ()) is not None
    swapped = (
        drv("d", "p", "Q")
        | drv("c", "q", "P")
        | drv("g", "top", f"{d} {c}", f'("{c}.drv",["out"]),("{d}.drv",["out"])')
    )
    assert canonical(left, ()) != canonical(swapped, ())


def test_a_text_that_is_no_derivation_is_not_judged() -> None:
    assert canonical({"/nix/store/x.drv": "DrvWithVersion(...)"}, ()) is None


def test_the_marks_of_a_stamp_hold_what_a_flake_can_tell() -> None:
    stamp = Stamp("0123456789abcdef0123456789abcdef01234567", int(timedelta(days=20_000).total_seconds()))
    assert stamp.marks() == (
        "0123456789abcdef0123456789abcdef01234567", "0123456789ab", "0123456", "20241004000000", "20241004", "1728000000",
    )  # fmt: skip
