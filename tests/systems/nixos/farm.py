"""Several simulated hosts that run a first system, the repository that they are deployed from, and their manifests.

farm = Farm(folder, nix, hosts)
wanted = farm.commit(payload="one")  # the same for all; {"web01": "/nix/store/…"}
async with alive(state, **farm.files()) as life: ...
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setpoint_nixos.nix.run import Nix
from tests.systems.nixos.fleet import Fleet
from tests.systems.nixos.living import host, nixos
from tests.systems.nixos.nixes import call
from tests.systems.nixos.simhost import SimHost


@dataclass(frozen=True)
class Deploy:
    """A deploy as the host itself recorded it.

    Attributes:
        began: seconds since the epoch, as is `ended`.
    """

    system: str
    phase: str
    began: int
    ended: int


class Farm:
    """Hosts by their names, and what is declared of them."""

    def __init__(self, folder: Path, nix: Nix, hosts: Iterable[SimHost]) -> None:
        """Give each host that runs already a first system, and let it boot that."""
        self.nix = nix
        self.hosts = {one.name: one for one in hosts}
        self.fleet = Fleet(folder)
        for name, system in self.commit(payload="first").items():
            self.build(name)
            self.hosts[name].receive(nix, system)
            self.hosts[name].deploy(system)
            self.hosts[name].reboot()

    def commit(self, apart: Mapping[str, Mapping[str, Any]] | None = None, **knobs: Any) -> dict[str, str]:
        """Commit the same system for all, or another one for some; the path of each."""
        for name in self.hosts:
            self.fleet.host(name, **{**knobs, **(apart or {}).get(name, {})})
        self._revision = self.fleet.commit()
        return {
            name: call(self.nix, "nix", "eval", "--raw", f"{self.reference(name)}.outPath")
            for name in self.hosts
        }

    def build(self, name: str) -> None:
        """Build the system of a host as it was committed last, into the store here."""
        call(self.nix, "nix", "build", "--no-link", self.reference(name))

    def files(self, **more: Mapping[str, Any]) -> dict[str, str]:
        """Manifests of all hosts; each has the labels, the policy and the fields of spec that are given for it."""
        files: dict[str, str] = {}
        for name, one in self.hosts.items():
            given = more.get(name, {})
            system = json.loads(
                nixos(self.fleet.url, given.get("policy"), name=name, **given.get("spec", {}))
            )
            system["metadata"]["labels"] = given.get("labels", {})
            files |= {f"host-{name}": host(one), f"system-{name}": json.dumps(system)}
        return files

    def deploy(self, name: str) -> Deploy:
        """The last one on a host."""
        told = json.loads(self.hosts[name].run("cat /var/lib/setpoint/record.json"))
        return Deploy(told["system"], told["phase"], told["began"], told["ended"])

    def reference(self, name: str) -> str:
        """The system of a host as it was committed last, as Nix takes it."""
        return self.fleet.reference(name, self._revision)
