"""What tests of Nix share: from a fleet to a system that is evaluated, and jobs to build and deliver it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from setpoint_nixos.nix.build import Local, Policy
from setpoint_nixos.nix.evaluate import Evaluations, Wanted
from setpoint_nixos.nix.flake import Flakes
from setpoint_nixos.nix.flake_url import FlakeUrl, Pinned
from setpoint_nixos.nix.perform import Builds, Job, Patience
from setpoint_nixos.nix.read import System
from setpoint_nixos.nix.remote import Remote
from setpoint_nixos.nix.run import Bounds, Nix
from setpoint_nixos.nix.workshop import Workshop
from setpoint_nixos.ssh.session import Session
from tests.rig.waiting import PATIENCE
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.servers.sshd import SHORT, OpenGate
from tests.systems.nixos.simhost import SimHost

Reach = Callable[..., Remote]
AMPLE = Bounds(timedelta(seconds=90), 1 << 30)


async def pin(fleet: Fleet, tmp_path: Path) -> Pinned:
    """The flake of a new commit of the fleet."""
    await asyncio.to_thread(fleet.commit)
    return await Flakes(tmp_path / "mirrors", timedelta()).pin(FlakeUrl.parse(fleet.url))


async def evaluated(nix: Nix, fleet: Fleet, host: str, tmp_path: Path) -> System:
    """The system of a host as of a new commit."""
    at_work = Evaluations(nix, tmp_path / "evaluations", Workshop(), AMPLE)
    return (await at_work.evaluate(Wanted(await pin(fleet, tmp_path), host))).system


def builds(nix: Nix, tmp_path: Path, patience: Patience | None = None) -> Builds:
    return Builds(nix, tmp_path / "roots", Workshop(), patience)


def job(system: System, host: str, *remotes: Remote, policy: Policy | None = None) -> Job:
    return Job(policy or Local(), system, host, {remote.name: remote for remote in remotes})


async def until(true: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait for something; fails with what was waited for when it does not come."""
    async with asyncio.timeout(patience):
        while not true():
            await asyncio.sleep(0.02)
    assert true(), what


def mentioned(word: str) -> list[int]:
    """The processes of which the command line holds a word."""
    found = subprocess.run(("pgrep", "--full", word), capture_output=True, text=True, check=False)
    return [int(each) for each in found.stdout.split() if int(each) != os.getpid()]


@asynccontextmanager
async def reaching() -> AsyncGenerator[Reach]:
    """Gives ways to simulated hosts (`way(host, "deploy")`), and closes them at the end."""
    async with AsyncExitStack() as stack:

        def way(host: SimHost, user: str = "root") -> Remote:
            session = Session(host.entrance(user), OpenGate(), SHORT)
            stack.push_async_callback(session.close)
            return Remote(host.name, session, links="/nix/var/nix/gcroots" if user == "root" else ".setpoint")

        yield way


def has(host: SimHost, path: str) -> bool:
    """Whether a host has a path."""
    return host.run(f"nix-store --check-validity {path} 2>/dev/null && echo yes || :") == "yes\n"
