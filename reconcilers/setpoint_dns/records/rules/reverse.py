"""Rules about reverse names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import Declarations, Entry

_V4, _V6 = ".in-addr.arpa.", ".ip6.arpa."
_OCTETS, _NIBBLES = 4, 32
_BYTE = 255
_CLASSLESS = re.compile(r"[0-9]+[/-][0-9]+")
"""A label by which part of a network is delegated (RFC 2317)."""


def form(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Each label is one part of an address, and all of them are there."""
    for suffix, count, part in ((_V4, _OCTETS, _octet), (_V6, _NIBBLES, _nibble)):
        if not entry.name.endswith(suffix):
            continue
        labels = entry.name.removesuffix(suffix).split(".")
        labels = [one for one in labels if not _CLASSLESS.fullmatch(one) and one != "*"]
        if any(one.startswith("_") for one in labels):
            return
        wrong = [one for one in labels if not part(one)]
        if wrong:
            yield error(
                f"'{wrong[0]}' is no part of an address", f"write {count} of them, the last one first"
            )
        elif len(labels) > count:
            yield error(
                f"an address has {count} parts, and these are {len(labels)}", "leave out what is too many"
            )
        elif len(labels) < count and "*" not in entry.name:
            yield advice(f"an address has {count} parts, and these are {len(labels)}", "write all of them")


def several(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Most programs take the first name of an address and know no other."""
    if len(set(entry.values)) > 1 and entry.name.endswith((_V4, _V6)):
        yield advice("an address with several names looks forged to many mail servers", "keep one PTR")


def _octet(label: str) -> bool:
    return label.isdecimal() and str(int(label)) == label and int(label) <= _BYTE


def _nibble(label: str) -> bool:
    return len(label) == 1 and label in "0123456789abcdef"


RULES = (Rule("reverse-name", form, ("PTR",)), Rule("several-ptr", several, ("PTR",)))
