"""Which types of records there are, which of them nobody declares, and how the data of the usual ones are written."""

from __future__ import annotations

from types import MappingProxyType

import dns.rdatatype

from setpoint_dns.rdata import POWERDNS

SIGNING = frozenset(
    {"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY", "SIG", "NXT", "ZONEMD"}
)
"""What the server makes when it signs or seals a zone; never declared and never compared."""

QUESTIONS = frozenset(
    {"ANY", "AXFR", "IXFR", "MAILA", "MAILB", "NONE", "NXNAME", "OPT", "TKEY", "TSIG", "NULL"}
)
"""Types that exist in messages and in no zone."""

OBSOLETE = MappingProxyType(
    {
        "A6": "AAAA",
        "ATMA": "",
        "DLV": "DS in the parent",
        "EID": "",
        "GPOS": "LOC",
        "ISDN": "",
        "KEY": "DNSSEC of the zone",
        "MB": "MX",
        "MD": "MX",
        "MF": "MX",
        "MG": "MX",
        "MINFO": "RP",
        "MR": "MX",
        "NIMLOC": "",
        "NSAP": "",
        "NSAP-PTR": "",
        "PX": "",
        "RT": "",
        "SPF": "TXT",
        "TA": "DS in the parent",
        "WKS": "SRV",
        "X25": "",
    }
)
"""Types that nothing asks for any more, and what is used instead, if anything."""

SINGLE = frozenset({"CNAME", "DNAME"})
"""Types of which a name has one record at most."""

KNOWN = tuple(
    sorted(
        (set(map(dns.rdatatype.to_text, dns.rdatatype.RdataType)) | POWERDNS)
        - SIGNING
        - QUESTIONS
        - {"SOA", "TYPE0"}
    )
)
"""Every type that can be declared."""

EXAMPLES = MappingProxyType(
    {
        "A": "192.0.2.10",
        "AAAA": "2001:db8::10",
        "AFSDB": "1 afs1",
        "ALIAS": "www.example.net.",
        "CAA": "0 issue letsencrypt.org",
        "CERT": "PGP 0 0 mQINBFA=",
        "CNAME": "www",
        "DNAME": "example.net.",
        "DS": "12345 13 2 " + "1f" * 32,
        "HINFO": '"x86-64" "Linux"',
        "HTTPS": "1 . alpn=h2,h3",
        "LOC": "52 22 23.000 N 4 53 32.000 E -2.00m",
        "LUA": "A \"ifportup(443, {'192.0.2.1', '192.0.2.2'})\"",
        "MX": "10 mail",
        "NAPTR": '100 10 "S" "SIP+D2U" "" _sip._udp',
        "NS": "ns1.example.net.",
        "OPENPGPKEY": "mQINBFA=",
        "PTR": "web01.example.org.",
        "RP": "admin.example.org. .",
        "SRV": "10 5 5060 sip",
        "SSHFP": "4 2 " + "1f" * 32,
        "SVCB": "1 svc.example.net. port=8443",
        "TLSA": "3 1 1 " + "1f" * 32,
        "TXT": "v=spf1 mx -all",
        "URI": "10 1 https://www.example.org/",
    }
)
"""What a person may write as one value."""
