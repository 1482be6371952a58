"""What declared records mean: canonical sets, whatever way they are written, and quickly."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint.desired.handed import wanted_in
from setpoint_dns.content import RRset
from setpoint_dns.rdata import MAX_TTL, canonical, canonical_name, canonical_type, text_of
from setpoint_dns.records.expand import pending, rrsets
from setpoint_dns.records.spec import RecordsSpec
from setpoint_dns.records.types import EXAMPLES, KNOWN

ORIGIN = "example.org"
TAKEN = {"from": "Kind/name", "output": "address"}


def spec(records: dict[str, Any]) -> RecordsSpec:
    return RecordsSpec.model_validate_json(json.dumps({"records": records}))


def one(name: str, rtype: str, declared: Any, view: str | None = None) -> RRset:
    (found,) = rrsets(ORIGIN, spec({name: {rtype: declared}}).records, 3600, view).values()
    return found


@pytest.mark.parametrize(
    ("rtype", "written", "meant"),
    [
        pytest.param("A", "192.0.2.1", "192.0.2.1", id="an address"),
        pytest.param("AAAA", "2001:DB8:0:0::1", "2001:db8::1", id="an IPv6 address at its shortest"),
        pytest.param("CNAME", "WWW", "www.example.org.", id="a name relative to the zone, in lower case"),
        pytest.param("CNAME", "@", "example.org.", id="the zone itself"),
        pytest.param("CNAME", "bücher.example.", "xn--bcher-kva.example.", id="a name in U-labels"),
        pytest.param("CNAME", "straße.example.", "xn--strae-oqa.example.", id="IDNA 2008 keeps the sharp s"),
        pytest.param("MX", "10  Mail", "10 mail.example.org.", id="blanks"),
        pytest.param("TXT", "v=spf1 -all", '"v=spf1 -all"', id="a text without quotes"),
        pytest.param("TXT", 'say "hi"; \\o/', '"say \\"hi\\"; \\\\o/"', id="a text with everything in it"),
        pytest.param("TXT", "ü", '"\\195\\188"', id="a text beyond ASCII"),
        pytest.param("TXT", '"a" "b"', '"a" "b"', id="strings with a meaning of their own stay apart"),
        pytest.param(
            "TXT", '"v=DKIM1; " "p="', '"v=DKIM1; p="', id="strings that are read as one are joined"
        ),
        pytest.param("TXT", "x" * 300, f'"{"x" * 255}" "{"x" * 45}"', id="a long text is split"),
        pytest.param("TXT", f'"{"x" * 300}"', f'"{"x" * 255}" "{"x" * 45}"', id="a long string is split"),
        pytest.param("TXT", '""', '""', id="an empty string"),
        pytest.param(
            "CAA", "0 ISSUE ca.example; a=b", '0 issue "ca.example; a=b"', id="a CAA without quotes"
        ),
        pytest.param("CAA", "0 issue ;", '0 issue ";"', id="a CAA that forbids all"),
        pytest.param("URI", "10 1 https://a.example/;x", '10 1 "https://a.example/;x"', id="a URI"),
        pytest.param("TLSA", "3 1 1 " + "AB" * 32, "3 1 1 " + "ab" * 32, id="hex digits in lower case"),
        pytest.param("TLSA", "3 1 2 " + "ab cd" * 32, "3 1 2 " + "abcd" * 32, id="hex digits in groups"),
        pytest.param("HTTPS", "1 . port=443 alpn=h2", '1 . alpn="h2" port="443"', id="parameters in order"),
        pytest.param("SVCB", "1 Foo.Example.", "1 foo.example.", id="a target in lower case"),
        pytest.param("HIP", "2 20 AQ== RVS.Example.", "2 20 AQ== rvs.example.", id="each of several names"),
        pytest.param("TYPE65280", "\\# 2 0A0b", "\\# 2 0a0b", id="a type without a name"),
    ],
)
def test_data_have_one_canonical_form(rtype: str, written: str, meant: str) -> None:
    assert canonical(rtype, written, ORIGIN) == meant
    assert canonical(rtype, meant, ORIGIN) == meant


@pytest.mark.parametrize(
    ("rtype", "written", "why"),
    [
        pytest.param("A", "192.0.2.010", "not one IPv4 address", id="an address with a leading zero"),
        pytest.param("A", "192.0.2.1 192.0.2.2", "not one IPv4 address", id="two addresses in one"),
        pytest.param("MX", "mail", "expecting an integer", id="no preference"),
        pytest.param("MX", "10 mail ; the first", "would be a comment", id="a comment"),
        pytest.param("MX", "10 mail\n20 mail2", "line break", id="two lines"),
        pytest.param("TXT", "a\nb", "line break", id="a text of two lines"),
        pytest.param("TXT", '"a" b', "outside of the quotes", id="a text half in quotes"),
        pytest.param("TXT", '"a', "unexpected", id="a quote that is left open"),
        pytest.param("TXT", "x" * 65_536, "longer than a record", id="a text beyond all bounds"),
        pytest.param("CNAME", "a..b", "empty", id="an empty label"),
    ],
)
def test_what_is_no_data_of_its_type_says_why(rtype: str, written: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        canonical(rtype, written, ORIGIN)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("www", "www.example.org."),
        ("WWW", "www.example.org."),
        ("@", "example.org."),
        ("*.a", "*.a.example.org."),
        ("a.example.net.", "a.example.net."),
        ("_dmarc", "_dmarc.example.org."),
        ("Bücher", "xn--bcher-kva.example.org."),
        ("0/25", "0/25.example.org."),
    ],
)
def test_names_are_absolute_and_in_lower_case(written: str, meant: str) -> None:
    assert canonical_name(written, ORIGIN) == meant
    assert canonical_name(meant, ORIGIN) == meant


@pytest.mark.parametrize("written", ["", "a..b", "x" * 64, ".".join(["a" * 60] * 5), "\u2603\u0301-"])
def test_what_is_no_name_says_so(written: str) -> None:
    with pytest.raises(ValueError, match="name"):
        canonical_name(written, ORIGIN)


def test_names_of_the_root_zone_have_no_zone_behind_them() -> None:
    assert canonical_name("org", ".") == "org."


def test_a_type_has_one_mnemonic() -> None:
    assert canonical_type("TYPE1") == canonical_type("a") == "A"
    with pytest.raises(ValueError, match="no type"):
        canonical_type("BOGUS")


@given(st.text(min_size=1).filter(lambda text: not text.startswith('"') and text.isprintable()))
def test_a_text_comes_back_from_its_canonical_form(text: str) -> None:
    assert text_of(canonical("TXT", text, ORIGIN)) == text


@pytest.mark.parametrize(("rtype", "example"), EXAMPLES.items(), ids=EXAMPLES.keys())
def test_every_example_is_as_it_says(rtype: str, example: str) -> None:
    first = canonical(rtype, example, ORIGIN)
    assert canonical(rtype, first, ORIGIN) == first


@pytest.mark.parametrize(
    "declared",
    [
        pytest.param("192.0.2.1", id="a value"),
        pytest.param(["192.0.2.1"], id="a list"),
        pytest.param({"values": "192.0.2.1"}, id="a set of one"),
        pytest.param({"values": ["192.0.2.1", "192.0.2.1"]}, id="a set"),
        pytest.param([{"values": ["192.0.2.1"]}], id="the set of every view"),
    ],
)
def test_every_form_means_the_same(declared: Any) -> None:
    assert one("www", "A", declared) == RRset("www.example.org.", "A", 3600, ("192.0.2.1",))


def test_a_set_has_its_own_ttl_and_may_be_disabled() -> None:
    found = one("www", "A", {"values": "192.0.2.1", "ttl": 60, "disabled": True})
    assert (found.ttl, found.disabled) == (60, True)


SPLIT = [
    {"values": "10.0.0.1", "views": ["internal"]},
    {"values": "192.0.2.1", "views": ["external", "default"]},
]


@pytest.mark.parametrize(
    ("view", "values"), [("internal", "10.0.0.1"), ("external", "192.0.2.1"), ("default", "192.0.2.1")]
)
def test_each_view_has_its_own_values(view: str, values: str) -> None:
    assert one("www", "A", SPLIT, view).values == (values,)


def test_other_views_have_nothing() -> None:
    assert not rrsets(ORIGIN, spec({"www": {"A": SPLIT}}).records, 3600, "guests")


def test_a_set_that_waits_for_another_resource_is_left_out_and_told() -> None:
    records = spec({"www": {"A": ["192.0.2.1", TAKEN]}, "db": {"A": "192.0.2.2"}}).records
    assert set(rrsets(ORIGIN, records, 3600)) == {("db.example.org.", "A")}
    assert pending(ORIGIN, records) == {("www.example.org.", "A")}
    assert not pending(ORIGIN, spec({"www": {"A": {"values": TAKEN, "views": ["a"]}}}).records, "b")


def test_the_engine_finds_every_value_that_another_resource_hands_out() -> None:
    records: Any = {
        "a": {"A": TAKEN},
        "b": {"A": ["192.0.2.1", TAKEN]},
        "c": {"A": {"values": TAKEN, "ttl": 60}},
        "d": {"A": [{"values": ["192.0.2.1", TAKEN]}]},
    }
    found = {wanted.field for wanted in wanted_in(RecordsSpec, {"records": records})}
    assert found == {
        "/records/a/A",
        "/records/b/A/1",
        "/records/c/A/values",
        "/records/d/A/0/values/1",
    }


@pytest.mark.parametrize(
    "records",
    [
        pytest.param({"www": {"A": "192.0.2.1"}, "WWW": {"A": "192.0.2.1"}}, id="in capitals"),
        pytest.param({"www": {"A": "192.0.2.1"}, "www.example.org.": {"A": "192.0.2.1"}}, id="in full"),
        pytest.param({"www": {"A": [{"values": "192.0.2.1"}, {"values": "192.0.2.2"}]}}, id="as two sets"),
    ],
)
def test_a_set_that_is_declared_twice_is_no_zone(records: Any) -> None:
    with pytest.raises(ValueError, match="declared"):
        rrsets(ORIGIN, spec(records).records, 3600)


WRONG = [
    pytest.param({"a": "192.0.2.1"}, "write types in capitals: A", id="a type in lower case"),
    pytest.param({"SOA": "x"}, "write its values in soa", id="the SOA"),
    pytest.param({"RRSIG": "x"}, "made by the server that signs", id="a signature"),
    pytest.param({"AXFR": "x"}, "in messages between servers", id="a question"),
    pytest.param({"alias": "x"}, "write types in capitals: ALIAS", id="a type of PowerDNS in lower case"),
    pytest.param({"TYPE1": "x"}, "write its mnemonic", id="a number that has a name"),
    pytest.param({"BOGUS": "x"}, "no type BOGUS", id="no type"),
    pytest.param({"A": 1}, "valid string", id="a number"),
    pytest.param({"A": []}, "at least 1", id="an empty list"),
    pytest.param({"A": ""}, "at least 1", id="an empty text"),
    pytest.param({}, "at least 1", id="no type at all"),
    pytest.param({"A": {"value": "x"}}, "Field required", id="a set without values"),
    pytest.param({"A": {"values": "x", "ttl": -1}}, "greater than or equal to 0", id="a negative TTL"),
    pytest.param(
        {"A": {"values": "x", "ttl": MAX_TTL + 1}}, "less than or equal", id="a TTL beyond RFC 2181"
    ),
    pytest.param({"A": {"values": "x", "views": ["A b"]}}, "match pattern", id="no view"),
    pytest.param({"A": {"from": "Kind/name"}}, "Field required", id="a source without an output"),
]


@pytest.mark.parametrize(("types", "why"), WRONG)
def test_what_has_no_form_is_refused_with_one_reason_each(types: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why) as caught:
        spec({"www": types})
    assert len({error["loc"][:4] for error in caught.value.errors()}) == 1


SCHEMA = RecordsSpec.model_json_schema()


@pytest.mark.parametrize(
    "types",
    [
        {"A": "192.0.2.1"},
        {"AAAA": ["2001:db8::1", TAKEN]},
        {"MX": {"values": "10 mail", "ttl": 1}},
        {"A": SPLIT},
        {"TYPE65280": "\\# 0"},
    ],
)
def test_the_schema_for_editors_takes_what_we_take(types: Any) -> None:
    spec({"www": types})
    jsonschema.validate({"records": {"www": types}}, SCHEMA)


@pytest.mark.parametrize("types", [{"a": "x"}, {"RRSIG": "x"}, {"A": 1}, {"A": []}, {}, {"BOGUS": "x"}])
def test_the_schema_for_editors_refuses_what_we_refuse(types: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"records": {"www": types}}, SCHEMA)


def test_the_schema_for_editors_knows_every_type() -> None:
    types = SCHEMA["properties"]["records"]["additionalProperties"]
    assert (
        set(types["propertyNames"]["anyOf"][0]["enum"])
        == set(KNOWN)
        >= {"A", "AAAA", "CAA", "HTTPS", "SVCB", "TLSA"}
    )


NAMES = st.from_regex(r"[a-z]{1,3}(\.[a-z]{1,3})?", fullmatch=True)
ADDRESSES = st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=4)


@given(st.dictionaries(NAMES, ADDRESSES, max_size=8), st.randoms(use_true_random=False))
def test_the_order_in_which_records_are_written_makes_no_difference(records: Any, random: Any) -> None:
    shuffled = {
        name: {"A": random.sample(records[name], len(records[name]))}
        for name in random.sample([*records], len(records))
    }
    written = {name: {"A": values} for name, values in records.items()}
    assert rrsets(ORIGIN, spec(written).records, 300) == rrsets(ORIGIN, spec(shuffled).records, 300)
