"""What a kind of zone takes, and what its vnets must have; only simple and vlan zones were recorded.

The options of the other kinds and the texts about tags in use follow the daemon's source.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from setpoint_lab.proxmox.sdn.model import Sdn
    from setpoint_lab.proxmox.sdn.sections import Section, Sections

_COMMON = "dns dnszone ipam mtu nodes reversedns"
_REQUIRED: Mapping[str, str] = {
    "simple": "",
    "vlan": "bridge",
    "qinq": "bridge tag",
    "vxlan": "",
    "evpn": "controller vrf-vxlan",
    "faucet": "controller dp-id",
}
_OPTIONAL: Mapping[str, str] = {
    "simple": "dhcp",
    "vlan": "bridge-disable-mac-learning",
    "qinq": "bridge-disable-mac-learning vlan-protocol",
    "vxlan": "fabric peers vxlan-port",
    "evpn": "advertise-subnets disable-arp-nd-suppression exitnodes exitnodes-local-routing exitnodes-primary mac "
    "rt-import",
    "faucet": "",
}
_TAG_NAMES: Mapping[str, str] = {
    "vlan": "vlan",
    "qinq": "vlan",
    "vxlan": "vxlan",
    "evpn": "vxlan",
    "faucet": "vlan",
}
_LIMITS: Mapping[str, int] = {"vlan": 4096, "vxlan": 16_777_216}
UNDEFINED_TYPE = "cannot lookup undefined type! at /usr/share/perl5/PVE/API2/Network/SDN/Vnets.pm line 326."


def check_zone(kind: str, given: Mapping[str, object], *, create: bool) -> None:
    """Raise when a zone of a kind has an option that is not for it, or lacks one when it is made."""
    required = _REQUIRED[kind].split()
    known = {*required, *_OPTIONAL[kind].split(), *_COMMON.split()}
    for key in sorted(given):
        if key not in known:
            raise ApiError.internal(f"unexpected property '{key}'")
    for key in required if create else []:
        if key not in given:
            raise ApiError.internal(f"missing value for required option '{key}'")


def check_deletes(
    known: Iterable[str], required: Iterable[str], given: Mapping[str, object], deletes: list[str]
) -> None:
    """Raise when an option cannot be taken away."""
    for key in deletes:
        if key not in set(known):
            raise ApiError.internal(f"no such option '{key}'")
        if key in set(required):
            raise ApiError.internal(f"unable to delete required option '{key}'")
        if key in given:
            raise ApiError.internal(f"cannot set and delete property '{key}' at the same time!")


def required_of(kind: str) -> list[str]:
    """The options that a zone of a kind must have."""
    return _REQUIRED[kind].split()


def check_references(sdn: Sdn, zone: Section) -> None:
    """Raise when a zone names something that is not there."""
    for key in ("dns", "reversedns"):
        if key in zone:
            raise ApiError.parameters({key: f"{zone[key]} don't exist"})
    if "dnszone" in zone:
        raise ApiError.parameters({"dnszone": "missing dns server"})
    ipam = zone.get("ipam")
    if ipam is not None and ipam not in sdn.ipams:
        raise ApiError.parameters({"ipam": f"{ipam} not existing"})


def check_vnet(zones: Sections, vnets: Sections, name: str) -> None:
    """Raise when a vnet does not fit its zone, or takes the tag of another."""
    vnet = vnets[name]
    zone = zones.get(str(vnet["zone"]))
    if zone is None:
        raise ApiError.internal(UNDEFINED_TYPE)
    tag, word = vnet.get("tag"), _TAG_NAMES.get(str(zone["type"]))
    if word is None:
        if tag is not None:
            raise ApiError.parameters({"tag": f"vlan tag is not allowed on {zone['type']} zone"})
        return
    if not isinstance(tag, int):
        raise ApiError.parameters({"tag": f"missing {word} tag"})
    if tag > _LIMITS[word]:
        raise ApiError.parameters({"tag": f"{word} tag max value is {_LIMITS[word]}"})
    for other, each in vnets.items():
        if other != name and each.get("zone") == vnet["zone"] and each.get("tag") == tag:
            raise ApiError.parameters(
                {"tag": f"tag {tag} already exist in vnet {other} in zone {vnet['zone']}"}
            )


def check_gateway(cidr: str, subnet: Section) -> None:
    """Raise when a subnet's gateway lies outside of it."""
    gateway = subnet.get("gateway")
    if gateway is None:
        return
    network = ipaddress.ip_network(cidr, strict=False)
    if ipaddress.ip_address(str(gateway)) not in network:
        raise ApiError.parameters({"gateway": f"{gateway} is not in subnet {cidr}"})
