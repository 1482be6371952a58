"""What a VM publishes: only what others can use, and nothing that is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from setpoint_proxmox.guest.addresses import Addresses
from setpoint_proxmox.guest.outputs import GuestOutputs, publish
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from tests.systems.proxmox.made import vm

NIC = "virtio=BC:24:11:00:00:01,bridge=vmbr0"


def test_what_is_known_without_an_agent_is_published() -> None:
    assert publish(vm(net0=NIC)) == GuestOutputs(
        vmid=101, node="pve1", name="web01", macs={"net0": "BC:24:11:00:00:01"}, incarnation="first"
    )


@pytest.mark.parametrize(
    ("seen", "v4", "v6"),
    [
        pytest.param({}, (), (), id="none"),
        pytest.param({"net0": ("10.0.0.5/24",)}, ("10.0.0.5",), (), id="private"),
        pytest.param(
            {"net0": ("10.0.0.5/24",), "net1": ("8.8.4.4/24",)},
            ("8.8.4.4", "10.0.0.5"),
            (),
            id="global first",
        ),
        pytest.param(
            {"net0": ("10.0.0.9/24", "10.0.0.5/32")}, ("10.0.0.9", "10.0.0.5"), (), id="else as they come"
        ),
        pytest.param(
            {"net0": ("127.0.0.1/8", "169.254.3.4/16", "fe80::1/64", "::1/128")}, (), (), id="of no use"
        ),
        pytest.param(
            {"net0": ("fd00::5/64", "2a00:1450::5/64")}, (), ("2a00:1450::5", "fd00::5"), id="version 6"
        ),
        pytest.param({"net0": ("10.0.0.5/24", "10.0.0.5/32")}, ("10.0.0.5",), (), id="twice"),
    ],
)
def test_addresses_that_others_can_reach_come_in_order(
    seen: dict[str, tuple[str, ...]], v4: tuple[str, ...], v6: tuple[str, ...]
) -> None:
    outputs = publish(replace(vm(), addresses=seen))

    assert outputs.addresses == Addresses(v4=v4, v6=v6)
    assert outputs.ipv4 == (v4[0] if v4 else None)
    assert outputs.ipv6 == (v6[0] if v6 else None)


@pytest.mark.parametrize(
    ("power", "seen", "config", "expected"),
    [
        pytest.param("running", {"net0": ("2001:db8::5/64",)}, {}, "2001:db8::5", id="as told"),
        pytest.param("running", None, {"ipconfig0": "ip=192.0.2.5/24,gw=192.0.2.1"}, "192.0.2.5", id="as given"),
        pytest.param("running", None, {"ipconfig0": "ip=dhcp", "ipconfig1": "ip6=2001:db8::6/64"}, "2001:db8::6", id="as given for another card"),
        pytest.param("running", {"net0": ("192.0.2.9/24",)}, {"ipconfig0": "ip=192.0.2.5/24"}, "192.0.2.9", id="rather as told"),
        pytest.param("running", None, {"ipconfig0": "ip=dhcp"}, None, id="unknown"),
        pytest.param("stopped", None, {"ipconfig0": "ip=192.0.2.5/24"}, None, id="off"),
    ],
)  # fmt: skip
def test_where_it_is_reached(
    power: str, seen: dict[str, tuple[str, ...]] | None, config: dict[str, str], expected: str | None
) -> None:
    assert publish(replace(vm(**config), power=power, addresses=seen)).address == expected


def test_its_making_is_a_moment() -> None:
    first, second = (publish(replace(vm(), since=since)).incarnation for since in (1_795_230_970.25, 2e9))
    assert (first, second) == ("2026-11-21T03:16:10.250+00:00", "2033-05-18T03:33:20.000+00:00")


def test_a_container_in_the_way_publishes_nothing() -> None:
    assert publish(VmState(101, "pve1", "lxc")) == GuestOutputs()


def test_the_kind_publishes_them() -> None:
    assert KIND.outputs is GuestOutputs
    assert KIND.publish(vm()) == publish(vm())
