"""What two systems differ in: the rows that real Nix tells, too, and a change of nothing but the revision."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_nixos.comparing import here
from setpoint_nixos.nix.closure import Closure, Row, rows, sized
from setpoint_nixos.nix.read import System, plain
from setpoint_nixos.nix.revision_only import Stamp, Stamped, canonical, is_revision_only
from setpoint_nixos.nix.run import Nix
from setpoint_nixos.shop import Shop, open_shop
from tests.systems.nixos.fleet import Fleet, Knobs
from tests.systems.nixos.nixes import VERSIONS, call, make_nix, remove
from tests.systems.nixos.nixing import AMPLE, evaluated

MIB = 1 << 20


@pytest.fixture(params=VERSIONS)
def any_nix(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Nix]:
    yield make_nix(tmp_path / "nix", request.param)
    remove(tmp_path / "nix")


def path(name: str, letter: str = "a") -> str:
    return f"/nix/store/{letter * 32}-{name}"


@pytest.mark.parametrize(
    ("before", "after", "row", "told"),
    [
        ({"linux-6.6.1": 9}, {"linux-6.6.2": 9}, Row("linux", ("6.6.1",), ("6.6.2",), 0), "linux 6.6.1 → 6.6.2"),
        ({"vim-9.0": 1, "vim-9.1": 1}, {"vim-9.1": 1}, Row("vim", ("9.0", "9.1"), ("9.1",), -1), "vim 9.0, 9.1 → 9.1"),
        ({"x": MIB}, {"x": 5 * MIB}, Row("x", ("",), ("",), 4 * MIB), "x, +4.0 MiB"),
        ({"x": 5 * MIB}, {}, Row("x", ("",), (), -5 * MIB), "x without version is gone, -5.0 MiB"),
        ({}, {"x-1.2-lib": 1}, Row("x", (), ("1.2",), 1), "x 1.2 is new"),
        ({"x": 0}, {"x-1.2": 0}, Row("x", ("",), ("1.2",), 0), "x without version → 1.2"),
        ({"nixos-system-web01-24.11": 0}, {"nixos-system-web01-25.05": 0},
         Row("nixos-system-web01", ("24.11",), ("25.05",), 0), "nixos-system-web01 24.11 → 25.05"),
    ],
    ids=["version", "versions", "grown", "gone", "new", "gets-a-version", "letters-are-no-version"],
)  # fmt: skip
def test_each_way_to_change_is_a_row(
    before: dict[str, int], after: dict[str, int], row: Row, told: str
) -> None:
    left = {path(name): size for name, size in before.items()}
    right = {path(name, "b"): size for name, size in after.items()}
    assert rows(left, right) == (row,)
    assert str(row) == told


def test_what_changes_only_in_its_content_is_in_no_row() -> None:
    assert rows({path("etc"): 5000, path("x-1"): 1}, {path("etc", "b"): 5001, path("x-1", "b"): 8192}) == ()


def test_what_has_another_version_comes_before_what_only_grew() -> None:
    found = rows({path("a"): 0, path("z-1"): 0}, {path("a", "b"): MIB, path("z-2", "b"): 0})
    assert [row.name for row in found] == ["z", "a"]


NAMES = st.sampled_from(
    ["bash-5.2p37", "bash-5.2-man", "gcc-13.3.0-lib", "etc", "linux-6.6", "linux-6.7", "x-a-1"]
)
CLOSURES = st.dictionaries(st.builds(path, NAMES, st.sampled_from("abc")), st.integers(0, 1 << 40))


@given(CLOSURES, CLOSURES)
def test_going_back_is_the_same_the_other_way_round(before: dict[str, int], after: dict[str, int]) -> None:
    there, back = rows(before, after), rows(after, before)
    assert [(row.name, row.after, row.before, -row.size) for row in there] == [
        (row.name, row.before, row.after, row.size) for row in back
    ]
    assert rows(before, before) == ()
    unchanged = sum(after.values()) - sum(before.values()) - sum(row.size for row in there)
    assert abs(unchanged) < 8192 * 7


@given(st.text())
def test_no_text_gives_more_than_an_error(text: str) -> None:
    with suppress(ValueError):
        sized(text)


async def systems(nix: Nix, fleet: Fleet, tmp_path: Path, *knobs: Knobs) -> list[System]:
    found: list[System] = []
    for each in knobs:
        fleet.host("web01", **each)
        found.append(await evaluated(nix, fleet, "web01", tmp_path))
    return found


async def test_the_rows_are_those_of_real_nix(any_nix: Nix, fleet: Fleet, tmp_path: Path) -> None:
    made = await systems(
        any_nix,
        fleet,
        tmp_path,
        {"kernel": "6.6.1", "ballast": MIB},
        {"kernel": "6.6.2", "ballast": 5 * MIB},
        {"kernel": "6.6.2", "payload": "only the configuration"},
        {"kernel": "6.6.2", "payload": "something else"},
    )
    for each in made:
        await asyncio.to_thread(call, any_nix, "nix-store", "--realise", each.drv)
    at = open_shop(tmp_path / "shop", any_nix)
    for before, after in pairwise(made):
        found = rows(await closure(at, before.out), await closure(at, after.out))
        told = await asyncio.to_thread(call, any_nix, "nix", "store", "diff-closures", before.out, after.out)
        lines = [plain(line).partition(": ") for line in told.splitlines() if ": " in line]
        assert sorted(row.name for row in found) == sorted(name for name, _, _ in lines)
        versions = {name: rest.rpartition(", ")[0] or rest for name, _, rest in lines if "→" in rest}
        for row in found:
            if row.before and row.after and row.before != row.after:
                assert versions[row.name] == f"{row.before[0]} → {row.after[0]}"
    first, second, third, _ = made
    by_name = {row.name: row for row in rows(await closure(at, first.out), await closure(at, second.out))}
    assert by_name["linux"] == Row("linux", ("6.6.1",), ("6.6.2",), 0)
    assert by_name["ballast"].size == 4 * MIB
    (gone,) = rows(await closure(at, second.out), await closure(at, third.out))
    assert (gone.name, gone.after) == ("ballast", ())


async def closure(at: Shop, system: str) -> Closure:
    found = await here(at.nix, system)
    assert found is not None
    return found


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
