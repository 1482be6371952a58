"""Canonical data stay as they are, whatever they were made from, and are what dnspython makes of them."""

from __future__ import annotations

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given
from hypothesis import strategies as st

from setpoint_dns.rdata import canonical, canonical_name, text_of
from setpoint_dns.records.expand import rrsets
from setpoint_dns.records.spec import RecordsSpec

ORIGIN = "example.org"
LABEL = st.from_regex(r"[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,8}[a-zA-Z0-9])?", fullmatch=True)
NAME = st.builds(
    lambda labels, dot: ".".join(labels) + dot,
    st.lists(LABEL, min_size=1, max_size=3),
    st.sampled_from(["", "."]),
)
SMALL, BYTE = st.integers(0, 65_535), st.integers(0, 255)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
PRINTED = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)
TEXT = st.text(min_size=1, max_size=600).filter(lambda one: one.isprintable() and not one.startswith('"'))


def fields(*parts: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda found: " ".join(map(str, found)))


BY_TYPE: dict[str, st.SearchStrategy[str]] = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(lambda one: one.exploded.upper()),
    "CNAME": NAME,
    "PTR": NAME,
    "NS": NAME,
    "DNAME": NAME,
    "MX": fields(SMALL, NAME),
    "SRV": fields(SMALL, SMALL, SMALL, NAME),
    "CAA": fields(
        BYTE,
        st.from_regex(r"[a-zA-Z0-9]{1,15}", fullmatch=True),
        PRINTED.filter(lambda one: one.strip() and one[0] not in '" '),
    ),
    "TLSA": fields(BYTE, BYTE, st.just(1), HEX.map(str.upper)),
    "SSHFP": fields(BYTE, st.just(2), HEX),
    "DS": fields(SMALL, BYTE, st.just(2), HEX),
    "HTTPS": fields(st.integers(1, 65_535), NAME, st.sampled_from(["", "alpn=h2", "port=443 alpn=h2,h3"])),
    "RP": fields(NAME, NAME),
    "MB": NAME,
    "MG": NAME,
    "MINFO": fields(NAME, NAME),
    "NID": fields(SMALL, st.just("0014:4FFF:ff20:EE64")),
    "L64": fields(SMALL, st.just("2001:0DB8:1140:1000")),
    "TXT": TEXT,
    "SPF": TEXT,
    "TYPE65280": st.binary(max_size=9).map(lambda data: f"\\# {len(data)} {data.hex().upper()}"),
}
WRITTEN = st.sampled_from(sorted(BY_TYPE)).flatmap(lambda rtype: st.tuples(st.just(rtype), BY_TYPE[rtype]))


@given(WRITTEN)
def test_canonical_data_stay_as_they_are(written: tuple[str, str]) -> None:
    rtype, text = written
    once = canonical(rtype, text, ORIGIN)
    assert canonical(rtype, once, ORIGIN) == once
    assert canonical(rtype, once, "elsewhere.example") == once


@given(st.sampled_from(["CNAME", "PTR", "NS", "DNAME", "MX"]), NAME)
def test_the_usual_types_are_read_fast_and_come_to_the_same(rtype: str, name: str) -> None:
    text = f"10 {name}" if rtype == "MX" else name
    kind = dns.rdatatype.from_text(rtype)
    slow = dns.rdata.from_text(
        dns.rdataclass.IN, kind, text.lower(), dns.name.from_text(ORIGIN), relativize=False
    )
    assert canonical(rtype, text, ORIGIN) == slow.to_text()


@given(NAME)
def test_plain_names_are_read_fast_and_come_to_the_same(name: str) -> None:
    assert (
        canonical_name(name, ORIGIN) == dns.name.from_text(name.lower(), dns.name.from_text(ORIGIN)).to_text()
    )


@pytest.mark.parametrize(
    ("rtype", "written", "same"),
    [
        pytest.param("NID", "10 0014:4FFF:FF20:EE64", "10 0014:4fff:ff20:ee64", id="NID"),
        pytest.param("L64", "10 2001:0DB8:1140:1000", "10 2001:0db8:1140:1000", id="L64"),
        pytest.param("MB", "Host", "host.Example.org.", id="a name"),
        pytest.param("MB", "A.B.", r"\# 5 0141014200", id="a name as bytes"),
        pytest.param("ALIAS", "WEB.example.net.", "web.example.net.", id="ALIAS"),
        pytest.param("ALIAS", "web", "web.example.org.", id="ALIAS in the zone"),
        pytest.param("LUA", "a ifportup(443)", 'A "ifportup(443)"', id="a script without quotes"),
        pytest.param("LUA", 'A  "a\\098c"', 'A "abc"', id="a script with numbers for signs"),
        pytest.param("MINFO", "Admin errors", "admin.example.org. ERRORS", id="two names"),
    ],
)
def test_the_same_in_another_spelling_is_the_same(rtype: str, written: str, same: str) -> None:
    assert canonical(rtype, written, ORIGIN) == canonical(rtype, same, ORIGIN)


def test_a_script_keeps_its_strings_however_long_they_are() -> None:
    for text in ('A "a" "b"', f'A "{"x" * 400}"', 'TXT "a\\"b;c\\\\"'):
        assert canonical("LUA", text, ORIGIN) == text


@pytest.mark.parametrize(
    ("rtype", "text"),
    [
        ("LUA", "x"),
        ("LUA", "NOPE 'x'"),
        ("ALIAS", "a b"),
        ("MB", "a b"),
        ("MINFO", "a"),
        ("MG", "a..b"),
        ("MR", "a ; b"),
    ],
)
def test_other_than_names_is_refused(rtype: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"is no {rtype} record"):
        canonical(rtype, text, ORIGIN)


def test_bytes_that_are_no_name_stay_what_they_are() -> None:
    assert canonical("MB", r"\# 3 05616A", ORIGIN) == r"\# 3 05616a"


@given(st.lists(st.binary(max_size=255), min_size=1, max_size=4))
def test_strings_of_any_bytes_keep_what_they_say(strings: list[bytes]) -> None:
    served = TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings).to_text()
    once = canonical("TXT", served, ORIGIN)
    assert canonical("TXT", once, ORIGIN) == once
    assert text_of(once) == b"".join(strings).decode("utf-8", "replace")
    assert once == served or strings[0].lower().startswith(b"v=")


@given(
    st.lists(st.tuples(LABEL.map(str.lower), WRITTEN), max_size=6, unique_by=lambda one: (one[0], one[1][0]))
)
def test_canonical_sets_declare_themselves(written: list[tuple[str, tuple[str, str]]]) -> None:
    records: dict[str, dict[str, str]] = {}
    for name, (rtype, text) in written:
        records.setdefault(name, {})[rtype] = text
    once = rrsets(ORIGIN, RecordsSpec.model_validate({"records": records}).records, 300)
    again: dict[str, dict[str, list[str]]] = {}
    for one in once.values():
        again.setdefault(one.name, {})[one.type] = list(one.values)
    assert rrsets("elsewhere.example", RecordsSpec.model_validate({"records": again}).records, 300) == once
