"""The daemon is killed at every moment while the cluster's firewall is made and changed: its rules are there once, in order."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest

from tests.crash.forge import Ended
from tests.crash.ground import CHUNKS, Base, Ground, kill_at_every_moment, open_ground
from tests.crash.scenarios import SCENARIOS, Document, Scenario
from tests.systems.proxmox.drive import ROLES, world

_WORLD = world({**ROLES, "/": "Administrator"}, pace="realistic")
_API = {"action": "ACCEPT", "protocol": "tcp", "port": "8006"}
_ONE: dict[str, Any] = {
    "cluster": True,
    "enabled": True,
    "aliases": {"admins": {"address": "10.1.0.0/24"}},
    "rules": [{**_API, "source": "admins"}],
}
_OTHER: dict[str, Any] = {
    "cluster": True,
    "enabled": True,
    "ipsets": {"office": {"members": [{"address": "10.3.0.0/24"}]}},
    "rules": [{"action": "ACCEPT", "macro": "SSH"}, {**_API, "source": "+office"}],
}
NAMES = ("create-firewall", "update-firewall")

SCENARIOS |= {
    "create-firewall": Scenario(None, _ONE, {}, {}, state=_WORLD, kind="Firewall"),
    "update-firewall": Scenario(_ONE, _OTHER, {}, {}, state=_WORLD, kind="Firewall"),
}


class FirewallGround(Ground):
    """Where what comes of a life is told by the firewall of the cluster."""

    def check(self, scenario: Scenario, base: Base, ended: Ended) -> None:
        del base
        outcomes = {name: told.partition(":")[0] for name, told in ended.outcomes.items()}
        assert outcomes == {"ProxmoxCluster/lab": "Done", "Firewall/web01": "Done"}, ended.outcomes
        assert (ended.differing, ended.again) == ((), 0)
        declared: Document = scenario.after or {}
        found = self.plane.get("state")["firewall"]["cluster"]
        assert found["options"] == {"enable": 1}
        assert [row["enable"] for row in found["rules"]] == [1] * len(declared["rules"])
        assert [row.get("macro", row.get("source")) for row in found["rules"]] == [
            rule.get("macro", rule.get("source")) for rule in declared["rules"]
        ]
        assert set(found["ipsets"]) == {"setpoint", *declared.get("ipsets", {})}
        assert set(found["aliases"]) == set(declared.get("aliases", {}))


@pytest.fixture(scope="module", name="ground")
def made_ground() -> Generator[Ground]:
    with open_ground(FirewallGround) as ground:
        yield ground


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", NAMES)
def test_after_a_kill_at_any_moment_the_rules_are_what_was_declared(
    ground: Ground, name: str, chunk: int, record_property: Callable[[str, object], None]
) -> None:
    kill_at_every_moment(ground, name, chunk, record_property)
