"""Zones that were made by hand are read into a repository and taken over: nothing is written but marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rig.admin import Admin, Said, come_in
from tests.systems.dns.servers.bind import Bind
from tests.systems.dns.servers.knot import Knot
from tests.systems.dns.servers.pdns import API_KEY, Pdns
from tests.systems.dns.servers.program import SECRET
from tests.systems.dns.servers.proxy import Proxy, http_write

ZONE = "example.test"
SLASHED = "0/25.2.0.192.in-addr.arpa"
RECORDS: tuple[tuple[str, str, int, list[str]], ...] = (
    ("@", "NS", 300, ["ns1.example.test.", "ns.example.net."]),
    ("@", "SOA", 300, ["ns1.example.test. john\\.doe.example.test. 7 7200 900 1209600 600"]),
    ("@", "A", 300, ["192.0.2.10"]),
    ("@", "MX", 300, ["10 mail.example.test.", "20 mx.example.net."]),
    ("@", "TXT", 300, ['"v=spf1 mx -all"', '"owner=\\"Anna\\"; x\\\\y"']),
    ("@", "CAA", 300, ['0 issue "ca.example.net"', '0 iodef "mailto:a@example.net"']),
    ("ns1", "A", 3600, ["192.0.2.53"]),
    ("ns1", "AAAA", 3600, ["2001:db8::53"]),
    ("mail", "A", 300, ["192.0.2.25", "192.0.2.26"]),
    ("www", "CNAME", 60, ["example.test."]),
    ("out", "CNAME", 300, ["web.example.net."]),
    ("*.apps", "A", 300, ["192.0.2.80"]),
    ("k1._domainkey", "TXT", 300, [f'"{"v=DKIM1; k=rsa; p=" + "A" * 200}" "{"A" * 193}"']),
    ("parts", "TXT", 300, ['"one" "two"', '""']),
    ("_sip._tcp", "SRV", 300, ["10 5 5060 mail.example.test."]),
    ("_443._tcp.www2", "TLSA", 300, ["3 1 1 " + "1f" * 32]),
    ("www2", "HTTPS", 300, ["1 . alpn=h2,h3"]),
    ("www2", "A", 300, ["192.0.2.82"]),
    ("host", "SSHFP", 300, ["4 2 " + "2e" * 32]),
    ("sub", "NS", 300, ["ns1.sub.example.test."]),
    ("ns1.sub", "A", 300, ["192.0.2.54"]),
    ("place", "LOC", 300, ["52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000.00m 10.00m"]),
    ("number", "NAPTR", 300, ['100 10 "S" "SIP+D2U" "" _sip._udp.example.test.']),
    ("own", "TYPE65280", 300, ["\\# 2 0102"]),
    ("alias", "ALIAS", 300, ["web.example.net."]),
    ("lua", "LUA", 300, ["A \"ifportup(443, {'192.0.2.1'})\""]),
)


@dataclass(frozen=True)
class ZoneAdmin(Admin):
    """Somebody who takes zones over."""

    def init(self, word: str, *arguments: str | Path) -> Said:
        return self.say("init", self.folder, "--estate", "mine", "--from", word, *arguments)

    def spec(self, name: str) -> dict[str, Any]:
        """What a zone's own file says."""
        (path,) = self.folder.rglob(f"{name}.yaml")
        found: dict[str, Any] = yaml.safe_load(path.read_text())["spec"]
        return found


@pytest.fixture
def admin(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ZoneAdmin:
    come_in(tmp_path, monkeypatch, key=API_KEY, tsig=SECRET)
    return ZoneAdmin(tmp_path, capsys)


@pytest.fixture
def proxy(pdns: Pdns, proxied: Callable[[int], Proxy]) -> Proxy:
    """Before the API; it counts what is written."""
    return proxied(pdns.api_port)


def fill(pdns: Pdns, zone: str = ZONE) -> None:
    """A zone with records of many types, some of which no declaration can say."""
    pdns.add_zone(zone)
    for name, rtype, ttl, values in RECORDS:
        full = zone if name == "@" else f"{name}.{zone}"
        status, answer = pdns.put(zone, full, rtype, *values, ttl=ttl)
        assert status < 300, answer
    hidden = {"name": f"off.{zone}.", "type": "A", "ttl": 300, "changetype": "REPLACE"}
    records = [{"content": "192.0.2.99", "disabled": True}]
    assert pdns.api("PATCH", f"/zones/{zone}.", {"rrsets": [{**hidden, "records": records}]})[0] < 300


def written(proxy: Proxy) -> list[str]:
    """The method of whatever changes something."""
    return [start.split(b" ")[0].decode() for start in proxy.requests if http_write(start)]


def sets(pdns: Pdns, zone: str = ZONE) -> list[Any]:
    _, found = pdns.api("GET", f"/zones/{zone}.")
    return sorted(found["rrsets"], key=lambda one: (one["name"], one["type"]))


def test_zones_of_powerdns_are_taken_over_and_only_marks_are_written(
    admin: ZoneAdmin, pdns: Pdns, proxy: Proxy
) -> None:
    fill(pdns)
    pdns.add_zone("other.test")
    pdns.add_zone("2.0.192.in-addr.arpa")
    slashed = {"name": f"{SLASHED}.", "kind": "Native", "nameservers": ["ns.example.net."]}
    assert pdns.api("POST", "/zones", slashed)[0] < 300
    pdns.put("2.0.192.in-addr.arpa", "10.2.0.192.in-addr.arpa", "PTR", "www.example.test.")
    signed, _ = pdns.api(
        "PUT", "/zones/other.test.", {"dnssec": True, "nsec3param": "1 0 0 -", "kind": "Master"}
    )
    assert signed < 300
    before = {name: sets(pdns, name) for name in (ZONE, "other.test")}

    said = admin.init("powerdns", "--endpoint", proxy.url, "--token-file", admin.root / "key", "-o", "json")
    assert said.code == 0, said.err
    assert len(said.told["declared"]) == 4
    assert written(proxy) == []
    assert API_KEY not in admin.text()
    assert admin.say("validate", admin.folder / "estate").code == 0

    admin.commit("Begin")
    done = admin.do("adopt", "--all", "--yes")
    assert (done.code, done.out) == (0, "4 objects adopted, nothing else was written.\n"), done.err
    assert written(proxy) == ["PUT"] * 8, "the mark and the account of each"
    marks = [pdns.api("GET", f"/zones/{name}./metadata/X-SETPOINT-OWNER")[1] for name in before]
    assert [one["metadata"][0].split()[1] for one in marks] == ["mine", "mine"]
    assert before == {name: sets(pdns, name) for name in (ZONE, "other.test")}
    plan = admin.do("plan")
    assert plan.out.splitlines()[-1] == "0 resources to change in 0 steps, 5 in sync.", plan.out


def test_only_the_zones_that_are_named_are_read(admin: ZoneAdmin, pdns: Pdns) -> None:
    for name in ("a.test", "b.test"):
        pdns.add_zone(name)
    key = ("--endpoint", pdns.url, "--token-file", admin.root / "key")
    nothing = admin.init("powerdns", *key, "--only", "c.test")
    assert (nothing.code, "--only: there is no c.test" in nothing.err) == (1, True)
    said = admin.init("powerdns", *key, "--only", "b.test", "-o", "json")
    assert said.code == 0, said.err
    assert [one["key"] for one in said.told["declared"]] == ["DnsZone/b.test"]


def test_what_another_server_is_the_source_of_is_left_with_the_reason(admin: ZoneAdmin, pdns: Pdns) -> None:
    pdns.add_zone("a.test")
    copied = {"name": "copied.test.", "kind": "Slave", "masters": ["192.0.2.1"]}
    assert pdns.api("POST", "/zones", copied)[0] < 300
    said = admin.init("powerdns", "--endpoint", pdns.url, "--token-file", admin.root / "key", "-o", "json")
    assert said.code == 0, said.err
    assert [one["key"] for one in said.told["declared"]] == ["DnsZone/a.test"]
    assert [(one["id"], one["why"]) for one in said.told["left"]] == [
        ("copied.test.", "another server is its source, and this one only copies it")
    ]


@pytest.mark.parametrize("make", [Knot, Bind], ids=["knot", "bind"])
def test_zones_are_taken_over_by_transfer(
    admin: ZoneAdmin, start: Callable[[Knot | Bind], Knot | Bind], make: type[Knot | Bind]
) -> None:
    records = ("www 60 A 192.0.2.10", "mail A 192.0.2.25", "@ MX 10 mail", 'txt TXT "a;b" "c"')
    server = start(make(ZONE, "other.test", records=records))
    key = (
        "--endpoint",
        f"127.0.0.1:{server.port}",
        "--token",
        "setpoint",
        "--token-file",
        admin.root / "tsig",
    )
    missing = admin.init("axfr", *key)
    assert (missing.code, "--from axfr needs --only; name each DnsZone" in missing.err) == (1, True)
    said = admin.init("axfr", *key, "--only", ZONE, "--only", "nowhere.test")
    assert said.code == 1
    assert "nothing was written: DnsZone nowhere.test" in said.err
    assert not admin.folder.exists()

    said = admin.init("axfr", *key, "--only", ZONE, "--only", "other.test.", "-o", "json")
    assert said.code == 0, said.err
    assert [one["key"] for one in said.told["declared"]] == [f"DnsZone/{ZONE}", "DnsZone/other.test"]
    assert SECRET not in admin.text()

    admin.commit("Begin")
    before = server.values(f"www.{ZONE}", "A"), server.values(ZONE, "SOA")[0].split()[:2]
    done = admin.do("adopt", "--all", "--yes")
    assert (done.code, done.out) == (0, "2 objects adopted, nothing else was written.\n"), done.err
    assert (server.values(f"www.{ZONE}", "A"), server.values(ZONE, "SOA")[0].split()[:2]) == before
    assert server.values(f"_setpoint.{ZONE}", "TXT")[0].startswith('"setpoint: mine default/DnsZone/')
    assert admin.do("plan").out.splitlines()[-1] == "0 resources to change in 0 steps, 3 in sync."


MASTER = """\
$TTL 1h
@ 1d IN SOA ns1 hostmaster ( 7 2h 15m ; comment
    2w 10m )
  NS ns1
  MX 10 mail
ns1 A 192.0.2.53
mail A 192.0.2.25
$ORIGIN sub.example.test.
deep 5m TXT "v=spf1 -all"
$GENERATE 1-3 h$ A 192.0.2.$
"""


def test_a_zone_file_becomes_a_declaration_without_any_server(admin: ZoneAdmin) -> None:
    (admin.root / "zone").write_text(f"$ORIGIN {ZONE}.\n{MASTER}")
    said = admin.init("zonefile", "--file", admin.root / "zone", "-o", "json")
    assert said.code == 0, said.err
    assert admin.spec(ZONE) == {
        "ttl": 3600,
        "nameservers": [f"ns1.{ZONE}."],
        "soa": {
            "primary": f"ns1.{ZONE}.",
            "contact": f"hostmaster@{ZONE}",
            "refresh": 7200,
            "retry": 900,
            "expire": 1_209_600,
            "minimum": 600,
        },
        "records": {
            "@": {"MX": "10 mail"},
            "mail": {"A": "192.0.2.25"},
            "ns1": {"A": "192.0.2.53"},
            "deep.sub": {"TXT": {"values": "v=spf1 -all", "ttl": 300}},
            **{f"h{number}.sub": {"A": f"192.0.2.{number}"} for number in (1, 2, 3)},
        },
    }
    assert admin.say("validate", admin.folder / "estate").code == 0


def test_what_a_file_has_outside_of_its_zone_is_told(admin: ZoneAdmin) -> None:
    (admin.root / "zone").write_text(f"$ORIGIN {ZONE}.\n{MASTER}ns.example.net. A 192.0.2.99\n")
    said = admin.init("zonefile", "--file", admin.root / "zone", "-o", "json")
    assert [one["notDeclared"] for one in said.told["declared"]] == [
        ["ns.example.net. (outside of the zone)"]
    ]


def test_a_zone_file_is_what_a_server_gets(admin: ZoneAdmin, pdns: Pdns) -> None:
    (admin.root / "zone").write_text(MASTER)
    where = ("--endpoint", pdns.url, "--token-file", admin.root / "key")
    said = admin.init("zonefile", "--file", admin.root / "zone", "--only", ZONE, *where)
    assert said.code == 0, said.err
    admin.commit("Begin")
    done = admin.do("apply")
    assert done.code == 0, done.out + done.err
    assert pdns.values(ZONE, "MX") == [f"10 mail.{ZONE}."]
    assert pdns.values(f"h2.sub.{ZONE}", "A") == ["192.0.2.2"]
    assert admin.do("plan").out.splitlines()[-1] == "0 resources to change in 0 steps, 2 in sync."


@pytest.mark.parametrize(
    ("text", "arguments", "sentence"),
    [
        pytest.param(MASTER, (), "it does not tell of which zone it is; name that with --only", id="no name"),
        pytest.param(
            MASTER, ("--only", "a.test", "--only", "b.test"), "a zone file holds one zone", id="two names"
        ),
        pytest.param(
            f"$ORIGIN a.test.\n{MASTER}", ("--only", "b.test"), "it has no SOA of b.test.", id="another name"
        ),
        pytest.param(
            "$INCLUDE /etc/shadow\n", (), "line 1: other files are not included", id="another file"
        ),
        pytest.param(
            "$ORIGIN a.test.\n $INCLUDE /etc/shadow\n", ("--only", "a.test"), "it is no zone file: near line 2", id="hidden"
        ),
        pytest.param(
            f"$ORIGIN {ZONE}.\n{MASTER}x A 1.2.3\n", (), "it is no zone file: near line 13", id="a mistake in it"
        ),
        pytest.param("a.test. SOA ns. h. 1 2 3 4 5\n", (), "it has no NS of a.test.", id="no nameserver"),
        pytest.param(". SOA ns. h. 1 2 3 4 5\n", (), "the root zone is not declared", id="the root"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_zone_is_told(
    admin: ZoneAdmin, text: str, arguments: tuple[str, ...], sentence: str
) -> None:
    (admin.root / "zone").write_text(text)
    said = admin.init("zonefile", "--file", admin.root / "zone", *arguments)
    assert said.code == 1
    assert sentence in said.err
    assert not admin.folder.exists()


@pytest.mark.parametrize(
    ("word", "arguments", "sentence"),
    [
        ("powerdns", ("--endpoint", "http://127.0.0.1:1", "--token", "t"), "leave --token out"),
        ("powerdns", ("--endpoint", "a", "--endpoint", "b"), "a PowerDNS has one endpoint"),
        ("axfr", ("--endpoint", "192.0.2.1", "--only", ZONE), "name the TSIG key with --token"),
        ("axfr", ("--endpoint", "a", "--endpoint", "b", "--only", ZONE), "a server has one address"),
        (
            "axfr",
            ("--endpoint", "a", "--token", "k", "--fingerprint", "00", "--only", ZONE),
            "no certificate",
        ),
    ],
    ids=["a name of the key", "two servers", "no key", "two addresses", "a certificate"],
)
def test_what_goes_with_no_server_is_told(
    admin: ZoneAdmin, word: str, arguments: tuple[str, ...], sentence: str
) -> None:
    said = admin.init(word, *arguments)
    assert said.code == 1
    assert sentence in said.err
