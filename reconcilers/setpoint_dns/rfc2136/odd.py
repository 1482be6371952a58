"""Records that a server holds although they are none of their type, such as a TLSA whose hash is too short.

The library refuses the whole message for one of them. They are read as the bytes that they are, so that they can be told
and removed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final

import dns.exception
import dns.message
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.wire

_POINTING: Final = {"CNAME", "MB", "MD", "MF", "MG", "MINFO", "MR", "MX", "NS", "PTR", "SOA"}
"""Types of RFC 1035 whose data may point to names elsewhere in the message, so that their bytes alone say nothing."""
_LENIENT: Final = {"AFSDB", "NAPTR", "NXT", "PX", "RP", "RT", "SIG", "SRV"}
"""Others of which that is to be expected (RFC 3597, section 4)."""


def tolerated(wire: bytes, read: Callable[..., dns.message.Message], *, first: bool) -> dns.message.Message:
    """A message with what is odd in its answer as plain bytes.

    Args:
        wire: the message.
        read: reads it with the library; takes `continue_on_error`.
        first: it is the first of a transfer, so that the SOA has to stay before all else.

    Raises:
        dns.exception.DNSException: something else is wrong with it.
    """
    try:
        return read()
    except dns.exception.FormError as error:
        odd = tuple(_odd(wire))
        if not odd:
            raise
        message = read(continue_on_error=True)
        if len(message.errors) != len(odd):
            raise _worst(message, error) from None
    place = 1 if first else 0
    message.answer[place:place] = odd
    return message


def _worst(message: dns.message.Message, error: dns.exception.DNSException) -> Exception:
    """What is wrong beside odd data, above all with the signature."""
    found = (one.exception for one in message.errors)
    return next((one for one in found if not isinstance(one, dns.exception.FormError)), error)


def _odd(wire: bytes) -> Iterator[dns.rrset.RRset]:
    """The records of the answer that cannot be read as what they are."""
    parser = dns.wire.Parser(wire)
    questions, answers = struct.unpack("!4xHH4x", parser.get_bytes(12))
    for _ in range(questions):
        parser.get_name(decompress=True)
        parser.get_bytes(4)
    for _ in range(answers):
        name = parser.get_name(decompress=True)
        numbers = struct.unpack("!HHIH", parser.get_bytes(10))
        rtype, rclass = dns.rdatatype.RdataType.make(numbers[0]), dns.rdataclass.RdataClass.make(numbers[1])
        data = parser.get_bytes(numbers[3])
        if dns.rdatatype.to_text(rtype) not in _POINTING | _LENIENT and not _is_sound(rclass, rtype, data):
            yield dns.rrset.from_rdata(name, numbers[2], dns.rdata.GenericRdata(rclass, rtype, data))


def _is_sound(rclass: dns.rdataclass.RdataClass, rtype: dns.rdatatype.RdataType, data: bytes) -> bool:
    try:
        dns.rdata.from_wire(rclass, rtype, data, 0, len(data))
    except dns.exception.FormError:
        return False
    return True
