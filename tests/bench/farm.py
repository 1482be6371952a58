"""Simulated NixOS hosts that run what one flake says of them, and a daemon's folder in which they are declared."""

from __future__ import annotations

import json
import os
import shutil
import time
import uuid
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from setpoint_nixos.nix.run import Nix
from setpoint_nixos.ssh.access import Access
from tests.bench.child import SideError
from tests.bench.daemon import PATIENCE, Daemon
from tests.bench.estate import Folder, prepare
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.nixes import call, make_nix, remove
from tests.systems.nixos.simhost import SimHost

LIGHT = 100_000
"""Makes an evaluation take some 80 MB and a fifth of a second."""
_PROGRAMS = ("nix", "nix-store")
_COUNTED = '#!/bin/sh\necho "{name} $*" >>{log}\nPATH={path} exec {name} "$@"\n'


@dataclass(frozen=True)
class Farm:
    """Hosts, each with a system of its own.

    Attributes:
        nix: of this machine, with a store of its own.
        hosts: by name; each runs and boots what the flake says.
        folder: of a daemon that is not started yet.
    """

    root: Path
    nix: Nix
    fleet: Fleet
    hosts: Mapping[str, SimHost]
    folder: Folder
    revisions: list[str] = field(default_factory=list[str])

    @property
    def keys(self) -> list[str]:
        return [f"NixosHost/{name}" for name in self.hosts]

    def commit(self, burn: Mapping[str, int] | None = None) -> None:
        """The same systems at a new revision; `burn` is what the evaluation of some of them makes, in elements."""
        for name in self.hosts:
            self.fleet.host(name, payload=name, burn=(burn or {}).get(name, LIGHT))
        self.revisions.append(self.fleet.commit())

    def flake(self) -> str:
        """The flake as of the last commit, as Nix takes it."""
        return self.fleet.reference("", self.revisions[-1]).partition("#")[0]

    def sessions(self) -> int:
        """Commands that were begun at the hosts over SSH."""
        return sum(host.console.count("Starting session") for host in self.hosts.values())

    def calls(self) -> list[str]:
        """Every Nix that the daemon started, as it was called."""
        log = self.root / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def forget(self) -> None:
        """Leave nothing of what the daemon or Nix remembers of evaluations."""
        shutil.rmtree(self.root / "cache" / "nix" / "evaluations", ignore_errors=True)
        shutil.rmtree(self.root / "here" / "cache", ignore_errors=True)


def look(running: Daemon, keys: Sequence[str]) -> dict[str, str]:
    """Have a daemon look at all of these now, and wait for it; the outcome of each.

    Raises:
        SideError: they were not all looked at in time.
    """
    client, deadline = running.client(), time.monotonic() + PATIENCE
    asked = client.post("/v1/resync", {"keys": list(keys), "namespace": "default"})["requests"]
    outcomes: dict[str, str] = {}
    for key, number in asked.items():
        answer: dict[str, Any] = {"handled": False}
        while not answer["handled"]:
            if time.monotonic() > deadline:
                raise SideError(f"{key} was not looked at\n{running.log.read_text()[-3000:]}")
            answer = client.get("/v1/resync", key=key, number=number, wait=20.0, seconds=40.0)
        outcomes[key] = answer["resource"]["outcome"]
    return outcomes


@contextmanager
def farm(root: Path, count: int) -> Generator[Farm]:
    """So many hosts, for as long as the block lasts."""
    names = [f"host{number:02}" for number in range(count)]
    nix, fleet = make_nix(root / "here"), Fleet(root / "fleet")
    with ExitStack() as stack:
        stack.callback(remove, root / "here")
        hosts = {name: stack.enter_context(_removed(SimHost(name))) for name in names}
        folder = prepare(
            root / "estate", _declared(fleet, hosts), systems=False, secrets=_environment(root, nix)
        )
        made = Farm(root, nix, fleet, hosts, folder)
        made.commit()
        for name, host in hosts.items():
            _install(nix, host, fleet.reference(name, made.revisions[-1]))
        yield made


def straight(host: SimHost) -> Access:
    """The way to a host past the wire of the simulation, which takes its own time."""
    return replace(host.entrance(), port=host.sshd)


@contextmanager
def _removed(host: SimHost) -> Generator[SimHost]:
    try:
        yield host
    finally:
        host.close()


def _install(nix: Nix, host: SimHost, reference: str) -> None:
    """Start a host that boots its system already."""
    drv = call(nix, "nix", "path-info", "--derivation", reference)
    system = call(nix, "nix-store", "--realise", drv)
    (host.root / "upper/etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
    host.start()
    host.receive(nix, system)
    host.deploy(system)
    host.reboot()


def _environment(root: Path, nix: Nix) -> Mapping[str, str]:
    """What the daemon is started with: the same Nix, each call of which is noted."""
    programs, path = root / "programs", os.environ.get("PATH", os.defpath)
    programs.mkdir()
    for name in _PROGRAMS:
        place = programs / name
        place.write_text(_COUNTED.format(name=name, log=root / "calls", path=path))
        place.chmod(0o755)
    here = {"NIX_REMOTE": nix.store, "CACHE_DIRECTORY": str(root / "cache")}
    return {**nix.environment, **here, "PATH": f"{programs}:{path}"}


def _declared(fleet: Fleet, hosts: Mapping[str, SimHost]) -> Iterator[tuple[str, str]]:
    flake = {"url": f"git+{fleet.url}", "ref": "main"}
    for name, host in hosts.items():
        access = straight(host)
        entrance = {
            "address": access.address,
            "port": access.port,
            "user": access.user,
            "hostKey": access.host_key,
            "key": {"file": str(host.root / "key")},
        }
        yield f"{name}-host.yaml", _manifest("Host", name, entrance)
        yield f"{name}-nixos.yaml", _manifest("NixosHost", name, {"flake": flake}, target=name)


def _manifest(kind: str, name: str, spec: Mapping[str, Any], **more: str) -> str:
    """Looked at once a day, so that no look falls into a round."""
    return json.dumps(
        {"kind": kind, "metadata": {"name": name}, "policy": {"interval": "24h"}, **more, "spec": spec}
    )
