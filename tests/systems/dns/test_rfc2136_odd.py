"""Answers with data that are none of their type: read as bytes, but never in place of a signature or of the message itself."""

from __future__ import annotations

from functools import partial

import dns.exception
import dns.message
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_dns.rfc2136.odd import tolerated
from tests.systems.dns.servers.program import HMAC, SECRET
from tests.systems.dns.updating import ZONE

KEY = dns.tsig.Key("setpoint", SECRET, HMAC)
SHORT = bytes.fromhex("030101abcd")
TYPES = ("A", "MX", "TLSA", "SSHFP", "DS", "CDS", "LOC", "SVCB", "CAA", "NAPTR", "TXT", "TYPE65280")


def question() -> dns.message.Message:
    asked = dns.message.make_query(ZONE, "AXFR", id=7)
    asked.use_tsig(KEY)
    asked.to_wire()
    return asked


def answer(asked: dns.message.Message, rtype: str, data: bytes) -> bytes:
    """A signed answer of an SOA, a set of these bytes, an address, and the SOA again, as a transfer is."""
    made = dns.message.make_response(asked)
    soa = dns.rrset.from_text(ZONE, 300, "IN", "SOA", f"ns1.{ZONE} hostmaster.{ZONE} 1 1 1 1 1")
    odd = dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.from_text(rtype), data)
    made.answer += [
        soa,
        dns.rrset.from_rdata(f"odd.{ZONE}", 300, odd),
        dns.rrset.from_text(f"www.{ZONE}", 300, "IN", "A", "192.0.2.1"),
        soa,
    ]
    return made.to_wire()


def read(asked: dns.message.Message, wire: bytes) -> dns.message.Message:
    reader = partial(dns.message.from_wire, wire, keyring=KEY, request_mac=asked.mac, xfr=True, multi=True)
    return tolerated(wire, reader, first=True)


def test_a_hash_that_is_too_short_is_read_as_bytes_between_the_soas() -> None:
    asked = question()
    found = read(asked, answer(asked, "TLSA", SHORT))
    assert found.had_tsig
    assert [dns.rdatatype.to_text(rrset.rdtype) for rrset in found.answer] == ["SOA", "TLSA", "A", "SOA"]
    assert found.answer[1].to_text() == f"odd.{ZONE} 300 IN TLSA \\# 5 {SHORT.hex()}"


def test_who_changes_anything_beside_it_is_found_out() -> None:
    asked = question()
    wire = answer(asked, "TLSA", SHORT).replace(bytes((192, 0, 2, 1)), bytes((192, 0, 2, 66)))
    with pytest.raises(dns.tsig.BadSignature):
        read(asked, wire)


def test_data_that_may_point_elsewhere_in_the_message_are_not_taken_for_bytes() -> None:
    asked = question()
    with pytest.raises(dns.exception.FormError):
        read(asked, answer(asked, "MX", b"\x00"))


def test_a_message_that_ends_early_is_none() -> None:
    asked = question()
    wire = answer(asked, "TLSA", SHORT)
    with pytest.raises(dns.exception.DNSException):
        read(asked, wire[:-40])


@given(st.sampled_from(TYPES), st.binary(max_size=40))
def test_whatever_stands_there_it_is_read_whole_or_told_as_no_message(rtype: str, data: bytes) -> None:
    asked = question()
    try:
        found = read(asked, answer(asked, rtype, data))
    except dns.exception.FormError:
        assert rtype in {"MX", "NAPTR"}
        return
    (odd,) = (rrset for rrset in found.answer if rrset.name.to_text() == f"odd.{ZONE}")
    assert odd.rdtype == dns.rdatatype.from_text(rtype)
    assert found.had_tsig
