"""How a batch becomes messages, how serials go on, and what every rcode and exception means: no server needed."""

from __future__ import annotations

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.serial
import dns.tsig
import dns.update
import pytest
from dns.rdtypes.ANY.SOA import SOA
from hypothesis import given, settings
from hypothesis import strategies as st

from setpoint.model.errors import (
    BusyError,
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint_dns.content import Batch, RRset
from setpoint_dns.rfc2136.chunks import RECORDS, Part, Soa, parse, parts
from setpoint_dns.rfc2136.failures import Call, KeyRefusedError, answered, broken, silent, unreachable
from setpoint_dns.rfc2136.wire import Endpoint
from tests.systems.dns.updating import ZONE, a, many, rrset

SERIALS = st.integers(0, 2**32 - 1)
ASK = Call("SOA", ZONE, "ns1:53", "key.")
READ = Call("AXFR", ZONE, "ns1:53", "key.")
WRITE = Call("UPDATE", ZONE, "ns1:53", "key.", writes=True)


def soa(serial: int) -> Soa:
    data = parse("SOA", f"ns1.{ZONE} h.{ZONE} {serial} 1 2 3 4")
    assert isinstance(data, SOA)
    return Soa(300, data)


def message(part: Part) -> dns.update.UpdateMessage:
    made = dns.update.UpdateMessage(ZONE)
    part.write(made)
    return made


@given(SERIALS)
def test_the_next_serial_is_always_higher_and_never_zero(serial: int) -> None:
    after = soa(serial).after(None).data
    assert dns.serial.Serial(after.serial) > serial
    assert after.serial != 0
    assert after.replace(serial=serial) == soa(serial).data


@given(SERIALS, SERIALS)
def test_an_soa_that_is_wanted_never_lowers_the_serial(serial: int, wanted: int) -> None:
    after = soa(serial).after(rrset("@", "SOA", f"ns2.{ZONE} h.{ZONE} {wanted} 5 6 7 8", ttl=60))
    assert dns.serial.Serial(after.data.serial) > serial
    assert (after.ttl, after.data.mname.to_text(), after.data.refresh) == (60, f"ns2.{ZONE}", 5)
    if dns.serial.Serial(wanted) > serial:
        assert after.data.serial == wanted


NAMES = st.sampled_from([f"n{number}" for number in range(6)])
TYPES = {"A": "192.0.2.1", "TXT": '"x"', "CNAME": f"ns1.{ZONE}", "MX": f"10 ns1.{ZONE}"}


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    ids = draw(st.lists(st.tuples(NAMES, st.sampled_from(sorted(TYPES))), unique=True, max_size=24))
    cut = draw(st.integers(0, len(ids)))
    put = tuple(rrset(name, rtype, TYPES[rtype]) for name, rtype in ids[:cut])
    return Batch(put, tuple((f"{name}.{ZONE}", rtype) for name, rtype in ids[cut:]), 1)


@settings(deadline=None)
@given(batches())
def test_every_change_is_in_one_message_and_deletions_come_before_additions_at_a_name(batch: Batch) -> None:
    made = parts(ZONE, batch, (), None)
    added, cleared = set[tuple[str, str]](), list[tuple[str, str]]()
    for part in made:
        for one in message(part).update:
            found = one.name.to_text(), dns.rdatatype.to_text(one.rdtype)
            if one.deleting is None:
                added.add(found)
            else:
                assert found not in added
                assert found not in batch.drop or found[0] not in {name for name, _ in added}
                cleared.append(found)
    assert added == {one.id for one in batch.put}
    assert sorted(cleared) == sorted([*(one.id for one in batch.put), *batch.drop])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 4_000), st.integers(0, 2_000))
def test_no_message_is_too_large_and_no_name_is_split(puts: int, drops: int) -> None:
    batch = Batch(many(puts), tuple(one.id for one in many(drops, prefix="d")), 1)
    made = parts(ZONE, batch, (), None)
    assert all(part.records <= RECORDS for part in made)
    assert sum(part.records for part in made) == puts + drops
    assert all(len(message(part).to_wire()) <= 65_535 for part in made)
    owners = [set(part.puts) | set(part.drops) for part in made]
    assert sum(map(len, owners)) == len(set().union(*owners)) if owners else True
    assert len(made) <= (puts + drops) // RECORDS + 2


def test_long_texts_take_as_many_messages_as_they_need() -> None:
    batch = Batch(tuple(rrset(f"t{number}", "TXT", f'"{"x" * 250}"') for number in range(900)), (), 1)
    made = parts(ZONE, batch, (), None)
    assert len(made) == 5
    assert all(len(message(part).to_wire()) <= 65_535 for part in made)


def test_addresses_come_first_and_what_is_only_dropped_comes_last() -> None:
    put = (*(rrset(f"m{number}", "MX", f"10 z.{ZONE}") for number in range(RECORDS)), a("z", "192.0.2.1"))
    made = parts(ZONE, Batch(put, ((f"old.{ZONE}", "A"),), 1), (), None)
    first, last = (list(map(str, {one.name: 0 for one in message(part).update})) for part in made)
    assert first[0] == f"z.{ZONE}"
    assert f"old.{ZONE}" in last


def test_an_soa_alone_is_a_message_of_its_own() -> None:
    made = parts(ZONE, Batch((rrset("@", "SOA", "ns1 h 1 1 1 1 1"),), (), 1), (), None)
    assert [part.records for part in made] == [0]


def test_the_zones_own_ns_that_stay_are_not_deleted() -> None:
    batch = Batch((rrset("@", "NS", "a.test.", "b.test."),), (), 1)
    (part,) = parts(ZONE, batch, (parse("NS", "b.test."), parse("NS", "c.test.")), None)
    deleted = {one[0].to_text() for one in message(part).update if one.deleting is not None}
    assert deleted == {"c.test.", "setpoint.invalid."}


RCODES: list[tuple[Call, dns.rcode.Rcode, bool, type[TargetError]]] = [
    (READ, dns.rcode.REFUSED, True, RefusalError),
    (WRITE, dns.rcode.REFUSED, True, RefusalError),
    (READ, dns.rcode.NOTAUTH, False, RefusalError),
    (ASK, dns.rcode.NOTAUTH, False, KeyRefusedError),
    (ASK, dns.rcode.REFUSED, False, RefusalError),
    (WRITE, dns.rcode.NOTAUTH, True, RefusalError),
    (WRITE, dns.rcode.NOTAUTH, False, RefusalError),
    (READ, dns.rcode.SERVFAIL, True, BusyError),
    (WRITE, dns.rcode.SERVFAIL, True, OutcomeUnknownError),
    (READ, dns.rcode.NOERROR, False, RefusalError),
    (WRITE, dns.rcode.NOERROR, False, OutcomeUnknownError),
    (WRITE, dns.rcode.NXRRSET, True, ConflictError),
    (WRITE, dns.rcode.YXRRSET, True, ConflictError),
    (WRITE, dns.rcode.YXDOMAIN, True, ConflictError),
    (WRITE, dns.rcode.NXDOMAIN, True, ConflictError),
    (WRITE, dns.rcode.FORMERR, True, RefusalError),
    (WRITE, dns.rcode.NOTIMP, True, RefusalError),
    (WRITE, dns.rcode.NOTZONE, True, RefusalError),
]


@pytest.mark.parametrize(
    ("call", "rcode", "signed", "error"),
    RCODES,
    ids=[f"{row[0].what} {row[1].name} {row[2]}" for row in RCODES],
)
def test_what_an_rcode_means(
    call: Call, rcode: dns.rcode.Rcode, error: type[TargetError], *, signed: bool
) -> None:
    found = answered(call, rcode, signed=signed)
    assert type(found) is error
    assert str(call) in found.message
    assert rcode.name in found.message
    assert found.remedy or error is ConflictError


BROKEN: list[tuple[Call, type[dns.exception.DNSException], type[TargetError], str]] = [
    (READ, dns.tsig.PeerBadKey, KeyRefusedError, "does not know key."),
    (WRITE, dns.tsig.PeerBadKey, KeyRefusedError, "does not know key."),
    (WRITE, dns.tsig.PeerBadSignature, KeyRefusedError, "compare secret and algorithm"),
    (WRITE, dns.tsig.PeerBadTime, KeyRefusedError, "compare the clocks"),
    (WRITE, dns.tsig.PeerBadTruncation, KeyRefusedError, "compare secret"),
    (READ, dns.tsig.BadSignature, KeyRefusedError, "compare secret"),
    (WRITE, dns.tsig.BadSignature, OutcomeUnknownError, ""),
    (READ, dns.tsig.BadTime, KeyRefusedError, "compare the clocks"),
    (WRITE, dns.tsig.BadTime, OutcomeUnknownError, ""),
    (WRITE, dns.message.UnknownTSIGKey, OutcomeUnknownError, ""),
    (READ, dns.exception.FormError, RefusalError, "what dig says"),
    (WRITE, dns.message.ShortHeader, OutcomeUnknownError, ""),
]


@pytest.mark.parametrize(
    ("call", "raised", "error", "remedy"), BROKEN, ids=[f"{row[0].what} {row[1].__name__}" for row in BROKEN]
)
def test_what_an_answer_that_is_none_means(
    call: Call, raised: type[dns.exception.DNSException], error: type[TargetError], remedy: str
) -> None:
    found = broken(call, raised())
    assert (type(found), remedy in found.remedy) == (error, True)


def test_silence_is_a_doubt_for_a_write_and_none_for_a_read() -> None:
    assert type(silent(WRITE, TimeoutError())) is OutcomeUnknownError
    assert type(silent(READ, TimeoutError())) is TransportError
    assert "too long" in silent(READ, TimeoutError()).message
    assert type(unreachable(WRITE, ConnectionRefusedError("no"))) is TransportError


def test_an_endpoint_is_written_as_people_write_it() -> None:
    assert str(Endpoint("2001:db8::1", 5353)) == "[2001:db8::1]:5353"
    assert str(Endpoint("ns1.example.net")) == "ns1.example.net:53"


def test_data_that_no_type_has_is_refused() -> None:
    with pytest.raises(RefusalError, match="cannot be sent as AAAA"):
        parse("AAAA", "192.0.2.1")
    assert RRset("a.test.", "A", 1, ("192.0.2.1",)).id == ("a.test.", "A")
