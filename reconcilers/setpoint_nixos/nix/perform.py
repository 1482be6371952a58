"""Carries out what `build` says, here and at hosts, with places in the workshop, progress, and errors of the engine's tree."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import time
from typing import Final

from setpoint.model.errors import OutcomeUnknownError, RefusalError, TargetError, TransportError
from setpoint.model.secret import Secret
from setpoint_nixos.nix.bridge import Bridge, bridge, place, store
from setpoint_nixos.nix.build import Call, FromCache, Order, Policy, building, delivering
from setpoint_nixos.nix.events import Awaiting, Event, Told
from setpoint_nixos.nix.failures import (
    NO_PROGRAM,
    BuildError,
    MissingError,
    copying,
    fetching,
    full,
    no_program,
)
from setpoint_nixos.nix.openssh import settings
from setpoint_nixos.nix.read import System
from setpoint_nixos.nix.remote import Remote
from setpoint_nixos.nix.run import Bounds, Ended, Nix
from setpoint_nixos.nix.shim import shim
from setpoint_nixos.nix.sign import as_input
from setpoint_nixos.nix.workshop import Work, Workshop

_NOBODY: Final = re.compile(
    r"[Uu]nable to start any build|[Ff]ailed to find a machine|required (?:system|platform|to build)",
    re.ASCII,
)
_GONE: Final = (
    "missing derivation",
    "failed to obtain derivation",
    "is not valid",
    "is not a valid store path",
    "no such derivation",
)


class GoneError(MissingError):
    """The derivation was collected as garbage: evaluate again."""


@dataclass(frozen=True)
class Patience:
    """How long a build and a copy may take."""

    building: timedelta = timedelta(hours=4)
    copying: timedelta = timedelta(hours=1)

    def of(self, work: Work) -> Bounds:
        """The bounds of a sort of work."""
        return Bounds(self.building if work is Work.BUILDING else self.copying)


@dataclass(frozen=True)
class Job:
    """A system that is built for a host.

    Attributes:
        remotes: every host that the policy needs a way to, by name; that of the host itself is its own name.
        key: what is signed with; None for hosts that trust whoever deploys to them.
    """

    policy: Policy
    system: System
    host: str
    remotes: Mapping[str, Remote]
    key: Secret | None = None


class Builds:
    """Builds and delivers.

    Args:
        roots: a folder of ours with a link for each host, which keeps what was built for it here.
    """

    def __init__(self, nix: Nix, roots: Path, workshop: Workshop, patience: Patience | None = None) -> None:
        self._nix = nix
        self._roots = roots
        self._workshop = workshop
        self._patience = patience or Patience()

    async def build(self, job: Job, hear: Callable[[Event], None] | None = None) -> None:
        """Build it where its policy says; what is there already is not built again.

        Raises:
            BuildError: a derivation fails, with the last lines of its log.
            GoneError: its derivation is not there any more.
            TransportError: a host was not reached; all of it may be done again.
            RefusalError: anything else that Nix refuses.
        """
        await asyncio.to_thread(self._roots.mkdir, mode=0o700, parents=True, exist_ok=True)
        await self._carry_out(job, building, hear)

    async def deliver(self, job: Job, hear: Callable[[Event], None] | None = None) -> None:
        """Bring what was built to its host, and have it kept there; what is there already is not sent again.

        Raises:
            UnsignedError: the host takes only what is signed by a key that it knows.
            TransportError: the host was not reached, or the link was cut; all of it may be done again.
            RefusalError: anything else that Nix refuses.
        """
        await self._carry_out(job, delivering, hear)

    def keep(self, hosts: Iterable[str]) -> None:
        """Note that what was built here for these hosts is still of use."""
        for host in hosts:
            with suppress(OSError):
                os.utime(self._roots / host, follow_symlinks=False)

    def prune(self, older: timedelta) -> int:
        """Let Nix collect what was built here for hosts of which nothing was heard in that time; how many."""
        limit, gone = time() - older.total_seconds(), 0
        for link in self._roots.glob("*"):
            with suppress(OSError):
                if link.lstat().st_mtime < limit:
                    link.unlink()
                    gone += 1
        return gone

    async def _carry_out(
        self,
        job: Job,
        what: Callable[[Policy, Order], tuple[Call, ...]],
        hear: Callable[[Event], None] | None,
    ) -> None:
        with place() as folder:
            ground = _prepare(job, Path(folder))
            links = {name: remote.links for name, remote in job.remotes.items()}
            root = str(self._roots / job.host)
            calls = what(
                job.policy,
                Order(job.system, job.host, root, ground.stores, links, signed=job.key is not None),
            )
            async with AsyncExitStack() as stack:
                bridges = {
                    name: await stack.enter_async_context(bridge(job.remotes[name], ground.sockets[name]))
                    for name in {name for call in calls for name in call.reaches if name in ground.sockets}
                }
                for call in calls:
                    await self._do(call, job, Told(hear), ground.environment, bridges)

    async def _do(
        self, call: Call, job: Job, told: Told, environment: Mapping[str, str], bridges: Mapping[str, Bridge]
    ) -> None:
        if self._workshop.is_full(call.work) and told.hear is not None:
            told.hear(Awaiting(call.work.value, self._workshop.load(call.work).busy))
        async with self._workshop.place(call.work):
            ended = await self._run(call, job, told, environment)
        if ended.code:
            used = tuple(bridges[name] for name in call.reaches if name in bridges)
            raise _error(call, job, ended, told, used)

    async def _run(self, call: Call, job: Job, told: Told, environment: Mapping[str, str]) -> Ended:
        bounds = self._patience.of(call.work)
        if call.where:
            return await job.remotes[call.where].run(call.command, bounds, heard=told.take)
        given = _key(job) if call.signs else b""
        extra = environment if call.reaches else None
        return await self._nix.run(call.command, bounds, heard=told.take, given=given, extra=extra)


@dataclass(frozen=True)
class _Ground:
    """Where Nix finds the stores of hosts: by socket of a bridge, or by the client and its settings."""

    sockets: Mapping[str, Path]
    stores: Mapping[str, str]
    environment: Mapping[str, str]


def _prepare(job: Job, folder: Path) -> _Ground:
    clients = {name: remote.client for name, remote in job.remotes.items() if remote.client is not None}
    bridged = [name for name in job.remotes if name not in clients]
    sockets = {name: folder / f"{number}" for number, name in enumerate(bridged)}
    stores = {name: store(socket) for name, socket in sockets.items()}
    environment = dict(shim(folder, sockets, os.environ.get("PATH", os.defpath)))
    if clients:
        environment |= settings(clients, folder)
    return _Ground(sockets, stores | {name: f"ssh-ng://{name}" for name in clients}, environment)


def _key(job: Job) -> bytes:
    if job.key is None:
        raise RefusalError(
            f"{job.host} fetches from a cache that takes only what is signed, and there is no key to sign with",
            remedy="declare the signing key",
        )
    return as_input(job.key)


def _error(call: Call, job: Job, ended: Ended, told: Told, bridges: tuple[Bridge, ...]) -> TargetError:
    if call.where and ended.code == NO_PROGRAM:
        return no_program(_named(job, call.where), call.command)
    if any(words in told.cause for words in _GONE) and job.system.drv in call.command:
        return GoneError(
            f"the derivation of {job.host} is not there any more ({told.cause})", remedy="evaluate it again"
        )
    if call.work is Work.BUILDING and _NOBODY.search(told.cause):
        return _no_machine(job, told, bridges)
    if call.work is Work.BUILDING:
        place = f" on {_named(job, call.where)}" if call.where else ""
        remedy = full(
            " ".join((told.cause, *told.log)), _named(job, call.where) or "this machine"
        ) or _log_hint(told)
        return BuildError(f"{job.host} cannot be built{place}: {told.cause}", remedy=remedy, log=told.log)
    return _of_copy(call, job, told, bridges)


def _of_copy(call: Call, job: Job, told: Told, bridges: tuple[Bridge, ...]) -> TargetError:
    for made in bridges:
        match made.failure:
            case None:
                pass
            case OutcomeUnknownError() as error:
                return TransportError(
                    error.message, remedy="what arrived is not sent twice", scope=error.scope
                )
            case error:
                return error
    complaints = [made.complaint for made in bridges if made.complaint]
    if isinstance(job.policy, FromCache) and call.where:
        return fetching(told.cause, told.complaint, job.remotes[call.where].name, job.system.out)
    cause = "; ".join((told.cause, *complaints))
    # The last that it reaches is where it goes to.
    place = call.where or next(reversed(call.reaches), job.host)
    return copying(cause, f"{_named(job, place)} cannot be given {job.system.out}")


def _no_machine(job: Job, told: Told, bridges: tuple[Bridge, ...]) -> TargetError:
    """Nix tells only that no machine takes a piece; why, the ways to them may know."""
    said = [str(made.failure) for made in bridges if made.failure is not None]
    words = "; ".join(dict.fromkeys(said)) or told.cause
    if said:
        return TransportError(f"no machine takes what {job.host} is built of: {words}")
    return RefusalError(
        f"no machine takes what {job.host} is built of: {words}",
        remedy="see that one of build.machines has its platform and features, and that this machine's Nix trusts our user",
    )


def _named(job: Job, place: str) -> str:
    """A host as people call it."""
    return job.remotes[place].name if place in job.remotes else place


def _log_hint(told: Told) -> str:
    return f"the end of its log: {' | '.join(told.log[-5:])}" if told.log else ""
