"""Which addresses a pool hands out, as numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from setpoint.model.handed import VALUE, Space
from setpoint_addresses.kinds.address_pool.spec import AddressPoolSpec
from setpoint_addresses.texts import Network, ends, read

Spans = Iterable[tuple[int, int]]
_V4 = 4
_POINT_TO_POINT = 1
"""Bits for the host up to which a network has no address of its own."""


def space(spec: AddressPoolSpec) -> Space:
    """The addresses of a pool."""
    network = ip_network(spec.cidr)
    gateway = None if spec.gateway is None else int(ip_address(spec.gateway))
    first, last = usable(network)
    version = IPv4Address if network.version == _V4 else IPv6Address

    def number(text: str) -> int | None:
        found = read(text)
        if found is None or found.version != network.version or not first <= int(found) <= last:
            return None
        return None if int(found) == gateway else int(found)

    def values(number: int) -> dict[str, str]:
        more = {} if spec.gateway is None else {"gateway": spec.gateway}
        return {VALUE: f"{version(number)}/{network.prefixlen}", **more}

    return Space(
        gives=f"IPv{network.version} address",
        room=spec.cidr,
        ranges=ranges(spec),
        number=number,
        text=lambda number: str(version(number)),
        values=values,
        isolated=spec.isolated,
    )


def usable(network: Network) -> tuple[int, int]:
    """The first and the last address that a machine may have; not those of the network itself and of everybody in it."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.max_prefixlen - network.prefixlen <= _POINT_TO_POINT:
        return first, last
    return first + 1, last - (network.version == _V4)


def ranges(spec: AddressPoolSpec) -> tuple[tuple[int, int], ...]:
    """What is handed out anew: ranges in order, without overlap and without what is excluded."""
    first, last = usable(ip_network(spec.cidr))
    wanted = [*map(_numbers, spec.ranges)] or [(first, last)]
    gateway = [] if spec.gateway is None else [spec.gateway]
    barred = sorted(map(_numbers, (*spec.exclude, *gateway)))
    clipped = ((max(low, first), min(high, last)) for low, high in _merged(wanted))
    return tuple(part for low, high in clipped for part in _without(low, high, barred))


def _numbers(text: str) -> tuple[int, int]:
    low, high = ends(text)
    return int(low), int(high)


def _merged(spans: Spans) -> Iterator[tuple[int, int]]:
    """The spans in order, those that touch as one."""
    low = high = None
    for first, last in sorted(spans):
        if low is None or high is None:
            low, high = first, last
        elif first <= high + 1:
            high = max(high, last)
        else:
            yield low, high
            low, high = first, last
    if low is not None and high is not None:
        yield low, high


def _without(low: int, high: int, barred: Spans) -> Iterator[tuple[int, int]]:
    """What is left of a span; `barred` is in order."""
    for first, last in barred:
        if first > high:
            break
        if low < first:
            yield low, first - 1
        low = max(low, last + 1)
    if low <= high:
        yield low, high
