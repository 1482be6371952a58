"""The OpenSSH client as the other way to a store, and builds that Nix itself hands to other machines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from setpoint.model.errors import RefusalError
from setpoint.model.secret import Secret
from setpoint_nixos.nix import commands
from setpoint_nixos.nix.build import Distributed, Machine, OnBuilder
from setpoint_nixos.nix.openssh import settings
from setpoint_nixos.nix.read import System
from setpoint_nixos.nix.run import Ended, Nix
from setpoint_nixos.ssh.access import Access
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.nixes import call, physical
from tests.systems.nixos.nixing import AMPLE, builds, evaluated, has, job, reaching
from tests.systems.nixos.servers.sshd import Sshd, make_key
from tests.systems.nixos.simhost import SimHost

Start = Callable[..., SimHost]


async def made(nix: Nix, fleet: Fleet, tmp_path: Path, payload: str) -> System:
    fleet.host("web01", payload=payload)
    system = await evaluated(nix, fleet, "web01", tmp_path)
    await asyncio.to_thread(call, nix, "nix-store", "--realise", system.drv)
    return system


async def send(nix: Nix, system: System, access: Access, folder: Path) -> Ended:
    by = settings({"web01": access}, folder)
    return await nix.run(commands.copy((system.out,), "ssh-ng://web01"), AMPLE, extra=by)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "ssh"
    made.mkdir()
    return made


async def test_a_system_is_copied_by_the_client(
    nix: Nix, fleet: Fleet, tmp_path: Path, simhost: Start, folder: Path
) -> None:
    host = simhost("web01")
    system = await made(nix, fleet, tmp_path, "by OpenSSH")
    ended = await send(nix, system, host.entrance(), folder)
    assert ended.code == 0, ended.errors
    assert has(host, system.out)


async def test_a_host_may_be_reached_by_the_client_and_its_builder_by_the_bridge(
    nix: Nix, fleet: Fleet, tmp_path: Path, simhost: Start
) -> None:
    host, forge = simhost("web01"), simhost("forge")
    fleet.host("web01", payload="both ways")
    system = await evaluated(nix, fleet, "web01", tmp_path)
    async with reaching() as reach:
        by_client = replace(reach(host), client=host.entrance())
        for remotes in (
            (by_client, reach(forge)),
            (by_client, replace(reach(forge), client=forge.entrance())),
        ):
            order = job(system, "web01", *remotes, policy=OnBuilder("forge"))
            await builds(nix, tmp_path).build(order)
            await builds(nix, tmp_path).deliver(order)
            assert has(host, system.out)
            host.run("rm /nix/var/nix/gcroots/setpoint-next && nix-collect-garbage")
            assert not has(host, system.out)


async def test_another_host_key_is_refused(
    nix: Nix, fleet: Fleet, tmp_path: Path, simhost: Start, folder: Path
) -> None:
    host = simhost("web01")
    system = await made(nix, fleet, tmp_path, "wrong key")
    other = make_key(tmp_path / "other")
    ended = await send(nix, system, host.entrance(host_key=other), folder)
    assert ended.code != 0
    assert "Host key verification failed" in ended.errors
    assert not has(host, system.out)


async def test_it_goes_through_another_host(
    nix: Nix, fleet: Fleet, tmp_path: Path, simhost: Start, folder: Path
) -> None:
    host = simhost("web01")
    system = await made(nix, fleet, tmp_path, "through another")
    with Sshd() as jump:
        ended = await send(nix, system, replace(host.entrance(), via=jump.access), folder)
        assert ended.code == 0, ended.errors
        assert jump.entered == 1
    assert has(host, system.out)


def test_what_it_writes_is_for_our_eyes_only(tmp_path: Path, folder: Path) -> None:
    with Sshd() as server:
        settings({"web01": server.access}, folder)
        assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
        with pytest.raises(RefusalError, match="is locked"):
            settings({"web01": replace(server.access, passphrase=Secret("x"))}, tmp_path)


async def test_pieces_are_built_on_machines_that_nix_chooses_and_gathered_here(
    nix: Nix, fleet: Fleet, tmp_path: Path, simhost: Start
) -> None:
    forge = simhost("forge")
    fleet.host("web01", payload="in pieces")
    system = await evaluated(nix, fleet, "web01", tmp_path)
    machine = Machine(
        "ssh-ng://root@" + forge.address, ("x86_64-linux",), forge.host_key, str(forge.root / "key"), jobs=2
    )
    by_port = replace(nix, environment={**nix.environment, "NIX_SSHOPTS": f"-p {forge.port}"})
    await builds(by_port, tmp_path).build(job(system, "web01", policy=Distributed((machine,))))
    assert has(forge, system.out)
    assert physical(nix, system.out).exists()
    stranger = replace(machine, host_key=make_key(tmp_path / "other"))
    fleet.host("web01", payload="in other pieces")
    another = await evaluated(nix, fleet, "web01", tmp_path)
    with pytest.raises(RefusalError):
        await builds(by_port, tmp_path).build(job(another, "web01", policy=Distributed((stranger,))))
    assert not has(forge, another.out)
