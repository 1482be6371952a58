"""Names and values of records: what they are in full, and what they must look like."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

APEX = "@"
ADDRESS_TYPES = {"A": 4, "AAAA": 6}
MALFORMED = "Text input is malformed."
NAME_AT = {"CNAME": 0, "DNAME": 0, "NS": 0, "PTR": 0, "MX": 1, "SRV": 3}
"""Where among the words of a value its name is."""

NUMBERS = {"MX": 1, "SRV": 3, "CAA": 1}
"""How many words of a value are numbers; they come first."""

LEAST_WORDS = {"CAA": 3}
_NAME = re.compile(r"(\*\.)?([0-9A-Za-z_/-]{1,63}\.)*[0-9A-Za-z_/-]{1,63}\.?|[@.]")


def full_name(name: str, zone: str) -> str:
    """The name of a record with that of its zone, ending in a dot."""
    if name.endswith("."):
        return name
    return f"{zone}." if name == APEX else f"{name}.{zone}."


def absolute(kind: str, value: str, zone: str) -> str:
    """The value with its relative name made absolute."""
    at = NAME_AT.get(kind)
    words = value.split()
    if at is None or at >= len(words):
        return value
    words[at] = full_name(words[at], zone)
    return " ".join(words)


def complaint(kind: str, value: str) -> str | None:
    """What is wrong with a value, None when nothing is."""
    if kind in ADDRESS_TYPES:
        return None if address_of(kind, value) else MALFORMED
    words = value.split()
    numbers = words[: NUMBERS.get(kind, 0)]
    if kind not in NAME_AT and kind not in NUMBERS:
        return None
    if len(words) < LEAST_WORDS.get(kind, 0) or len(numbers) < NUMBERS.get(kind, 0):
        return MALFORMED
    if not all(number.isdigit() for number in numbers):
        return MALFORMED
    at = NAME_AT.get(kind)
    fits = at is None or (len(words) == at + 1 and _NAME.fullmatch(words[at]) is not None)
    return None if fits else MALFORMED


def address_of(kind: str, value: str) -> str | None:
    """The address that a record of its kind has as its value, None when there is none."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    return str(address) if address.version == ADDRESS_TYPES.get(kind) else None


def reverse_name(value: str) -> str:
    """The name below which the host of an address is found, without a dot at the end."""
    return ipaddress.ip_address(value).reverse_pointer


def within(name: str, zone: str) -> str | None:
    """What a name, without a dot at the end, is called in a zone; None when it is not below it."""
    if name.casefold() == zone.casefold():
        return APEX
    below = name.casefold().endswith(f".{zone.casefold()}")
    return name[: -len(zone) - 1] if below else None


def closest(name: str, zones: list[dict[str, Any]]) -> tuple[dict[str, Any], str] | None:
    """The smallest zone that a name is in, and what it is called there."""
    found = [(zone, inside) for zone in zones if (inside := within(name, str(zone["name"]))) is not None]
    return max(found, key=lambda each: len(str(each[0]["name"])), default=None)
