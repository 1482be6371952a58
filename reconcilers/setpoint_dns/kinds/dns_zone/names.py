"""Names of records as people write them, and as keys of the comparable tree."""

from __future__ import annotations

from setpoint_dns.content import Id


def relative(name: str, origin: str) -> str:
    """`www` for `www.example.org.` in `example.org.`, `@` for the zone itself."""
    if name == origin:
        return "@"
    return name.removesuffix(f".{origin}") if origin != "." else name.removesuffix(".")


def shown(which: Id, origin: str) -> str:
    """`www A`."""
    return f"{relative(which[0], origin)} {which[1]}"


def member(which: Id) -> str:
    """The key of a set in the comparable tree: `www.example.org. A`."""
    return f"{which[0]} {which[1]}"


def id_of(key: str) -> Id:
    """The set that a key of the comparable tree names."""
    name, _, rtype = key.rpartition(" ")
    return name, rtype
