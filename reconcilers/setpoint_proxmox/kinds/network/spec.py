"""What people declare of a network: a zone with its vnets and their subnets."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final, Self

from pydantic import field_validator, model_validator

from setpoint.model.spec import Spec, described

PATTERN: Final = "[A-Za-z][A-Za-z0-9]{1,7}"
"""How Proxmox names zones and vnets."""
NAMES: Final = "[a-z][a-z0-9]{1,7}"
"""How a resource is named, as its zone may be."""
_ALIAS: Final = re.compile(r"[()*+,\-./0-9:;<=>?@A-Za-z\\^_ ]*")


class ZoneType(StrEnum):
    """How the guests of different nodes reach each other."""

    SIMPLE = "simple"
    VLAN = "vlan"
    QINQ = "qinq"
    VXLAN = "vxlan"
    EVPN = "evpn"


_ALWAYS: Final = frozenset(
    {"nodes", "mtu", "ipam", "dns", "reverse_dns", "dns_zone", "type", "zone", "vnets"}
)
_ALLOWED: Final[Mapping[ZoneType, frozenset[str]]] = {
    ZoneType.SIMPLE: frozenset({"dhcp"}),
    ZoneType.VLAN: frozenset({"bridge", "disable_mac_learning"}),
    ZoneType.QINQ: frozenset({"bridge", "disable_mac_learning", "service_tag", "vlan_protocol"}),
    ZoneType.VXLAN: frozenset({"peers", "vxlan_port", "fabric"}),
    ZoneType.EVPN: frozenset(
        {
            "controller",
            "vrf_vxlan",
            "mac",
            "exit_nodes",
            "primary_exit_node",
            "local_routing",
            "advertise_subnets",
            "disable_arp_suppression",
            "route_imports",
        }
    ),
}
_NEEDED: Final[Mapping[ZoneType, tuple[str, ...]]] = {
    ZoneType.SIMPLE: (),
    ZoneType.VLAN: ("bridge",),
    ZoneType.QINQ: ("bridge", "service_tag"),
    ZoneType.VXLAN: (),
    ZoneType.EVPN: ("controller", "vrf_vxlan"),
}
_TAG_LIMIT: Final[Mapping[ZoneType, int]] = {
    ZoneType.VLAN: 4094,
    ZoneType.QINQ: 4094,
    ZoneType.VXLAN: 16_777_215,
    ZoneType.EVPN: 16_777_215,
}


class DhcpRange(Spec):
    """Addresses that the zone's DHCP server hands out."""

    low: str = described("First address.", alias="from", examples=["10.20.0.100"])
    high: str = described("Last address.", alias="to", examples=["10.20.0.200"])


class Subnet(Spec):
    """The addresses of a vnet."""

    gateway: str | None = described(
        "The gateway's address, inside the subnet; in a simple or EVPN zone every node bears it.",
        None,
        examples=["10.20.0.1"],
    )
    snat: bool | None = described("Whether guests leave with the address of their node.", None)
    dhcp_ranges: tuple[DhcpRange, ...] | None = described(
        "What the DHCP server hands out, in a zone with `dhcp`.", None
    )
    dhcp_dns: str | None = described("The name server that the DHCP server tells.", None)
    dns_prefix: str | None = described(
        "A name below the zone's DNS zone, under which its guests are registered.", None
    )


class Vnet(Spec):
    """A bridge of its own on every node of the zone; guests name it as the bridge of a network card."""

    tag: int | None = described(
        "The VLAN of it in a vlan or qinq zone, the VXLAN id in a vxlan or evpn zone; a simple zone has none.",
        None,
        ge=1,
        le=16_777_215,
    )
    alias: str | None = described(
        "What people read beside it; our mark is kept behind it.", None, max_length=100
    )
    vlan_aware: bool | None = described("Whether its guests may use VLANs of their own.", None)
    isolate_ports: bool | None = described("Whether its guests are kept from each other.", None)
    subnets: Mapping[str, Subnet] = described(
        "Its subnets by their CIDR, e.g. 10.20.0.0/24; one that is declared no more is removed.", {}
    )

    @field_validator("alias")
    @classmethod
    def _sayable(cls, value: str | None) -> str | None:
        if value is not None and not _ALIAS.fullmatch(value):
            raise ValueError(
                "Proxmox takes letters, digits, blanks and ( ) * + , - . / : ; < = > ? @ \\ ^ _ only"
            )
        if value is not None and value != value.strip():
            raise ValueError("it begins or ends with a blank; take that away")
        return value


class NetworkSpec(Spec):
    """A zone of the cluster's software-defined network."""

    zone: str | None = described(
        "The zone's id in Proxmox, 2 to 8 letters and digits; the resource's name when left out.",
        None,
        pattern=f"^{PATTERN}$",
    )
    type: ZoneType = described(
        "How guests of different nodes reach each other: simple (not at all), vlan and qinq (over a bridge), "
        "vxlan and evpn (over IP). It cannot be changed later."
    )
    vnets: Mapping[str, Vnet] = described(
        "Its vnets by their ids, 2 to 8 letters and digits; one that is declared no more is removed. At least one, "
        "for a zone has no place for our mark and they have.",
        min_length=1,
    )
    nodes: tuple[str, ...] | None = described("The nodes that have it; an empty list for all.", None)
    mtu: int | None = described("The largest packet in it, in bytes.", None, ge=576, le=65_520)
    bridge: str | None = described("The bridge of every node that it goes over (vlan, qinq).", None)
    dhcp: bool | None = described("Whether each node answers DHCP in it (simple).", None)
    ipam: str | None = described("Who keeps its addresses: an IPAM of the cluster, such as pve.", None)
    dns: str | None = described(
        "The DNS server, by its name in the cluster, in which guests are registered.", None
    )
    reverse_dns: str | None = described("The same for the reverse names.", None)
    dns_zone: str | None = described("The DNS zone that guests are registered in.", None)
    disable_mac_learning: bool | None = described(
        "Whether the bridge takes no MAC address from what it sees (vlan, qinq).", None
    )
    service_tag: int | None = described("The outer VLAN (qinq).", None, ge=1, le=4094)
    vlan_protocol: str | None = described(
        "The protocol of the outer VLAN, 802.1q or 802.1ad (qinq).", None, pattern=r"^802\.1(q|ad)$"
    )
    peers: tuple[str, ...] | None = described("The nodes' addresses to each other (vxlan).", None)
    vxlan_port: int | None = described("The UDP port (vxlan).", None, ge=1, le=65_535)
    fabric: str | None = described("A fabric of the cluster, instead of peers (vxlan).", None)
    controller: str | None = described("The controller that tells of routes (evpn).", None)
    vrf_vxlan: int | None = described("The VXLAN id of the zone itself (evpn).", None, ge=1, le=16_777_215)
    mac: str | None = described(
        "The MAC address of every gateway (evpn).", None, pattern="^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$"
    )
    exit_nodes: tuple[str, ...] | None = described("The nodes that lead out of it (evpn).", None)
    primary_exit_node: str | None = described("The one of them that is taken first (evpn).", None)
    local_routing: bool | None = described("Whether exit nodes reach its guests themselves (evpn).", None)
    advertise_subnets: bool | None = described("Whether whole subnets are told of (evpn).", None)
    disable_arp_suppression: bool | None = described("Whether ARP and ND go everywhere (evpn).", None)
    route_imports: tuple[str, ...] | None = described("Route targets that are imported (evpn).", None)

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        for name in sorted(given - _ALWAYS - _ALLOWED[self.type]):
            fits = ", ".join(kind for kind, names in _ALLOWED.items() if name in names)
            yield f"{_alias(name)} is for a zone of type {fits}, and this one is {self.type}; leave it out"
        for name in _NEEDED[self.type]:
            if name not in given:
                yield f"a zone of type {self.type} needs {_alias(name)}"
        if self.type is ZoneType.VXLAN and not given & {"peers", "fabric"}:
            yield "a zone of type vxlan needs peers, the addresses of its nodes, or a fabric"
        yield from self._wrong_tags()
        yield from self._wrong_subnets()

    def _wrong_tags(self) -> Iterator[str]:
        limit, used = _TAG_LIMIT.get(self.type, 0), dict[int, str]()
        for name, vnet in self.vnets.items():
            if not re.fullmatch(PATTERN, name):
                yield f"'{name}' is no id of a vnet; use a letter and one to seven letters and digits"
            if vnet.tag is None:
                if limit:
                    yield f"vnet {name} needs a tag in a zone of type {self.type}"
                continue
            if vnet.tag > limit:
                yield f"vnet {name} has tag {vnet.tag}, and a zone of type {self.type} " + (
                    f"takes up to {limit}" if limit else "takes none; leave it out"
                )
            if vnet.tag in used:
                yield f"vnets {used[vnet.tag]} and {name} have the same tag {vnet.tag}"
            used[vnet.tag] = name

    def _wrong_subnets(self) -> Iterator[str]:
        used: dict[str, str] = {}
        for name, vnet in self.vnets.items():
            for cidr, subnet in vnet.subnets.items():
                yield from _wrong_subnet(cidr, subnet)
                if cidr in used:
                    yield f"subnet {cidr} is declared for both {used[cidr]} and {name}; a zone has it once"
                used[cidr] = name


def _wrong_subnet(cidr: str, subnet: Subnet) -> Iterator[str]:
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        yield f"'{cidr}' is no subnet; write e.g. 10.20.0.0/24"
        return
    if str(network) != cidr:
        yield f"'{cidr}' is not the usual writing of a subnet; write {network}"
    inside = [subnet.gateway, *(end for one in subnet.dhcp_ranges or () for end in (one.low, one.high))]
    for text in [*inside, subnet.dhcp_dns]:
        if text:
            try:
                found = ipaddress.ip_address(text)
            except ValueError:
                yield f"'{text}' is no IP address"
                continue
            if text in inside and found not in network:
                yield f"{text} is not in subnet {cidr}"


def _alias(name: str) -> str:
    return NetworkSpec.model_fields[name].alias or name
