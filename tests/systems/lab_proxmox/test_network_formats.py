"""What is refused by its form alone, in the calls about networks, firewalls and high availability."""

from __future__ import annotations

from typing import Any

import pytest

from tests.systems.lab_proxmox.qemu_api import Api

SUBNETS = "/cluster/sdn/vnets/v1/subnets"
SUBNET = {"subnet": "10.0.0.0/24", "type": "subnet"}
RULE = {"rule": "r1", "type": "node-affinity", "resources": "vm:100", "nodes": "pve1"}
FIREWALL = {"type": "in", "action": "ACCEPT", "proto": "tcp"}

REFUSED: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "a subnet without a length": (
        SUBNETS,
        {**SUBNET, "subnet": "10.0.0.0"},
        {"subnet": "value '10.0.0.0' does not look like a valid subnet ID"},
    ),
    "a range without its end": (
        SUBNETS,
        {**SUBNET, "dhcp-range": "start-address=10.0.0.5"},
        {
            "dhcp-range[0]": "format error\ndhcp-range[0].end-address: property is missing and it is not optional"
        },
    ),
    "a netmask that is none": (
        "/nodes/pve1/network",
        {"iface": "vmbr1", "type": "bridge", "address": "10.0.0.1", "netmask": "255.0.255.0"},
        {"netmask": "value does not look like a valid IP netmask"},
    ),
    "an alias for no address": (
        "/cluster/firewall/aliases",
        {"name": "office", "cidr": "there"},
        {"cidr": "value does not look like a valid IP address or CIDR network"},
    ),
    "a member that is neither address nor name": (
        "/cluster/firewall/ipset/friends",
        {"cidr": "10.0.0.1/99"},
        {"cidr": "value does not look like a valid IP address or CIDR network"},
    ),
    "a port beyond the last": (
        "/cluster/firewall/rules",
        {**FIREWALL, "dport": "ssh,80:90,70000"},
        {"dport": "invalid port '70000'"},
    ),
    "a resource without a type": (
        "/cluster/ha/resources",
        {"sid": "web"},
        {"sid": "value does not look like a valid ha resource id"},
    ),
    "a priority that is no number": (
        "/cluster/ha/rules",
        {**RULE, "nodes": "pve1:high"},
        {"nodes": "value does not look like a valid ha node"},
    ),
}


@pytest.mark.parametrize(("path", "params", "errors"), REFUSED.values(), ids=REFUSED)
async def test_refused_is(path: str, params: dict[str, Any], errors: dict[str, str]) -> None:
    refused = await Api().ask("POST", path, **params)
    assert refused.status == 400
    assert refused.errors == {key: f"invalid format - {text}\n" for key, text in errors.items()}


async def test_a_subnet_may_be_told_in_the_form_of_an_id() -> None:
    api = Api()
    await api.ask("POST", "/cluster/sdn/zones", zone="z1", type="simple")
    await api.ask("POST", "/cluster/sdn/vnets", vnet="v1", zone="z1")
    made = await api.ask("POST", SUBNETS, subnet="z1-fd00::-64", type="subnet", gateway="fd00::1")
    assert made.status == 200
    assert [row["cidr"] for row in (await api.ask("GET", SUBNETS)).data] == ["fd00::/64"]
