"""IP addresses and prefixes as values."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.netbox.fields import Text
from setpoint_lab.netbox.model import MODELS

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

FAMILIES = {4: "IPv4", 6: "IPv6"}
ENDPOINT = "ipam/ip-addresses"


@dataclass(frozen=True)
class Address(Text):
    """An address with its mask; without one it is a host's."""

    def parse(self, _world: World, raw: Any, /) -> Any:
        """An address as the database writes it."""
        try:
            return str(ipaddress.ip_interface(str(raw).strip()))
        except ValueError:
            raise Invalid(f"Invalid IP address format: {raw}") from None


@dataclass(frozen=True)
class Network(Text):
    """A prefix; bits of the host are refused."""

    def parse(self, _world: World, raw: Any, /) -> Any:
        """A network as the database writes it."""
        try:
            network = ipaddress.ip_network(str(raw).strip(), strict=False)
        except ValueError:
            raise Invalid(f"Invalid IP address format: {raw}") from None
        if "/" in str(raw) and ipaddress.ip_interface(str(raw).strip()).ip != network.network_address:
            raise Invalid(f"{raw} is not a valid prefix. Did you mean {network}?")
        return str(network)


def family_of(name: str) -> Any:
    """A function that shows the family of the address in a field."""

    def family(_view: View, row: Row) -> dict[str, Any]:
        number = ipaddress.ip_interface(row[name]).version
        return {"value": number, "label": FAMILIES[number]}

    return family


def primary_ip(view: View, row: Row) -> Any:
    """The primary address: that of version 6 where there is one."""
    return reference(view, row.get("primary_ip6")) or reference(view, row.get("primary_ip4"))


def reference(view: View, number: Any) -> dict[str, Any] | None:
    """An address as its device or machine shows it."""
    row = view.world.row(ENDPOINT, number)
    return view.select(MODELS[ENDPOINT], row, list(PRIMARY_KEYS)) if row is not None else None


PRIMARY_KEYS = (
    "id",
    "url",
    "display",
    "family",
    "address",
    "nat_inside",
    "nat_outside",
    "dns_name",
    "description",
)
"""What a device or machine shows of its primary addresses."""
