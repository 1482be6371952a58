"""The act that builds a system where its declaration says, and brings it to its host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Started
from setpoint.model.secret import Secret
from setpoint_nixos.deploying import DELIVER, Operation
from setpoint_nixos.kinds.nixos_host.build import PUBLISHING, SIGNING, BuildOn, BuildSpec, MachineSpec
from setpoint_nixos.kinds.nixos_host.compute import roots
from setpoint_nixos.nix.build import Distributed, FromCache, Local, Machine, OnBuilder, OnTarget, Policy
from setpoint_nixos.nix.cache import Cache
from setpoint_nixos.nix.events import Event
from setpoint_nixos.nix.perform import GoneError, Job
from setpoint_nixos.nix.progress import progress
from setpoint_nixos.nix.read import System
from setpoint_nixos.nix.remote import Remote
from setpoint_nixos.nix.sign import public_key
from setpoint_nixos.reach import Reach
from setpoint_nixos.shop import link_of, shop


async def deliver(reach: Reach, acting: Acting) -> ActResult:
    """Begin to build it and bring it to the host."""
    told = acting.arguments
    system = System(str(told["drv"]), str(told["system"]), str(told["platform"]))
    job = _Making(reach, acting, BuildSpec.model_validate(told["build"]), system).job()
    operation = Operation(DELIVER, f"deliver {acting.owner.key} {system.out}", system.out, 0.0)
    at = shop()

    def hear(event: Event) -> None:
        work = at.work(operation.name)
        if work is not None and (said := progress(event)):
            work.said = said

    async def both() -> None:
        try:
            await at.builds.build(job, hear)
        except GoneError:
            await at.evaluations.forget(system)
            raise
        await at.builds.deliver(job, hear)

    at.begin(operation.name, both())
    return Started(str(operation))


@dataclass
class _Making:
    """From what is declared to a job: other hosts are asked for only where the place needs them."""

    reach: Reach
    acting: Acting
    build: BuildSpec
    system: System
    remotes: dict[str, Remote] = field(default_factory=dict[str, Remote])

    def job(self) -> Job:
        host = link_of(self.acting.owner.key)
        self.remotes[host] = Remote(self.acting.owner.key.name, self.reach.session, links=roots(self.reach))
        policy = self._policy()
        key = self._key(PUBLISHING if isinstance(policy, FromCache) else SIGNING)
        return Job(policy, self.system, host, self.remotes, key)

    def _policy(self) -> Policy:
        match self.build.place:
            case BuildOn.LOCAL:
                return Local()
            case BuildOn.TARGET:
                return OnTarget()
            case BuildOn.BUILDER:
                return self._builder(str(self.build.builder))
            case BuildOn.DISTRIBUTED:
                return Distributed(tuple(map(self._machine, self.build.machines)))
            case BuildOn.CACHE:
                return self._cache()

    def _key(self, name: str) -> Secret | None:
        return self.acting.key(name) if name in self.build.keys else None

    def _way(self, name: str) -> tuple[str, Reach]:
        """The client of another host, which is known by a name that no resource can have."""
        reach, known = cast("Reach", self.acting.way(name)), f"host_{name.replace('/', '_')}"
        self.remotes[known] = Remote(name, reach.session, links=roots(reach))
        return known, reach

    def _builder(self, name: str) -> Policy:
        known, reach = self._way(name)
        return OnTarget() if reach is self.reach else OnBuilder(known)

    def _machine(self, machine: MachineSpec) -> Machine:
        platforms = machine.platforms or (self.system.platform,)
        if not shop().nix.by_daemon:
            known, _ = self._way(machine.host)
            return Machine(
                f"ssh-ng://{known}", platforms, jobs=machine.jobs, features=machine.features, way=known
            )
        # Its daemon goes there by itself, as root and by OpenSSH, so nothing of ours reaches it but what the line says.
        session = cast("Reach", self.acting.way(machine.host)).session
        access = session.access
        if not machine.key_file:
            raise RefusalError(
                f"the Nix daemon of this machine is to hand builds to {machine.host}, and has no key to enter it",
                remedy="write its `keyFile` under build.machines, readable for root",
            )
        store = f"ssh-ng://{access.user}@{access.address}"
        return Machine(store, platforms, session.host_key, machine.key_file, machine.jobs, machine.features)

    def _cache(self) -> Policy:
        caches = tuple(Cache(each.url, each.key) for each in self.build.caches)
        publish = self.build.publish
        if publish is None:
            return FromCache(caches)
        key = self.acting.key(PUBLISHING)
        return FromCache(caches or (Cache(publish.url, public_key(key)),), Cache(publish.url))
