"""From a transferred zone to the common form: what the server makes by itself is left out, and the mark is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import dns.dnssec
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.zone
from dns.dnssectypes import DSDigest
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.SOA import SOA
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.dnskeybase import Flag

from setpoint.model.identity import Mark, read_mark
from setpoint_dns.content import Id, RRset, Signing, Zone
from setpoint_dns.rdata import canonical

MARK_LABEL = "_setpoint"
"""Below the zone's name, the owner of the TXT record that is the mark."""

GENERATED = frozenset(
    ("RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY", "ZONEMD", "TYPE65534")
)
"""What a server that signs makes by itself; the last one is how BIND notes where its signing stands."""


def mark_name(zone: str) -> str:
    """Where the mark of a zone stands."""
    return f"{MARK_LABEL}.{zone}"


def common(zone: str, found: dns.zone.Zone) -> Zone:
    """The zone, its names and data canonical."""
    sets: dict[Id, RRset] = {}
    apex: dict[str, dns.rdataset.Rdataset] = {}
    mark: Mark | None = None
    for owner, rdataset in found.iterate_rdatasets():
        name, rtype = owner.canonicalize().to_text(), dns.rdatatype.to_text(rdataset.rdtype)
        if name == zone:
            apex[rtype] = rdataset
        if (name, rtype) == (mark_name(zone), "TXT"):
            mark = read_marks(rdataset)
        elif rtype not in GENERATED:
            sets[name, rtype] = RRset(name, rtype, rdataset.ttl, values(rtype, rdataset, zone))
    soa = records(apex["SOA"])[0]
    assert isinstance(soa, SOA)  # noqa: S101  # of that type there is no other
    return Zone(zone, soa.serial, sets, mark, signing=_signing(zone, apex))


def records(rdataset: dns.rdataset.Rdataset) -> tuple[dns.rdata.Rdata, ...]:
    """The records of a set, with their type, which the library leaves open."""
    return tuple(cast("Iterable[dns.rdata.Rdata]", rdataset))


def values(rtype: str, rdataset: dns.rdataset.Rdataset, zone: str) -> tuple[str, ...]:
    """The records' canonical texts, sorted."""
    return tuple(sorted({_canonical(rtype, rdata, zone) for rdata in records(rdataset)}))


def read_marks(rdataset: dns.rdataset.Rdataset) -> Mark | None:
    """The mark that a set of TXT records is; two of them are none, for nobody can tell whose the zone is."""
    if len(rdataset) != 1:
        return None
    rdata = records(rdataset)[0]
    assert isinstance(rdata, TXT)  # noqa: S101  # of that type there is no other
    return read_mark(b"".join(rdata.strings).decode("utf-8", "replace"), "zone")


def _canonical(rtype: str, rdata: dns.rdata.Rdata, zone: str) -> str:
    text = rdata.to_text()
    try:
        return canonical(rtype, text, zone)
    except ValueError:
        return text  # A server may hold what nobody may declare, such as an empty text.


def _signing(zone: str, apex: dict[str, dns.rdataset.Rdataset]) -> Signing:
    if "DNSKEY" not in apex:
        return Signing(enabled=False)
    keys = [key for key in records(apex["DNSKEY"]) if isinstance(key, DNSKEY)]
    entries = [key for key in keys if Flag.SEP & key.flags and not Flag.REVOKE & key.flags]
    ds = (dns.dnssec.make_ds(zone, key, DSDigest.SHA256).to_text() for key in entries)
    nsec3 = records(apex["NSEC3PARAM"])[0].to_text() if "NSEC3PARAM" in apex else ""
    return Signing(enabled=True, nsec3=nsec3, ds=tuple(sorted(ds)), keys=len(keys))
