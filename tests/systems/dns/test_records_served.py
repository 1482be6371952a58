"""What our rules accept, real servers take, and give back as what was declared."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from setpoint_dns.content import Id, RRset
from setpoint_dns.powerdns.spelling import spelled
from setpoint_dns.rdata import canonical, canonical_name
from setpoint_dns.records.expand import rrsets
from setpoint_dns.records.spec import RecordsSpec
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.validation_cases import CASES, NO, Case

ACCEPTED = [case for cases in CASES.values() for case in cases if case.ours is not NO]
NOT_FOR_POWERDNS = {
    "a star in the middle of a name",
    "a star as a part of a label",
    "a blank in a name",
    "an instance of a service, with a blank",
}
"""It has no names with such characters, and says so."""


def sets_of(case: Case) -> dict[Id, RRset]:
    """Those of the case, with the NS that no zone is without."""
    apex = f"{case.origin}."
    records = RecordsSpec.model_validate({"records": case.records}).records
    own = RRset(apex, "NS", 3600, ("ns1.example.net.",))
    return {own.id: own, **rrsets(case.origin, records, 3600)}


def lines(case: Case) -> Iterator[str]:
    yield f"{case.origin}. 3600 IN SOA ns1.example.net. hostmaster.example.net. 1 10800 3600 1209600 3600"
    for one in sets_of(case).values():
        for value in one.values:
            yield f"{one.name} {one.ttl} IN {one.type} {value}"


@pytest.mark.skipif(which("named-checkzone") is None, reason="bind9-utils is not installed")
@pytest.mark.parametrize(
    "case", [one for one in ACCEPTED if "ALIAS" not in str(one.records)], ids=lambda case: case.name
)
def test_bind_loads_what_we_accept(case: Case, tmp_path: Path) -> None:
    zone = tmp_path / "zone"
    zone.write_text("".join(f"{line}\n" for line in lines(case)), encoding="ascii")
    command = ["named-checkzone", "-i", "local", "-k", "ignore", case.origin, str(zone)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_powerdns_keeps_what_we_accept_as_it_was_declared(pdns: Pdns) -> None:
    different: list[str] = []
    unsupported: set[str] = set()
    for case in ACCEPTED:
        wanted = sets_of(case)
        apex = f"{case.origin}."
        body = {
            "name": apex,
            "kind": "Native",
            "nameservers": [],
            "rrsets": [body_of(one) for one in wanted.values()],
        }
        status, answer = pdns.api("POST", "/zones", body)
        found = (
            {one.id: one for one in map(read, answer["rrsets"]) if one.type != "SOA"} if status == 201 else {}
        )
        if "unsupported characters" in str(answer):
            unsupported.add(case.name)
        elif found != wanted:
            different.append(f"{case.name}: {answer if status != 201 else found}")
        pdns.api("DELETE", f"/zones/{apex}")
    assert not different, "\n".join(different)
    assert unsupported == NOT_FOR_POWERDNS


@pytest.mark.parametrize(
    ("rtype", "written"),
    [
        ("ALIAS", "Web.example.net."),
        ("LUA", "A ifportup(443, {'192.0.2.1'})"),
        ("LUA", f'TXT "{"x" * 400}"'),
        ("MB", "Host"),
        ("MG", "group"),
        ("MR", "other.example.net."),
        ("MINFO", "Admin Errors"),
        ("NID", "10 0014:4FFF:FF20:EE64"),
        ("L64", "10 2001:0DB8:1140:1000"),
    ],
)
def test_powerdns_gives_rare_types_back_as_what_they_are(pdns: Pdns, rtype: str, written: str) -> None:
    pdns.add_zone("example.test")
    wanted = RRset("a.example.test.", rtype, 60, (canonical(rtype, written, "example.test."),))
    status, answer = pdns.api(
        "PATCH", "/zones/example.test.", {"rrsets": [{**body_of(wanted), "changetype": "REPLACE"}]}
    )
    assert status == 204, answer
    held = pdns.api("GET", "/zones/example.test.")[1]["rrsets"]
    assert wanted in [read(one) for one in held if one["type"] == rtype]


def body_of(one: RRset) -> dict[str, object]:
    records = [{"content": spelled(one.type, value), "disabled": False} for value in one.values]
    return {"name": one.name, "type": one.type, "ttl": one.ttl, "records": records}


def read(found: dict[str, object]) -> RRset:
    name, rtype = canonical_name(str(found["name"]), "."), str(found["type"])
    records = found["records"]
    assert isinstance(records, list)
    values = sorted(canonical(rtype, str(one["content"]), ".") for one in records)
    return RRset(name, rtype, int(str(found["ttl"])), tuple(values))
