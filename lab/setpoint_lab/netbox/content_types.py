"""The numbers of types of objects, which only the data of changes and the list of types show."""

from __future__ import annotations

_NUMBERS = {
    "dcim.site": 6,
    "virtualization.vminterface": 10,
    "virtualization.virtualmachine": 12,
    "core.objectchange": 20,
    "dcim.device": 21,
    "dcim.devicerole": 22,
    "dcim.devicetype": 23,
    "dcim.interface": 24,
    "dcim.macaddress": 25,
    "dcim.manufacturer": 26,
    "dcim.platform": 27,
    "extras.configcontext": 40,
    "extras.configtemplate": 41,
    "extras.customfield": 42,
    "extras.customfieldchoiceset": 43,
    "extras.eventrule": 44,
    "extras.journalentry": 45,
    "extras.tag": 46,
    "extras.taggeditem": 48,
    "extras.webhook": 47,
    "ipam.ipaddress": 60,
    "ipam.prefix": 61,
    "ipam.service": 62,
    "ipam.vlan": 63,
    "ipam.vlangroup": 64,
    "ipam.vrf": 65,
    "netbox_dns.nameserver": 70,
    "netbox_dns.record": 71,
    "netbox_dns.view": 72,
    "netbox_dns.zone": 73,
    "tenancy.tenant": 80,
    "users.objectpermission": 90,
    "users.token": 91,
    "users.user": 92,
    "virtualization.cluster": 100,
    "virtualization.clustertype": 101,
    "virtualization.virtualdisk": 102,
    "virtualization.virtualmachinetype": 103,
}
UNKNOWN = 200
"""The number of all types that are not emulated."""


def type_number(name: str) -> int:
    """The number of a type."""
    return _NUMBERS.get(name, UNKNOWN)
