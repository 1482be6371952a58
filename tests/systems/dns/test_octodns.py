"""Our rules and octoDNS's validators over one table, both live: an answer that changes on either side fails here."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from octodns.record import Record
from octodns.record.base import value_from_rdata_text
from octodns.record.exception import RecordException
from octodns.record.rr import RdataParseError
from octodns.zone import DuplicateRecordException, Zone
from octodns.zone.exception import ZoneException
from pydantic import ValidationError

from setpoint_dns.rdata import canonical
from setpoint_dns.records.check import check, refused
from setpoint_dns.records.spec import RecordsSpec
from setpoint_dns.records.zone import Ground
from tests.systems.dns.validation_cases import CASES, NO, Answer, Case, summary

EVERY = [
    pytest.param(case, id=f"{subject}: {case.name}") for subject, cases in CASES.items() for case in cases
]
TEXTS = ("TXT", "SPF")


def ours(case: Case) -> Answer:
    try:
        spec = RecordsSpec.model_validate({"records": case.records})
    except ValidationError:
        return Answer.REFUSED
    findings = check(Ground(case.origin), spec.records)
    if refused(findings):
        return Answer.REFUSED
    return Answer.ADVISED if findings else Answer.ACCEPTED


def theirs(case: Case) -> Answer:
    """Refused by what octoDNS calls strict; advised against by what it calls best practice."""
    if not takes(case, {"strict"}):
        return Answer.REFUSED
    return Answer.ACCEPTED if takes(case, {"strict", "best-practice"}) else Answer.ADVISED


def takes(case: Case, sets: set[str]) -> bool:
    Record.enable_validators(sets)
    Zone.enable_zone_validators(sets)
    zone = Zone(f"{case.origin}.", [])
    try:
        for name, rtype, data in written(case):
            if rtype not in Record.registered_types():
                return False
            zone.add_record(Record.new(zone, name, {"type": rtype, **values(rtype, data)}))
        zone.validate()
    except (RecordException, ZoneException, RdataParseError, DuplicateRecordException):
        return False
    return True


def written(case: Case) -> Iterator[tuple[str, str, Any]]:
    """The records with their names as octoDNS writes them."""
    for name, types in case.records.items():
        relative = name.removesuffix(f".{case.origin}.")
        for rtype, data in types.items():
            yield "" if name == "@" else relative, rtype, data


def values(rtype: str, data: Any) -> Mapping[str, Any]:
    """The data of a set in the form that octoDNS has inside."""
    given = data["values"] if isinstance(data, dict) else data
    ttl = data.get("ttl", 3600) if isinstance(data, dict) else 3600
    held = Record.registered_types()[rtype]._value_type
    plain = [
        held.normalize_raw_text(one) if rtype in TEXTS else value_from_rdata_text(held, one)
        for one in (given if isinstance(given, list) else [given])
    ]
    return {"ttl": ttl, "value": plain[0]} if len(plain) == 1 else {"ttl": ttl, "values": plain}


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    """OctoDNS tells of every record, and keeps its choice of validators for the whole process."""
    logging.getLogger("Record").setLevel(logging.CRITICAL)
    logging.getLogger("Zone").setLevel(logging.CRITICAL)
    yield
    Record.enable_validators({"legacy"})
    Zone.enable_zone_validators({"legacy"})


@pytest.mark.parametrize("case", EVERY)
def test_our_answer_is_as_the_table_says(case: Case) -> None:
    assert ours(case) is case.ours


@pytest.mark.parametrize("case", EVERY)
def test_their_answer_is_as_the_table_says(case: Case) -> None:
    assert theirs(case) is case.theirs


def test_each_difference_has_its_reason_and_nothing_else_has() -> None:
    for cases in CASES.values():
        assert [case.name for case in cases if bool(case.why) is case.agreed] == []


def test_no_case_stands_there_twice() -> None:
    names = [case.name for cases in CASES.values() for case in cases]
    assert len(set(names)) == len(names) >= 150


def test_the_summary_counts_every_case() -> None:
    total, alike, ours_alone, theirs_alone = (int(word) for word in summary().split() if word.isdecimal())
    assert total == alike + ours_alone + theirs_alone == sum(map(len, CASES.values()))


def readable() -> Iterator[tuple[str, str, str]]:
    """Every value of the table that is data of its type."""
    for cases in CASES.values():
        for case in cases:
            for name, types in case.records.items():
                for rtype, data in types.items():
                    given = data["values"] if isinstance(data, dict) else data
                    for one in given if isinstance(given, list) else [given]:
                        try:
                            yield rtype, canonical(rtype, one, case.origin), name
                        except ValueError:
                            continue


READABLE = sorted(set(readable()))


def test_the_table_has_data_of_most_types_that_people_use() -> None:
    wanted = {"A", "AAAA", "CAA", "CNAME", "DNAME", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS", "OPENPGPKEY"}
    assert wanted | {"PTR", "RP", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI"} <= {
        rtype for rtype, _, _ in READABLE
    }


@given(st.sampled_from(READABLE))
def test_what_is_canonical_stays_as_it_is(value: tuple[str, str, str]) -> None:
    rtype, text, _ = value
    assert canonical(rtype, text, "example.org") == text


def test_advice_never_refuses_and_an_error_always_does() -> None:
    for cases in CASES.values():
        for case in cases:
            if case.ours is not NO:
                spec = RecordsSpec.model_validate({"records": case.records})
                assert not refused(check(Ground(case.origin), spec.records))
