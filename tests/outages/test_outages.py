"""A whole cluster in trouble, with the real daemon in virtual time: nothing is made, nothing wrong is written, one
alert tells of it, and afterwards everything is as declared."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.condition import Condition, ConditionType, Truth
from setpoint.store.records import Status
from setpoint_lab.process import start_proxmox
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, vm
from tests.systems.proxmox.drive import ROLES, TOKEN, Lab, world

TARGET = "ProxmoxCluster/lab"
NODES = ("pve1", "pve2")
EACH = 3
OUTAGE = 1800.0
"""Seconds that a trouble lasts: every key is looked at again several times."""
TOLD = 300.0
"""Seconds in which the target tells of a trouble that one of its VMs came upon: where every call hangs for half a minute, two
keys need five of them in a row, and the pauses between."""
PROBE = 120.0
"""Seconds after which the one that has just tried in vain, and says so, waits like the others."""
RECOVERY = 1200.0
EVERYTHING: dict[str, Any] = {"method": "GET|POST|PUT|DELETE", "count": 1_000_000}


def spec(node: str, **more: Any) -> dict[str, Any]:
    return {
        "node": node,
        "cores": 1,
        "disks": {"scsi0": {"storage": "local-zfs", "size": "4GiB"}},
        "nics": {"net0": {"bridge": "vmbr0"}},
        "power": "running",
        **more,
    }


VMS = {f"{node}-{number}": node for node in NODES for number in range(EACH)}


@dataclass(frozen=True)
class Trouble:
    """What goes wrong, and whom it hits.

    Attributes:
        events: what is told to the emulator, in order.
        nodes: whose VMs cannot be seen; those on others go on.
        says: words that the sentence of such a VM has.
        reads: whether the cluster can still be read, so that its own trouble is told as a problem of it.
    """

    events: tuple[tuple[str, dict[str, Any]], ...]
    says: str
    nodes: tuple[str, ...] = NODES


def taken(*paths: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """The events that take what the token and its user were granted on `paths`."""
    users = (TOKEN, TOKEN.partition("!")[0])
    return tuple(("acl_taken", {"path": path, "ugid": user}) for path in paths for user in users)


TROUBLES = {
    "node cut off": Trouble((("node_offline", {"value": "pve2"}),), "pve2", ("pve2",)),
    "node refuses": Trouble(
        (("reply_lost", {**EVERYTHING, "path": "/nodes/pve2/*", "status": 595}),), "pve2", ("pve2",)
    ),
    "node hangs": Trouble(
        (("reply_lost", {**EVERYTHING, "path": "/nodes/pve2/*", "status": 596}),), "pve2", ("pve2",)
    ),
    "API refuses": Trouble((("reply_lost", {**EVERYTHING, "status": 595}),), ""),
    "API drops every connection": Trouble(
        (("reply_lost", {**EVERYTHING, "status": 0, "executed": False}),), ""
    ),
    "API hangs": Trouble((("reply_lost", {**EVERYTHING, "status": 596, "executed": False}),), ""),
    "storm of 500": Trouble((("reply_fails", {**EVERYTHING, "status": 500}),), ""),
    "storm of 503": Trouble((("reply_fails", {**EVERYTHING, "status": 503}),), ""),
    "token revoked": Trouble((("reply_fails", {**EVERYTHING, "status": 401}),), ""),
    "every permission lost": Trouble(taken("/", "/vms"), "cannot be looked at"),
    "VM.Audit lost": Trouble(taken("/vms"), "VM.Audit"),
    "no quorum": Trouble((("quorum", {"value": False}),), "quorum"),
}


@pytest.fixture(scope="module")
def emulator() -> Generator[str]:
    with start_proxmox(clock="virtual", lag=0) as running:
        yield running.url


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_while_a_target_is_in_trouble_nothing_is_written_and_it_alone_alerts(
    emulator: str, tmp_path: Path, trouble: Trouble
) -> None:
    lab = Lab(emulator)
    lab.begin(world({**ROLES, "/": "Looker"}, roles=[{"roleid": "Looker", "privs": "Sys.Audit"}]))
    files = {f"{name}.yaml": vm(name, spec(node)) for name, node in VMS.items()}
    daemon = VirtualDaemon(emulator, tmp_path, {"lab.yaml": cluster(emulator), **files})

    async def script(running: Running) -> None:
        await running.settle()
        assert_all_ready(running)
        before = untouched(lab)
        for kind, details in trouble.events:
            lab.happen(kind, **details)
        hidden = [name for name, node in VMS.items() if node in trouble.nodes]
        # Temptations: something to make, and something to correct, where nothing can be seen.
        await running.declare(
            {
                "new.yaml": vm("new", spec(trouble.nodes[-1])),
                f"{hidden[0]}.yaml": vm(hidden[0], spec(VMS[hidden[0]], description="changed")),
            }
        )
        await asyncio.sleep(TOLD)
        assert alerts(running) == [TARGET], "whoever finds the trouble lets the target tell of it"
        await asyncio.sleep(OUTAGE)

        assert untouched(lab) == before
        assert alerts(running) == [TARGET]
        waiting = (*hidden, "new")
        await running.until(
            lambda: {running.status(f"VirtualMachine/{name}").outcome for name in waiting} == {"Blocked"},
            patience=PROBE,
        )
        for name in waiting:
            status = running.status(f"VirtualMachine/{name}")
            assert ready(status).status is Truth.UNKNOWN, (name, status)
            assert status.outcome == "Blocked", (name, status)
            assert trouble.says in status.sentence
            assert status.attempts == 0

        lab.happen("calm")
        await asyncio.sleep(RECOVERY)
        await running.settle()
        assert_all_ready(running)

    daemon.run(script)
    guests = lab.api("GET", "cluster/resources?type=vm")
    assert sorted(guest["name"] for guest in guests) == sorted((*VMS, "new"))


def untouched(lab: Lab) -> dict[str, Any]:
    """What no trouble may change: every configuration, and everything that ever came about."""
    guests = {guest["vmid"]: guest["config"] for guest in lab.get("state")["guests"]}
    return {"effects": lab.get("effects"), "guests": guests}


def assert_all_ready(running: Running) -> None:
    states = {name: ready(status) for name, status in running.statuses().items()}
    assert all(condition.status is Truth.TRUE for condition in states.values()), states


def alerts(running: Running) -> list[str]:
    """Whose state calls for a person: what is known to be wrong. What is only not known waits for its target."""
    return [name for name, status in running.statuses().items() if ready(status).status is Truth.FALSE]


def ready(status: Status) -> Condition:
    return next(condition for condition in status.conditions if condition.type is ConditionType.READY)
