"""Where servers accept an update and do something else, or refuse what is right: each make as it really is."""

from __future__ import annotations

import http.client

import pytest

from setpoint.model.errors import OutcomeUnknownError, RefusalError
from setpoint_dns.content import Batch
from setpoint_dns.rfc2136.server import Rfc2136Server
from tests.systems.dns.servers.bind import Bind
from tests.systems.dns.servers.knot import Knot
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.program import Program
from tests.systems.dns.updating import (
    MARK,
    ZONE,
    Start,
    a,
    by_hand,
    change,
    client,
    fill,
    many,
    primary,
    rrset,
)

NS = (ZONE, "NS")
SOA = (ZONE, "SOA")


def soa(serial: int, *, mailbox: str = "hostmaster", ttl: int = 3600) -> str:
    return f"ns1.{ZONE} {mailbox}.{ZONE} {serial} 10800 {ttl} 604800 300"


async def test_a_cname_beside_an_address_is_passed_over_without_a_word_or_refused(
    ours: Rfc2136Server, server: Program
) -> None:
    before = await change(ours, a("www", "192.0.2.1"))
    batch = Batch((rrset("www", "CNAME", f"ns1.{ZONE}"),), (), before.serial)
    if isinstance(server, Pdns):
        with pytest.raises(RefusalError, match="REFUSED"):
            await ours.write(ZONE, batch)
    else:
        await ours.write(ZONE, batch)
    after = await ours.read(ZONE)
    assert after.rrsets == before.rrsets, "accepted or not, it is the read-back that tells"


async def test_the_deletion_of_the_zones_own_ns_and_soa_is_passed_over_without_a_word(
    ours: Rfc2136Server,
) -> None:
    before = await ours.read(ZONE)
    after = await change(ours, drop=[NS, SOA])
    assert after.rrsets[NS] == before.rrsets[NS]
    assert after.rrsets[SOA].values[0].split()[:2] == before.rrsets[SOA].values[0].split()[:2]


async def test_the_zones_own_ns_are_replaced_although_they_cannot_be_cleared(ours: Rfc2136Server) -> None:
    both = rrset("@", "NS", "ns1.example.net.", "ns2.example.net.", ttl=3600)
    assert (await change(ours, both)).rrsets[NS] == both
    other = rrset("@", "NS", "ns2.example.net.", "ns3.example.net.", ttl=3600)
    assert (await change(ours, other)).rrsets[NS] == other
    slower = rrset("@", "NS", "ns3.example.net.", ttl=7200)
    assert (await change(ours, slower)).rrsets[NS] == slower


async def test_a_lower_serial_by_hand_is_passed_over_without_a_word(
    ours: Rfc2136Server, server: Program
) -> None:
    before = (await change(ours, a("www", "192.0.2.1"))).serial
    assert by_hand(server, lambda update: update.replace(ZONE, 3600, "SOA", soa(before - 1))) == "NOERROR"
    assert server.serial(ZONE) >= before


@pytest.mark.parametrize("serial", [0, 1, None, 2_000], ids=["zero", "lower", "the same", "higher"])
async def test_an_soa_is_changed_with_a_serial_that_is_never_lower(
    ours: Rfc2136Server, serial: int | None
) -> None:
    before = await change(ours, a("www", "192.0.2.1"))
    wanted = before.serial if serial is None else serial
    wanted += before.serial if serial == 2_000 else 0
    after = await change(ours, rrset("@", "SOA", soa(wanted, mailbox="admin", ttl=1800), ttl=3600))
    # PowerDNS takes one change more to know its SOA again.
    assert after.serial - max(before.serial + 1, wanted) in (0, 1)
    assert after.rrsets[SOA] == rrset("@", "SOA", soa(after.serial, mailbox="admin", ttl=1800), ttl=3600)
    assert after.mark == MARK
    assert (await change(ours, a("www", "192.0.2.2"))).rrsets[f"www.{ZONE}", "A"] == a("www", "192.0.2.2")


async def test_the_ttl_of_an_soa_is_changed_except_on_powerdns_which_passes_it_over(
    ours: Rfc2136Server, server: Program
) -> None:
    after = await change(ours, rrset("@", "SOA", soa(0), ttl=900))
    assert after.rrsets[SOA].ttl == (3600 if isinstance(server, Pdns) else 900)


async def test_powerdns_does_not_know_an_soa_again_that_it_was_sent(start: Start) -> None:
    server = primary("pdns", start)
    sent = soa(server.serial(ZONE) + 1)
    assert by_hand(server, lambda update: update.replace(ZONE, 3600, "SOA", sent)) == "NOERROR"
    ours = client(server.port)
    with pytest.raises(RefusalError, match="pdnsutil increase-serial") as refused:
        await change(ours, a("www", "192.0.2.1"))
    assert "SOA-EDIT" in str(refused.value)
    assert server.values(f"www.{ZONE}", "A") == []
    assert by_hand(server, lambda update: update.add("hand", 300, "A", "192.0.2.7")) == "NOERROR"
    assert (await change(ours, a("www", "192.0.2.1"))).rrsets[f"www.{ZONE}", "A"] == a("www", "192.0.2.1")


async def test_powerdns_without_our_mark_is_told_how_to_know_its_soa_again(start: Start) -> None:
    server = primary("pdns", start)
    ours = client(server.port)
    with pytest.raises(RefusalError, match=r"know the SOA .*pdnsutil increase-serial"):
        await change(ours, rrset("@", "SOA", soa(0, mailbox="admin")))


async def test_powerdns_with_soa_edit_is_told_apart_from_a_conflict_and_nothing_is_written(
    start: Start,
) -> None:
    server = Pdns()
    start(server)
    fill(server)
    status, answer = server.api("PUT", f"/zones/{ZONE}", {"dnssec": True, "soa_edit": "INCREMENT-WEEKS"})
    assert status == http.client.NO_CONTENT, answer
    ours = client(server.port)
    before = await ours.read(ZONE)
    with pytest.raises(RefusalError, match="SOA-EDIT"):
        await change(ours, a("www", "192.0.2.1"))
    assert set((await ours.read(ZONE)).rrsets) == set(before.rrsets)


async def test_a_server_that_hides_its_make_is_written_with_the_care_that_knot_needs(start: Start) -> None:
    ours = client(primary("pdns", start, **{"version-string": "anonymous"}).port)
    await ours.mark(ZONE, MARK)
    sets = (a("www", "192.0.2.1"), rrset("@", "MX", f"10 www.{ZONE}"), rrset("t", "TXT", '"one"', '"two"'))
    assert set((await change(ours, *sets)).rrsets) >= {one.id for one in sets}
    again = (a("www", "192.0.2.2"), rrset("@", "MX", f"20 www.{ZONE}"), rrset("t", "TXT", '"three"'))
    zone = await change(ours, *again)
    assert [zone.rrsets[one.id] for one in again] == list(again)
    zone = await change(ours, drop=[one.id for one in again])
    assert not {one.id for one in again} & set(zone.rrsets)


async def test_a_change_that_changes_nothing_counts_on_powerdns_alone(
    ours: Rfc2136Server, server: Program
) -> None:
    before = await change(ours, a("www", "192.0.2.1"))
    after = await change(ours, a("www", "192.0.2.1"))
    assert after.serial - before.serial == (1 if isinstance(server, Pdns) else 0)
    assert after.rrsets[f"www.{ZONE}", "A"] == before.rrsets[f"www.{ZONE}", "A"]


async def test_names_and_data_written_by_hand_are_read_in_canonical_form(
    ours: Rfc2136Server, server: Program
) -> None:
    assert by_hand(server, lambda update: update.add("MiXeD", 300, "MX", f"10 NS1.{ZONE}")) == "NOERROR"
    zone = await ours.read(ZONE)
    assert zone.rrsets[f"mixed.{ZONE}", "MX"] == rrset("mixed", "MX", f"10 ns1.{ZONE}")


async def test_a_name_outside_of_the_zone_is_refused(ours: Rfc2136Server) -> None:
    outside = a("www", "192.0.2.1")
    batch = Batch((type(outside)("www.other.test.", "A", 300, ("192.0.2.1",)),), (), await ours.serial(ZONE))
    with pytest.raises(RefusalError, match="outside of the zone"):
        await ours.write(ZONE, batch)


async def test_a_set_that_fits_into_no_message_is_refused_before_it_is_sent(
    ours: Rfc2136Server, server: Program
) -> None:
    before = server.serial(ZONE)
    texts = [f'"{number:04}{"x" * 200}"' for number in range(400)]
    with pytest.raises(RefusalError, match="does not fit into one message"):
        await change(ours, rrset("big", "TXT", *texts))
    assert server.serial(ZONE) == before


async def test_a_set_of_more_than_a_thousand_records_that_fits_goes_in_one_message(knot: Knot) -> None:
    wide = a("wide", *(f"10.2.{number >> 8}.{number & 255}" for number in range(1_200)))
    zone = await change(client(knot.port), wide)
    assert (zone.rrsets[wide.id], zone.serial) == (wide, 2)


async def test_bind_takes_a_hundred_records_of_one_name_and_type_and_fails_at_more(bind: Bind) -> None:
    ours = client(bind.port)
    hundred = a("wide", *(f"10.2.0.{number}" for number in range(100)))
    assert (await change(ours, hundred)).rrsets[hundred.id] == hundred
    with pytest.raises(OutcomeUnknownError, match=r"SERVFAIL.*max-records-per-type"):
        await change(ours, a("wide", *hundred.values, "10.2.0.200"))
    assert (await ours.read(ZONE)).rrsets[hundred.id] == hundred


async def test_a_disabled_record_is_refused(ours: Rfc2136Server) -> None:
    one = a("www", "192.0.2.1")
    off = type(one)(one.name, one.type, one.ttl, one.values, disabled=True)
    with pytest.raises(RefusalError, match="disabled"):
        await change(ours, off)


async def test_what_is_no_data_of_its_type_is_refused_and_nothing_is_written(
    ours: Rfc2136Server, server: Program
) -> None:
    before = server.serial(ZONE)
    with pytest.raises(RefusalError, match="cannot be sent as A"):
        await change(ours, a("good", "192.0.2.1"), a("bad", "not an address"))
    assert server.serial(ZONE) == before


async def test_bind_refuses_a_mail_server_without_an_address_and_takes_both_in_any_order(
    start: Start,
) -> None:
    ours = client(primary("bind", start).port)
    with pytest.raises(RefusalError, match="an MX to a host without an address"):
        await change(ours, rrset("@", "MX", f"10 mail.{ZONE}"))
    # The mail exchangers would come first, and the host in the third message.
    exchangers = [rrset(f"m{number}", "MX", f"10 z.{ZONE}") for number in range(1_500)]
    zone = await change(ours, *exchangers, a("z", "192.0.2.25"))
    assert all(one.id in zone.rrsets for one in exchangers)


@pytest.mark.parametrize("make", [Knot, Bind])
async def test_the_serial_goes_round_after_its_last(make: type[Knot | Bind], start: Start) -> None:
    server = start(make(ZONE, serial=2**32 - 2))
    zone = await change(client(server.port), *many(2_500))
    assert len(zone.rrsets) == 2_503
    assert 1 <= zone.serial <= 3


@pytest.mark.parametrize("policy", ["increment", "unixtime", "dateserial"])
async def test_no_serial_policy_of_knot_is_in_the_way_of_a_write_in_parts(policy: str, start: Start) -> None:
    server = Knot(ZONE)
    server.options.append(f"serial-policy: {policy}")
    start(server)
    zone = await change(client(server.port), *many(2_500))
    assert len(zone.rrsets) == 2_503


@pytest.mark.parametrize("policy", ["INCREASE", "EPOCH"])
async def test_a_serial_policy_of_powerdns_leaves_a_write_in_parts_whole_or_told(
    policy: str, start: Start
) -> None:
    server = primary("pdns", start)
    assert isinstance(server, Pdns)
    meta = {"metadata": [policy]}
    assert server.api("PUT", f"/zones/{ZONE}/metadata/SOA-EDIT-DNSUPDATE", meta)[0] == http.client.OK
    ours = client(server.port)
    await ours.mark(ZONE, MARK)
    zone = await change(ours, *many(900))
    assert len(zone.rrsets) == 903
