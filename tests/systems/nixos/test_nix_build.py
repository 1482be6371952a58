"""Building on this machine with real Nix: progress while it goes on, the log when it fails, nothing left when it is ended."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from setpoint_nixos.nix import commands
from setpoint_nixos.nix.events import Building, Counted, Event, Line
from setpoint_nixos.nix.failures import BuildError, MissingError, OverdueError
from setpoint_nixos.nix.perform import GoneError, Patience
from setpoint_nixos.nix.run import Bounds, Nix
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.nixes import VERSIONS, call, make_nix, physical, remove
from tests.systems.nixos.nixing import AMPLE, builds, evaluated, job, mentioned, until


@pytest.fixture(params=VERSIONS)
def any_nix(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Nix]:
    yield make_nix(tmp_path / "nix", request.param)
    remove(tmp_path / "nix")


@pytest.fixture
def own_nix(tmp_path: Path) -> Generator[Nix]:
    yield make_nix(tmp_path / "nix")
    remove(tmp_path / "nix")


async def test_a_build_is_told_as_it_goes_on_and_kept(any_nix: Nix, fleet: Fleet, tmp_path: Path) -> None:
    fleet.host("web01", payload="one")
    system = await evaluated(any_nix, fleet, "web01", tmp_path)
    heard: list[Event] = []
    await builds(any_nix, tmp_path).build(job(system, "web01"), heard.append)
    assert Building(system.drv) in heard
    counted = [event for event in heard if isinstance(event, Counted) and event.what == "builds"]
    assert (counted[-1].done, counted[-1].failed) == (4, 0)
    call(any_nix, "nix-collect-garbage")
    assert physical(any_nix, system.out).exists()
    (tmp_path / "roots/web01").unlink()
    call(any_nix, "nix-collect-garbage")
    assert not physical(any_nix, system.out).exists()


async def test_a_build_that_was_done_is_not_done_again(nix: Nix, fleet: Fleet, tmp_path: Path) -> None:
    fleet.host("web01", payload="twice")
    system = await evaluated(nix, fleet, "web01", tmp_path)
    heard: list[Event] = []
    await builds(nix, tmp_path).build(job(system, "web01"))
    await builds(nix, tmp_path).build(job(system, "web01"), heard.append)
    assert not [event for event in heard if isinstance(event, Building)]


async def test_a_failing_build_is_told_with_its_cause_and_its_log(
    any_nix: Nix, fleet: Fleet, tmp_path: Path
) -> None:
    fleet.host("web01", buildFail="no rule to make target")
    system = await evaluated(any_nix, fleet, "web01", tmp_path)
    heard: list[Event] = []
    with pytest.raises(BuildError) as caught:
        await builds(any_nix, tmp_path).build(job(system, "web01"), heard.append)
    assert "web01 cannot be built: " in str(caught.value)
    assert "failed with exit code 3" in str(caught.value)
    assert caught.value.log == ("compiling", "no rule to make target")
    assert Line(system.drv, "compiling") in heard


async def test_a_derivation_that_was_collected_is_told_apart(
    any_nix: Nix, fleet: Fleet, tmp_path: Path
) -> None:
    fleet.host("web01")
    system = await evaluated(any_nix, fleet, "web01", tmp_path)
    call(any_nix, "nix-collect-garbage")
    with pytest.raises(GoneError, match="evaluate it again"):
        await builds(any_nix, tmp_path).build(job(system, "web01"))


@pytest.mark.parametrize("how", ["cancelled", "overdue"])
async def test_a_build_that_is_ended_leaves_no_process(
    any_nix: Nix, fleet: Fleet, tmp_path: Path, how: str
) -> None:
    seconds = 600.0 + os.getpid() / 1e6  # known by its command line
    fleet.host("web01", buildSeconds=seconds)
    system = await evaluated(any_nix, fleet, "web01", tmp_path)
    patience = Patience(building=timedelta(seconds=4 if how == "overdue" else 60))
    going = asyncio.create_task(builds(any_nix, tmp_path, patience).build(job(system, "web01")))
    await until(lambda: bool(mentioned(f"sleep {seconds}")), "it is being built")
    if how == "cancelled":
        going.cancel()
    with pytest.raises((asyncio.CancelledError, OverdueError)):
        await going
    assert going.cancelled() == (how == "cancelled")
    await until(lambda: not mentioned(f"sleep {seconds}"), "no builder is left")
    assert not mentioned(str(tmp_path))


async def test_what_was_ended_is_built_by_the_next(own_nix: Nix, fleet: Fleet, tmp_path: Path) -> None:
    fleet.host("web01", buildSeconds=2)
    system = await evaluated(own_nix, fleet, "web01", tmp_path)
    hasty = Patience(building=timedelta(seconds=0.6))
    with pytest.raises(OverdueError):
        await builds(own_nix, tmp_path, hasty).build(job(system, "web01"))
    await builds(own_nix, tmp_path).build(job(system, "web01"))
    assert physical(own_nix, system.out).exists()


async def test_a_machine_without_nix_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="install Nix for the user of the daemon"):
        await Nix(programs=tmp_path).run(commands.VERSION, AMPLE)


async def test_what_a_program_says_without_end_is_kept_in_bounds(tmp_path: Path) -> None:
    program = tmp_path / "nix"
    program.write_text("#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x >&2\necho done >&2\nexit 7\n")
    program.chmod(0o755)
    heard: list[str] = []
    ended = await Nix(programs=tmp_path).run(
        commands.VERSION, Bounds(timedelta(seconds=30)), heard=heard.append
    )
    assert ended.code == 7
    assert len(ended.errors) <= 1 << 18
    assert ended.errors.endswith("done\n")
    assert sum(map(len, heard)) < 1 << 18
