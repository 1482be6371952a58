"""A target that answers nonsense is told so: a documented error or an observation, whatever stands in its JSON."""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Generator
from typing import Any

import pytest

from setpoint.decide.diff import diff
from setpoint.decide.scope import actionable
from setpoint.model.errors import TargetError
from setpoint.model.identity import Owner
from setpoint.model.kind import Kind, Planning
from setpoint.model.observation import Present
from setpoint.model.policy import Policy
from setpoint.model.tree import Scalar
from setpoint_lab.process import start_proxmox
from setpoint_proxmox.client import Client, Part
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.state import GuestState
from setpoint_proxmox.kinds import container, virtual_machine
from tests.systems.proxmox import made, made_ct
from tests.systems.proxmox.drive import Driver, Lab
from tests.systems.proxmox.test_ct_converge import estate

SECONDS = 3.0
MACHINE = made.spec(
    disks={"scsi0": {"storage": "local-zfs", "size": "10GiB"}},
    nics={"net0": {"bridge": "vmbr0"}},
    agent=True,
    tags=["prod"],
)
CONTAINER = made_ct.spec(
    mountPoints={"mp0": {"storage": "local-zfs", "size": "1GiB", "path": "/data"}},
    nics={"net0": {"bridge": "vmbr0", "ipv4": "dhcp"}},
    features={"nesting": True},
    nameservers=["192.0.2.53"],
    startup={"order": 1},
    tags=["prod"],
    power="running",
)
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1 << 70, 1.5, float("1e300"), "", "0", "x", "a=b,c", ",", "=", "1,2=3", "local-zfs:vm-1-disk-0",
    "ä\x1b\0", "9" * 5000, [], {}, [[]], [None], {"": None}, {"data": []}, [{"vmid": "x"}], "no", "1", "none", "pve1", "\ud800",
)  # fmt: skip
"""What may stand where something else is expected."""


class Replies:
    """Stands in for the network: what was answered once, by call; `spoil` may change it."""

    def __init__(self, real: Client) -> None:
        self.real = real
        self.known: dict[str, Any] = {}
        self.luck: random.Random | None = None
        self.spoiled = ""

    async def get(self, *path: Part, **params: Scalar) -> Any:
        call = json.dumps([path, params])
        if call not in self.known:
            self.known[call] = await self.real.get(*path, **params)
        answer = copy.deepcopy(self.known[call])
        if self.luck is not None and self.luck.random() < 0.3:
            answer = spoil(answer, self.luck)
            self.spoiled += f"{call} -> {json.dumps(answer)[:600]}\n"
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def spoil(value: Any, luck: random.Random) -> Any:
    """The same, but for one place in it."""
    inner = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    if not inner or luck.random() < 0.12:
        if isinstance(value, str) and value and luck.random() < 0.5:
            at = luck.randrange(len(value))
            return (
                value[:at]
                + luck.choice((",", "=", ":", " ", "", "x,", "\0", ";"))
                + value[at + luck.randrange(3) :]
            )
        return copy.deepcopy(luck.choice(ODD))
    at = luck.choice(inner)
    if luck.random() < 0.15:
        del value[at]
    else:
        value[at] = spoil(value[at], luck)
    return value


def planned(driver: Driver, declared: Any, state: GuestState, facts: Facts) -> None:
    """What follows from what was seen."""
    kind = driver.kind
    found = diff(kind.declare(declared), kind.project(state), kind.treatments, applied=None)
    identity = {"vmid": state.vmid}
    kind.plan(actionable(found, Policy()), Planning(declared, driver.owner, state, identity, facts))
    kind.status(state)
    kind.publish(state)


@pytest.fixture(scope="module")
def lab() -> Generator[Lab]:
    with start_proxmox(clock="virtual", lag=0) as running:
        yield Lab(running.url)


@pytest.mark.parametrize(
    ("kind", "owner", "declared"),
    [
        (virtual_machine.KIND, made.OWNER, MACHINE),
        (container.KIND, made_ct.OWNER, CONTAINER),
    ],
    ids=["machine", "container"],
)
async def test_answers_that_nobody_expects_end_well(
    lab: Lab, kind: Kind[Any, Any], owner: Owner, declared: Any
) -> None:
    lab.begin(estate())
    cluster = lab.connect()
    driver = Driver(lab, cluster, owner, kind)
    await driver.converge(declared)
    replies = Replies(cluster.api)
    object.__setattr__(cluster, "api", replies)
    await driver.look(declared)
    identity = driver.identity
    end, number, refused = time.monotonic() + SECONDS, 0, 0
    while time.monotonic() < end:
        replies.luck, replies.spoiled = random.Random(number), ""  # noqa: S311  # to be repeated, not to be secret
        driver.identity = identity
        try:
            observation, facts = await driver.observe(declared)
            if isinstance(observation, Present):
                planned(driver, declared, observation.state, facts)
        except TargetError as error:
            refused += bool(str(error))
        except Exception as error:
            error.add_note(f"input {number}:\n{replies.spoiled}")
            raise
        number += 1
    await cluster.api.close()
    assert number > 30
    assert refused
