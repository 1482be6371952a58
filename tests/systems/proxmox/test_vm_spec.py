"""What a person may write about a VM, and what is said when it cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from tests.systems.proxmox.made import spec


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        pytest.param({"memory": "2GB"}, "no unit of size", id="decimal unit"),
        pytest.param({"memory": 1000}, "multiple of 1MiB", id="memory of a few bytes"),
        pytest.param({"memory": "8MiB"}, "at least 16MiB", id="little memory"),
        pytest.param({"cores": 0}, "greater than or equal to 1", id="no core"),
        pytest.param({"vmid": 99}, "greater than or equal to 100", id="reserved vmid"),
        pytest.param({"disks": {"scsi31": {"storage": "a1", "size": "1GiB"}}}, "pattern", id="scsi31"),
        pytest.param({"disks": {"virtio16": {"storage": "a1", "size": "1GiB"}}}, "pattern", id="virtio16"),
        pytest.param(
            {"disks": {"scsi0": {"storage": "a1", "size": "1MiB"}}}, "multiple of 4MiB", id="odd disk"
        ),
        pytest.param({"disks": {"scsi0": {"storage": "a1", "size": 0}}}, "multiple of 4MiB", id="empty disk"),
        pytest.param(
            {"disks": {"scsi0": {"storage": "a:1", "size": "1GiB"}}}, "pattern", id="storage with colon"
        ),
        pytest.param({"disks": {"scsi0": {"size": "1GiB"}}}, "Field required", id="disk without storage"),
        pytest.param({"nics": {"net32": {"bridge": "vmbr0"}}}, "pattern", id="net32"),
        pytest.param({"nics": {"net0": {}}}, "Field required", id="nic without bridge"),
        pytest.param({"nics": {"net0": {"bridge": "vmbr0,tag=1"}}}, "pattern", id="smuggled option"),
        pytest.param({"nics": {"net0": {"bridge": "vmbr0", "vlan": 4095}}}, "4094", id="vlan 4095"),
        pytest.param({"nics": {"net0": {"bridge": "vmbr0", "mac": "aa-bb"}}}, "no MAC", id="mac with dashes"),
        pytest.param(
            {"nics": {"net0": {"bridge": "vmbr0", "mac": "01:00:00:00:00:01"}}}, "multicast", id="multicast"
        ),
        pytest.param({"tags": ["a/b"]}, "is no tag", id="tag with a slash"),
        pytest.param({"node": "pve1/../x"}, "pattern", id="node that leaves its path"),
        pytest.param({"socket": 2}, "Extra inputs", id="unknown field"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        spec(**fields)


def test_everything_has_a_default() -> None:
    assert KIND.declare(VirtualMachineSpec()) == {}


def test_no_mac_address_is_none_to_compare() -> None:
    nic = {"bridge": "vmbr0", "mac": None}

    assert KIND.declare(spec(nics={"net0": nic}, power=None)) == {"nics": {"net0": {"bridge": "vmbr0"}}}


def test_our_own_tag_may_be_written_and_is_not_compared() -> None:
    assert KIND.declare(spec(tags=["Setpoint", "Web"])) == {"tags": ["web"]}


@pytest.mark.parametrize("name", ["web01", "a", "web01.example.org"])
def test_a_name_that_proxmox_takes(name: str) -> None:
    assert KIND.names.fullmatch(name)


@pytest.mark.parametrize("name", ["foo_bar", "-a", "a-", "a..b", "Web", "a.", ""])
def test_a_name_that_proxmox_refuses(name: str) -> None:
    assert not KIND.names.fullmatch(name)


def test_every_field_is_described() -> None:
    schema = VirtualMachineSpec.model_json_schema()
    parts = [schema, *schema["$defs"].values()]

    for part in parts:
        for name, field in part.get("properties", {}).items():
            assert field.get("description", "").endswith("."), name
