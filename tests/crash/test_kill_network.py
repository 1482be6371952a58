"""The daemon is killed at every moment while a network is made, changed and deleted: no lock and nothing staged stays."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest

from tests.crash.forge import Ended
from tests.crash.ground import CHUNKS, Base, Ground, die_beside_each_task, kill_at_every_moment, open_ground
from tests.crash.scenarios import SCENARIOS, Document, Scenario
from tests.systems.proxmox.drive import ROLES, world

MARK = "[setpoint: home default/Network/web01 zone=web01]"
_WORLD = world({**ROLES, "/sdn": "PVESDNAdmin"}, pace="realistic")
_ONE: dict[str, Any] = {
    "type": "vlan",
    "bridge": "vmbr0",
    "vnets": {
        "desks": {"tag": 20, "subnets": {"10.20.0.0/24": {"gateway": "10.20.0.1"}}},
        "phones": {"tag": 21},
    },
}
_OTHER: dict[str, Any] = {
    "type": "vlan",
    "bridge": "vmbr1",
    "vnets": {"desks": {"tag": 22, "subnets": {"10.22.0.0/24": {}}}, "guests": {"tag": 21}},
}
NAMES = ("create-network", "update-network", "remove-network")


def _scenario(before: Document | None, after: Document | None, **policy: Any) -> Scenario:
    return Scenario(before, after, {}, {}, policy=policy, state=_WORLD, kind="Network")


SCENARIOS |= {
    "create-network": _scenario(None, _ONE),
    "update-network": _scenario(_ONE, _OTHER),
    "remove-network": _scenario(_ONE, None, deletion="delete"),
}


class NetworkGround(Ground):
    """Where what comes of a life is told by the networks of the world."""

    def check(self, scenario: Scenario, base: Base, ended: Ended) -> None:
        del base
        outcomes = {name: told.partition(":")[0] for name, told in ended.outcomes.items()}
        mine = {"Network/web01": "Done"} if scenario.after is not None else {}
        assert outcomes == {"ProxmoxCluster/lab": "Done", **mine}, ended.outcomes
        assert (ended.differing, ended.again) == ((), 0)
        sdn = self.plane.get("state")["sdn"]
        assert sdn["lock"] is None
        declared = (scenario.after or {}).get("vnets", {})
        for config in (sdn, sdn["running"], *sdn["loaded"].values()):
            assert [row["zone"] for row in config["zones"]] == (["web01"] if declared else [])
            vnets = {row["vnet"]: (row["tag"], row["alias"]) for row in config["vnets"]}
            assert vnets == {name: (vnet["tag"], MARK) for name, vnet in declared.items()}
            cidrs = {row["subnet"].split("-", 1)[1].replace("-", "/") for row in config["subnets"]}
            assert cidrs == {cidr for vnet in declared.values() for cidr in vnet.get("subnets", {})}


@pytest.fixture(scope="module", name="ground")
def made_ground() -> Generator[Ground]:
    with open_ground(NetworkGround) as ground:
        yield ground


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("name", NAMES)
def test_after_a_kill_at_any_moment_there_is_what_was_declared_and_nothing_is_left_staged(
    ground: Ground, name: str, chunk: int, record_property: Callable[[str, object], None]
) -> None:
    kill_at_every_moment(ground, name, chunk, record_property)


@pytest.mark.parametrize("name", NAMES)
def test_a_daemon_that_dies_beside_each_of_its_tasks_still_gets_there(ground: Ground, name: str) -> None:
    die_beside_each_task(ground, name)
