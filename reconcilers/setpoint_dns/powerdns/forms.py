"""Between what the PowerDNS API sends and takes and the forms that every make of server shares. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from setpoint.model.identity import Mark, read_mark
from setpoint_dns.content import Id, RRset, Signing
from setpoint_dns.powerdns.spelling import spelled
from setpoint_dns.rdata import canonical, canonical_name, canonical_type

OWNER: Final = "X-SETPOINT-OWNER"
"""The metadata of a zone that hold our mark."""

_MADE: Final = frozenset({"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM"})
"""Types that signing makes, in zones that were signed elsewhere."""
_SHA1: Final = "1"
_ACCOUNT = 40
"""Characters of an account in the server's own database schemas."""
_BARE = re.compile(r"[A-Za-z0-9.-]")


def zone_id(zone: str) -> str:
    """How a zone is named in paths: what is no letter, digit, dot or dash as `=2F`."""
    if zone == ".":
        return "=2E"
    return "".join(sign if _BARE.fullmatch(sign) else f"={ord(sign):02X}" for sign in zone)


def mark_name(zone: str) -> str:
    """The name of the TXT record that is our mark until the metadata are written."""
    return f"_setpoint.{'' if zone == '.' else zone}"


def mark_set(zone: str, mark: Mark) -> dict[str, Any]:
    """Our mark as a record that the server keeps and does not serve: it comes into being together with the zone."""
    record = {"content": f'"{mark.line("zone")}"', "disabled": True}
    return {"name": mark_name(zone), "type": "TXT", "ttl": 0, "changetype": "REPLACE", "records": [record]}


def mark_in(values: Iterable[str]) -> Mark | None:
    """The mark that a TXT set is; None when it is another one."""
    return next((mark for value in values if (mark := read_mark(value.strip('"'), "zone"))), None)


def account_of(mark: Mark) -> str:
    """What the zone's account shows: our name, the estate if it fits, and by which mark; it differs for every mark."""
    digest = hashlib.sha256(mark.line("zone").encode()).hexdigest()[:8]
    full = f"setpoint {mark.estate} {digest}"
    return full if len(full) <= _ACCOUNT else f"setpoint {digest}"


def is_our_account(account: str) -> bool:
    """Whether an account is one that `account_of` makes, so that the zone's metadata are worth reading."""
    return account.startswith("setpoint ")


def owner_of(metadata: Mapping[str, Sequence[str]]) -> Mark | None:
    """The mark in a zone's metadata."""
    return next((mark for line in metadata.get(OWNER, ()) if (mark := read_mark(line, "zone"))), None)


def read_metadata(answer: Any) -> dict[str, list[str]]:
    """Metadata by kind, from the list that the server answers."""
    return {str(entry["kind"]): [str(line) for line in entry["metadata"]] for entry in answer}


def read_signing(zone: Mapping[str, Any], keys: Sequence[Any]) -> Signing:
    """How a zone is signed; DS of the keys in use, without those of SHA-1, which parents no longer take."""
    texts = [
        canonical("DS", str(text), ".")
        for key in keys
        if key.get("active") and key.get("published", True)
        for text in key.get("ds", ())
    ]
    ds = tuple(sorted({text for text in texts if text.split()[2] != _SHA1}))
    return Signing(bool(zone.get("dnssec")), str(zone.get("nsec3param") or ""), ds, len(keys))


def read_sets(answer: Iterable[Any], zone: str, before: Mapping[Id, RRset]) -> dict[Id, RRset]:
    """Sets by name and type; one that is as it was `before` is the same object."""
    sets = (_read_set(raw, zone) for raw in answer)
    return {one.id: _same(one, before.get(one.id)) for one in sets if one is not None}


def _same(one: RRset, old: RRset | None) -> RRset:
    return old if old is not None and old == one else one


def _read_set(raw: Any, zone: str) -> RRset | None:
    rtype, records = _type(str(raw["type"])), raw["records"]
    if rtype in _MADE or not records:
        return None
    name, ttl = _name(str(raw["name"])), int(raw["ttl"])
    off = [record for record in records if record.get("disabled")]
    hidden = _values(rtype, off, zone) if off else ()
    if len(off) == len(records):
        return RRset(name, rtype, ttl, hidden, disabled=True)
    served = [record for record in records if not record.get("disabled")] if off else records
    return RRset(name, rtype, ttl, _values(rtype, served, zone), hidden=hidden)


def _values(rtype: str, records: Iterable[Any], zone: str) -> tuple[str, ...]:
    return tuple(sorted({_data(rtype, str(record["content"]), zone) for record in records}))


def _name(text: str) -> str:
    """A name that stands in a zone is told even if we would not take it in a declaration."""
    try:
        return canonical_name(text, ".")
    except ValueError:
        return text.lower()


def _type(text: str) -> str:
    """Types that only PowerDNS knows, such as ALIAS, keep its name."""
    try:
        return canonical_type(text)
    except ValueError:
        return text


def _data(rtype: str, text: str, zone: str) -> str:
    try:
        return canonical(rtype, text, zone)
    except ValueError:
        return text


def to_put(rrset: RRset) -> dict[str, Any]:
    """A set as the API takes it; comments are not named, so they stay."""
    states = {**dict.fromkeys(rrset.hidden, True), **dict.fromkeys(rrset.values, rrset.disabled)}
    records = [{"content": spelled(rrset.type, value), "disabled": off} for value, off in states.items()]
    return {
        "name": rrset.name,
        "type": rrset.type,
        "ttl": rrset.ttl,
        "changetype": "REPLACE",
        "records": records,
    }


def to_drop(found: Id, there: RRset | None) -> dict[str, Any]:
    """The removal of a set as the API takes it; of what was `there`, values that are not served stay."""
    name, rtype = found
    if there is not None and there.hidden:
        return to_put(RRset(name, rtype, there.ttl, there.hidden, disabled=True))
    return {"name": name, "type": rtype, "changetype": "DELETE"}
