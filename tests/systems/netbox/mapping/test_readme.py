"""The page about the mapping says nothing that is not so, and leaves no transform out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

import setpoint_netbox.mapping
from setpoint_netbox.mapping.reading import read_mapping
from setpoint_netbox.mapping.transforms import Word
from tests.systems.netbox.mapping.views import KINDS, LENT, choice, compiled, machine, named, nic, sheets

PAGE = (Path(setpoint_netbox.mapping.__path__[0]) / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml of netbox\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_is_a_mapping(text: str) -> None:
    assert not read_mapping(text.encode(), LENT, KINDS).problems


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("word", [*get_args(Word), "map", "join", "split", "slot", "without", "unit"])
def test_every_transform_is_explained(word: str) -> None:
    table = PAGE.partition("**Transforms**")[2]
    assert f"`{word}`" in table or f"`{{{word}:" in table


@pytest.mark.parametrize("name", sorted(read_mapping(None, LENT, KINDS).maps))
def test_every_lent_map_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("field", sorted(set(re.findall(r"custom_fields\.(\w+)", "".join(LENT.values())))))
def test_every_custom_field_that_is_read_is_named(field: str) -> None:
    assert f"`{field}`" in PAGE


def test_the_map_of_the_page_makes_what_it_says() -> None:
    view = machine(
        name="Web 01",
        site=named(1, "Lab"),
        tags=[named(1, "sandbox")],
        disk=None,
        vcpus=None,
        config_context={"sandbox": {"agent": True}},
        interfaces=[
            nic(1, "a", enabled=False),
            nic(2, "b", mac_address="bc:24:11:00:00:01", untagged_vlan={"id": 1, "vid": 11}),
            nic(3, "c", mode=choice("access")),
        ],
    )
    text = next(block for block in BLOCKS if "sandboxes" in block)
    found = compiled(sheets({"virtualization.virtualmachine/17": view}, text))
    assert not found.problems
    (one,) = [one for key, one in found.resources.items() if key.kind == "VirtualMachine"]
    assert str(one.key) == "sandbox/VirtualMachine/lab-web-01"
    assert one.spec == {
        "cores": 1,
        "cpu": {"type": "host"},
        "agent": True,
        "nics": {
            "net0": {"bridge": "vmbr1", "mac": "BC:24:11:00:00:01", "vlan": 11},
            "net1": {"bridge": "vmbr0"},
        },
    }


def test_what_nobody_maps_is_mapped_as_the_page_shows() -> None:
    text = next(block for block in BLOCKS if "of: virtualization.cluster" in block)
    cluster = {
        "id": 1,
        "name": "Attic",
        "type": named(1, "proxmox-ve"),
        "custom_fields": {"endpoints": "pve1.example.org\npve2.example.org"},
    }
    services = [{"id": 1, "name": "SMTP", "ports": [25]}, {"id": 2, "name": "http", "ports": [80, 443]}]
    found = compiled(
        sheets(
            {
                "virtualization.cluster/1": cluster,
                "virtualization.virtualmachine/17": machine(services=services),
            },
            text,
        )
    )
    made = {str(key): one for key, one in found.resources.items() if one.origin.path.startswith("@")}
    assert made["ProxmoxCluster/attic"].spec == {
        "endpoints": ["pve1.example.org", "pve2.example.org"],
        "token": {"id": "setpoint@pve!controller", "secret": {"file": "/etc/setpoint/Attic-token"}},
        "vmids": {"from": 1000, "to": 1999},
    }
    assert made["VirtualMachine/web01"].labels["serves"] == "http-smtp"
    assert not found.problems
