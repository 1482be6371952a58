"""Every option of a zone, a vnet and a subnet: its field, its name in the API, and how its values compare."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias, cast

from setpoint.model.spec import Spec
from setpoint.model.tree import Json, Tree

Sent: TypeAlias = "str | int | list[str] | None"
"""A value as a call takes it; None takes the option away."""

DNSMASQ: Final = "dnsmasq"


class Form(Enum):
    """How a value is written."""

    TEXT = "text"
    WHOLE = "whole"
    FLAG = "flag"
    NAMES = "names"
    MAC = "mac"
    ADDRESS = "address"
    ADDRESSES = "addresses"
    SERVER = "server"
    """A flag that Proxmox keeps as the name of the one program that it knows."""
    RANGES = "ranges"
    """Ranges of addresses, in their order."""


@dataclass(frozen=True)
class Option:
    """One option.

    Attributes:
        field: its name in the comparable tree, as people write it.
        name: its name in the API.
    """

    field: str
    name: str
    form: Form


ZONE: Final = (
    Option("bridge", "bridge", Form.TEXT),
    Option("nodes", "nodes", Form.NAMES),
    Option("mtu", "mtu", Form.WHOLE),
    Option("ipam", "ipam", Form.TEXT),
    Option("dhcp", "dhcp", Form.SERVER),
    Option("dns", "dns", Form.TEXT),
    Option("reverseDns", "reversedns", Form.TEXT),
    Option("dnsZone", "dnszone", Form.TEXT),
    Option("disableMacLearning", "bridge-disable-mac-learning", Form.FLAG),
    Option("serviceTag", "tag", Form.WHOLE),
    Option("vlanProtocol", "vlan-protocol", Form.TEXT),
    Option("peers", "peers", Form.ADDRESSES),
    Option("vxlanPort", "vxlan-port", Form.WHOLE),
    Option("fabric", "fabric", Form.TEXT),
    Option("controller", "controller", Form.TEXT),
    Option("vrfVxlan", "vrf-vxlan", Form.WHOLE),
    Option("mac", "mac", Form.MAC),
    Option("exitNodes", "exitnodes", Form.NAMES),
    Option("primaryExitNode", "exitnodes-primary", Form.TEXT),
    Option("localRouting", "exitnodes-local-routing", Form.FLAG),
    Option("advertiseSubnets", "advertise-subnets", Form.FLAG),
    Option("disableArpSuppression", "disable-arp-nd-suppression", Form.FLAG),
    Option("routeImports", "rt-import", Form.NAMES),
)
VNET: Final = (
    Option("tag", "tag", Form.WHOLE),
    Option("vlanAware", "vlanaware", Form.FLAG),
    Option("isolatePorts", "isolate-ports", Form.FLAG),
)
SUBNET: Final = (
    Option("gateway", "gateway", Form.ADDRESS),
    Option("snat", "snat", Form.FLAG),
    Option("dhcpRanges", "dhcp-range", Form.RANGES),
    Option("dhcpDns", "dhcp-dns-server", Form.ADDRESS),
    Option("dnsPrefix", "dnszoneprefix", Form.TEXT),
)

_RANGE = re.compile(r"(start|end)-address=([^,]+)")


def shown(option: Option, value: Json) -> Json:
    """A value of the API as it is compared; what is not set as what that means."""
    return _SHOWN[option.form](value)


def sent(option: Option, value: Json) -> Sent:
    """A compared value as the API takes it; None for what is not to be set."""
    match value:
        case bool():
            on = DNSMASQ if option.form is Form.SERVER else 1
            return on if value else None
        case int():
            return value
        case list() if option.form is Form.RANGES:
            return [_range_text(one) for one in value if isinstance(one, dict)] or None
        case list():
            return ",".join(map(str, value)) or None
        case _:
            return str(value or "") or None


def split_names(value: Json) -> list[str]:
    """The names of a list that is kept as text."""
    return sorted({*re.split(r"[,; ]+", str(value or ""))} - {""})


def address(text: str) -> str:
    """An IP address in its usual writing; another text as it is."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return text.strip()


def tree_of(options: Mapping[str, Json], table: tuple[Option, ...]) -> Tree:
    """The comparable tree of some options of the API, all fields of the table."""
    return {option.field: shown(option, options.get(option.name)) for option in table}


def written(spec: Spec, table: tuple[Option, ...]) -> Tree:
    """The comparable tree of what a person wrote of the fields of a table."""
    document: dict[str, Any] = spec.model_dump(
        mode="json", by_alias=True, exclude_unset=True, exclude_none=True
    )
    return {
        option.field: shown(option, _kept(option, document[option.field]))
        for option in table
        if option.field in document
    }


_SHOWN: Final[Mapping[Form, Callable[[Json], Json]]] = {
    Form.TEXT: lambda value: str(value or ""),
    Form.WHOLE: lambda value: None if value is None else int(str(value)),
    Form.FLAG: lambda value: str(value or 0) == "1",
    Form.NAMES: lambda value: list[Json](split_names(value)),
    Form.MAC: lambda value: str(value or "").upper(),
    Form.ADDRESS: lambda value: address(str(value or "")),
    Form.ADDRESSES: lambda value: list[Json](sorted({*map(address, split_names(value))})),
    Form.SERVER: lambda value: value == DNSMASQ,
    Form.RANGES: lambda value: [_range(one) for one in value] if isinstance(value, list) else [],
}


def _kept(option: Option, value: Any) -> Json:
    """What a person wrote, as the API would tell it."""
    if option.form is Form.RANGES:
        return [{"start-address": one["from"], "end-address": one["to"]} for one in value]
    if isinstance(value, list):
        return ",".join(str(one) for one in cast("list[object]", value))
    if option.form is Form.SERVER:
        return DNSMASQ if value else None
    found: Json = int(value) if isinstance(value, bool) else value
    return found


def _range(one: Json) -> Json:
    """A range, told as an object, or while it is staged as text."""
    if isinstance(one, dict):
        found = {key.removesuffix("-address"): str(value) for key, value in one.items()}
    else:
        found = dict(_RANGE.findall(str(one)))
    return {"from": address(found.get("start", "")), "to": address(found.get("end", ""))}


def _range_text(one: Mapping[str, Json]) -> str:
    return f"start-address={one['from']},end-address={one['to']}"
