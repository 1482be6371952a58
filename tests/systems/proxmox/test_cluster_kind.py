"""The kind ProxmoxCluster: what may be declared, what is seen, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.identity import Owner
from setpoint.model.key import Key
from setpoint.model.kind import Looking
from setpoint.model.observation import Present
from setpoint.model.secret import Secret, SecretRef
from setpoint.run.gate import LaneGate
from setpoint_proxmox.access import NEEDS, Privilege
from setpoint_proxmox.kinds.proxmox_cluster import KIND
from setpoint_proxmox.kinds.proxmox_cluster.state import ClusterState
from tests.systems.proxmox.drive import ROLES, Driver, cluster_spec, world


def needed(path: str) -> list[str]:
    """The privileges on a path that are no option."""
    return [name for need in NEEDS if need.path == path and not need.optional for name in need.names]


OWNER = Owner("home", Key("default", "ProxmoxCluster", "lab"))


async def state_of(driver: Driver) -> ClusterState:
    seen = await KIND.observe(
        driver.cluster, Looking(cluster_spec("pve1"), OWNER, None, await driver.survey())
    )
    assert isinstance(seen, Present)
    return seen.state


async def test_a_good_cluster_has_no_problem(driver: Driver) -> None:
    state = await state_of(driver)

    assert KIND.problems(state) == ()
    assert KIND.status(state) == {
        "version": state.version,
        "cluster": "lab",
        "nodes": {"pve1": "online", "pve2": "online"},
        "quorate": True,
        "endpoint": driver.cluster.api.endpoint,
        "missingPrivileges": [],
        "optionalPrivileges": ["Pool.Allocate on /pool", "Sys.Modify on /"],
    }


async def test_a_lost_node_and_lost_quorum_are_problems(driver: Driver) -> None:
    driver.lab.happen("node_offline", value="pve2", quorum=False)

    found = KIND.problems(await state_of(driver))

    assert [problem.reason for problem in found] == ["NoQuorum", "NodeOffline"]


async def test_nothing_that_is_optional_is_a_problem(driver: Driver) -> None:
    roles = [{"roleid": "Few", "privs": ",".join(needed("/vms"))}]
    driver.lab.begin(world({**ROLES, "/vms": "Few"}, roles=roles))

    state = await state_of(driver)

    assert KIND.problems(state) == ()
    assert Privilege("/vms", "VM.Clone") in state.forgone


async def test_hidden_guests_are_a_problem_of_their_own(driver: Driver) -> None:
    few = [name for name in needed("/vms") if name != "VM.Audit"]
    roles = [{"roleid": "Few", "privs": ",".join(few)}, {"roleid": "Status", "privs": "Sys.Audit"}]
    driver.lab.begin(world({**ROLES, "/": "Status", "/vms": "Few"}, roles=roles))

    hidden, lacking = KIND.problems(await state_of(driver))

    assert (hidden.reason, lacking.reason) == ("GuestsHidden", "MissingPrivileges")
    assert "pveum acl modify /vms" in hidden.message
    assert "lacks VM.Audit on /vms;" in lacking.message


@pytest.mark.parametrize(("lock", "reasons"), [("create", ["GuestUnclear"]), ("backup", [])])
async def test_a_guest_that_was_left_behind_is_a_problem_for_it_stops_all_creations(
    driver: Driver, lock: str, reasons: list[str]
) -> None:
    entry = {"vmid": 1000, "type": "qemu", "node": "pve1", "name": "x", "status": "stopped"}
    driver.lab.begin(world(guests=[{**entry, "config": {"lock": lock}}]))

    found = KIND.problems(await state_of(driver))

    assert [problem.reason for problem in found] == reasons
    assert all("qm unlock 1000 && qm destroy 1000" in problem.message for problem in found)


async def test_a_guest_of_an_offline_node_is_no_problem_beside_the_node(driver: Driver) -> None:
    entry = {"vmid": 300, "type": "qemu", "node": "pve2", "name": "x", "status": "stopped"}
    driver.lab.begin(world(guests=[{**entry, "config": {"tags": "setpoint"}}]))
    driver.lab.happen("node_offline", value="pve2")

    found = KIND.problems(await state_of(driver))

    assert [problem.reason for problem in found] == ["NodeOffline"]


@pytest.mark.parametrize(
    ("path", "role"), [("/vms", "PVEVMAdmin"), ("/storage", "PVEDatastoreUser"), ("/sdn", "PVESDNUser")]
)
async def test_a_missing_privilege_is_a_problem_with_the_command_that_mends_it(
    driver: Driver, path: str, role: str
) -> None:
    driver.lab.begin(world({one: role for one, role in ROLES.items() if one != path}))

    problem = KIND.problems(await state_of(driver))[-1]

    assert problem.reason == "MissingPrivileges"
    command = f"pveum acl modify {path} --users setpoint@pve --tokens 'setpoint@pve!ctl' --roles {role}"
    assert problem.message.count(command) == 1


async def test_nothing_is_compared_and_nothing_done(driver: Driver) -> None:
    assert KIND.declare(cluster_spec("pve1")) == {}
    assert KIND.project(await state_of(driver)).tree == {}
    assert KIND.acts == {}


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        pytest.param({"endpoints": []}, "at least 1", id="no endpoint"),
        pytest.param({"endpoints": ["http://pve1"]}, "in clear", id="token in clear"),
        pytest.param(
            {"token": {"id": "root@pam", "secret": {"env": "X"}}}, "pattern", id="a user instead of a token"
        ),
        pytest.param({"fingerprint": "AB:CD"}, "64 hex digits", id="short fingerprint"),
        pytest.param(
            {"fingerprint": "AB" * 32, "ca": "/x.pem"}, "exclude each other", id="two ways to trust"
        ),
        pytest.param({"vmids": {"from": 2000, "to": 1000}}, "swap them", id="range backwards"),
        pytest.param({"budgets": {"perNode": 0}}, "greater than or equal to 1", id="no place to work"),
        pytest.param({"budgets": {"perStorage": 17}}, "less than or equal to 16", id="too many places"),
        pytest.param({"vmids": {"from": 1}}, "greater than or equal to 100", id="reserved ids"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        cluster_spec(*fields.pop("endpoints", ["pve1"]), **fields)


def test_a_fingerprint_is_normal_whatever_its_form() -> None:
    digits = "AB" * 32

    assert cluster_spec("pve1", fingerprint=":".join(["ab"] * 32)).fingerprint == digits
    assert cluster_spec("pve1", fingerprint=None).fingerprint is None


def test_the_range_of_new_ids_has_a_default() -> None:
    declared = cluster_spec("pve1").vmids

    assert (declared.low, declared.high) == (1000, 1999)


def test_the_port_needs_the_tokens_value_and_gives_it_to_nobody() -> None:
    port = KIND.port
    assert port is not None

    assert port.secrets(cluster_spec("pve1")) == {"token": SecretRef(env="TOKEN")}


async def test_a_port_connects_without_a_call_and_closes() -> None:
    port = KIND.port
    assert port is not None

    cluster = port.connect(cluster_spec("pve1"), {"token": Secret("x")}, LaneGate())
    await port.close(cluster)

    assert cluster.vmids == (1000, 1999)


@pytest.mark.parametrize(
    ("scope", "places"), [("node/pve1", 3), ("storage/ceph", 1)], ids=["node", "storage"]
)
def test_a_cluster_says_how_much_goes_on_side_by_side(scope: str, places: int) -> None:
    port = KIND.port
    assert port is not None

    assert port.budget(cluster_spec("pve1", budgets={"perNode": 3, "perStorage": 1}), scope) == places
    assert port.budget(cluster_spec("pve1"), scope) == 2
