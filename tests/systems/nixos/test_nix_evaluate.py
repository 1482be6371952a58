"""Evaluation with real Nix: one process per host, remembered by what it was made of, bounded, and never wrong in silence."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest

from setpoint.model.errors import RefusalError
from setpoint_nixos.nix import run
from setpoint_nixos.nix.evaluate import Evaluations, Wanted
from setpoint_nixos.nix.failures import EvaluationError, OverdueError
from setpoint_nixos.nix.flake import Flakes
from setpoint_nixos.nix.flake_url import FlakeUrl, Pinned
from setpoint_nixos.nix.run import Bounds, Nix
from setpoint_nixos.nix.workshop import Budgets, Load, Work, Workshop
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.nixes import VERSIONS, call, make_nix, physical, remove
from tests.systems.nixos.nixing import AMPLE, mentioned, pin, until


@pytest.fixture(params=VERSIONS)
def nix(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Nix]:
    yield make_nix(tmp_path / "nix", request.param)
    remove(tmp_path / "nix")


@pytest.fixture
def installed(tmp_path: Path) -> Generator[Nix]:
    yield make_nix(tmp_path / "nix")
    remove(tmp_path / "nix")


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    made = Fleet(tmp_path)
    made.host("web01", payload="one")
    made.host("web.example", payload="two")
    made.host("torn", throw="no root file system")
    return made


def evaluations(
    nix: Nix, tmp_path: Path, bounds: Bounds = AMPLE, budgets: Budgets | None = None
) -> Evaluations:
    return Evaluations(nix, tmp_path / "evaluations", Workshop(budgets or Budgets()), bounds)


async def test_a_system_is_told_without_building_it(nix: Nix, fleet: Fleet, tmp_path: Path) -> None:
    flake = await pin(fleet, tmp_path)
    found = await evaluations(nix, tmp_path).evaluate(Wanted(flake, "web01"))
    assert not found.remembered
    assert found.system.platform == "x86_64-linux"
    assert physical(nix, found.system.drv).exists()
    assert not physical(nix, found.system.out).exists()
    assert call(nix, "nix-store", "--realise", found.system.drv) == found.system.out


async def test_a_throwing_host_is_told_by_its_cause_and_stops_no_other(
    nix: Nix, fleet: Fleet, tmp_path: Path
) -> None:
    flake = await pin(fleet, tmp_path)
    at_work = evaluations(nix, tmp_path)
    failed, good = await asyncio.gather(
        at_work.evaluate(Wanted(flake, "torn")),
        at_work.evaluate(Wanted(flake, "web.example")),
        return_exceptions=True,
    )
    assert isinstance(failed, EvaluationError)
    assert str(failed).startswith(
        f"torn cannot be evaluated at revision {flake.revision[:12]}: no root file system;"
    )
    assert not isinstance(good, BaseException)


async def test_a_missing_host_is_named(nix: Nix, fleet: Fleet, tmp_path: Path) -> None:
    flake = await pin(fleet, tmp_path)
    with pytest.raises(EvaluationError, match=r"has no nixosConfigurations\.nowhere; add it"):
        await evaluations(nix, tmp_path).evaluate(Wanted(flake, "nowhere"))


async def test_an_evaluation_that_eats_memory_ends_at_its_bound(
    nix: Nix, fleet: Fleet, tmp_path: Path
) -> None:
    fleet.host("web01", burn=3_000_000)
    flake = await pin(fleet, tmp_path)
    narrow = Bounds(timedelta(seconds=60), 100 << 20)
    with pytest.raises(EvaluationError, match="needs more than 100 MiB of memory"):
        await evaluations(nix, tmp_path, narrow).evaluate(Wanted(flake, "web01"))
    assert (await evaluations(nix, tmp_path).evaluate(Wanted(flake, "web01"))).system.out


async def test_what_is_remembered_starts_no_process(installed: Nix, fleet: Fleet, tmp_path: Path) -> None:
    flake = await pin(fleet, tmp_path)
    first = await evaluations(installed, tmp_path).evaluate(Wanted(flake, "web01"))
    later = evaluations(installed, tmp_path, Bounds(timedelta(0)))
    again = await later.evaluate(Wanted(flake, "web01"))
    assert again.remembered
    assert again.system == first.system
    other = await evaluations(installed, tmp_path).evaluate(Wanted(flake, "web.example"))
    await later.forget(first.system)
    with pytest.raises(OverdueError):
        await later.evaluate(Wanted(flake, "web01"))
    assert (await later.evaluate(Wanted(flake, "web.example"))).system == other.system


async def test_hosts_that_ask_at_once_ask_for_the_version_of_nix_once(tmp_path: Path) -> None:
    program, asked = tmp_path / "nix", tmp_path / "asked"
    program.write_text(f'#!/bin/sh\necho "$1" >>{asked}\n[ "$1" = --version ] && echo \'nix (Nix) 2.8.0\'\n')
    program.chmod(0o755)
    at_work = evaluations(Nix(programs=tmp_path), tmp_path)
    flake = Pinned("/nowhere.git", "refs/heads/main", "0" * 40, "0" * 40)
    wanted = [Wanted(flake, f"host{number}") for number in range(5)]
    await asyncio.gather(*(at_work.evaluate(each) for each in wanted), return_exceptions=True)
    assert asked.read_text().count("--version") == 1


PURE = """{ outputs = { self }: {
  nixosConfigurations = builtins.mapAttrs (name: payload: {
    config.system.build.toplevel = derivation {
      inherit name payload; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo $payload >$out" ];
    };
  }) (import ./hosts.nix);
}; }"""


async def test_a_commit_of_the_same_files_evaluates_nothing(installed: Nix, tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.write("flake.nix", PURE)
    fleet.write("hosts.nix", '{ web01 = "one"; }')
    first, second = await pin(fleet, tmp_path), await pin(fleet, tmp_path)
    assert first.revision != second.revision
    at_work = evaluations(installed, tmp_path)
    assert not (await at_work.evaluate(Wanted(first, "web01"))).remembered
    assert (await at_work.evaluate(Wanted(second, "web01"))).remembered
    fleet.write("hosts.nix", '{ web01 = "two"; }')
    assert not (await at_work.evaluate(Wanted(await pin(fleet, tmp_path), "web01"))).remembered


SLICED = """{
  inputs.estate = { url = "path:./default"; flake = false; };
  outputs = { self, estate }: {
    nixosConfigurations.web01.config.system.build.toplevel = derivation {
      name = "web01"; payload = builtins.readFile "${estate}/data"; system = "x86_64-linux"; builder = "/bin/sh";
      args = [ "-c" "echo $payload >$out" ];
    };
  };
}"""


async def test_a_slice_of_data_takes_the_place_of_an_input_without_a_commit(nix: Nix, tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.write("flake.nix", SLICED)
    flake, at_work, found = await pin(fleet, tmp_path), evaluations(nix, tmp_path), set[str]()
    for data in ("one", "two", "one"):
        inputs = {"estate": f"path:{slice_of(tmp_path / 'nix' / data, data)}"}
        found.add((await at_work.evaluate(Wanted(flake, "web01", inputs, data))).system.out)
    assert len(found) == 2


@pytest.mark.parametrize("sliced", [False, True], ids=["alone", "with-a-slice"])
async def test_a_flake_whose_inputs_are_not_locked_is_refused(
    nix: Nix, tmp_path: Path, *, sliced: bool
) -> None:
    other = Fleet(tmp_path / "other")
    await asyncio.to_thread(other.commit)
    fleet = Fleet(tmp_path)
    fleet.write("default/data", "none")
    loose = f'inputs.loose = {{ url = "git+{other.url}?ref=main"; flake = false; }};\n  inputs.estate'
    fleet.write("flake.nix", SLICED.replace("inputs.estate", loose).replace("estate }:", "estate, loose }:"))
    flake = await pin(fleet, tmp_path)
    inputs = {"estate": f"path:{slice_of(tmp_path / 'nix' / 'one', 'one')}"} if sliced else {}
    with pytest.raises(EvaluationError, match=r"not in flake\.lock; run nix flake lock and commit") as caught:
        await evaluations(nix, tmp_path).evaluate(Wanted(flake, "web01", inputs, "one"))
    assert ("its inputs loose are" in str(caught.value)) == sliced


def slice_of(folder: Path, data: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "data").write_text(data)
    return folder


async def test_errors_are_not_remembered(installed: Nix, fleet: Fleet, tmp_path: Path) -> None:
    flake = await pin(fleet, tmp_path)
    at_work = evaluations(installed, tmp_path)
    for _ in range(2):
        with pytest.raises(EvaluationError):
            await at_work.evaluate(Wanted(flake, "torn"))
    assert not list_of(tmp_path / "evaluations")


def list_of(folder: Path) -> list[Path]:
    return list(folder.glob("*"))


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff\xfe",
        b"[1]",
        b'{"drv": "/nix/store/x", "out": "", "platform": ""}',
        b'{"drv": "/etc/passwd", "out": "/etc/passwd", "platform": "x"}',
    ],
    ids=["empty", "no-text", "list", "no-paths", "other-paths"],
)
async def test_a_damaged_memory_is_as_good_as_none(
    installed: Nix, fleet: Fleet, tmp_path: Path, damage: bytes
) -> None:
    flake = await pin(fleet, tmp_path)
    at_work = evaluations(installed, tmp_path)
    first = await at_work.evaluate(Wanted(flake, "web01"))
    (place,) = list_of(tmp_path / "evaluations")
    place.write_bytes(damage)
    second = await at_work.evaluate(Wanted(flake, "web01"))
    assert (second.remembered, second.system) == (False, first.system)
    assert (await at_work.evaluate(Wanted(flake, "web01"))).remembered


async def test_the_memory_of_one_host_is_not_taken_for_another(
    installed: Nix, fleet: Fleet, tmp_path: Path
) -> None:
    flake = await pin(fleet, tmp_path)
    at_work = evaluations(installed, tmp_path)
    one = await at_work.evaluate(Wanted(flake, "web01"))
    (place,) = list_of(tmp_path / "evaluations")
    other = await at_work.evaluate(Wanted(flake, "web.example"))
    (second,) = set(list_of(tmp_path / "evaluations")) - {place}
    second.write_bytes(place.read_bytes())
    assert (await at_work.evaluate(Wanted(flake, "web.example"))).system == other.system != one.system


async def test_a_memory_that_cannot_be_written_costs_time_only(
    installed: Nix, fleet: Fleet, tmp_path: Path
) -> None:
    flake = await pin(fleet, tmp_path)
    (tmp_path / "evaluations").write_text("in the way")
    at_work = evaluations(installed, tmp_path)
    assert not (await at_work.evaluate(Wanted(flake, "web01"))).remembered
    assert not (await at_work.evaluate(Wanted(flake, "web01"))).remembered


async def test_what_nobody_asked_for_in_a_while_is_forgotten(
    installed: Nix, fleet: Fleet, tmp_path: Path
) -> None:
    flake = await pin(fleet, tmp_path)
    at_work = evaluations(installed, tmp_path)
    for host in ("web01", "web.example"):
        await at_work.evaluate(Wanted(flake, host))
    for place in list_of(tmp_path / "evaluations"):
        os.utime(place, (0, 0))
    assert (await at_work.evaluate(Wanted(flake, "web01"))).remembered
    assert await at_work.prune() == 1
    assert (await at_work.evaluate(Wanted(flake, "web01"))).remembered
    assert not (await at_work.evaluate(Wanted(flake, "web.example"))).remembered


async def test_who_wants_the_same_waits_for_the_one_that_is_at_it(
    installed: Nix, fleet: Fleet, tmp_path: Path
) -> None:
    flake = await pin(fleet, tmp_path)
    at_work = evaluations(installed, tmp_path)
    found = await asyncio.gather(*(at_work.evaluate(Wanted(flake, "web01")) for _ in range(5)))
    assert sorted(each.remembered for each in found) == [False, True, True, True, True]
    assert len({each.system for each in found}) == 1


async def test_no_more_are_evaluated_at_once_than_there_are_places(
    installed: Nix, fleet: Fleet, tmp_path: Path
) -> None:
    for number in range(6):
        fleet.host(f"host{number}", burn=100_000, payload=str(number))
    flake = await pin(fleet, tmp_path)
    workshop, seen = Workshop(Budgets(evaluating=2)), set[int]()
    at_work = Evaluations(installed, tmp_path / "evaluations", workshop, AMPLE)
    going = [asyncio.create_task(at_work.evaluate(Wanted(flake, f"host{n}"))) for n in range(6)]
    while not all(task.done() for task in going):
        seen.add(workshop.load(Work.EVALUATING).busy)
        await asyncio.sleep(0.005)
    assert len({(await task).system.out for task in going}) == 6
    assert max(seen) == 2
    assert workshop.load(Work.EVALUATING) == Load(0, 0)


@pytest.mark.parametrize("how", ["cancelled", "overdue"])
async def test_an_evaluation_that_is_ended_leaves_no_process_and_gives_its_place_back(
    nix: Nix, fleet: Fleet, tmp_path: Path, how: str
) -> None:
    fleet.host("web01", burn=30_000_000)
    flake = await pin(fleet, tmp_path)
    workshop = Workshop(Budgets(evaluating=1))
    bounds = Bounds(timedelta(seconds=2 if how == "overdue" else 60), 4 << 30)
    at_work = Evaluations(nix, tmp_path / "evaluations", workshop, bounds)
    going = asyncio.create_task(at_work.evaluate(Wanted(flake, "web01")))
    await until(lambda: bool(mentioned(str(tmp_path / "mirrors"))), "it is being evaluated")
    if how == "cancelled":
        going.cancel()
    with pytest.raises((asyncio.CancelledError, OverdueError)):
        await going
    assert going.cancelled() == (how == "cancelled")
    assert not mentioned(str(tmp_path))
    assert workshop.load(Work.EVALUATING) == Load(0, 0)


async def test_a_nix_that_never_stops_talking_is_stopped(tmp_path: Path) -> None:
    place = tmp_path / "nix"
    place.write_text("#!/bin/sh\nexec yes talking\n")
    place.chmod(0o755)
    with pytest.raises(RefusalError, match="Nix answers more than"):
        await Nix(programs=tmp_path).run(("nix",), AMPLE)


BUSY = "error: SQLite database '/nix/var/nix/db/db.sqlite' is busy"


@pytest.mark.parametrize(("busy", "tries", "code"), [(1, 2, 0), (99, 4, 1)], ids=["once", "always"])
async def test_a_store_that_is_busy_is_tried_again_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: int, tries: int, code: int
) -> None:
    monkeypatch.setattr(run, "_PAUSES", (0.0, 0.0, 0.0))
    place, asked = tmp_path / "nix", tmp_path / "asked"
    place.write_text(
        f'#!/bin/sh\necho >>{asked}\n[ $(wc -l <{asked}) -gt {busy} ] || {{ echo "{BUSY}" >&2; exit 1; }}\n'
    )
    place.chmod(0o755)
    ended = await Nix(programs=tmp_path).run(("nix",), AMPLE)
    assert (ended.code, len(asked.read_text())) == (code, tries)


@pytest.mark.parametrize("name", ['a".b', "a b", "", "-x", "${x}", "a\n"])
async def test_a_name_reaches_no_further_than_its_attribute(
    installed: Nix, fleet: Fleet, tmp_path: Path, name: str
) -> None:
    flake = await pin(fleet, tmp_path)
    with pytest.raises(ValueError, match="is no name of a host"):
        await evaluations(installed, tmp_path).evaluate(Wanted(flake, name))


async def test_a_flake_in_a_folder_is_evaluated_there(nix: Nix, tmp_path: Path) -> None:
    fleet = Fleet(tmp_path, directory="estate/nixos")
    fleet.host("web01")
    await asyncio.to_thread(fleet.commit)
    url = FlakeUrl(fleet.url, folder="estate/nixos")
    flake = await Flakes(tmp_path / "mirrors").pin(url)
    assert (await evaluations(nix, tmp_path).evaluate(Wanted(flake, "web01"))).system.out
