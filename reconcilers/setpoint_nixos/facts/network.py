"""Interfaces, tunnels and what listens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from setpoint.model.observation import Unknown
from setpoint_nixos.facts.model import Interface, Known, Listener, Tunnel
from setpoint_nixos.facts.parts import (
    Part,
    RubbishError,
    complete,
    count,
    json_of,
    mapping,
    natural,
    sequence,
    word,
)

_VPN: Final = frozenset({"wireguard", "tun", "ipsec", "xfrm", "vti", "ppp", "l2tp", "ovpn"})
_PROGRAM: Final = re.compile(r'users:\(\("([^"]*)"')


def interfaces(part: Part) -> tuple[Interface, ...]:
    """All but the loopback."""
    found = [_interface(row) for row in sequence(json_of(part.text))]
    if not found:
        raise RubbishError("a list of interfaces was looked for")
    return tuple(each for each in found if each.name and each.kind != "loopback")


def _interface(row: Any) -> Interface:
    told = mapping(row)
    kind = word(mapping(told.get("linkinfo")).get("info_kind"))
    return Interface(
        name=word(told.get("ifname")),
        kind="loopback" if told.get("link_type") == "loopback" else kind,
        up="UP" in sequence(told.get("flags")),
        mac=word(told.get("address")),
        addresses=tuple(
            text for each in sequence(told.get("addr_info")) if (text := _address(mapping(each)))
        ),
    )


def _address(told: Any) -> str:
    local, length = word(told.get("local")), count(told.get("prefixlen"))
    return f"{local}/{length}" if local and length is not None and told.get("scope") != "link" else ""


def tunnels(
    interfaces: Known[tuple[Interface, ...]], handshakes: Known[dict[str, list[int]]]
) -> Known[tuple[Tunnel, ...]]:
    """The interfaces of VPNs; of those of WireGuard also when a peer was last heard."""
    if isinstance(interfaces, Unknown):
        return interfaces
    return tuple(_tunnel(each, handshakes) for each in interfaces if each.kind in _VPN)


def _tunnel(interface: Interface, handshakes: Known[dict[str, list[int]]]) -> Tunnel:
    if interface.kind != "wireguard":
        why = Unknown(f"an interface of the kind {interface.kind} does not tell its peers")
        return Tunnel(interface.name, interface.kind, why, why)
    if isinstance(handshakes, Unknown):
        return Tunnel(interface.name, interface.kind, handshakes, handshakes)
    times = handshakes.get(interface.name, [])
    return Tunnel(interface.name, interface.kind, len(times), _last(times))


def _last(times: Sequence[int]) -> float | None:
    latest = max(times, default=0)
    return float(latest) if latest else None


def handshakes(part: Part) -> dict[str, list[int]]:
    """When each peer of WireGuard was last heard, by interface; 0 for never."""
    found: dict[str, list[int]] = {}
    for line in complete(part):
        match line.split("\t"):
            case [name, _, seconds]:
                found.setdefault(name, []).append(natural(seconds.strip()))
            case _:
                raise RubbishError("interface, key and time were looked for")
    return found


def listening(part: Part) -> tuple[Listener, ...]:
    """What listens, by the lines of ss."""
    return tuple(_listener(line) for line in part.lines)


def _listener(line: str) -> Listener:
    match line.split():
        case [protocol, _, _, _, place, *_]:
            address, _, port = place.rpartition(":")
            program = _PROGRAM.search(line)
            return Listener(protocol, address, natural(port), "" if program is None else program[1])
        case _:
            raise RubbishError(f"'{line[:60]}' is no line of ss")
