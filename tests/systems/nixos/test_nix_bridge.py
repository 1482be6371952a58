"""Copying to hosts over the SSH connection that we hold: each build policy, and every way in which a copy ends early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.errors import TransportError
from setpoint_nixos.nix.build import Local, OnBuilder, OnTarget, Policy
from setpoint_nixos.nix.events import Building, Copying, Event
from setpoint_nixos.nix.failures import BuildError, MissingError, OverdueError
from setpoint_nixos.nix.perform import Builds, Job, Patience
from setpoint_nixos.nix.read import System
from setpoint_nixos.nix.remote import Remote
from setpoint_nixos.nix.run import Nix
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.nixes import TREES, VERSIONS, call, make_nix, physical, remove
from tests.systems.nixos.nixing import Reach, builds, evaluated, has, job, mentioned, reaching, until
from tests.systems.nixos.simhost import SimHost

ROOT = "/nix/var/nix/gcroots/setpoint-next"


@pytest.fixture
async def reach() -> AsyncGenerator[Reach]:
    async with reaching() as way:
        yield way


@dataclass(frozen=True)
class Site:
    """A host that runs, and what is to be had on it."""

    host: SimHost
    work: Builds
    order: Job

    @property
    def out(self) -> str:
        return self.order.system.out

    @property
    def arrived(self) -> bool:
        return has(self.host, self.out)


Begin = Callable[..., Awaitable[Site]]


@pytest.fixture
def web01(nix: Nix, fleet: Fleet, tmp_path: Path, simhost: Callable[..., SimHost], reach: Reach) -> Begin:
    """Starts web01 and evaluates its system: `await web01(OnTarget(), payload="one")`."""

    async def begin(policy: Policy | None = None, **knobs: Any) -> Site:
        host = simhost("web01")
        fleet.host("web01", **knobs)
        system = await evaluated(nix, fleet, "web01", tmp_path)
        return Site(host, builds(nix, tmp_path), job(system, "web01", reach(host), policy=policy))

    return begin


@pytest.mark.parametrize("policy", [Local(), OnTarget()], ids=["local", "target"])
async def test_a_system_comes_to_its_host_and_is_kept_there(web01: Begin, nix: Nix, policy: Policy) -> None:
    site = await web01(policy, payload=f"to {policy}")
    heard: list[Event] = []
    await site.work.build(site.order, heard.append)
    assert any(isinstance(event, Building) for event in heard)
    assert physical(nix, site.out).exists() == (policy == Local())
    await site.work.deliver(site.order, heard.append)
    assert site.arrived
    site.host.run("nix-collect-garbage")
    assert site.arrived
    site.host.run(f"rm {ROOT} && nix-collect-garbage")
    assert not site.arrived


async def test_what_a_builder_built_comes_to_the_host_without_staying_here(
    nix: Nix, fleet: Fleet, tmp_path: Path, simhost: Callable[..., SimHost], reach: Reach
) -> None:
    host, builder = simhost("web01"), simhost("forge")
    fleet.host("web01", payload="from a builder")
    system = await evaluated(nix, fleet, "web01", tmp_path)
    work = builds(nix, tmp_path)
    order = job(system, "web01", reach(host), reach(builder), policy=OnBuilder("forge"))
    await work.build(order)
    assert has(builder, system.out)
    assert not has(host, system.out)
    await work.deliver(order)
    assert has(host, system.out)
    assert not physical(nix, system.out).exists()
    builder.run("nix-collect-garbage")
    assert has(builder, system.out)


POLICIES = (Local(), OnTarget(), OnBuilder("forge"))


@pytest.fixture(params=VERSIONS[1:])
def newer(request: pytest.FixtureRequest) -> str:
    """A version of Nix that is newer than the installed one."""
    return str(request.param)


async def test_a_newer_nix_here_copies_to_hosts_with_an_older_one(
    newer: str, fleet: Fleet, tmp_path: Path, simhost: Callable[..., SimHost], reach: Reach
) -> None:
    nix = make_nix(tmp_path / "nix", newer)
    host, forge = simhost("web01"), simhost("forge")
    await deliver_by_each(
        builds(nix, tmp_path),
        host,
        reach(host),
        reach(forge),
        [(policy, await system_of(nix, fleet, tmp_path, str(policy))) for policy in POLICIES],
    )
    remove(tmp_path / "nix")


async def test_an_older_nix_here_copies_to_hosts_with_a_newer_one(
    newer: str, fleet: Fleet, tmp_path: Path, simhost: Callable[..., SimHost], reach: Reach
) -> None:
    nix = make_nix(tmp_path / "nix")
    host, forge = (simhost(name, lower=TREES / newer) for name in ("web01", "forge"))
    assert host.run("nix --version") != f"{call(nix, 'nix', '--version')}\n"
    await deliver_by_each(
        builds(nix, tmp_path),
        host,
        reach(host),
        reach(forge),
        [(policy, await system_of(nix, fleet, tmp_path, str(policy))) for policy in POLICIES],
    )
    remove(tmp_path / "nix")


async def system_of(nix: Nix, fleet: Fleet, tmp_path: Path, payload: str) -> System:
    fleet.host("web01", payload=payload)
    return await evaluated(nix, fleet, "web01", tmp_path)


async def deliver_by_each(
    work: Builds, host: SimHost, way: Remote, forge: Remote, wanted: list[tuple[Policy, System]]
) -> None:
    for policy, system in wanted:
        order = job(system, "web01", way, forge, policy=policy)
        await work.build(order)
        assert has(host, system.out) == (policy == OnTarget())
        await work.deliver(order)
        assert has(host, system.out)


async def test_a_build_that_fails_on_the_target_is_told_with_its_log(web01: Begin) -> None:
    site = await web01(OnTarget(), buildFail="out of tape")
    with pytest.raises(BuildError, match=r"web01 cannot be built on web01: .*exit code 3") as caught:
        await site.work.build(site.order)
    assert caught.value.log == ("compiling", "out of tape")


async def test_what_the_host_has_is_not_sent_again(web01: Begin) -> None:
    site = await web01(payload="once")
    await site.work.build(site.order)
    first: list[Event] = []
    await site.work.deliver(site.order, first.append)
    assert Copying(site.out) in first
    second: list[Event] = []
    await site.work.deliver(site.order, second.append)
    assert not [event for event in second if isinstance(event, Copying)]


async def test_a_copy_that_was_cut_goes_on_when_it_is_done_again(web01: Begin) -> None:
    site = await web01(payload="cut", ballast=200 << 20)
    await site.work.build(site.order)
    going = asyncio.create_task(site.work.deliver(site.order))
    await until(lambda: arrived(site.host) > 10 << 20, "it is being copied")
    site.host.cut()
    with pytest.raises(TransportError):
        await going
    assert not site.arrived
    site.host.mend()
    await site.work.deliver(site.order)
    assert site.arrived


async def test_a_build_on_the_target_that_was_cut_off_is_done_again(web01: Begin) -> None:
    site = await web01(OnTarget(), payload="cut off", buildSeconds=4)
    heard: list[Event] = []
    going = asyncio.create_task(site.work.build(site.order, heard.append))
    await until(lambda: Building(site.order.system.drv) in heard, "it is being built")
    site.host.cut()
    with pytest.raises(TransportError, match="what was done already is not done twice"):
        await going
    site.host.mend()
    await site.work.build(site.order)
    assert site.arrived


async def test_a_host_that_is_off_is_told_as_that(web01: Begin) -> None:
    site = await web01(payload="off")
    await site.work.build(site.order)
    site.host.kill()
    with pytest.raises(TransportError, match=r"127\.0\.18\.\d+.* cannot be reached"):
        await site.work.deliver(site.order)


async def test_a_host_without_nix_is_told(
    nix: Nix, fleet: Fleet, tmp_path: Path, simhost: Callable[..., SimHost], reach: Reach
) -> None:
    host = simhost("web01")
    fleet.host("web01", payload="without nix")
    system = await evaluated(nix, fleet, "web01", tmp_path)
    here = replace(reach(host), elevate=("env", "PATH=/nowhere"))
    with pytest.raises(MissingError, match="web01 has no nix-daemon for its user"):
        await builds(nix, tmp_path).build(job(system, "web01", here, policy=OnTarget()))
    await builds(nix, tmp_path).build(job(system, "web01", reach(host)))
    await builds(nix, tmp_path).deliver(job(system, "web01", reach(host)))
    refused = replace(here, elevate=("/usr/bin/env", "PATH=/nowhere"))
    with pytest.raises(MissingError, match="web01 has no nix-store for its user"):
        await builds(nix, tmp_path).deliver(job(system, "web01", refused, policy=OnTarget()))


async def test_a_copy_that_is_cancelled_leaves_nothing_behind(web01: Begin) -> None:
    site = await web01(payload="cancelled", ballast=200 << 20)
    await site.work.build(site.order)
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    going = asyncio.create_task(site.work.deliver(site.order))
    await until(lambda: arrived(site.host) > 5 << 20, "it is being copied")
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    await until(lambda: not mentioned(site.out), "nothing of it goes on here")
    assert not complaints
    await until(
        lambda: "nix-daemon" not in site.host.run("cat /proc/[0-9]*/comm || :"), "the host's end is gone"
    )
    await site.work.deliver(site.order)
    assert site.arrived


async def test_a_copy_that_takes_too_long_is_stopped(web01: Begin, nix: Nix, tmp_path: Path) -> None:
    site = await web01(payload="overdue", ballast=200 << 20)
    await site.work.build(site.order)
    with pytest.raises(OverdueError, match=r"nix .* did not end within 0:00:00\.5"):
        await builds(nix, tmp_path, Patience(copying=timedelta(seconds=0.5))).deliver(site.order)
    assert not site.arrived


def arrived(host: SimHost) -> int:
    """Bytes of ballast that a host has so far."""
    return sum(file.stat().st_size for file in (host.root / "nix/store").glob("*ballast*") if file.is_file())
