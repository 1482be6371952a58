"""What may be declared of a DNS server, and what its examination tells of a real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from setpoint.model.examine import Check, Examination, Verdict
from setpoint.model.key import Key
from setpoint.model.secret import Secret
from setpoint_dns.doctor import examine
from setpoint_dns.endpoint import place
from setpoint_dns.kinds.dns_server.spec import DnsServerSpec
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec
from tests.systems.dns.living import ZONE
from tests.systems.dns.servers.knot import Knot
from tests.systems.dns.servers.pdns import API_KEY, Pdns
from tests.systems.dns.servers.program import SECRET
from tests.systems.dns.updating import MAKES, Start, primary

KEY = {"env": "KEY"}
API: dict[str, Any] = {"endpoint": "http://127.0.0.1:8081", "key": KEY}
WIRE: dict[str, Any] = {"endpoint": "192.0.2.53", "key": {"name": "setpoint", "secret": KEY}}


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        pytest.param({}, "exactly one of powerdns and rfc2136", id="neither way"),
        pytest.param(
            {"powerdns": API, "rfc2136": WIRE}, "exactly one of powerdns and rfc2136", id="both ways"
        ),
        pytest.param(
            {"powerdns": {**API, "endpoint": "http://192.0.2.1:8081"}}, "in clear", id="key in clear"
        ),
        pytest.param({"powerdns": {**API, "endpoint": "https://ns1/api/v1"}}, "has a path", id="a path"),
        pytest.param(
            {"powerdns": {**API, "ca": "/ca", "fingerprint": "ab" * 32}}, "exclude", id="two trusts"
        ),
        pytest.param({"powerdns": {**API, "fingerprint": "ab"}}, "64 hex digits", id="a short fingerprint"),
        pytest.param({"rfc2136": {**WIRE, "endpoint": "https://ns1"}}, "is no place to ask", id="a URL"),
        pytest.param(
            {"rfc2136": {**WIRE, "key": {**WIRE["key"], "algorithm": "md5"}}}, "no algorithm", id="algorithm"
        ),
        pytest.param({"powerdns": API, "secondaries": ["ns2:x"]}, "is no place to ask", id="no port"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(spec: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        DnsServerSpec.model_validate(spec)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ns1.example.org", ("ns1.example.org", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_where_a_server_answers(text: str, expected: tuple[str, int]) -> None:
    assert place(text) == expected


async def checks(spec: dict[str, Any], value: str) -> list[Check]:
    held = {Key("default", "DnsZone", ZONE): DnsZoneSpec.model_validate({})}
    asked = Examination(DnsServerSpec.model_validate(spec), {"key": Secret(value)}, held)
    return [check async for check in examine(asked)]


async def test_it_is_well_when_the_zone_can_be_read(knot: Knot) -> None:
    found = await checks({"rfc2136": {**WIRE, "endpoint": f"127.0.0.1:{knot.port}"}}, SECRET)
    assert [(check.name, check.verdict) for check in found] == [
        ("answers", Verdict.OK),
        (f"{ZONE}.", Verdict.OK),
    ]


async def test_a_zone_that_is_not_there_is_told_and_so_is_a_secondary_that_is_not(pdns: Pdns) -> None:
    spec = {"powerdns": {**API, "endpoint": pdns.url}, "secondaries": ["127.0.0.1:9"]}
    assert [check.verdict for check in await checks(spec, API_KEY)] == [
        Verdict.OK,
        Verdict.OK,
        Verdict.WARNING,
    ]
    pdns.add_zone(ZONE)
    *_, last = await checks(spec, API_KEY)
    assert (last.name, last.verdict) == (f"{ZONE}. at 127.0.0.1:9", Verdict.WRONG)


@pytest.mark.parametrize("value", ["wrong", "a key of anna"])
async def test_a_wrong_key_is_told_without_the_key(pdns: Pdns, value: str, tmp_path: Path) -> None:
    (only,) = await checks({"powerdns": {**API, "endpoint": pdns.url}}, value)
    assert only.verdict is Verdict.WRONG
    assert "401" in only.sentence
    assert value not in f"{only.sentence} {only.remedy}".replace("wrong key", "")


@pytest.mark.parametrize("make", MAKES)
async def test_a_wrong_tsig_key_is_told_without_its_secret(make: str, start: Start) -> None:
    server, value = primary(make, start), "AAAAhja9Z9A9aCaB2jxQDjf2+xeCKJWbyAmMI4OCF4c="
    *_, last = await checks({"rfc2136": {**WIRE, "endpoint": f"127.0.0.1:{server.port}"}}, value)
    # Knot looks at signatures only where it has the zone.
    assert (last.name, last.verdict) == (f"{ZONE}." if make == "knot" else "answers", Verdict.WRONG)
    assert "compare" in last.remedy
    assert value not in f"{last.sentence} {last.remedy}"


async def test_a_zone_that_the_server_only_copies_is_told(pdns: Pdns) -> None:
    pdns.add_zone(ZONE)
    pdns.api("PUT", f"/zones/{ZONE}.", {"kind": "Slave", "masters": ["127.0.0.1:9"]})
    *_, last = await checks({"powerdns": {**API, "endpoint": pdns.url}}, API_KEY)
    assert (last.name, last.verdict) == (f"{ZONE}.", Verdict.WRONG)
    assert "another server is its source" in last.sentence
