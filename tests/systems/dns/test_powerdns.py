"""PowerdnsServer against a real PowerDNS: reading, writing, marks, settings, signing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from setpoint.model.errors import ConflictError, RefusalError
from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.model.tree import Json
from setpoint_dns.content import Batch, RRset
from setpoint_dns.powerdns import forms
from setpoint_dns.powerdns.server import PowerdnsServer
from setpoint_dns.server import GoneError, ZoneServer
from tests.rig.waiting import until
from tests.systems.dns.powered import MARK, NS, SOA, ZONE, put, rrset
from tests.systems.dns.servers.knot import KnotSecondary
from tests.systems.dns.servers.pdns import Pdns
from tests.systems.dns.servers.proxy import Proxy


@pytest.fixture
async def server(pdns: Pdns, reached: Callable[..., PowerdnsServer]) -> PowerdnsServer:
    return reached(pdns.url)


@pytest.fixture
async def made(server: PowerdnsServer) -> PowerdnsServer:
    """The same, with our zone."""
    await server.create(ZONE, {}, (SOA, NS), MARK)
    return server


def raw(pdns: Pdns, path: str = "") -> dict[str, object]:
    status, answer = pdns.api("GET", f"/zones/{ZONE}{path}")
    assert status == 200
    found: dict[str, object] = answer
    return found


def test_it_is_a_server_of_zones(server: PowerdnsServer) -> None:
    port: ZoneServer = server
    assert port.can


async def test_it_says_who_it_is_and_stays_the_same_after_a_restart(
    pdns: Pdns, server: PowerdnsServer
) -> None:
    before = await server.identity()
    pdns.restart()
    assert await server.identity() == before == f"pdns-{pdns.api_port}"
    assert (await server.version()).startswith("PowerDNS 4.")


async def test_two_on_one_machine_are_told_apart_by_their_names(pdns: Pdns, server: PowerdnsServer) -> None:
    pdns.settings["config-name"] = "internal"
    (pdns.root / "pdns-internal.conf").write_text("")
    pdns.configure()
    text = (pdns.root / "pdns.conf").read_text()
    (pdns.root / "pdns-internal.conf").write_text(text)
    pdns.restart()
    assert (await server.identity()).endswith("/internal")


async def test_a_zone_is_made_with_its_records_and_our_mark(pdns: Pdns, server: PowerdnsServer) -> None:
    www = rrset("www", "A", "192.0.2.1", "192.0.2.2")
    await server.create(ZONE, {}, (SOA, NS, www), MARK)
    zone = await server.read(ZONE)
    assert zone.mark == MARK
    assert zone.rrsets.keys() == {SOA.id, NS.id, www.id}
    assert zone.rrsets[www.id] == www
    assert zone.serial == pdns.serial(ZONE) == await server.serial(ZONE) > 1
    assert pdns.values(f"www.{ZONE}", "A") == list(www.values)


async def test_the_soa_is_the_declared_one_from_the_first_moment(pdns: Pdns, made: PowerdnsServer) -> None:
    assert pdns.values(ZONE, "SOA")[0].startswith(f"ns1.{ZONE} hostmaster.{ZONE} ")


async def test_a_zone_that_is_there_already_is_a_conflict(pdns: Pdns, server: PowerdnsServer) -> None:
    pdns.add_zone(ZONE)
    with pytest.raises(ConflictError, match="409"):
        await server.create(ZONE, {}, (SOA, NS), MARK)


async def test_a_zone_without_an_soa_is_not_made(pdns: Pdns, server: PowerdnsServer) -> None:
    with pytest.raises(RefusalError, match="no SOA"):
        await server.create(ZONE, {}, (NS,), MARK)
    assert pdns.api("GET", "/zones")[1] == []


async def test_a_zone_that_did_not_change_is_the_same_object(pdns: Pdns, made: PowerdnsServer) -> None:
    first = await made.read(ZONE)
    assert await made.read(ZONE) is first
    pdns.put(ZONE, f"www.{ZONE}", "A", "192.0.2.9")
    second = await made.read(ZONE)
    assert second is not first
    assert second.rrsets[NS.id] is first.rrsets[NS.id]


@pytest.mark.parametrize("part", ["metadata", "keys"])
async def test_what_changes_beside_the_records_is_seen(pdns: Pdns, made: PowerdnsServer, part: str) -> None:
    await made.sign(ZONE, "")
    first = await made.read(ZONE)
    if part == "metadata":
        pdns.api("DELETE", f"/zones/{ZONE}/metadata/{forms.OWNER}")
        pdns.put(ZONE, f"_setpoint.{ZONE}", "TXT")
        assert (await made.read(ZONE)).mark is None
    else:
        pdns.api("POST", f"/zones/{ZONE}/cryptokeys", {"keytype": "ksk", "active": True})
        second = await made.read(ZONE)
        assert first.signing is not None
        assert second.signing is not None
        assert (first.signing.keys, second.signing.keys) == (1, 2)


async def test_records_are_put_dropped_and_swapped_in_one_write(pdns: Pdns, made: PowerdnsServer) -> None:
    await put(made, rrset("www", "A", "192.0.2.1"), rrset("old", "TXT", '"here"'))
    serial = pdns.serial(ZONE)
    swap = rrset("www", "CNAME", f"ns1.{ZONE}")
    await put(made, swap, drop=((f"www.{ZONE}", "A"), (f"old.{ZONE}", "TXT")))
    zone = await made.read(ZONE)
    assert zone.rrsets.keys() == {SOA.id, NS.id, swap.id}
    assert zone.serial == serial + 1


async def test_a_write_of_nothing_costs_no_call_and_no_serial(pdns: Pdns, made: PowerdnsServer) -> None:
    serial, log = pdns.serial(ZONE), pdns.log
    await made.write(ZONE, Batch((), (), serial))
    assert (pdns.serial(ZONE), pdns.log) == (serial, log)


async def test_a_zone_that_moved_is_a_conflict_and_stays_as_it_is(pdns: Pdns, made: PowerdnsServer) -> None:
    zone = await made.read(ZONE)
    pdns.put(ZONE, f"www.{ZONE}", "A", "192.0.2.9")
    with pytest.raises(ConflictError, match="changed meanwhile"):
        await made.write(ZONE, Batch((rrset("www", "A", "192.0.2.1"),), (), zone.serial))
    assert pdns.values(f"www.{ZONE}", "A") == ["192.0.2.9"]


RECORDS = {
    "A": ("192.0.2.1", "192.0.2.2"),
    "AAAA": ("2001:db8::1",),
    "CDS": ("0 0 0 00",),
    "CERT": ("PKIX 1 RSASHA256 AQIDBA==",),
    "CSYNC": ("66 3 A NS AAAA",),
    "EUI48": ("00-00-5e-00-53-2a",),
    "HINFO": ('"PC" "Linux"',),
    "IPSECKEY": ("10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==",),
    "CAA": ('0 issue "letsencrypt.org"', '0 iodef "mailto:a@example.test"'),
    "DNAME": ("other.test.",),
    "DS": ("12345 13 2 ddaff076b3a6fb8653cdf94814200f69b49f222b6b1056332d9fa47c20d2df41",),
    "HTTPS": ('1 . alpn="h2,h3" no-default-alpn ipv4hint="192.0.2.1" key667="a b"', "0 other.test."),
    "LOC": (
        "52 22 23.000 N 4 53 32.000 E -2.00m",
        "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000.00m 20.00m",
    ),
    "MX": ("10 mail.other.test.", "20 mail2.other.test."),
    "NAPTR": ('100 10 "u" "sip+E2U" "!^.*$!sip:info@example.com!" .',),
    "NS": ("ns1.other.test.", "ns2.other.test."),
    "OPENPGPKEY": ("mQINBFit2jsBEADrbl5v",),
    "PTR": ("host.other.test.",),
    "RP": ("hostmaster.other.test. .",),
    "SMIMEA": ("3 1 1 aabbcc0000000000000000000000000000000000000000000000000000000000",),
    "SRV": ("10 5 5060 sip.other.test.",),
    "SSHFP": ("4 2 ddaff076b3a6fb8653cdf94814200f69b49f222b6b1056332d9fa47c20d2df41",),
    "SVCB": ('1 svc.other.test. port="8443"',),
    "TLSA": ("3 1 1 aabbcc0000000000000000000000000000000000000000000000000000000000",),
    "TXT": ('"v=spf1 -all"', '"two" "strings"', f'"{"x" * 255}" "{"x" * 45}"', r'"quo\"te and back\\slash"'),
    "URI": ('10 1 "https://example.test/"',),
    "TYPE65280": (r"\# 4 0a000001",),
}


@pytest.mark.parametrize("rtype", RECORDS)
async def test_what_was_written_reads_back_as_it_was_wanted(made: PowerdnsServer, rtype: str) -> None:
    wanted = rrset("under_score", rtype, *RECORDS[rtype])
    await put(made, wanted)
    assert (await made.read(ZONE)).rrsets[wanted.id] == wanted


@pytest.mark.parametrize(
    ("rtype", "stored", "read"),
    [
        ("AAAA", "2001:0DB8:0:0::1", "2001:db8::1"),
        ("MX", "10 MAIL.Example.Test.", "10 mail.example.test."),
        (
            "TLSA",
            "3 1 1 AABBCC0000000000000000000000000000000000000000000000000000000000",
            "3 1 1 aabbcc0000000000000000000000000000000000000000000000000000000000",
        ),
        ("ALIAS", "www.example.test.", "www.example.test."),
    ],
)
async def test_what_was_written_by_hand_is_read_in_canonical_form(
    pdns: Pdns, made: PowerdnsServer, rtype: str, stored: str, read: str
) -> None:
    assert pdns.put(ZONE, f"WWW.{ZONE}", rtype, stored)[0] == 204
    assert (await made.read(ZONE)).rrsets[f"www.{ZONE}", rtype].values == (read,)


async def test_a_long_text_in_one_string_is_read_as_it_is_served(pdns: Pdns, made: PowerdnsServer) -> None:
    pdns.put(ZONE, f"long.{ZONE}", "TXT", f'"{"x" * 300}"')
    (value,) = (await made.read(ZONE)).rrsets[f"long.{ZONE}", "TXT"].values
    assert value == f'"{"x" * 255}" "{"x" * 45}"'


async def test_records_that_are_not_served_are_told_as_such(pdns: Pdns, made: PowerdnsServer) -> None:
    hidden = RRset(f"off.{ZONE}", "A", 300, ("192.0.2.1",), disabled=True)
    await put(made, hidden)
    both = [{"content": "192.0.2.1", "disabled": True}, {"content": "192.0.2.2", "disabled": False}]
    change = {"name": f"mixed.{ZONE}", "type": "A", "ttl": 300, "changetype": "REPLACE", "records": both}
    assert pdns.api("PATCH", f"/zones/{ZONE}", {"rrsets": [change]})[0] == 204
    zone = await made.read(ZONE)
    assert zone.rrsets[hidden.id] == hidden
    assert zone.rrsets[f"mixed.{ZONE}", "A"] == RRset(
        f"mixed.{ZONE}", "A", 300, ("192.0.2.2",), hidden=("192.0.2.1",)
    )
    assert pdns.values(f"off.{ZONE}", "A") == []


async def test_comments_of_people_outlive_a_write(pdns: Pdns, made: PowerdnsServer) -> None:
    comment = [{"content": "ask Ada first", "account": "ada"}]
    records = [{"content": "192.0.2.1", "disabled": False}]
    change = {"name": f"www.{ZONE}", "type": "A", "ttl": 300, "changetype": "REPLACE"}
    pdns.api("PATCH", f"/zones/{ZONE}", {"rrsets": [{**change, "records": records, "comments": comment}]})
    await put(made, rrset("www", "A", "192.0.2.2"))
    _, answer = pdns.api("GET", f"/zones/{ZONE}?rrset_name=www.{ZONE}&rrset_type=A")
    assert answer["rrsets"][0]["records"][0]["content"] == "192.0.2.2"
    assert answer["rrsets"][0]["comments"][0]["content"] == "ask Ada first"


# Marks


async def test_the_listing_tells_our_marks_and_those_of_others(
    pdns: Pdns, made: PowerdnsServer, reached: Callable[..., PowerdnsServer]
) -> None:
    pdns.add_zone("hand.test")
    fresh = reached(pdns.url)
    rows = {row.name: row for row in await fresh.zones()}
    assert rows[ZONE].mark == MARK
    assert rows["hand.test."].mark is None
    assert rows[ZONE].serial == pdns.serial(ZONE)


async def test_a_listing_asks_for_metadata_only_where_the_account_is_new(
    pdns: Pdns, made: PowerdnsServer, proxied: Callable[[int], Proxy], reached: Callable[..., PowerdnsServer]
) -> None:
    pdns.add_zone("hand.test")
    proxy = proxied(pdns.api_port)
    watched = reached(proxy.url)
    for _ in range(2):
        assert {row.mark for row in await watched.zones()} == {MARK, None}
    assert len(proxy.requests) == 3
    other = Mark("lab", Key("default", "DnsZone", "renamed"), ZONE)
    await made.mark(ZONE, other)
    assert {row.mark for row in await watched.zones()} == {other, None}
    assert len(proxy.requests) == 5


async def test_a_mark_is_taken_away_without_a_trace(pdns: Pdns, made: PowerdnsServer) -> None:
    await made.mark(ZONE, None)
    zone = await made.read(ZONE)
    assert zone.mark is None
    assert (raw(pdns)["account"], raw(pdns, f"/metadata/{forms.OWNER}")["metadata"]) == ("", [])
    assert {row.mark for row in await made.zones()} == {None}
    assert forms.mark_name(ZONE) not in str(raw(pdns)["rrsets"])


async def test_the_account_of_somebody_else_is_left_alone(pdns: Pdns, server: PowerdnsServer) -> None:
    pdns.add_zone(ZONE)
    pdns.api("PUT", f"/zones/{ZONE}", {"account": "customer-7"})
    await server.mark(ZONE, MARK)
    assert raw(pdns)["account"] == "customer-7"
    assert (await server.read(ZONE)).mark == MARK
    await server.mark(ZONE, None)
    assert raw(pdns)["account"] == "customer-7"


async def test_the_next_write_clears_away_the_record_that_was_the_first_mark(
    pdns: Pdns, made: PowerdnsServer
) -> None:
    assert forms.mark_name(ZONE) in str(raw(pdns)["rrsets"])
    assert pdns.values(forms.mark_name(ZONE), "TXT") == []
    await put(made, rrset("www", "A", "192.0.2.1"))
    assert forms.mark_name(ZONE) not in str(raw(pdns)["rrsets"])
    assert (await made.read(ZONE)).mark == MARK


@pytest.mark.parametrize("estate", ["lab", "e" * 60], ids=["short", "long"])
def test_an_account_fits_into_the_servers_own_schemas(estate: str) -> None:
    account = forms.account_of(Mark(estate, MARK.key, ZONE))
    assert len(account) <= 40
    assert forms.is_our_account(account)
    assert (estate in account) is (estate == "lab")


# Names that a path cannot hold as they are


@pytest.mark.parametrize("zone", ["0/26.2.0.192.in-addr.arpa.", "_tcp.example.test.", "xn--bcher-kva.test."])
async def test_a_zone_of_any_name_is_reached(
    pdns: Pdns, server: PowerdnsServer, zone: str, reached: Callable[..., PowerdnsServer]
) -> None:
    soa, mark = RRset(zone, "SOA", 60, SOA.values), Mark("lab", MARK.key, zone)
    await server.create(zone, {}, (soa, RRset(zone, "NS", 60, NS.values)), mark)
    first = await server.read(zone)
    await server.write(zone, Batch((RRset(f"a.{zone}", "A", 60, ("192.0.2.1",)),), (), first.serial))
    assert (await server.read(zone)).mark == mark
    assert pdns.values(f"a.{zone}", "A") == ["192.0.2.1"]
    await server.destroy(zone)
    with pytest.raises(GoneError):
        await server.read(zone)


# Settings, signing, notify


async def test_settings_are_read_as_they_were_set(pdns: Pdns, made: PowerdnsServer) -> None:
    pdns.add_key("transfer")
    wanted: dict[str, Json] = {
        "kind": "primary",
        "soaEditApi": "INCREASE",
        "apiRectify": False,
        "transferKeys": ["transfer."],
        "alsoNotify": ["192.0.2.53:5300", "2001:db8::53"],
        "allowTransfer": ["192.0.2.0/24"],
    }
    await made.configure(ZONE, wanted)
    assert (await made.read(ZONE)).settings == wanted
    await made.configure(ZONE, {"alsoNotify": []})
    assert (await made.read(ZONE)).settings == {**wanted, "alsoNotify": []}


async def test_a_zone_is_made_with_its_settings(server: PowerdnsServer) -> None:
    wanted: dict[str, Json] = {"kind": "primary", "soaEditApi": "INCREASE", "alsoNotify": ["192.0.2.53"]}
    await server.create(ZONE, wanted, (SOA, NS), MARK)
    assert wanted.items() <= (await server.read(ZONE)).settings.items()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"kind": "bogus"}, "no kind"),
        ({"kind": "secondary"}, "no kind"),
        ({"soaEditApi": "BOGUS"}, "no soa_edit_api"),
        ({"nonsense": 1}, "no setting nonsense"),
        ({"transferKeys": ["unknown."]}, "does not exist"),
    ],
)
async def test_what_the_server_would_swallow_is_refused(
    made: PowerdnsServer, settings: dict[str, str], says: str
) -> None:
    before = await made.read(ZONE)
    with pytest.raises(RefusalError, match=says):
        await made.configure(ZONE, settings)
    assert await made.read(ZONE) is before


@pytest.mark.parametrize("nsec3", ["", "1 0 0 -", "1 0 5 abcd"])
async def test_a_zone_is_signed_and_tells_its_ds(pdns: Pdns, made: PowerdnsServer, nsec3: str) -> None:
    await made.sign(ZONE, nsec3)
    signing = (await made.read(ZONE)).signing
    assert signing is not None
    assert (signing.enabled, signing.nsec3, signing.keys) == (True, nsec3, 1)
    assert {text.split()[2] for text in signing.ds} == {"2", "4"}
    assert pdns.values(ZONE, "DNSKEY")
    await made.unsign(ZONE)
    after = (await made.read(ZONE)).signing
    assert after is not None
    assert (after.enabled, after.ds, after.keys) == (False, (), 0)


async def test_a_signed_zone_gets_other_parameters_and_keeps_its_keys(made: PowerdnsServer) -> None:
    await made.sign(ZONE, "1 0 0 -")
    first = (await made.read(ZONE)).signing
    await made.sign(ZONE, "")
    second = (await made.read(ZONE)).signing
    assert first is not None
    assert second is not None
    assert (second.nsec3, second.ds) == ("", first.ds)


async def test_wrong_parameters_of_nsec3_are_refused_before_the_server_chokes_on_them(
    made: PowerdnsServer,
) -> None:
    before = await made.read(ZONE)
    with pytest.raises(RefusalError, match="no parameters of NSEC3"):
        await made.sign(ZONE, "bogus")
    with pytest.raises(RefusalError, match="takes 100 iterations"):
        await made.sign(ZONE, "1 0 500 -")
    assert await made.read(ZONE) is before


async def test_a_secondary_that_is_notified_serves_the_change(
    pdns: Pdns, server: PowerdnsServer, knot_secondary: Callable[..., KnotSecondary]
) -> None:
    secondary = knot_secondary(pdns)
    told: dict[str, Json] = {"kind": "primary", "alsoNotify": [f"127.0.0.1:{secondary.port}"]}
    await server.create(ZONE, told, (SOA, NS), MARK)
    await put(server, rrset("www", "A", "192.0.2.1"))
    await server.notify(ZONE)
    until(lambda: secondary.serial(ZONE) == pdns.serial(ZONE), lambda: secondary.log)
    assert secondary.values(f"www.{ZONE}", "A") == ["192.0.2.1"]
    assert secondary.values(forms.mark_name(ZONE), "TXT") == []


async def test_a_zone_is_removed_with_its_mark(pdns: Pdns, made: PowerdnsServer) -> None:
    await made.destroy(ZONE)
    assert pdns.api("GET", "/zones")[1] == []
    pdns.add_zone(ZONE)
    assert (await made.read(ZONE)).mark is None
