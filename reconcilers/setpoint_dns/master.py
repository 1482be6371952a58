"""Reads a zone from a master file (RFC 1035, section 5), which includes no other file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.zone

from setpoint_dns.content import Zone
from setpoint_dns.rdata import canonical_name
from setpoint_dns.rfc2136.found import common

_INCLUDE = re.compile(r"^\$INCLUDE\b", re.IGNORECASE)
_OWNER = re.compile(r"^([A-Za-z0-9_*@][^\s;()\"]*)\s")
_ORIGIN = re.compile(r"^\$ORIGIN\s+(\S+)", re.IGNORECASE)
_SOA = re.compile(r"^(\S+)\s+(?:(?:[0-9]+[0-9smhdw]*|IN)\s+){0,2}SOA\s", re.IGNORECASE)


@dataclass(frozen=True)
class MasterFile:
    """A zone as a file has it.

    Attributes:
        outside: names in the file that are not in the zone, which no server would load.
    """

    zone: Zone
    outside: tuple[str, ...]


def read_zone(content: bytes, name: str = "") -> MasterFile:
    """The zone in a file; `name` is the zone's where the file does not tell it.

    Raises:
        ValueError: it holds no zone, or includes another file.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise ValueError("it is no text in UTF-8") from None
    for number, line in enumerate(text.splitlines(), 1):
        if _INCLUDE.match(line):
            raise ValueError(f"line {number}: other files are not included; put their lines in its place")
    origin = canonical_name(name, ".") if name else _origin(text)
    if origin == ".":
        raise ValueError("the root zone is not declared")
    return _understood(text, origin)


def _understood(text: str, origin: str) -> MasterFile:
    try:
        found = dns.zone.from_text(text, origin, relativize=False, check_origin=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"it is no zone file: {_at(str(error)) or type(error).__name__}") from None
    apex = dns.name.from_text(origin)
    for rtype in ("SOA", "NS"):
        if found.get_rdataset(apex, rtype) is None:
            raise ValueError(f"it has no {rtype} of {origin}; if that is not its name, say it with --only")
    return MasterFile(common(origin, found), tuple(dict.fromkeys(_outside(text, origin))))


def _outside(text: str, origin: str) -> Iterator[str]:
    """Names that the parser passes over without a word."""
    below = origin
    for line in text.splitlines():
        if found := _ORIGIN.match(line):
            below = canonical_name(found[1], below)
        elif found := _OWNER.match(line):
            name = canonical_name(found[1], below)
            if name != origin and not name.endswith(f".{origin}"):
                yield name


def _at(why: str) -> str:
    return why.replace("<string>:", "near line ").rstrip(".")


def _origin(text: str) -> str:
    """The name that the SOA stands at.

    Raises:
        ValueError: that cannot be told.
    """
    below = ""
    for line in text.splitlines():
        if found := _ORIGIN.match(line):
            below = canonical_name(found[1], below or ".")
        elif found := _SOA.match(line):
            if below or found[1].endswith("."):
                return canonical_name(found[1], below or ".")
            break
    raise ValueError("it does not tell of which zone it is; name that with --only")
