"""Rules about SRV, URI, SVCB and NAPTR: how services are found."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import Declarations, Entry

_SERVICE = re.compile(
    r"(^|\.)(\*|_[a-z0-9]([a-z0-9-]*[a-z0-9])?)\._(?P<protocol>[a-z0-9]([a-z0-9-]*[a-z0-9])?)\."
)
"""Also below the name of one instance, as DNS-SD has them (RFC 6763)."""
_FLAGS = ("", "S", "A", "U", "P")
_TRANSPORTS = ("tcp", "udp", "sctp", "dccp", "tls")


def place(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Services are asked for by `_service._protocol` (RFC 2782, RFC 7553)."""
    found = _SERVICE.search(entry.name)
    if found is None:
        what = f"nothing asks for {entry.type} of '{entry.written}'"
        yield error(what, "name it _service._protocol, such as _sip._tcp")
    elif entry.type == "SRV" and found["protocol"] not in _TRANSPORTS:
        what = f"_{found['protocol']} is no transport that services are asked for by"
        yield advice(what, "write _tcp or _udp")


def port(entry: Entry, _zone: Declarations) -> Iterator[Flaw]:
    """No service listens on port 0; that there is none is said by `.`, alone."""
    for number, value in enumerate(entry.values):
        _priority, _weight, at, target = value.split()
        if target == "." and len(entry.values) > 1:
            yield error(
                "'.' says that there is no such service, and stands beside another", "leave one out", number
            )
        elif target != "." and at == "0":
            yield error("no service listens on port 0", "write its port, or '0 0 0 .' for no service", number)


def itself(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """An alias to the own name is a circle; several aliases are no choice (RFC 9460)."""
    aliases = [value for value in entry.values if value.startswith("0 ")]
    for number, value in enumerate(entry.values):
        if value.startswith("0 ") and value.split()[1] == entry.name:
            yield error("this is an alias for its own name", "write the name that it stands for", number)
    if aliases and len(entry.values) > 1:
        yield advice(
            "an alias, of priority 0, makes asking programs leave out the others",
            "keep either the alias or the others",
        )


def instruction(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """A NAPTR's flag says what comes next; there are four (RFC 3404)."""
    for number, value in enumerate(entry.values):
        flag = value.split('"')[1]
        if flag.upper() not in _FLAGS:
            yield error(f"a NAPTR has no flag '{flag}'", "write S, A, U, P or an empty text", number)


def rewrite(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """A NAPTR has either an expression or a name to go on with (RFC 3403)."""
    for number, value in enumerate(entry.values):
        head, _blank, target = value.rpartition(" ")
        expression = head.rpartition('" "')[2] if head.endswith('"') else ""
        empty = expression in ('"', "")
        if target != "." and not empty:
            yield error(
                "a NAPTR has an expression or a replacement, not both",
                "write '.' for the replacement",
                number,
            )
        if target == "." and empty:
            yield error(
                "a NAPTR with neither an expression nor a replacement leads nowhere",
                "write one of them",
                number,
            )


RULES = (
    Rule("service-name", place, ("SRV", "URI")),
    Rule("service-port", port, ("SRV",)),
    Rule("service-alias", itself, ("SVCB", "HTTPS")),
    Rule("naptr-flag", instruction, ("NAPTR",)),
    Rule("naptr-end", rewrite, ("NAPTR",)),
)
