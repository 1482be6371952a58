"""What each rule finds: at which place, in which words, and under which circumstances it keeps quiet."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint_dns.records.authority import Authority, check_authority
from setpoint_dns.records.check import Part, check, check_parts, refused
from setpoint_dns.records.finding import Finding, Level
from setpoint_dns.records.rules import FIXED, NAMES
from setpoint_dns.records.rules.der import rsa_bits
from setpoint_dns.records.rules.keys import certificate, fingerprint
from setpoint_dns.records.rules.rule import Judge
from setpoint_dns.records.spec import RecordsSpec
from setpoint_dns.records.zone import Declarations, Entry, Ground
from tests.systems.dns.validation_cases import CASES, HEX, SERVERS

GROUND = Ground("example.org")
REVERSE = Ground("2.0.192.in-addr.arpa")
REVERSE6 = Ground("8.b.d.0.1.0.0.2.ip6.arpa")
TAKEN = {"from": "Kind/name", "output": "address"}
ED25519 = "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
E, A = Level.ERROR, Level.ADVICE


def findings(records: Any, ground: Ground = GROUND, nameservers: tuple[str, ...] = ()) -> tuple[Finding, ...]:
    return check(ground, RecordsSpec.model_validate({"records": records}).records, nameservers)


def told(records: Any, ground: Ground = GROUND) -> list[tuple[Level, str, str]]:
    return [(one.level, one.rule, one.field) for one in findings(records, ground)]


def txt(name: str, *texts: str) -> dict[str, Any]:
    return {name: {"TXT": list(texts)}}


FOUND = [
    pytest.param({"a..b": {"A": "192.0.2.1"}}, (E, "name", "/records/a..b"), id="no name"),
    pytest.param(
        {"a": {"A": ["192.0.2.1", "x"]}}, (E, "syntax", "/records/a/A/1"), id="the second of a list"
    ),
    pytest.param({"a": {"A": "x"}}, (E, "syntax", "/records/a/A"), id="a value alone"),
    pytest.param({"a": {"A": {"values": ["x"]}}}, (E, "syntax", "/records/a/A/values/0"), id="in a set"),
    pytest.param({"a": {"A": {"values": "x"}}}, (E, "syntax", "/records/a/A/values"), id="alone in a set"),
    pytest.param(
        {"a": {"A": [{"values": "192.0.2.1", "views": ["b"]}, {"values": ["x"]}]}},
        (E, "syntax", "/records/a/A/1/values/0"),
        id="in the set of a view",
    ),
    pytest.param({"0/25": {"A": "x"}}, (E, "syntax", "/records/0~125/A"), id="below a name with a slash"),
    pytest.param(
        {"a": {"A": "192.0.2.1"}, "A": {"A": "192.0.2.2"}}, (E, "twice", "/records/A/A"), id="in capitals"
    ),
    pytest.param(
        {"a": {"A": [{"values": "192.0.2.1"}, {"values": "192.0.2.2"}]}},
        (E, "twice", "/records/a/A/1"),
        id="two sets for one view",
    ),
    pytest.param(
        {"a": {"TXT": {"values": "x", "ptr": True}}}, (E, "ptr-place", "/records/a/TXT"), id="ptr of a text"
    ),
    pytest.param(
        {"a": {"MX": "10 mail.example.net."}}, (A, "mail-senders", "/records/a/MX"), id="mail without SPF"
    ),
    pytest.param({"a": {"SPF": "x"}}, (A, "obsolete-type", "/records/a/SPF"), id="a type with a successor"),
    pytest.param(
        {"a": {"X25": '"311"'}}, (A, "obsolete-type", "/records/a/X25"), id="a type without a successor"
    ),
    pytest.param(
        {"a": {"NAPTR": '1 1 "" "" "" .'}},
        (E, "naptr-end", "/records/a/NAPTR"),
        id="NAPTR that leads nowhere",
    ),
    pytest.param({"a": {"SSHFP": "1 1 " + HEX[:40]}}, (A, "ssh-fingerprint", "/records/a/SSHFP"), id="SHA-1"),
    pytest.param({"a": {"SSHFP": "2 2 " + HEX}}, (A, "ssh-fingerprint", "/records/a/SSHFP"), id="a DSA key"),
    pytest.param(
        {"a": {"SMIMEA": "3 1 1 " + HEX}}, (A, "user-key-name", "/records/a/SMIMEA"), id="a key of nobody"
    ),
    pytest.param(
        {"_x.y": {"SRV": "0 0 1 a.example.net."}},
        (E, "service-name", "/records/_x.y/SRV"),
        id="half a service",
    ),
    pytest.param(
        txt("@", "v=spf1 -all redirect=a.example"),
        (A, "spf-ending", "/records/@/TXT/0"),
        id="all and redirect",
    ),
    pytest.param(txt("@", "v=spf1 ?all"), (A, "spf-permissive", "/records/@/TXT/0"), id="SPF without a word"),
    pytest.param(
        txt("@", "v=spf1 -redirect=a.example"),
        (E, "spf-syntax", "/records/@/TXT/0"),
        id="a qualified modifier",
    ),
    pytest.param(
        txt("@", "v=spf1 redirect="), (E, "spf-syntax", "/records/@/TXT/0"), id="redirect to nothing"
    ),
    pytest.param(txt("@", "v=spf1 a:b..c -all"), (E, "spf-syntax", "/records/@/TXT/0"), id="no domain"),
    pytest.param(
        txt("@", "v=spf1 a/33 -all"), (E, "spf-syntax", "/records/@/TXT/0"), id="a length beyond IPv4"
    ),
    pytest.param(txt("@", "v=spf1 a//129 -all"), (E, "spf-syntax", "/records/@/TXT/0"), id="or beyond IPv6"),
    pytest.param(
        txt("@", "v=spf1 include:a.example/24 -all"), (E, "spf-syntax", "/records/@/TXT/0"), id="of include"
    ),
    pytest.param(txt("@", "v=spf1 -all:x"), (E, "spf-syntax", "/records/@/TXT/0"), id="all with a value"),
    pytest.param(txt("@", "v=spf1 €"), (E, "spf-syntax", "/records/@/TXT/0"), id="no term at all"),
    pytest.param(
        txt("_dmarc", "v=DMARC1; p=none; x=y"),
        (A, "dmarc-values", "/records/_dmarc/TXT/0"),
        id="an unknown tag",
    ),
    pytest.param(
        txt("_dmarc", "v=DMARC1; p=none; junk"), (E, "dmarc-values", "/records/_dmarc/TXT/0"), id="no tag"
    ),
    pytest.param(
        txt("_dmarc", "v=DMARC1; p=none; p=none"),
        (E, "dmarc-values", "/records/_dmarc/TXT/0"),
        id="a tag twice",
    ),
    pytest.param(
        txt("s._domainkey", f"v=DKIM1; k=ed25519; t=y; {ED25519}"),
        (A, "dkim-form", "/records/s._domainkey/TXT/0"),
        id="a key that is tried out",
    ),
    pytest.param(
        {"www": {"CNAME": "a.example.net.", "NS": SERVERS}},
        (E, "cname-beside", "/records/www/CNAME"),
        id="a CNAME beside a delegation",
    ),
    pytest.param(
        {"_dmarc.a": {"CNAME": "b"}, "b": {"CNAME": "c"}, "c": {"TXT": "v=DMARC1; p=none"}},
        (A, "cname-chain", "/records/_dmarc.a/CNAME"),
        id="a chain within the zone",
    ),
]


@pytest.mark.parametrize(("records", "expected"), FOUND)
def test_a_rule_finds(records: Any, expected: tuple[Level, str, str]) -> None:
    assert expected in told(records)


@pytest.mark.parametrize(
    ("ground", "name", "expected"),
    [
        pytest.param(
            REVERSE6, "1", [(A, "reverse-name", "/records/1/PTR")], id="an address with parts missing"
        ),
        pytest.param(REVERSE6, "10", [(E, "reverse-name", "/records/10/PTR")], id="no digit"),
        pytest.param(REVERSE6, ".".join("0" * 23 + "1"), [], id="a whole IPv6 address"),
        pytest.param(REVERSE, "1", [], id="a whole IPv4 address"),
        pytest.param(REVERSE, "1.0-127", [], id="an address in part of a network"),
        pytest.param(REVERSE, "_x._tcp.b", [], id="a service of a network"),
    ],
)
def test_a_reverse_name_is_an_address(ground: Ground, name: str, expected: list[Any]) -> None:
    assert told({name: {"PTR": "web.example.org."}}, ground) == expected


MISSING = {"www": {"CNAME": "web"}, "lab": {"NS": ["ns1.lab", "ns2.example.net."]}}


@pytest.mark.parametrize(("whole", "level"), [(True, E), (False, A)])
def test_what_is_missing_is_an_error_only_where_nothing_else_can_be(*, whole: bool, level: Level) -> None:
    found = told(MISSING, replace(GROUND, whole=whole))
    assert found == [
        (level, "target-missing", "/records/www/CNAME"),
        (level, "glue", "/records/lab/NS/0"),
    ]


def test_in_a_shared_zone_nothing_is_said_about_what_others_may_have() -> None:
    records = {"@": {"MX": "10 mail.example.net."}, "lab": {"DS": "12345 13 2 " + HEX}}
    assert told(records, replace(GROUND, whole=False)) == []


def test_private_addresses_are_right_for_those_inside() -> None:
    records = {"nas": {"A": "10.0.0.1", "AAAA": "fd00::1"}}
    assert [one.rule for one in findings(records)] == ["address-reach", "address-reach"]
    assert told(records, replace(GROUND, private=True)) == []


def test_each_view_is_held_against_the_rules_alone() -> None:
    split = [{"values": "10.0.0.1", "views": ["internal"]}, {"values": "x", "views": ["default"]}]
    assert told({"nas": {"A": split}}, replace(GROUND, view="internal", private=True)) == []
    assert told({"nas": {"A": split}}) == [(E, "syntax", "/records/nas/A/1/values")]


def test_a_target_that_another_view_has_does_not_exist_here() -> None:
    records = {"www": {"CNAME": "web"}, "web": {"A": {"values": "10.0.0.1", "views": ["internal"]}}}
    assert told(records) == [(E, "target-missing", "/records/www/CNAME")]
    assert told(records, replace(GROUND, view="internal", private=True)) == []


@pytest.mark.parametrize(
    "records",
    [
        pytest.param({"www": {"CNAME": "web"}, "web": {"A": TAKEN}}, id="a target"),
        pytest.param(
            {"@": {"MX": "10 mail", "TXT": TAKEN}, "mail": {"A": TAKEN}, "_dmarc": {"TXT": TAKEN}}, id="SPF"
        ),
        pytest.param({"lab": {"NS": [TAKEN]}}, id="name servers"),
        pytest.param({"lab": {"NS": ["ns1.lab", SERVERS[0]]}, "ns1.lab": {"A": TAKEN}}, id="glue"),
        pytest.param({"www": {"CNAME": TAKEN}, "a": {"CNAME": "www.example.net."}}, id="a CNAME"),
    ],
)
def test_what_waits_for_another_resource_is_there(records: Any) -> None:
    assert told(records) == []


def test_the_nameservers_of_a_zone_are_held_against_the_rules_as_well() -> None:
    found = findings({"ns1": {"CNAME": "x.example.net."}}, nameservers=("ns1", "192.0.2.53"))
    assert [(one.rule, one.field, one.type) for one in found] == [
        ("target-is-address", "/nameservers/1", "NS"),
        ("target-is-cname", "/nameservers/0", "NS"),
    ]


def test_a_zone_with_its_own_nameservers_inside_needs_no_more_than_their_addresses() -> None:
    assert findings({"ns1": {"A": "192.0.2.53"}}, nameservers=("ns1", "ns2.example.net.")) == ()


def test_a_rule_that_is_accepted_to_be_broken_only_advises() -> None:
    records = {"www": {"CNAME": "web"}}
    assert told(records, replace(GROUND, accept=frozenset({"target-missing"}))) == [
        (A, "target-missing", "/records/www/CNAME")
    ]


def test_what_servers_refuse_cannot_be_accepted() -> None:
    records = {"www": {"CNAME": "web.example.net.", "A": "192.0.2.1"}, "a": {"A": "x"}}
    found = told(records, replace(GROUND, accept=frozenset(NAMES)))
    assert [(level, rule) for level, rule, _ in found] == [(E, "syntax"), (E, "cname-beside")]
    assert set(NAMES) >= FIXED


def parts(*records: Any) -> tuple[Part, ...]:
    return tuple(Part(RecordsSpec.model_validate({"records": one}).records) for one in records)


def test_what_several_declarations_contribute_is_one_zone() -> None:
    found = check_parts(GROUND, parts({"www": {"CNAME": "web"}}, {"web": {"A": ["192.0.2.1", "x"]}}))
    assert [(one.rule, one.part, one.field) for one in found] == [("syntax", 1, "/records/web/A/1")]


def test_what_two_declare_is_told_with_both_places() -> None:
    (found,) = check_parts(
        GROUND, parts({"www": {"A": "192.0.2.1"}}, {"WWW": {"A": {"values": "192.0.2.1"}}})
    )
    assert (found.rule, found.part, found.field, found.beside) == (
        "twice",
        1,
        "/records/WWW/A",
        (0, "/records/www/A"),
    )


@pytest.mark.parametrize(
    "records",
    [
        pytest.param({"*": {"TXT": "x"}, "mail": {"A": "192.0.2.1"}}, id="a wildcard beside names"),
        pytest.param({"www": {"CNAME": "a"}, "*": {"A": "192.0.2.1"}}, id="a target that a wildcard covers"),
        pytest.param(
            {"www": {"CNAME": "x.old"}, "old": {"DNAME": "example.net."}}, id="a target below a DNAME"
        ),
        pytest.param({"www": {"CNAME": "x.lab"}, "lab": {"NS": SERVERS}}, id="a target that is delegated"),
        pytest.param({"_dmarc": {"CNAME": "dmarc.example.net."}}, id="a policy kept elsewhere"),
        pytest.param(txt("example.net._report._dmarc", "v=DMARC1"), id="a permission for reports"),
        pytest.param(txt("@", "spf is a good thing"), id="a text that speaks of SPF"),
        pytest.param(txt("@", "v=spf1 ip4:192.0.2.1 x-tag=anything -all"), id="an unknown modifier"),
        pytest.param(
            {"a": {"NS": ["ns.b", SERVERS[0]]}, "b": {"NS": SERVERS}}, id="a server of another delegation"
        ),
        pytest.param({"_25._tcp.mail": {"TLSA": "255 255 255 00"}}, id="numbers left to private use"),
        pytest.param({"*._tcp.mail": {"TLSA": "3 1 1 " + HEX}}, id="every port"),
        pytest.param({"@": {"CAA": '0 issue "ca.example; a=b; c=d"'}}, id="an issuer with two parameters"),
        pytest.param(
            txt("@", "v=spf1 include:a.example.org -all") | txt("a", "v=spf1 include:example.org -all"),
            id="SPF that includes itself",
        ),
        pytest.param(
            {"a": {"NAPTR": '1 1 "" "" "!^.*$!sip:a b@example.org!" .'}},
            id="an expression with a blank in it",
        ),
    ],
)
def test_no_rule_finds_anything(records: Any) -> None:
    assert told(records) == []


def test_a_wildcard_does_not_cover_what_is_below_a_name() -> None:
    records = {"www": {"CNAME": "x.a"}, "*": {"A": "192.0.2.1"}, "a": {"A": "192.0.2.1"}}
    assert told(records) == [(E, "target-missing", "/records/www/CNAME")]


def test_the_root_zone_holds_everything() -> None:
    assert told({"org": {"NS": ["a.net", "b.net"]}, "net": {"NS": ["a.org", "b.org"]}}, Ground(".")) == []


def test_a_finding_says_what_is_wrong_and_what_would_be_right() -> None:
    (found,) = findings({"www": {"CNAME": "web.example.net"}})
    assert str(found) == (
        "www.example.org. CNAME: web.example.net.example.org. does not exist in this zone; declare it, or write "
        "'web.example.net.' with its final dot for a name that is not relative to example.org."
    )


def all_findings() -> list[Finding]:
    cases = [case for cases in CASES.values() for case in cases]
    found: list[Finding] = []
    for records, origin in [(case.records, case.origin) for case in cases] + [
        (param.values[0], "example.org") for param in FOUND
    ]:
        try:
            found.extend(findings(records, Ground(origin)))
        except ValidationError:
            continue
    return found


ALL = all_findings()


def test_every_rule_finds_something_somewhere() -> None:
    assert set(NAMES) - {one.rule for one in ALL} == {"soa"}, "which is about no record"


def test_no_two_rules_have_one_name() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_every_finding_has_a_place_and_two_sentences() -> None:
    for one in ALL:
        assert one.field.startswith("/records/")
        assert one.what
        assert one.remedy
        assert not one.what.endswith(".") or one.what.endswith((".org.", ".arpa.", "..."))


SOA = Authority("ns1.example.org.", "hostmaster.example.org.", 10_800, 3600, 1_209_600, 3600)


@pytest.mark.parametrize(
    ("change", "level", "field"),
    [
        pytest.param({"primary": "192.0.2.1."}, E, "primary", id="an address as primary"),
        pytest.param({"contact": "192.0.2.1"}, E, "contact", id="an address as contact"),
        pytest.param({"contact": "."}, E, "contact", id="nobody as contact"),
        pytest.param({"refresh": 0}, E, "refresh", id="no pause between looks"),
        pytest.param({"retry": 0}, E, "retry", id="no pause between tries"),
        pytest.param({"expire": 14_400}, E, "expire", id="given up before the second try"),
        pytest.param({"expire": 86_400}, A, "expire", id="given up within a day"),
        pytest.param({"retry": 10_800}, A, "retry", id="tries as rare as looks"),
        pytest.param({"refresh": 60, "retry": 30}, A, "refresh", id="a look each minute"),
        pytest.param({"minimum": 604_800}, A, "minimum", id="no such name for a week"),
        pytest.param({"minimum": 0}, A, "minimum", id="no such name, each time anew"),
    ],
)
def test_a_start_of_authority_is_held_against_what_secondaries_do(
    change: Any, level: Level, field: str
) -> None:
    (found,) = check_authority(GROUND, replace(SOA, **change))
    assert (found.level, found.field) == (level, f"/soa/{field}")


def test_a_usual_start_of_authority_is_well() -> None:
    assert check_authority(GROUND, SOA) == ()


def test_of_what_is_not_declared_of_a_start_of_authority_nothing_is_said() -> None:
    assert check_authority(GROUND, Authority()) == ()
    (found,) = check_authority(GROUND, Authority(expire=3600, retry=7200))
    assert (found.level, found.field) == (E, "/soa/expire")


def test_a_start_of_authority_may_be_as_it_was_taken_over() -> None:
    (found,) = check_authority(replace(GROUND, accept=frozenset({"soa"})), replace(SOA, retry=0))
    assert (found.level, found.field) == (A, "/soa/retry")


@pytest.mark.parametrize(
    ("rtype", "value", "judge"),
    [
        pytest.param("TLSA", "3 1 1 " + HEX[:62], certificate, id="TLSA"),
        pytest.param("TLSA", "3 1 2 " + HEX, certificate, id="TLSA with the other digest"),
        pytest.param("SSHFP", "4 2 " + HEX[:40], fingerprint, id="SSHFP"),
    ],
)
def test_a_digest_is_whole_whatever_the_release_of_dnspython_says(
    rtype: str, value: str, judge: Judge
) -> None:
    entry = Entry("/records/a/X", "a", "a.example.org.", rtype, 60, (value,), (value,), ("/records/a/X",))
    (flaw,) = judge(entry, Declarations(GROUND, (entry,)))
    assert (flaw.level, flaw.remedy) == (E, "write the whole digest")


@given(st.binary(max_size=64))
def test_any_bytes_are_a_key_or_none(data: bytes) -> None:
    assert rsa_bits(data) is None or rsa_bits(data) != 0


def test_a_bare_rsa_key_is_read_as_well() -> None:
    modulus = b"\x00" + b"\xc7" * 128
    body = b"\x02\x81\x81" + modulus + b"\x02\x03\x01\x00\x01"
    assert rsa_bits(b"\x30\x81" + bytes([len(body)]) + body) == 1024


@pytest.mark.parametrize("data", ["", "30", "3003020101", "04020101", "30050201010401"])
def test_other_data_are_no_key(data: str) -> None:
    assert rsa_bits(bytes.fromhex(data)) is None


NAME = st.sampled_from(["@", "a", "b", "*.a", "a.b", "lab", "x.lab", "_dmarc", "s._domainkey", "_x._tcp"])
TYPE_AND_VALUE = st.sampled_from(
    [
        ("A", "192.0.2.1"),
        ("CNAME", "a"),
        ("CNAME", "b"),
        ("CNAME", "x.lab"),
        ("DNAME", "a"),
        ("NS", "ns1.lab"),
        ("NS", "a.b"),
        ("MX", "10 a"),
        ("SRV", "0 0 1 b"),
        ("TXT", "v=spf1 include:a.example.org redirect=b.example.org"),
        ("TXT", "v=DMARC1; p=none"),
        ("HTTPS", "0 a"),
        ("DS", "12345 13 2 " + HEX),
    ]
)


@given(written=st.lists(st.tuples(NAME, TYPE_AND_VALUE), max_size=12), whole=st.booleans())
def test_every_zone_gets_an_answer_that_does_not_depend_on_the_order(*, written: Any, whole: bool) -> None:
    records: dict[str, dict[str, str]] = {}
    for name, (rtype, value) in written:
        records.setdefault(name, {})[rtype] = value
    backwards = {name: dict(reversed(types.items())) for name, types in reversed(records.items())}
    ground = replace(GROUND, whole=whole)
    first, second = findings(records, ground), findings(backwards, ground)
    assert sorted(map(str, first)) == sorted(map(str, second))
    assert refused(first) == any(one.level is E for one in second)
    json.dumps([one.field for one in first])
