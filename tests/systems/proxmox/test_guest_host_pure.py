"""What `host` of a guest makes, and how a VM tells its host key: every answer that its agent may give."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.expand import Expanded
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint_proxmox.doctor_needs import requirements
from setpoint_proxmox.kinds.container import KIND as CONTAINER
from setpoint_proxmox.kinds.virtual_machine import KIND as MACHINE
from setpoint_proxmox.kinds.virtual_machine.observe_key import FILE
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import NO_AGENT, VmState
from tests.systems.proxmox.drive import TOKEN, Driver, Lab
from tests.systems.proxmox.made import spec, vm

WEB = Key("lab", "VirtualMachine", "web01")
CT = Key("lab", "Container", "ct01")
LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMyYMXFBrRIZvLaNyGmJsp/QTd9OxFe9gWZD7vm650vs"


def made(kind: Kind[Any, Any], key: Key, tree: dict[str, Any]) -> tuple[Expanded, ...]:
    assert kind.expand is not None
    return kind.expand(key, tree)


def taken(key: Key, output: str) -> dict[str, str]:
    return {"from": f"{key.kind}/{key.name}", "output": output}


ADDRESS = {"address": taken(WEB, "address"), "incarnation": taken(WEB, "incarnation")}
VM_HOST = {**ADDRESS, "hostKey": taken(WEB, "hostKey")}
CT_HOST = {
    "address": taken(CT, "address"),
    "incarnation": taken(CT, "incarnation"),
    "hostKey": {"container": taken(CT, "vmid")},
}


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        pytest.param({}, VM_HOST, id="nothing said"),
        pytest.param({"address": "web01.lan", "port": 2222}, {**VM_HOST, "address": "web01.lan", "port": 2222}, id="its way"),
        pytest.param({"hostKey": LINE}, {**ADDRESS, "hostKey": LINE}, id="its key"),
        pytest.param({"jump": ["pve1"]}, {**VM_HOST, "jump": [{"host": "pve1"}]}, id="behind a host"),
        pytest.param({"jump": [{"address": "gate"}]}, {**VM_HOST, "jump": [{"address": "gate"}]}, id="behind another"),
        pytest.param({"user": None, "watch": {"full": 80}}, {**VM_HOST, "watch": {"full": 80}}, id="what is too much"),
        pytest.param("yes", VM_HOST, id="a mistake, told elsewhere"),
    ],
)  # fmt: skip
def test_the_host_of_a_vm(host: Any, expected: dict[str, Any]) -> None:
    assert made(MACHINE, WEB, {"host": host}) == (Expanded("Host", "web01", expected, "/host"),)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        pytest.param({"node": "pve1", "host": {}}, {**CT_HOST, "jump": [{"host": "pve1"}]}, id="its node"),
        pytest.param({"node": "pve1", "host": {"jump": ["gate"]}}, {**CT_HOST, "jump": [{"host": "gate"}]}, id="another"),
        pytest.param({"host": {}}, CT_HOST, id="nobody knows where"),
        pytest.param({"node": "pve1", "host": {"jump": [], "hostKey": LINE}}, {**CT_HOST, "hostKey": LINE, "jump": []}, id="straight"),
    ],
)  # fmt: skip
def test_the_host_of_a_container(tree: dict[str, Any], expected: dict[str, Any]) -> None:
    assert made(CONTAINER, CT, tree) == (Expanded("Host", "ct01", expected, "/host"),)


def test_its_system_is_held_by_its_host() -> None:
    _, system = made(MACHINE, WEB, {"host": {"nixos": {"mode": "boot"}}})
    assert system == Expanded("NixosHost", "web01", {"mode": "boot"}, "/host/nixos", target="web01")


@pytest.mark.parametrize("kind", [MACHINE, CONTAINER], ids=["vm", "container"])
@pytest.mark.parametrize("tree", [{}, {"host": None}], ids=["left out", "null"])
def test_who_is_no_host_makes_none(kind: Kind[Any, Any], tree: dict[str, Any]) -> None:
    assert made(kind, WEB, tree) == ()


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["jump", "nixos", "hostKey", "x"]), below, max_size=3)
    ),
    max_leaves=8,
)


@given(ANYTHING)
def test_whatever_is_written_the_same_hosts_are_made(host: Any) -> None:
    """So a mistake in them takes nothing away."""
    names = {one.kind for one in made(MACHINE, WEB, {"host": host})}
    assert ("Host" in names) == (host is not None)
    assert ("NixosHost" in names) <= ("Host" in names)


def test_to_read_a_key_takes_a_privilege_that_a_declared_one_does_not() -> None:
    def needed(host: dict[str, Any]) -> list[str]:
        declared = VirtualMachineSpec.model_validate({"agent": True, "host": host})
        found = requirements([declared], {}, ())
        return [one.name for one in found if "FileRead" in one.name]

    assert needed({}) == ["VM.GuestAgent.FileRead|VM.GuestAgent.Unrestricted|VM.Monitor"]
    assert needed({"hostKey": LINE}) == []


def test_who_has_no_agent_is_a_problem_and_who_starts_is_none() -> None:
    def reasons(state: VmState) -> list[str]:
        return [one.reason for one in MACHINE.problems(state)]

    assert reasons(replace(vm(), keyless=NO_AGENT)) == ["HostKeyUnknown"]
    assert reasons(replace(vm(), keyless="its guest agent does not answer")) == []


HOSTED: dict[str, Any] = {"agent": True, "power": "running", "host": {}}
AGENT = "nodes/pve1/qemu/1000/agent"


async def shown(driver: Driver) -> str:
    return str(MACHINE.status((await driver.look(spec(**HOSTED))).state).get("hostKey"))


def write(lab: Lab, text: str) -> None:
    lab.api("POST", f"{AGENT}/file-write", file=FILE, content=text)


async def running(driver: Driver, lab: Lab) -> None:
    lab.happen("guest_behaviour", guest_agent="running")
    await driver.converge(spec(**HOSTED))


async def test_a_key_is_read_once_it_is_there_and_without_its_comment(driver: Driver, lab: Lab) -> None:
    await running(driver, lab)
    assert "No such file" in await shown(driver)
    write(lab, f"{LINE} root@web01\n")
    assert await shown(driver) == LINE


@pytest.mark.parametrize(
    "text",
    ["", "ssh-rsa AAAA", "ssh-ed25519 AAAA", "\u202e" + LINE],
    ids=["empty", "another sort", "short", "odd"],
)
async def test_what_is_no_key_is_told_and_not_taken(driver: Driver, lab: Lab, text: str) -> None:
    await running(driver, lab)
    write(lab, text)
    assert (await shown(driver)).startswith(f"not known: its {FILE} holds no key of ed25519")
    assert (await driver.look(spec(**HOSTED))).state.host_key == ""


async def test_an_agent_that_falls_silent_leaves_the_vm_known(driver: Driver, lab: Lab) -> None:
    await running(driver, lab)
    write(lab, LINE)
    assert await shown(driver) == LINE
    lab.happen("guest_behaviour", guest_agent="absent")
    assert "not running" in await shown(driver)


async def test_nobody_is_asked_who_is_no_host(driver: Driver, lab: Lab) -> None:
    await running(driver, lab)
    plain = {"agent": True, "power": "running"}
    assert "hostKey" not in MACHINE.status((await driver.look(spec(**plain))).state)


async def test_a_token_that_may_not_read_files_says_which_privilege_it_lacks(
    driver: Driver, lab: Lab
) -> None:
    await running(driver, lab)
    lab.happen("acl_taken", path="/vms", ugid=TOKEN)
    assert "VM.GuestAgent" in await shown(driver)
