"""Changes that a person is asked for hold no others, and whichever part is let happen leaves a sound zone."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.diff import diff
from setpoint.model.key import Key
from setpoint.model.plan import Step
from setpoint_dns.content import Id, RRset, Zone
from setpoint_dns.kinds.dns_zone.batch import write
from setpoint_dns.kinds.dns_zone.declared import divide
from setpoint_dns.kinds.dns_zone.project import TREATMENTS, declare, exclusive, project
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, complete
from setpoint_dns.kinds.dns_zone.state import ZoneState
from setpoint_dns.kinds.dns_zone.wire import batch_of
from setpoint_dns.server import Can
from tests.systems.dns.living import NAMESERVERS, ZONE, alive, powerdns, rfc2136, zone
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import Program

ORIGIN = f"{ZONE}."
SOA = RRset(ORIGIN, "SOA", 3600, (f"ns1.{ORIGIN} hostmaster.{ORIGIN} 7 10800 3600 1209600 3600",))
HOSTS = ("ns1", "ns2", "ns3")
ADDRESS = {"A": "192.0.2.1"}
ALIAS = {"CNAME": "web.example.net."}


def spec_of(**spec: Any) -> DnsZoneSpec:
    return complete(DnsZoneSpec.model_validate(spec), Key("default", "DnsZone", ZONE))


def state_of(before: DnsZoneSpec, after: DnsZoneSpec) -> ZoneState:
    """A zone as it was declared before, seen for another declaration."""
    there = {which: _set(which, content) for which, content in declare(before)["records"].items()}  # type: ignore[union-attr]
    found = Zone(ORIGIN, 7, {**{one.id: one for one in there.values()}, SOA.id: SOA})
    sets, left = divide(found, after)
    return ZoneState(found, sets, left, (), Can(0))


def _set(member: str, content: Any) -> RRset:
    name, _, rtype = member.rpartition(" ")
    return RRset(name, rtype, content["ttl"], tuple(content["values"]))


def steps_of(before: DnsZoneSpec, after: DnsZoneSpec) -> tuple[Step, ...]:
    state = state_of(before, after)
    found = diff(
        declare(after), project(state), TREATMENTS, applied=declare(before), exclusive=exclusive(after)
    )
    changes = tuple(one for one in found.changes if one.path.startswith(("/records", "/soa")))
    return tuple(write(after, state, changes, ("writes",)))


def touched(step: Step) -> list[str]:
    batch = batch_of(step.arguments)
    ids = [*(one.id for one in batch.put), *batch.drop]
    return sorted(f"{name.removesuffix(ORIGIN).rstrip('.') or '@'} {rtype}" for name, rtype in ids)


def hosted(*names: str, **records: Any) -> dict[str, Any]:
    """A zone with these nameservers, each with an address in it."""
    own: dict[str, Any] = dict.fromkeys(names, ADDRESS)
    return {"nameservers": list(names), "records": {**own, **records}}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            hosted("ns1"),
            {**hosted("ns1", www=ADDRESS), "soa": {"contact": "anna@example.net"}},
            [(["www A"], False), (["@ SOA"], True)],
            id="the SOA waits, the rest does not",
        ),
        pytest.param(
            hosted("ns1", "ns2"),
            hosted("ns1", "ns3", www=ADDRESS),
            [(["ns3 A", "www A"], False), (["@ NS", "ns2 A"], True)],
            id="the address of one that leaves goes with it, that of a new one comes before",
        ),
        pytest.param(
            hosted("ns1", "ns2"),
            {"nameservers": ["ns1"], "records": {"ns1": ADDRESS, "ns2": ADDRESS}},
            [(["@ NS"], True)],
            id="an address that stays is left alone",
        ),
        pytest.param(
            hosted("ns1", "ns2"),
            {"nameservers": ["ns1"], "records": {"ns1": ADDRESS, "ns2": ALIAS}},
            [(["@ NS", "ns2 A", "ns2 CNAME"], True)],
            id="one that becomes an alias",
        ),
        pytest.param(
            hosted("ns1"),
            {
                "nameservers": ["ns3"],
                "soa": {"contact": "anna@example.net"},
                "records": {"ns1": ADDRESS, "ns3": ADDRESS},
            },
            [(["ns3 A"], False), (["@ NS", "@ SOA"], True)],
            id="nameservers and SOA are asked for at once",
        ),
        pytest.param(
            hosted("ns1", **{f"h{n}": ADDRESS for n in range(20)}),
            hosted("ns3"),
            [
                (["@ NS", "ns1 A", "ns3 A"], True),
            ],
            id="a new one comes with its address when all the rest waits as well",
        ),
    ],
)
def test_what_waits_for_a_person_is_apart(
    before: dict[str, Any], after: dict[str, Any], expected: list[tuple[list[str], bool]]
) -> None:
    steps = steps_of(spec_of(**before), spec_of(**after))
    found = [(touched(step), step.consent is not None) for step in steps]
    assert [one for one in found if len(one[0]) < 20] == expected


def test_every_change_is_told_at_the_step_that_makes_it() -> None:
    before, after = spec_of(**hosted("ns1", "ns2")), spec_of(**hosted("ns1", "ns3", www=ADDRESS))
    for step in steps_of(before, after):
        told = {
            change.path.removeprefix("/records/").replace(f".{ORIGIN}", "").replace(ORIGIN, "@").split("/")[0]
            for change in step.changes
        }
        assert sorted(told) == touched(step)


def served(state: ZoneState, steps: tuple[Step, ...]) -> dict[Id, RRset]:
    """What a zone holds after some of the steps."""
    sets = dict(state.zone.rrsets)
    for step in steps:
        batch = batch_of(step.arguments)
        sets = {which: one for which, one in sets.items() if which not in batch.drop}
        sets |= {one.id: one for one in batch.put}
    return sets


def is_sound(sets: dict[Id, RRset]) -> bool:
    hosts = [one for one in sets[ORIGIN, "NS"].values if one.endswith(f".{ORIGIN}")]
    aliases = [name for name, rtype in sets if rtype == "CNAME"]
    alone = all(name not in aliases or rtype == "CNAME" for name, rtype in sets)
    return alone and all((host, "A") in sets for host in hosts)


records_of_hosts = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([ADDRESS, ALIAS, {**ADDRESS, "TXT": "a"}]) for name in HOSTS}
)
crowds = st.sampled_from([0, 9, 20])


@st.composite
def zones(draw: st.DrawFn) -> DnsZoneSpec:
    records = draw(records_of_hosts)
    able = [name for name in HOSTS if "A" in records.get(name, {})]
    chosen = draw(st.lists(st.sampled_from([*able, "ns.example.net."]), min_size=1, unique=True))
    crowd = {f"h{n}": ADDRESS for n in range(draw(crowds))}
    soa = draw(st.sampled_from([None, {"contact": "anna@example.net"}]))
    return spec_of(nameservers=chosen, records={**records, **crowd}, **({"soa": soa} if soa else {}))


@given(zones(), zones())
def test_the_zone_is_sound_whichever_parts_happen(before: DnsZoneSpec, after: DnsZoneSpec) -> None:
    state = state_of(before, after)
    steps = steps_of(before, after)
    free = tuple(step for step in steps if step.consent is None)
    asked = [step for step in steps if step.consent is not None]
    assert len(free) <= 1
    for count in range(len(asked) + 1):
        for some in combinations(asked, count):
            assert is_sound(served(state, (*free, *some)))
    wanted = {which: one for which, one in served(state, steps).items() if which[1] != "SOA"}
    assert project(ZoneState(state.zone, wanted, {}, (), Can(0))).tree["records"] == declare(after)["records"]


async def test_on_powerdns_a_held_change_of_the_nameservers_holds_no_records(
    pdns: Pdns, tmp_path: Path
) -> None:
    www = {"www": {"A": "192.0.2.1"}}
    async with alive(tmp_path, {"server": powerdns(pdns, tmp_path), "zone": zone(www)}) as life:
        await life.settle()
        soa = {"contact": "anna@example.net"}
        wanted = {**www, "ns9": ADDRESS}
        await life.declare(zone=zone(wanted, nameservers=["ns9"], soa=soa))
        assert life.rules() == ["Consent"]
        assert pdns.values(f"ns9.{ZONE}", "A") == ["192.0.2.1"]
        assert pdns.values(ZONE, "NS") == NAMESERVERS
        await life.approve()
        assert pdns.values(ZONE, "NS") == [f"ns9.{ZONE}."]
        assert life.outcome() == "Done"
        assert pdns.values(ZONE, "SOA")[0].split()[1] == "anna.example.net."


@pytest.mark.parametrize("make", ["knot", "bind"])
async def test_by_updates_a_held_change_of_the_soa_holds_no_records(
    make: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Program = request.getfixturevalue(make)
    taken: dict[str, Any] = {"nameservers": None, "policy": {"adopt": True, "drift": "enforce"}}
    files = {"server": rfc2136(server, tmp_path), "zone": zone({}, **taken)}
    async with alive(tmp_path, files) as life:
        await life.settle()
        assert life.outcome() == "Done"
        await life.declare(zone=zone({"www": ADDRESS}, soa={"contact": "anna@example.net"}, **taken))
        assert life.rules() == ["Consent"]
        assert server.values(f"www.{ZONE}", "A") == ["192.0.2.1"]
        await life.approve()
        assert life.outcome() == "Done"
        assert server.values(ZONE, "SOA")[0].split()[1] == "anna.example.net."


OWN = {"@": {"ALIAS": "web.example.net."}, "lua": {"LUA": "A ifportup(443, {'192.0.2.1'})"}}


async def test_powerdns_keeps_the_types_that_it_made_up(pdns: Pdns, tmp_path: Path) -> None:
    async with alive(tmp_path, {"server": powerdns(pdns, tmp_path), "zone": zone()}) as life:
        await life.settle()
        await life.declare(zone=zone(OWN))
        assert life.outcome() == "Done"
        held = {(one["type"]): one["records"] for one in pdns.api("GET", f"/zones/{ZONE}.")[1]["rrsets"]}
        assert held["ALIAS"] == [{"content": "web.example.net.", "disabled": False}]
        assert held["LUA"] == [{"content": "A \"ifportup(443, {'192.0.2.1'})\"", "disabled": False}]
        before = pdns.serial(ZONE)
        await life.look_again()
        assert (life.outcome(), pdns.serial(ZONE)) == ("Done", before)


def test_elsewhere_they_are_refused_and_what_stands_there_stays() -> None:
    before = spec_of(**hosted("ns1", www=ADDRESS))
    after = spec_of(**hosted("ns1", www={"ALIAS": "web.example.net."}, new=ADDRESS))
    refused, written = steps_of(before, after)
    assert refused.obstacle is not None
    assert "www ALIAS is of a type that only PowerDNS has" in refused.obstacle.why
    assert touched(written) == ["new A"]
