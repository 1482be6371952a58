"""How the systems inside the VMs behave, since no emulated VM has one: set by a state or by an event, per VM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.events import lab_event
from setpoint_lab.proxmox.inside import Outcome
from setpoint_lab.untyped import is_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

KEY = "guest_behaviour"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Whether the guest obeys ACPI, whether its agent runs, and whether it lets go of hardware.

    `agent_after` are the seconds from the start to the agent's first answer; `addresses` are those of the cards
    (`net0`) with their prefix, for cards that do not follow from cloud-init's static ones; `programs` are command
    lines that end otherwise than well and silently.
    """

    acpi: bool = True
    agent: bool = False
    nic_unplug: bool = True
    disk_unplug: bool = True
    agent_after: float = 0.0
    host_name: str = ""
    addresses: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    programs: Mapping[str, Outcome] = field(default_factory=dict[str, Outcome])


def behaviour_of(world: World, vmid: int) -> Behaviour:
    """How the VM behaves: as its own entry says, else as the one without a number.

    A VM that nobody spoke of obeys, and has no guest agent.
    """
    found = {entry.get("vmid"): entry for entry in _entries(world)}
    words: Mapping[str, Any] = found.get(vmid) or found.get(None) or {}
    addresses: Mapping[str, Any] = words.get("addresses") or {}
    programs: Mapping[str, Any] = words.get("programs") or {}
    return Behaviour(
        acpi=not _begins(words, "acpi_shutdown", "ignored"),
        agent=_begins(words, "guest_agent", "running"),
        nic_unplug=not _begins(words, "nic_hot_unplug", "fails"),
        disk_unplug=not _begins(words, "disk_hot_unplug", "fails"),
        agent_after=float(words.get("agent_after_s", 0.0)),
        host_name=str(words.get("host_name", "")),
        addresses={str(key): [str(item) for item in given] for key, given in addresses.items()},
        programs={line: Outcome(**dict(given)) for line, given in programs.items()},
    )


@lab_event(KEY)
async def set_behaviour(world: World, spec: Mapping[str, Any]) -> None:
    """From now on a VM behaves as said; without `vmid`, every VM that has no entry of its own.

    Keys: acpi_shutdown, guest_agent, agent_after_s, host_name, addresses, nic_hot_unplug, disk_hot_unplug,
    programs (`{"uname -r": {"exitcode": 0, "out": text, "err": text}}`).
    """
    others = [entry for entry in _entries(world) if entry.get("vmid") != spec.get("vmid")]
    world.other[KEY] = [*others, dict(spec)]


def _entries(world: World) -> list[Mapping[str, Any]]:
    found = world.other.get(KEY)
    return [entry for entry in found if is_object(entry)] if is_list(found) else []


def _begins(words: Mapping[str, Any], name: str, word: str) -> bool:
    return str(words.get(name, "")).startswith(word)
