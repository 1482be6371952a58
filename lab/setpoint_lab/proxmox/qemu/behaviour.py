"""How the systems inside the VMs behave, since no emulated VM has one: set by a state or by an event, per VM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.events import lab_event
from setpoint_lab.proxmox.untyped import is_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

KEY = "guest_behaviour"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Whether the guest obeys ACPI, whether its agent runs, and whether it lets go of hardware."""

    acpi: bool = True
    agent: bool = False
    nic_unplug: bool = True
    disk_unplug: bool = True


def behaviour_of(world: World, vmid: int) -> Behaviour:
    """How the VM behaves; one that nobody spoke of obeys, and has no guest agent."""
    nothing: Mapping[str, Any] = {}
    words = next((entry for entry in _entries(world) if entry.get("vmid") == vmid), nothing)
    return Behaviour(
        acpi=not _begins(words, "acpi_shutdown", "ignored"),
        agent=_begins(words, "guest_agent", "running"),
        nic_unplug=not _begins(words, "nic_hot_unplug", "fails"),
        disk_unplug=not _begins(words, "disk_hot_unplug", "fails"),
    )


@lab_event(KEY)
async def set_behaviour(world: World, spec: Mapping[str, Any]) -> None:
    """From now on a VM behaves as said: vmid, acpi_shutdown, guest_agent, nic_hot_unplug, disk_hot_unplug."""
    others = [entry for entry in _entries(world) if entry.get("vmid") != spec["vmid"]]
    world.other[KEY] = [*others, dict(spec)]


def _entries(world: World) -> list[Mapping[str, Any]]:
    found = world.other.get(KEY)
    return [entry for entry in found if is_object(entry)] if is_list(found) else []


def _begins(words: Mapping[str, Any], name: str, word: str) -> bool:
    return str(words.get(name, "")).startswith(word)
