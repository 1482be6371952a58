"""The addresses that a guest tells of itself, and those of them that others can reach."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.spec import Spec, described
from setpoint.model.tree import Json
from setpoint_proxmox.answer import records

MOST = 64
"""Addresses of one NIC that are kept."""


class Addresses(Spec):
    """The addresses that others can reach, without prefix, those of the whole internet first."""

    v4: tuple[str, ...] = described("IPv4 addresses.", ())
    v6: tuple[str, ...] = described("IPv6 addresses.", ())


def by_slot(macs: Mapping[str, str], rows: Iterable[Mapping[str, Json]]) -> dict[str, tuple[str, ...]]:
    """The addresses of every NIC, known by its MAC address; what lies on top of it inside shares that.

    Raises:
        RefusalError: an address is none.
    """
    slots = {mac.lower(): slot for slot, mac in macs.items() if mac}
    found: dict[str, tuple[str, ...]] = dict.fromkeys(sorted(slots.values()), ())
    for row in rows:
        slot = slots.get(str(row.get("hardware-address") or "").lower())
        if slot is not None:
            found[slot] += tuple(_interface(entry) for entry in records(row.get("ip-addresses") or []))
    return {slot: texts[:MOST] for slot, texts in found.items()}


def reachable(slots: Iterable[tuple[str, ...]]) -> Addresses:
    """The addresses in the order of slots, the global ones before the others; neither loopback nor link-local ones."""
    interfaces = [ipaddress.ip_interface(text) for texts in slots for text in texts]
    usable = [each.ip for each in interfaces if not (each.ip.is_loopback or each.ip.is_link_local)]
    ordered = sorted(dict.fromkeys(usable), key=lambda address: not address.is_global)
    return Addresses(
        v4=tuple(str(address) for address in ordered if address.version == 4),  # noqa: PLR2004  # IPv4
        v6=tuple(str(address) for address in ordered if address.version == 6),  # noqa: PLR2004  # IPv6
    )


def _interface(entry: Mapping[str, Json]) -> str:
    # A scope (`%eth0`) means nothing outside, and what a guest says is not to be trusted with free text.
    text = f"{str(entry.get('ip-address')).partition('%')[0]}/{entry.get('prefix')}"
    try:
        return str(ipaddress.ip_interface(text))
    except ValueError as error:
        raise RefusalError(f"the guest gave '{text}' as an address") from error
