"""The interfaces of every node: those that are up, and those that are written down until the next reload."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from setpoint_lab.proxmox.sdn.model import Sdn
from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from setpoint_lab.proxmox.world import World

Interface = dict[str, object]
Interfaces = dict[str, Interface]

FIRST_PRIORITY = 3


class Networks:
    """The interfaces by node; `failures` say whether a node's next reload fails, and with which line."""

    KEY: ClassVar[str] = "interfaces"

    def __init__(self, world: World, given: object) -> None:
        """Begin with the section `interfaces` of a state; a node that is not in it has the bridges of the state."""
        self._world = world
        words: Mapping[str, Any] = given if is_object(given) else {}
        self._active: dict[str, Interfaces] = {}
        self._written: dict[str, Interfaces] = {}
        for node, found in words.items():
            self._active[node] = {name: dict(row) for name, row in found["active"].items()}
            if "written" in found:
                self._written[node] = {name: dict(row) for name, row in found["written"].items()}
        self.failures: list[Callable[[str], str | None]] = []

    def state(self) -> object:
        """The section that makes these interfaces."""
        return {
            node: {"active": rows} | ({"written": self._written[node]} if node in self._written else {})
            for node, rows in self._active.items()
        }

    def of(self, node: str) -> Interfaces:
        """The interfaces of a node that are up; a vnet is none of them."""
        if node not in self._active:
            self._active[node] = {
                name: _complete(number, bridge)
                for number, (name, bridge) in enumerate(self._world.bridges.items())
            }
        return self._active[node]

    def written(self, node: str) -> Interfaces:
        """The interfaces as the node's file has them: what is up, with the changes that wait for a reload."""
        return self._written.get(node) or self.of(node)

    def has_pending(self, node: str) -> bool:
        """Whether something waits for a reload."""
        return node in self._written

    def write(self, node: str, rows: Interfaces) -> None:
        """Write the node's file."""
        self._written[node] = rows
        self._world.changed()

    def revert(self, node: str) -> None:
        """Forget what waits for a reload."""
        self._written.pop(node, None)
        self._world.changed()

    def load(self, node: str) -> None:
        """Bring up what is written."""
        rows = self._written.pop(node, None)
        if rows is not None:
            self._active[node] = {name: {**row, "active": 1} for name, row in rows.items()}
            self._world.changed()

    def has_interface(self, node: str, name: str) -> bool:
        """Whether a guest could be put on that bridge of the node: one of its own, or a vnet that was applied."""
        return name in self.of(node) or name in self._world.part(Sdn).vnets_on(node)


def has_bridge(world: World, node: str, name: str) -> bool:
    """Whether a guest that names this bridge can start on the node."""
    return world.part(Networks).has_interface(node, name)


def with_address(row: Interface) -> Interface:
    """An interface whose address and netmask are those of its `cidr`, and the other way round."""
    found = dict(row)
    if "cidr" not in found and {"address", "netmask"} <= found.keys():
        found["cidr"] = f"{found['address']}/{_length(str(found['netmask']))}"
    if "cidr" in found:
        interface = ipaddress.ip_interface(str(found["cidr"]))
        found |= {"address": str(interface.ip), "netmask": str(interface.network.prefixlen)}
    return found


def _length(netmask: str) -> int:
    return ipaddress.ip_network(f"0.0.0.0/{netmask}").prefixlen


def _complete(number: int, bridge: Mapping[str, object]) -> Interface:
    row: Interface = {
        "families": ["inet"],
        "method6": "manual",
        "priority": FIRST_PRIORITY + number,
        **bridge,
    }
    row.pop("iface", None)
    return with_address(row)
