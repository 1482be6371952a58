"""Rules about addresses that those who ask cannot reach."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address, ip_network

from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import Declarations, Entry

_PRIVATE = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)
_NO_HOST = (
    (ip_network("0.0.0.0/8"), "of no host"),
    (ip_network("127.0.0.0/8"), "of whoever asks"),
    (ip_network("169.254.0.0/16"), "of one link"),
    (ip_network("224.0.0.0/4"), "of a multicast group"),
    (ip_network("240.0.0.0/4"), "reserved"),
    (ip_network("::/128"), "of no host"),
    (ip_network("::1/128"), "of whoever asks"),
    (ip_network("fe80::/10"), "of one link"),
    (ip_network("fec0::/10"), "of a site, which was given up"),
    (ip_network("ff00::/8"), "of a multicast group"),
)


_MAPPED = ip_network("::ffff:0:0/96")
"""IPv4 addresses as programs see them on an IPv6 socket; on no wire, and PowerDNS refuses them."""


@lru_cache(maxsize=1 << 16)
def _reach(text: str) -> str:
    """`private`, `mapped`, why it is no host's, or nothing."""
    address = ip_address(text)
    if address in _MAPPED:
        return "mapped"
    if any(address in network for network in _PRIVATE if network.version == address.version):
        return "private"
    found = (why for network, why in _NO_HOST if network.version == address.version and address in network)
    return next(found, "")


def reachable(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """Addresses that lead nowhere, or only from inside."""
    for number, value in enumerate(entry.values):
        reach = _reach(value)
        if reach == "private" and not zone.ground.private:
            yield advice(
                f"{value} is private, and this view is asked from outside too",
                "give it to a view for the inside: {values: ..., views: [internal]}; or say private: true of the zone",
                number,
            )
        elif reach == "mapped":
            yield error(f"{value} is an IPv4 address in another coat", "write it as A", number)
        elif reach not in ("", "private"):
            yield advice(f"{value} is {reach}", "write the address of the host", number)


RULES = (Rule("address-reach", reachable, ("A", "AAAA")),)
