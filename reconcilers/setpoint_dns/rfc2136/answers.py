"""What an answer to a question proves: what is there, what is not, and what is merely not told."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
from dns.rdtypes.ANY.SOA import SOA

from setpoint.model.errors import RefusalError
from setpoint_dns.rfc2136.chunks import Soa
from setpoint_dns.rfc2136.failures import Call, answered, gone
from setpoint_dns.rfc2136.found import records
from setpoint_dns.rfc2136.wire import Wire


async def soa_of(wire: Wire, zone: str) -> Soa:
    """The SOA that is served now.

    Raises:
        GoneError: the server is authoritative for a zone above it, and has none of this name.
        TargetError: it cannot be told.
    """
    answer = await wire.ask(zone, "SOA")
    if is_denied(answer, zone):
        raise gone(zone, str(wire.endpoint))
    data = rdatas(authoritative(answer, wire, zone, "SOA"), dns.name.from_text(zone), "SOA")[0]
    assert isinstance(data, SOA)  # noqa: S101  # of that type there is no other
    return Soa(answer.answer[0].ttl, data)


async def standing(wire: Wire, name: str, rtype: str) -> tuple[dns.rdata.Rdata, ...]:
    """The records of that name and type; none when the server says so. Raises TargetError when it cannot be told."""
    answer = await wire.ask(name, rtype)
    return rdatas(authoritative(answer, wire, name, rtype), dns.name.from_text(name), rtype)


def authoritative(answer: dns.message.Message, wire: Wire, name: str, rtype: str) -> dns.message.Message:
    """The answer, when it proves something.

    Raises:
        TargetError: it does not.
    """
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise answered(Call(rtype, name, str(wire.endpoint)), answer.rcode())
    if not answer.flags & dns.flags.AA:
        raise RefusalError(
            f"{wire.endpoint} answers for {name} without authority",
            remedy="name the primary server of the zone, no resolver and no server of a zone above it",
        )
    return answer


def is_denied(answer: dns.message.Message, zone: str) -> bool:
    """Whether a server with authority over a zone above says that this one is none."""
    said = answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN) and answer.flags & dns.flags.AA
    return bool(said) and not rdatas(answer, dns.name.from_text(zone), "SOA")


def rdatas(answer: dns.message.Message, name: dns.name.Name, rtype: str) -> tuple[dns.rdata.Rdata, ...]:
    """The data that an answer has of a name and type."""
    wanted = dns.rdatatype.from_text(rtype)
    found = (rrset for rrset in answer.answer if (rrset.name, rrset.rdtype) == (name, wanted))
    return tuple(rdata for rrset in found for rdata in records(rrset))
