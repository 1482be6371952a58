"""Declared records with what our rules and octoDNS's validators answer to them, and why ours is right where they differ.

Theirs are those of 1.22: refused by the set `strict`, advised against by the set `best-practice`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

ORIGIN, REVERSE = "example.org", "2.0.192.in-addr.arpa"


class Answer(StrEnum):
    ACCEPTED = "accepted"
    ADVISED = "advised against"
    REFUSED = "refused"


OK, ADVICE, NO = Answer


@dataclass(frozen=True)
class Case:
    name: str
    records: Mapping[str, Mapping[str, Any]]
    ours: Answer
    theirs: Answer
    why: str = ""
    origin: str = ORIGIN

    @property
    def agreed(self) -> bool:
        """Both take it, or both refuse it."""
        return (self.ours is NO) == (self.theirs is NO)


def summary() -> str:
    """One line for the docs."""
    every = [case for cases in CASES.values() for case in cases]
    more = sum(case.ours is NO for case in every if not case.agreed)
    less = sum(case.theirs is NO for case in every if not case.agreed)
    return (
        f"{len(every)} cases: {sum(case.agreed for case in every)} answered alike, {more} refused by Setpoint alone, "
        f"{less} by octoDNS alone"
    )


def text(said: str | list[str], name: str = "@") -> dict[str, dict[str, Any]]:
    return {name: {"TXT": said}}


def mail(*servers: str, **more: Any) -> dict[str, dict[str, Any]]:
    """A zone with mail, of which everything but the MX is well."""
    return {
        "@": {"MX": list(servers), "TXT": "v=spf1 mx -all"},
        "_dmarc": {"TXT": "v=DMARC1; p=reject"},
        "mail": {"A": "192.0.2.25"},
        "mail2": {"A": "192.0.2.26"},
        **more,
    }


def dkim(key: str, kind: str = "rsa") -> dict[str, dict[str, Any]]:
    return text(f"v=DKIM1; k={kind}; p={key}", "s._domainkey")


HEX = "1f" * 32
SERVERS = ["ns1.example.net.", "ns2.example.net."]
RSA_1024 = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9mnc7/Iq10i+hlNk2bZwR4ViSD6RW2VgMdv7sTdBlrxh0//uZn2ldYc+QkvJXkGv0A4lazQoTzOtTJQx5Xv+m2KD9obJbEqegYqixa1ZM5mtKBpkb77zoPgP2qQyT0GxOqx0ERGosXd87U15yY1A8U96AKdgV0qzxLCoLPpljxwIDAQAB"
RSA_2048 = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApbm8gbpmC4Rg0Ja1R5rx0UksADcGrvVCMFTMQVssRLc/v09UDqxzfniJxSkTqpVstfEiG5iRQ2Ow626GvSQjRIFiYN4LliW/kevnmmuleuwG4047AznPHSKzcHlif3lwOky5bKj5mt9eG8xcynfBby2L60jPWjk8LIQyHWrVk5AJgogx56v7jgWoqiP9Is0Icwd9LaExMKwugEKCyxV0NW09DkWRFU6geCOmvE6ASP7AJgStyQfu3bFIuqhnmhp0Um4C58Vgu1FNnPL5xpLOwtIl4gme4GcYRY1QwxmVTRIrQMCp0DGHr+VAZor9Qbq5F8IL0BcDKzWRlN5lm7JDtQIDAQAB"
RSA_512 = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMdbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1sCAwEAAQ=="
ED25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

CASES: Mapping[str, tuple[Case, ...]] = {
    "addresses": (
        Case("an IPv4 address", {"www": {"A": "192.0.2.1"}}, OK, OK),
        Case("two IPv4 addresses", {"www": {"A": ["192.0.2.1", "192.0.2.2"]}}, OK, OK),
        Case("an octet above 255", {"www": {"A": "192.0.2.256"}}, NO, NO),
        Case("three octets", {"www": {"A": "192.0.2"}}, NO, NO),
        Case("an octet with a leading zero", {"www": {"A": "192.0.2.010"}}, NO, NO),
        Case("a name in the place of an address", {"www": {"A": "web.example.net."}}, NO, NO),
        Case("an IPv6 address as A", {"www": {"A": "2001:db8::1"}}, NO, NO),
        Case("a network as A", {"www": {"A": "192.0.2.0/24"}}, NO, NO),
        Case("an address with blanks around it", {"www": {"A": " 192.0.2.1 "}}, NO, NO),
        Case(
            "the same address twice",
            {"www": {"A": ["192.0.2.1", "192.0.2.1"]}},
            NO,
            OK,
            "A set holds nothing twice; the server keeps one, and the other comes back as drift.",
        ),
        Case("an IPv6 address", {"www": {"AAAA": "2001:db8::1"}}, OK, OK),
        Case("an IPv6 address in capitals", {"www": {"AAAA": "2001:DB8:0:0:0:0:0:1"}}, OK, OK),
        Case(
            "the same IPv6 address in two spellings",
            {"www": {"AAAA": ["2001:db8::1", "2001:DB8:0::1"]}},
            NO,
            OK,
            "Both are the same record; PowerDNS refuses the whole batch with 422.",
        ),
        Case("two double colons", {"www": {"AAAA": "2001::db8::1"}}, NO, NO),
        Case("an IPv4 address as AAAA", {"www": {"AAAA": "192.0.2.1"}}, NO, NO),
        Case(
            "an IPv6 address with a zone",
            {"www": {"AAAA": "fe80::1%eth0"}},
            NO,
            OK,
            "The zone of a link exists on one host only, and no record can hold it: 16 bytes are all there is.",
        ),
        Case("a link-local IPv6 address", {"www": {"AAAA": "fe80::1"}}, ADVICE, OK),
        Case(
            "an IPv4-mapped IPv6 address",
            {"www": {"AAAA": "::ffff:192.0.2.1"}},
            NO,
            OK,
            "No host has it on a wire; PowerDNS refuses it, and with it the whole batch.",
        ),
        Case("a private address for everybody", {"nas": {"A": "192.168.1.10"}}, ADVICE, OK),
        Case("a private IPv6 address for everybody", {"nas": {"AAAA": "fd00::10"}}, ADVICE, OK),
        Case("the loopback address", {"local": {"A": "127.0.0.1"}}, ADVICE, OK),
        Case("the address of no host", {"sink": {"A": "0.0.0.0"}}, ADVICE, OK),  # noqa: S104  # an address to judge, not to bind
        Case("a multicast address", {"group": {"A": "224.0.0.1"}}, ADVICE, OK),
    ),
    "names": (
        Case("the zone itself", {"@": {"A": "192.0.2.1"}}, OK, OK),
        Case("a wildcard", {"*": {"A": "192.0.2.1"}}, OK, OK),
        Case("a star in the middle of a name", {"a.*.b": {"A": "192.0.2.1"}}, ADVICE, OK),
        Case("a star as a part of a label", {"www*": {"A": "192.0.2.1"}}, ADVICE, OK),
        Case(
            "a wildcard with NS",
            {"*.lab": {"NS": SERVERS}},
            NO,
            OK,
            "RFC 4592, section 4.2 leaves it undefined, and servers answer differently.",
        ),
        Case("a label of 63 characters", {"a" * 63: {"A": "192.0.2.1"}}, OK, OK),
        Case("a label of 64 characters", {"a" * 64: {"A": "192.0.2.1"}}, NO, NO),
        Case("a name of more than 255 bytes", {".".join(["a" * 60] * 4): {"A": "192.0.2.1"}}, NO, NO),
        Case("an empty label", {"a..b": {"A": "192.0.2.1"}}, NO, NO),
        Case(
            "a blank in a name",
            {"a b": {"A": "192.0.2.1"}},
            ADVICE,
            NO,
            "DNS allows any byte (RFC 2181), and DNS-SD has names such as 'My Printer'; at a host it is advice.",
        ),
        Case("an underscore in a host's name", {"my_host": {"A": "192.0.2.1"}}, ADVICE, OK),
        Case("a host's name that ends in a hyphen", {"web-": {"A": "192.0.2.1"}}, ADVICE, OK),
        Case(
            "an instance of a service, with a blank",
            {"My Printer._ipp._tcp": {"SRV": "0 0 631 printer.example.net."}},
            OK,
            NO,
            "RFC 6763 names instances so; printers and speakers are found by it.",
        ),
        Case("an underscore where services have it", {"_acme-challenge": {"TXT": "abc"}}, OK, OK),
        Case("a name in capitals", {"WWW": {"A": "192.0.2.1"}}, OK, OK),
        Case("a name in two spellings", {"www": {"A": "192.0.2.1"}, "WWW": {"A": "192.0.2.2"}}, NO, NO),
        Case("a name in U-labels", {"bücher": {"A": "192.0.2.1"}}, OK, OK),
        Case(
            "the same name in U-labels and A-labels",
            {"bücher": {"A": "192.0.2.1"}, "xn--bcher-kva": {"A": "192.0.2.2"}},
            NO,
            NO,
        ),
        Case(
            "a sharp s, which IDNA 2008 keeps",
            {"straße": {"A": "192.0.2.1"}, "strasse": {"A": "192.0.2.2"}},
            OK,
            OK,
        ),
        Case("an emoji, which IDNA 2008 refuses", {"\u2603": {"A": "192.0.2.1"}}, NO, NO),
        Case("a name with its final dot", {"www.example.org.": {"A": "192.0.2.1"}}, OK, OK),
        Case("a name of another zone", {"www.example.net.": {"A": "192.0.2.1"}}, NO, NO),
        Case("the zone's name written twice", {"www.example.org": {"A": "192.0.2.1"}}, ADVICE, OK),
    ),
    "TTL": (
        Case("a usual TTL", {"www": {"A": {"values": "192.0.2.1", "ttl": 300}}}, OK, OK),
        Case("a TTL of 0", {"www": {"A": {"values": "192.0.2.1", "ttl": 0}}}, ADVICE, OK),
        Case("a TTL of 1", {"www": {"A": {"values": "192.0.2.1", "ttl": 1}}}, ADVICE, OK),
        Case("a TTL below 0", {"www": {"A": {"values": "192.0.2.1", "ttl": -1}}}, NO, NO),
        Case("the longest TTL", {"www": {"A": {"values": "192.0.2.1", "ttl": 2147483647}}}, ADVICE, OK),
        Case(
            "a TTL beyond RFC 2181",
            {"www": {"A": {"values": "192.0.2.1", "ttl": 2147483648}}},
            NO,
            OK,
            "PowerDNS stores it as another number, so it would differ for ever.",
        ),
        Case("a TTL of a month", {"www": {"A": {"values": "192.0.2.1", "ttl": 2592000}}}, ADVICE, OK),
    ),
    "types": (
        Case(
            "a type of this server's signing, RRSIG",
            {"www": {"RRSIG": "A 13 2 300 20300101000000 20260101000000 1 example.org. AAAA"}},
            NO,
            NO,
        ),
        Case("a zone's key, DNSKEY", {"@": {"DNSKEY": "257 3 13 AAAA"}}, NO, NO),
        Case("NSEC", {"www": {"NSEC": "a.example.org. A"}}, NO, NO),
        Case(
            "an SOA among the records",
            {"@": {"SOA": "ns1.example.org. host.example.org. 1 3600 600 86400 300"}},
            NO,
            NO,
        ),
        Case("a type that does not exist", {"www": {"BOGUS": "x"}}, NO, NO),
        Case("a type in lower case", {"www": {"a": "192.0.2.1"}}, NO, NO),
        Case("a type for messages only", {"www": {"AXFR": "x"}}, NO, NO),
        Case(
            "the type SPF",
            {"@": {"SPF": "v=spf1 -all"}},
            ADVICE,
            NO,
            "The record does no harm and may be there in a zone that is taken over; it is advised against.",
        ),
        Case(
            "HINFO",
            {"www": {"HINFO": '"x86-64" "Linux"'}},
            OK,
            NO,
            "A real type that servers serve; RFC 8482 uses it in answers.",
        ),
        Case("RP", {"@": {"RP": "admin.example.net. ."}}, OK, NO, "A real type that servers serve."),
        Case(
            "a type without a mnemonic",
            {"www": {"TYPE65280": "\\# 2 0a0b"}},
            OK,
            NO,
            "RFC 3597 lets every server keep types that it does not know.",
        ),
        Case(
            "ALIAS at the zone itself",
            {"@": {"ALIAS": "web.example.net."}},
            OK,
            OK,
        ),
        Case("LOC", {"www": {"LOC": "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m"}}, OK, OK),
        Case(
            "LOC beyond the pole",
            {"www": {"LOC": "92 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m"}},
            NO,
            NO,
        ),
        Case("OPENPGPKEY", {"aa" * 28 + "._openpgpkey": {"OPENPGPKEY": "mQINBFA="}}, OK, OK),
        Case(
            "OPENPGPKEY that is not base64",
            {"aa" * 28 + "._openpgpkey": {"OPENPGPKEY": "m!QINBFA="}},
            NO,
            OK,
            "The servers refuse it, and with it the whole batch.",
        ),
    ),
    "CNAME": (
        Case("a CNAME to another zone", {"www": {"CNAME": "web.example.net."}}, OK, OK),
        Case(
            "a CNAME to a name of this zone",
            {"www": {"CNAME": "web.example.org."}, "web": {"A": "192.0.2.1"}},
            OK,
            OK,
        ),
        Case(
            "a CNAME relative to the zone",
            {"www": {"CNAME": "web"}, "web": {"A": "192.0.2.1"}},
            OK,
            NO,
            "A name without a final dot is relative, as in every zone file; it exists here.",
        ),
        Case(
            "a CNAME to the zone itself", {"www": {"CNAME": "example.org."}, "@": {"A": "192.0.2.1"}}, OK, OK
        ),
        Case(
            "a CNAME without its final dot",
            {"www": {"CNAME": "web.example.net"}},
            NO,
            ADVICE,
            "It would mean web.example.net.example.org., which does not exist; the message says to add the dot.",
        ),
        Case("a CNAME beside A", {"www": {"CNAME": "web.example.net.", "A": "192.0.2.1"}}, NO, NO),
        Case("a CNAME beside TXT", {"www": {"CNAME": "web.example.net.", "TXT": "x"}}, NO, NO),
        Case("a CNAME at the zone itself", {"@": {"CNAME": "web.example.net."}}, NO, NO),
        Case("two CNAMEs at a name", {"www": {"CNAME": ["a.example.net.", "b.example.net."]}}, NO, NO),
        Case("a CNAME to an address", {"www": {"CNAME": "192.0.2.1"}}, NO, NO),
        Case("a CNAME to an address with a final dot", {"www": {"CNAME": "192.0.2.1."}}, NO, NO),
        Case("a CNAME to itself", {"www": {"CNAME": "www.example.org."}}, NO, NO),
        Case(
            "two CNAMEs in a circle",
            {"a": {"CNAME": "b.example.org."}, "b": {"CNAME": "a.example.org."}},
            NO,
            NO,
        ),
        Case(
            "two CNAMEs in a circle, one in capitals",
            {"a": {"CNAME": "B.example.org."}, "b": {"CNAME": "A.example.org."}},
            NO,
            NO,
        ),
        Case("a circle through a wildcard", {"*.a": {"CNAME": "x.a.example.org."}}, OK, ADVICE),
        Case(
            "a CNAME to a CNAME",
            {"a": {"CNAME": "b.example.org."}, "b": {"CNAME": "c.example.net."}},
            ADVICE,
            ADVICE,
        ),
        Case(
            "a CNAME to a name that does not exist",
            {"www": {"CNAME": "web.example.org."}},
            NO,
            ADVICE,
            "The zone is all there is of it, so whoever asks gets nothing; in a shared zone it is advice.",
        ),
        Case(
            "a CNAME to a name that a wildcard covers",
            {"www": {"CNAME": "a.apps.example.org."}, "*.apps": {"A": "192.0.2.1"}},
            OK,
            ADVICE,
        ),
        Case(
            "a CNAME to a name with names below it only",
            {"www": {"CNAME": "b.example.org."}, "a.b": {"A": "192.0.2.1"}},
            OK,
            ADVICE,
        ),
        Case(
            "a CNAME to a name below a delegation",
            {"www": {"CNAME": "a.lab.example.org."}, "lab": {"NS": SERVERS}},
            OK,
            ADVICE,
        ),
        Case("a CNAME to U-labels", {"www": {"CNAME": "bücher.example.net."}}, OK, OK),
        Case("a CNAME to the root", {"www": {"CNAME": "."}}, NO, NO),
        Case("a CNAME of two words", {"www": {"CNAME": "web example"}}, NO, NO),
    ),
    "DNAME": (
        Case("a DNAME", {"old": {"DNAME": "example.net."}}, OK, OK),
        Case("a DNAME at the zone itself", {"@": {"DNAME": "example.net."}}, OK, OK),
        Case("a DNAME beside A", {"old": {"DNAME": "example.net.", "A": "192.0.2.1"}}, OK, OK),
        Case("a DNAME beside a CNAME", {"old": {"DNAME": "example.net.", "CNAME": "example.net."}}, NO, NO),
        Case("a DNAME beside NS", {"old": {"DNAME": "example.net.", "NS": SERVERS}}, NO, NO),
        Case(
            "a record below a DNAME", {"old": {"DNAME": "example.net."}, "a.old": {"A": "192.0.2.1"}}, NO, NO
        ),
        Case(
            "a record below a DNAME at the zone itself",
            {"@": {"DNAME": "example.net."}, "a": {"A": "192.0.2.1"}},
            NO,
            NO,
        ),
        Case("two DNAMEs at a name", {"old": {"DNAME": ["a.example.net.", "b.example.net."]}}, NO, NO),
    ),
    "NS": (
        Case("a delegation", {"lab": {"NS": SERVERS}}, OK, OK),
        Case("a delegation to one server", {"lab": {"NS": "ns1.example.net."}}, ADVICE, ADVICE),
        Case("a delegation to an address", {"lab": {"NS": ["192.0.2.53.", "ns2.example.net."]}}, NO, NO),
        Case(
            "a delegation to a CNAME",
            {"lab": {"NS": ["ns.example.org.", "ns2.example.net."]}, "ns": {"CNAME": "x.example.net."}},
            NO,
            NO,
        ),
        Case(
            "a delegation with glue",
            {"lab": {"NS": ["ns1.lab.example.org.", "ns2.example.net."]}, "ns1.lab": {"A": "192.0.2.53"}},
            OK,
            OK,
        ),
        Case(
            "a delegation without glue", {"lab": {"NS": ["ns1.lab.example.org.", "ns2.example.net."]}}, NO, NO
        ),
        Case(
            "a server of this zone without an address",
            {"lab": {"NS": ["ns1.example.org.", "ns2.example.net."]}},
            NO,
            NO,
        ),
        Case(
            "a server of this zone with an address",
            {"lab": {"NS": ["ns1.example.org.", "ns2.example.net."]}, "ns1": {"A": "192.0.2.53"}},
            OK,
            OK,
        ),
        Case(
            "a host below a delegation",
            {"lab": {"NS": SERVERS}, "web.lab": {"A": "192.0.2.1"}},
            NO,
            OK,
            "The servers of the delegation answer for it; BIND and Knot give it out to nobody.",
        ),
        Case(
            "a text below a delegation",
            {"lab": {"NS": SERVERS}, "a.lab": {"TXT": "x"}},
            NO,
            OK,
            "The servers of the delegation answer for it, and this is never seen.",
        ),
        Case(
            "an address beside a delegation",
            {"lab": {"NS": SERVERS, "A": "192.0.2.1"}},
            NO,
            OK,
            "It is no glue of the delegation's servers, so it is never seen.",
        ),
        Case(
            "a delegation below a delegation",
            {"lab": {"NS": SERVERS}, "a.lab": {"NS": SERVERS}},
            NO,
            OK,
            "It belongs in the zone lab.example.org.; here it is never seen.",
        ),
        Case("a delegation to the root", {"lab": {"NS": [".", "ns2.example.net."]}}, NO, NO),
        Case("the zone's own name servers", {"@": {"NS": SERVERS}}, OK, OK),
    ),
    "DS": (
        Case("DS at a delegation", {"lab": {"NS": SERVERS, "DS": "12345 13 2 " + HEX}}, OK, OK),
        Case(
            "DS without a delegation",
            {"lab": {"DS": "12345 13 2 " + HEX}},
            NO,
            OK,
            "RFC 4035 puts DS at a delegation; elsewhere servers refuse it or validators stumble.",
        ),
        Case(
            "DS at the zone itself",
            {"@": {"DS": "12345 13 2 " + HEX}},
            NO,
            OK,
            "RFC 4035, section 2.4: it belongs to the zone above.",
        ),
        Case("DS with a short digest", {"lab": {"NS": SERVERS, "DS": "12345 13 2 " + HEX[:62]}}, NO, NO),
        Case("DS with SHA-1", {"lab": {"NS": SERVERS, "DS": "12345 13 1 " + HEX[:40]}}, ADVICE, ADVICE),
        Case(
            "DS with an algorithm that was given up",
            {"lab": {"NS": SERVERS, "DS": "12345 5 2 " + HEX}},
            ADVICE,
            ADVICE,
        ),
        Case("DS with a tag beyond 16 bits", {"lab": {"NS": SERVERS, "DS": "70000 13 2 " + HEX}}, NO, NO),
    ),
    "MX": (
        Case("two mail servers", mail("10 mail.example.org.", "20 mail2.example.org."), OK, OK),
        Case(
            "a mail server relative to the zone",
            mail("10 mail", "20 mail2"),
            OK,
            NO,
            "A name without a final dot is relative, as in every zone file; it exists here.",
        ),
        Case("one mail server", mail("10 mail.example.org."), OK, ADVICE),
        Case("the same mail server twice", mail("10 mail.example.org.", "20 mail.example.org."), ADVICE, OK),
        Case("a preference above 65535", mail("70000 mail.example.org.", "20 mail2.example.org."), NO, NO),
        Case("a preference below 0", mail("-1 mail.example.org.", "20 mail2.example.org."), NO, NO),
        Case("no preference", mail("mail.example.org.", "20 mail2.example.org."), NO, NO),
        Case("a mail server that is an address", mail("10 192.0.2.25.", "20 mail2.example.org."), NO, NO),
        Case(
            "a mail server that is a CNAME",
            mail("10 mx.example.org.", "20 mail2.example.org.", mx={"CNAME": "mail.example.org."}),
            NO,
            NO,
        ),
        Case(
            "a mail server that does not exist",
            mail("10 mx.example.org.", "20 mail2.example.org."),
            NO,
            ADVICE,
            "Mail to the first server would never arrive; in a shared zone it is advice.",
        ),
        Case(
            "a mail server without an address",
            mail("10 mx.example.org.", "20 mail2.example.org.", mx={"TXT": "x"}),
            NO,
            OK,
            "The name exists and has only a text, so mail finds no host.",
        ),
        Case(
            "a mail server without its final dot",
            mail("10 mail.example.org", "20 mail2.example.org."),
            NO,
            ADVICE,
            "It would mean mail.example.org.example.org., which does not exist.",
        ),
        Case(
            "no mail",
            {"@": {"MX": "0 .", "TXT": "v=spf1 -all"}, "_dmarc": {"TXT": "v=DMARC1; p=reject"}},
            OK,
            OK,
        ),
        Case(
            "no mail with a preference",
            {"@": {"MX": "10 .", "TXT": "v=spf1 -all"}, "_dmarc": {"TXT": "v=DMARC1; p=reject"}},
            NO,
            NO,
        ),
        Case(
            "no mail beside a mail server",
            mail("0 .", "20 mail2.example.org."),
            NO,
            OK,
            "RFC 7505, section 3: a null MX stands alone.",
        ),
        Case(
            "a comment after a mail server",
            mail("10 mail.example.org. ; first", "20 mail2.example.org."),
            NO,
            NO,
        ),
        Case(
            "mail without SPF and DMARC",
            {
                "@": {"MX": ["10 mail.example.org.", "20 mail2.example.org."]},
                "mail": {"A": "192.0.2.25"},
                "mail2": {"A": "192.0.2.26"},
            },
            ADVICE,
            ADVICE,
        ),
    ),
    "SRV": (
        Case("a service", {"_sip._tcp": {"SRV": "10 5 5060 sip.example.net."}}, OK, OK),
        Case("a service that does not exist", {"_imap._tcp": {"SRV": "0 0 0 ."}}, OK, OK),
        Case("a service without underscores", {"sip": {"SRV": "10 5 5060 sip.example.net."}}, NO, NO),
        Case("a service with one underscore", {"_sip.tcp": {"SRV": "10 5 5060 sip.example.net."}}, NO, NO),
        Case(
            "a service over an unknown transport",
            {"_sip._tpc": {"SRV": "10 5 5060 sip.example.net."}},
            ADVICE,
            OK,
        ),
        Case("a port above 65535", {"_sip._tcp": {"SRV": "10 5 70000 sip.example.net."}}, NO, NO),
        Case("a port 0", {"_sip._tcp": {"SRV": "10 5 0 sip.example.net."}}, NO, NO),
        Case("three fields", {"_sip._tcp": {"SRV": "10 5060 sip.example.net."}}, NO, NO),
        Case("a service on an address", {"_sip._tcp": {"SRV": "10 5 5060 192.0.2.1."}}, NO, NO),
        Case(
            "a service on a CNAME",
            {"_sip._tcp": {"SRV": "10 5 5060 sip.example.org."}, "sip": {"CNAME": "x.example.net."}},
            NO,
            NO,
        ),
        Case(
            "a service on a name that does not exist",
            {"_sip._tcp": {"SRV": "10 5 5060 sip.example.org."}},
            NO,
            ADVICE,
            "Clients would find no host; in a shared zone it is advice.",
        ),
        Case(
            "no service beside a service",
            {"_sip._tcp": {"SRV": ["0 0 0 .", "10 5 5060 sip.example.net."]}},
            NO,
            OK,
            "RFC 2782: '.' says that the service is not there, so nothing can stand beside it.",
        ),
        Case("URI", {"_http._tcp": {"URI": "10 1 https://www.example.org/"}}, OK, OK),
        Case(
            "URI without its text",
            {"_http._tcp": {"URI": '10 1 ""'}},
            NO,
            OK,
            "RFC 7553, section 4.4: the target is not empty; servers refuse it.",
        ),
        Case("NAPTR", {"@": {"NAPTR": '100 10 "S" "SIP+D2U" "" _sip._udp.example.net.'}}, OK, OK),
        Case(
            "NAPTR with an expression and a replacement",
            {"@": {"NAPTR": '100 10 "U" "E2U+sip" "!^.*$!sip:info@example.org!" x.example.net.'}},
            NO,
            OK,
            "RFC 3403, section 4.1: they exclude one another, and having both is an error.",
        ),
        Case(
            "NAPTR with a flag that does not exist",
            {"@": {"NAPTR": '100 10 "!" "E2U+sip" "!^.*$!sip:info@example.org!" .'}},
            NO,
            NO,
        ),
    ),
    "SVCB": (
        Case("HTTPS", {"@": {"HTTPS": "1 . alpn=h2,h3"}}, OK, OK),
        Case("HTTPS as an alias", {"@": {"HTTPS": "0 web.example.net."}}, OK, OK),
        Case("an alias with parameters", {"@": {"HTTPS": "0 web.example.net. alpn=h2"}}, NO, NO),
        Case("an alias beside another", {"@": {"HTTPS": ["0 web.example.net.", "1 . alpn=h2"]}}, ADVICE, OK),
        Case(
            "an alias for itself",
            {"www": {"HTTPS": "0 www.example.org."}},
            NO,
            OK,
            "RFC 9460, section 2.4.2: it is a circle.",
        ),
        Case("a parameter that does not exist", {"@": {"HTTPS": "1 . bogus=1"}}, NO, NO),
        Case("a parameter twice", {"@": {"HTTPS": "1 . alpn=h2 alpn=h3"}}, NO, NO),
        Case(
            "a mandatory parameter that is missing",
            {"@": {"HTTPS": "1 . mandatory=alpn"}},
            NO,
            OK,
            "RFC 9460, section 8: such a record is malformed, and servers refuse it.",
        ),
        Case("a hint that is no address", {"@": {"HTTPS": "1 . ipv4hint=192.0.2.300"}}, NO, NO),
        Case("a port that is none", {"@": {"SVCB": "1 svc.example.net. port=99999"}}, NO, NO),
        Case("a priority above 65535", {"@": {"SVCB": "70000 svc.example.net."}}, NO, NO),
        Case(
            "SVCB to a name that does not exist",
            {"_dns": {"SVCB": "1 dns.example.org. alpn=dot"}},
            NO,
            OK,
            "The zone is all there is of it, so clients find no host.",
        ),
    ),
    "CAA": (
        Case("one issuer", {"@": {"CAA": ["0 issue letsencrypt.org", "0 issuewild ;"]}}, OK, OK),
        Case("an issuer in quotes", {"@": {"CAA": ['0 issue "letsencrypt.org"', '0 issuewild ";"']}}, OK, OK),
        Case(
            "an issuer with parameters",
            {"@": {"CAA": ["0 issue letsencrypt.org; validationmethods=dns-01", "0 issuewild ;"]}},
            OK,
            OK,
        ),
        Case(
            "an issuer as a URL",
            {"@": {"CAA": ["0 issue https://letsencrypt.org", "0 issuewild ;"]}},
            NO,
            OK,
            "RFC 8659, section 4.2 wants a domain; issuers take it for a stranger and issue nothing.",
        ),
        Case("an empty issuer", {"@": {"CAA": ['0 issue ""', '0 issuewild ";"']}}, ADVICE, OK),
        Case(
            "a flag without a meaning", {"@": {"CAA": ["1 issue letsencrypt.org", "0 issuewild ;"]}}, NO, NO
        ),
        Case("a flag above 255", {"@": {"CAA": ["256 issue letsencrypt.org", "0 issuewild ;"]}}, NO, NO),
        Case("the critical flag", {"@": {"CAA": ["128 issue letsencrypt.org", "0 issuewild ;"]}}, OK, OK),
        Case(
            "a property that does not exist",
            {"@": {"CAA": ["0 isue letsencrypt.org", "0 issue ;", "0 issuewild ;"]}},
            ADVICE,
            OK,
        ),
        Case(
            "a property with a hyphen",
            {"@": {"CAA": ["0 issue-wild letsencrypt.org", "0 issue ;", "0 issuewild ;"]}},
            NO,
            NO,
        ),
        Case("a property in capitals", {"@": {"CAA": ["0 ISSUE letsencrypt.org", "0 issuewild ;"]}}, OK, OK),
        Case(
            "a report to a mail address",
            {"@": {"CAA": ["0 iodef mailto:caa@example.org", "0 issue ;", "0 issuewild ;"]}},
            OK,
            OK,
        ),
        Case(
            "a report to a bare mail address",
            {"@": {"CAA": ["0 iodef caa@example.org", "0 issue ;", "0 issuewild ;"]}},
            NO,
            OK,
            "RFC 8659, section 4.4 wants a URL, so no report would come.",
        ),
        Case("a CAA without its value", {"@": {"CAA": "0 issue"}}, NO, NO),
        Case("an issuer and nothing about wildcards", {"@": {"CAA": "0 issue letsencrypt.org"}}, OK, ADVICE),
    ),
    "keys": (
        Case("TLSA", {"_25._tcp.mail": {"TLSA": "3 1 1 " + HEX}}, OK, OK),
        Case("TLSA with a digest too short", {"_25._tcp.mail": {"TLSA": "3 1 1 " + HEX[:62]}}, NO, NO),
        Case("TLSA with the digest of the other type", {"_25._tcp.mail": {"TLSA": "3 1 2 " + HEX}}, NO, NO),
        Case(
            "TLSA with a usage that does not exist",
            {"_25._tcp.mail": {"TLSA": "4 1 1 " + HEX}},
            NO,
            OK,
            "Validators pass it over, and the host looks as if it had none.",
        ),
        Case(
            "TLSA with a selector that does not exist",
            {"_25._tcp.mail": {"TLSA": "3 2 1 " + HEX}},
            NO,
            OK,
            "Validators pass it over, and the host looks as if it had none.",
        ),
        Case(
            "TLSA with a matching type that does not exist",
            {"_25._tcp.mail": {"TLSA": "3 1 3 " + HEX}},
            NO,
            OK,
            "Validators pass it over, and the host looks as if it had none.",
        ),
        Case("TLSA that is not hexadecimal", {"_25._tcp.mail": {"TLSA": "3 1 1 " + "xy" * 32}}, NO, NO),
        Case(
            "TLSA at a host",
            {"mail": {"TLSA": "3 1 1 " + HEX}},
            NO,
            OK,
            "RFC 6698, section 3: clients ask by port and transport only.",
        ),
        Case(
            "TLSA at a port above 65535",
            {"_70000._tcp.mail": {"TLSA": "3 1 1 " + HEX}},
            NO,
            OK,
            "There is no such port to ask for.",
        ),
        Case("SSHFP", {"web": {"SSHFP": "4 2 " + HEX}}, OK, OK),
        Case("SSHFP in capitals", {"web": {"SSHFP": "4 2 " + HEX.upper()}}, OK, OK),
        Case("SSHFP with a digest too short", {"web": {"SSHFP": "4 2 " + HEX[:40]}}, NO, NO),
        Case("SSHFP with SHA-1", {"web": {"SSHFP": "4 1 " + HEX[:40]}}, ADVICE, ADVICE),
        Case(
            "SSHFP of a kind of key that does not exist",
            {"web": {"SSHFP": "5 2 " + HEX}},
            NO,
            OK,
            "Number 5 was never given out; clients pass it over.",
        ),
        Case(
            "SSHFP of a kind of digest that does not exist",
            {"web": {"SSHFP": "4 3 " + HEX}},
            NO,
            OK,
            "Number 3 was never given out; clients pass it over.",
        ),
        Case("SSHFP that is not hexadecimal", {"web": {"SSHFP": "4 2 " + "xy" * 32}}, NO, NO),
    ),
    "TXT": (
        Case("a text", text("hello"), OK, OK),
        Case("a text of more than 255 bytes", text("x" * 300), OK, OK),
        Case("a text with a semicolon", text("a=b; c=d"), OK, OK),
        Case("a text with quotes inside", text('say "hi"'), OK, OK),
        Case(
            "a text beyond ASCII",
            text("grün"),
            OK,
            NO,
            "Strings hold bytes; it is stored as UTF-8 and comes back the same.",
        ),
        Case(
            "a text of two lines",
            text("a\nb"),
            NO,
            OK,
            "The line break would become a part of the record; it comes of a block of YAML, not of a wish.",
        ),
        Case(
            "an empty text",
            text(""),
            NO,
            OK,
            "It is more often a forgotten value; written in quotes it is taken.",
        ),
        Case("an empty text in quotes", text('""'), OK, OK),
        Case(
            "a text half in quotes",
            text('"a" b'),
            NO,
            OK,
            "It reads as two strings or as one with quotes in it; nobody can tell which was meant.",
        ),
        Case("the same text twice", text(["a", '"a"']), NO, OK, "Both are the same record."),
    ),
    "SPF": (
        Case(
            "SPF",
            text(
                "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:_spf.example.net a mx/24 exists:%{i}.x.example.net -all"
            ),
            OK,
            ADVICE,
        ),
        Case("SPF that lets everybody send", text("v=spf1 +all"), ADVICE, ADVICE),
        Case("SPF that says nothing about others", text("v=spf1 mx"), ADVICE, ADVICE),
        Case("SPF that redirects", text("v=spf1 redirect=_spf.example.net"), OK, ADVICE),
        Case(
            "two SPF records",
            text(["v=spf1 mx -all", "v=spf1 a -all"]),
            NO,
            ADVICE,
            "RFC 7208, section 4.5: that is a permanent error, so all mail fails.",
        ),
        Case(
            "SPF with an unknown mechanism",
            text("v=spf1 ipv4:192.0.2.1 -all"),
            NO,
            ADVICE,
            "RFC 7208, section 4.6: one such term makes all of it a permanent error.",
        ),
        Case(
            "SPF with a network that is none",
            text("v=spf1 ip4:192.0.2.0/33 -all"),
            NO,
            ADVICE,
            "RFC 7208, section 5.6: a permanent error.",
        ),
        Case(
            "SPF with an IPv6 network as ip4",
            text("v=spf1 ip4:2001:db8::1 -all"),
            NO,
            ADVICE,
            "RFC 7208, section 5.6: a permanent error.",
        ),
        Case(
            "SPF with = in the place of :",
            text("v=spf1 include=_spf.example.net -all"),
            NO,
            ADVICE,
            "It would be an unknown modifier and passed over, so the senders are not let in.",
        ),
        Case(
            "SPF with a blank after the colon",
            text("v=spf1 include: _spf.example.net -all"),
            NO,
            ADVICE,
            "RFC 7208, section 5.2: include needs its domain; a permanent error.",
        ),
        Case(
            "SPF without a blank after the version",
            text("v=spf1include:_spf.example.net -all"),
            NO,
            ADVICE,
            "Receivers do not take it for SPF at all.",
        ),
        Case(
            "SPF without its version",
            text("spf1 mx -all"),
            NO,
            OK,
            "Receivers do not take it for SPF at all.",
        ),
        Case(
            "SPF that asks eleven questions",
            text("v=spf1 " + " ".join(f"include:s{n}.example.net" for n in range(11)) + " -all"),
            NO,
            ADVICE,
            "RFC 7208, section 4.6.4: more than ten are a permanent error.",
        ),
        Case(
            "SPF that asks ten questions",
            text("v=spf1 " + " ".join(f"include:s{n}.example.net" for n in range(10)) + " -all"),
            OK,
            ADVICE,
        ),
        Case(
            "SPF that asks eleven questions by an include of this zone",
            {
                "@": {"TXT": "v=spf1 include:_a.example.org include:x.example.net -all"},
                "_a": {"TXT": "v=spf1 " + " ".join(f"include:s{n}.example.net" for n in range(9)) + " -all"},
            },
            NO,
            ADVICE,
            "RFC 7208, section 4.6.4 counts what is included; this zone shows it.",
        ),
        Case("SPF with ptr", text("v=spf1 ptr -all"), ADVICE, ADVICE),
        Case("SPF with something after all", text("v=spf1 -all mx"), ADVICE, ADVICE),
        Case(
            "SPF with two redirects",
            text("v=spf1 redirect=a.example.net redirect=b.example.net"),
            NO,
            ADVICE,
            "RFC 7208, section 6: a permanent error.",
        ),
    ),
    "DMARC": (
        Case(
            "DMARC",
            text(
                "v=DMARC1; p=reject; sp=none; adkim=s; pct=50; rua=mailto:dmarc@example.org,mailto:x@example.net",
                "_dmarc",
            ),
            OK,
            OK,
        ),
        Case(
            "DMARC without a policy",
            text("v=DMARC1; rua=mailto:dmarc@example.org", "_dmarc"),
            NO,
            OK,
            "RFC 7489, section 6.6.3: receivers drop it.",
        ),
        Case(
            "DMARC with its policy at the end",
            text("v=DMARC1; rua=mailto:dmarc@example.org; p=none", "_dmarc"),
            NO,
            OK,
            "RFC 7489, section 6.4: the policy follows the version at once; receivers may drop it.",
        ),
        Case(
            "DMARC with a policy that does not exist",
            text("v=DMARC1; p=block", "_dmarc"),
            NO,
            OK,
            "RFC 7489, section 6.3 has three; receivers drop it.",
        ),
        Case(
            "DMARC in lower case",
            text("v=dmarc1; p=none", "_dmarc"),
            NO,
            OK,
            "RFC 7489, section 6.3: the version is read exactly, and all of it is dropped.",
        ),
        Case(
            "DMARC with commas",
            text("v=DMARC1, p=none", "_dmarc"),
            NO,
            OK,
            "Tags are separated by semicolons; all of it is dropped.",
        ),
        Case(
            "DMARC at the zone itself",
            text("v=DMARC1; p=none"),
            NO,
            OK,
            "Nobody asks for it there, so the domain is unprotected although it looks protected.",
        ),
        Case(
            "another text at _dmarc",
            text("hello", "_dmarc"),
            NO,
            OK,
            "RFC 7489, section 6.6.3: it is no policy, and stands where one is looked for.",
        ),
        Case(
            "two DMARC records",
            text(["v=DMARC1; p=none", "v=DMARC1; p=reject"], "_dmarc"),
            NO,
            ADVICE,
            "RFC 7489, section 6.6.3: with two of them none counts.",
        ),
        Case(
            "DMARC with a bare report address",
            text("v=DMARC1; p=none; rua=dmarc@example.org", "_dmarc"),
            NO,
            OK,
            "RFC 7489, section 6.2 wants a URI, so no report would come.",
        ),
        Case(
            "DMARC with more than all",
            text("v=DMARC1; p=none; pct=101", "_dmarc"),
            NO,
            OK,
            "RFC 7489, section 6.3: 0 to 100.",
        ),
        Case("DMARC with a backslash before the semicolon", text("v=DMARC1\\; p=none", "_dmarc"), NO, NO),
    ),
    "DKIM": (
        Case("an RSA key of 2048 bits", dkim(RSA_2048), OK, OK),
        Case("an RSA key of 1024 bits", dkim(RSA_1024), ADVICE, OK),
        Case(
            "an RSA key of 512 bits",
            dkim(RSA_512),
            NO,
            OK,
            "RFC 8301, section 3.2: verifiers do not take keys below 1024 bits.",
        ),
        Case("an Ed25519 key", text(f"v=DKIM1; k=ed25519; p={ED25519}", "s._domainkey"), OK, OK),
        Case(
            "an Ed25519 key of the wrong length",
            text("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwI=", "s._domainkey"),
            NO,
            OK,
            "RFC 8463, section 4: the key has 32 bytes; each signature fails.",
        ),
        Case(
            "a key that is cut off",
            text("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", "s._domainkey"),
            NO,
            OK,
            "It cannot be read, so each signature fails; this is what happens at 255 bytes.",
        ),
        Case(
            "a key that is not base64",
            text("v=DKIM1; k=rsa; p=-----BEGIN", "s._domainkey"),
            NO,
            OK,
            "It cannot be read, so each signature fails.",
        ),
        Case("a key that was taken back", text("v=DKIM1; p=", "s._domainkey"), ADVICE, OK),
        Case(
            "no key",
            text("v=DKIM1; k=rsa", "s._domainkey"),
            NO,
            OK,
            "RFC 6376, section 3.6.1: p= is required, so each signature fails.",
        ),
        Case(
            "an unknown kind of key",
            text("v=DKIM1; k=dsa; p=AAAA", "s._domainkey"),
            NO,
            OK,
            "RFC 8301 and RFC 8463 know rsa and ed25519; verifiers pass others over.",
        ),
        Case(
            "a version that is not first",
            text("k=ed25519; v=DKIM1; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "s._domainkey"),
            NO,
            OK,
            "RFC 6376, section 3.6.1: then the record is dropped.",
        ),
        Case(
            "a key outside of _domainkey",
            text(f"v=DKIM1; k=ed25519; p={ED25519}", "s"),
            NO,
            OK,
            "RFC 6376, section 3.6.2.1: nobody asks for it there.",
        ),
    ),
    "reverse": (
        Case("a PTR", {"10": {"PTR": "web.example.org."}}, OK, OK, origin=REVERSE),
        Case(
            "a PTR with an octet above 255",
            {"300": {"PTR": "web.example.org."}},
            NO,
            OK,
            "There is no such address, so nobody asks for it.",
            origin=REVERSE,
        ),
        Case(
            "a PTR of a word",
            {"web": {"PTR": "web.example.org."}},
            NO,
            OK,
            "There is no such address, so nobody asks for it.",
            origin=REVERSE,
        ),
        Case(
            "a PTR with an octet too many",
            {"1.10": {"PTR": "web.example.org."}},
            NO,
            OK,
            "There is no such address, so nobody asks for it.",
            origin=REVERSE,
        ),
        Case(
            "a PTR without its final dot",
            {"10": {"PTR": "web.example.org"}},
            NO,
            ADVICE,
            "It would mean web.example.org.2.0.192.in-addr.arpa., which does not exist.",
            origin=REVERSE,
        ),
        Case("a PTR to an address", {"10": {"PTR": "192.0.2.10."}}, NO, NO, origin=REVERSE),
        Case(
            "two names for an address",
            {"10": {"PTR": ["a.example.org.", "b.example.org."]}},
            ADVICE,
            OK,
            origin=REVERSE,
        ),
        Case(
            "part of a network as RFC 2317 delegates it",
            {"0/25": {"NS": SERVERS}, "1": {"CNAME": "1.0/25.2.0.192.in-addr.arpa."}},
            OK,
            NO,
            "RFC 2317 names such parts with a slash, and every server takes it.",
            origin=REVERSE,
        ),
    ),
}
