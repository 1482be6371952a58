"""Every way in which an exchange with a DNS server fails, and what it means: rcodes and exceptions to the tree of errors."""

from __future__ import annotations

from dataclasses import dataclass

import dns.exception
import dns.message
import dns.rcode
import dns.tsig

from setpoint.model.errors import (
    BusyError,
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint.model.printable import brief
from setpoint_dns.server import GoneError

_TEXT = 200
"""Characters of what a library says that go into a message."""

_MOVED = frozenset({dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN})
"""What is answered when a prerequisite is not met."""

_OPEN = frozenset({dns.rcode.SERVFAIL, dns.rcode.NOERROR})
"""What may have been executed although the answer is not as it should be."""

_FORGED = (
    dns.message.UnknownTSIGKey,
    dns.tsig.BadSignature,
    dns.tsig.BadTime,
    dns.tsig.BadKey,
    dns.tsig.BadAlgorithm,
)
_REMEDIES = {
    dns.rcode.NOTIMP: "this server does no such thing; name another one",
    dns.rcode.NOTZONE: "a name lies outside of the zone",
    dns.rcode.FORMERR: "see the server's log; PowerDNS takes no types that it does not know",
}


class KeyRefusedError(RefusalError):
    """The server does not know our key, or not for this zone, or has another secret or time for it."""


@dataclass(frozen=True)
class Call:
    """An exchange as messages name it.

    Attributes:
        what: `UPDATE`, `AXFR`, or the type that is asked for.
        name: the zone, or the name that is asked for.
        endpoint: `host:port`.
        key: the name of the TSIG key; empty when the call is not signed.
        writes: whether it can change anything.
    """

    what: str
    name: str
    endpoint: str
    key: str = ""
    writes: bool = False

    @property
    def asks(self) -> bool:
        """Whether it is a question about one name."""
        return not self.writes and self.what != "AXFR"

    def __str__(self) -> str:
        return f"{self.what} {self.name} at {self.endpoint}"


def unreachable(call: Call, error: Exception) -> TransportError:
    """No connection could be made, so nothing was executed."""
    return TransportError(f"{call.endpoint} cannot be reached: {_said(error)}")


def silent(call: Call, error: Exception) -> TargetError:
    """The call was sent and no usable answer came: harmless for a read, an open question for a write."""
    if call.writes:
        return OutcomeUnknownError(f"{call} may or may not have been executed: {_said(error)}")
    return TransportError(f"{call} gave no answer: {_said(error)}")


def broken(call: Call, error: dns.exception.DNSException) -> TargetError:
    """What it means that an answer could not be taken as one."""
    if isinstance(error, dns.tsig.PeerError):
        return KeyRefusedError(f"{call} was refused: {_said(error)}", remedy=_key_remedy(call, error))
    if isinstance(error, _FORGED):
        why = f"its answer is not signed with our key: {_said(error)}"
        if call.writes:
            return OutcomeUnknownError(f"{call} may or may not have been executed: {why}")
        return KeyRefusedError(f"{call}: {why}", remedy=_key_remedy(call, error))
    if not call.writes:
        # An answer came, so the server is not down; a single zone must not make it look so.
        return RefusalError(
            f"{call} was answered with what cannot be read: {_said(error)}",
            remedy="see the server's log, and what dig says of the same question",
        )
    return silent(call, error)


def answered(call: Call, rcode: dns.rcode.Rcode, *, signed: bool = True) -> TargetError:
    """What an answer means that is not as it should be.

    Args:
        call: what was asked.
        rcode: the answer's.
        signed: whether the answer is signed where the call was.
    """
    unsigned = "" if signed else " without a signature"
    message = f"{call} was answered with {dns.rcode.to_text(rcode)}{unsigned}"
    if call.writes and rcode in _OPEN:
        # RFC 2136 has SERVFAIL mean that nothing was done; who passes updates on to another server says so, too.
        return OutcomeUnknownError(
            f"{message}, and may or may not have been executed",
            remedy="see the server's log; BIND takes 100 records of one name and type at most, unless "
            "max-records-per-type says more",
        )
    if rcode in _MOVED:
        return ConflictError(f"{message}: the zone is not as it was seen")
    if rcode == dns.rcode.SERVFAIL:
        return BusyError(message, remedy="see the server's log: the zone may not be loaded, or have expired")
    if rcode == dns.rcode.NOTAUTH and not signed and call.asks:
        # PowerDNS tells no more of a key that it does not know, or has another secret for.
        return KeyRefusedError(
            message, remedy=f"compare name, secret and algorithm of the key; {allowing(call)}"
        )
    return RefusalError(message, remedy=_REMEDIES.get(rcode) or allowing(call))


def gone(zone: str, endpoint: str) -> GoneError:
    """The server has proven that it has no such zone."""
    return GoneError(
        f"{endpoint} has no zone {zone}",
        remedy="add the zone to the server's configuration, or name another server",
    )


def allowing(call: Call) -> str:
    """What to look at in a server's configuration when it refuses."""
    zone, key = call.name, f"key {call.key}" if call.key else "no key"
    if call.asks:
        has = "" if zone == "." else f"the server has the zone {zone}, and that "
        return f"check that {has}it answers to questions with {key}"
    action, bind, powerdns = (
        (
            "update",
            "update-policy (or allow-update)",
            "dnsupdate=yes and the zone's metadata TSIG-ALLOW-DNSUPDATE",
        )
        if call.writes
        else ("transfer", "allow-transfer", "the zone's metadata TSIG-ALLOW-AXFR, or allow-axfr-ips")
    )
    more = (
        "; its log says more, such as an MX to a host without an address, which BIND refuses"
        if call.writes
        else ""
    )
    return (
        f"check that the server has the zone {zone} and lets {key} {action} it: Knot: `action: {action}` in an acl of "
        f"the zone; BIND: {bind} of the zone, in the view that the key chooses; PowerDNS: {powerdns}{more}"
    )


def _key_remedy(call: Call, error: Exception) -> str:
    match error:
        case dns.tsig.PeerBadTime() | dns.tsig.BadTime():
            return "compare the clocks of both machines; TSIG allows for five minutes"
        case dns.tsig.PeerBadKey():
            return f"the server does not know {call.key} or does not let it do this; {allowing(call)}"
        case _:
            return (
                f"compare secret and algorithm of the key {call.key} with those in the server's configuration"
            )


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    return brief(str(error).rstrip(".") or type(error).__name__, _TEXT)
