"""The parts of a zone in the words of people; whatever our reader would take for something else keeps its long form."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from setpoint.model.tree import Json, Tree
from setpoint_dns.content import RRset, Zone
from setpoint_dns.kinds.dns_zone.names import relative
from setpoint_dns.kinds.dns_zone.soa import FIELDS, SoaData, declared_fields, soa_in
from setpoint_dns.kinds.dns_zone.spec import Dnssec, Make, Soa
from setpoint_dns.rdata import BARE, TEXTS, as_names, canonical, canonical_name, text_of
from setpoint_dns.records.spec import is_type_name

_TO_NAMES = frozenset({"AFSDB", "CNAME", "DNAME", "KX", "MX", "NS", "PTR", "SRV"})
"""Types that end in a name."""
_QUOTED = frozenset({"CAA", "URI"})
"""Types that end in a text, which needs no quotes."""


def is_sayable(one: RRset, origin: str) -> bool:
    """Whether a declaration can say a set so that it is read as what it is."""
    try:
        same = canonical_name(relative(one.name, origin), origin) == one.name
        return same and is_type_name(one.type) and all(_means(one.type, v, v, origin) for v in one.values)
    except ValueError:
        return False


def said_set(one: RRset, origin: str, ttl: int) -> Json:
    """What stands under its type: one value, a list of them, or both with a TTL of their own."""
    texts = list[Json](short(one.type, value, origin) for value in one.values)
    values: Json = texts[0] if len(texts) == 1 else texts
    return values if one.ttl == ttl else {"values": values, "ttl": one.ttl}


def short(rtype: str, value: str, origin: str) -> str:
    """A canonical value as short as it can be written."""
    return next(
        (text for text in _shorter(rtype, value, origin) if _means(rtype, text, value, origin)), value
    )


def said_authority(zone: Zone) -> Tree:
    """The start of authority, if all of it can be declared."""
    data = soa_in(zone.rrsets, zone.name)
    if data is None:
        return {}
    tree: Tree = {**data.fields, "contact": _address(data, zone.name)}
    try:
        soa = Soa.model_validate(tree)
    except ValidationError:
        return {}
    return (
        {"soa": {name: tree[name] for name in FIELDS}}
        if declared_fields(soa, zone.name) == data.fields
        else {}
    )


def said_settings(zone: Zone, *, signs: bool) -> Tree:
    """The settings beside its records, and DNSSEC where it is on and the server lets it be switched."""
    tree: Tree = {}
    told: Tree = {
        name: value
        for name in ("kind", "alsoNotify", "allowTransfer", "transferKeys")
        if (value := zone.settings.get(name)) and (name != "kind" or value in set(Make))
    }
    if told:
        tree["settings"] = told
    if signs and zone.signing is not None and zone.signing.enabled:
        tree["dnssec"] = {"enabled": True, **_denial(zone.signing.nsec3)}
    return tree


def _denial(nsec3: str) -> Tree:
    try:
        Dnssec(enabled=True, nsec3=nsec3)
    except ValidationError:
        return {}
    return {"nsec3": nsec3} if nsec3 else {}


def _address(data: SoaData, origin: str) -> str:
    """Who is written to, as a mail address where that means the same."""
    local, dot, domain = data.contact.replace(r"\.", "\0").partition(".")
    address = f"{local}@{domain.removesuffix('.')}".replace("\0", ".")
    try:
        same = bool(dot) and declared_fields(Soa(contact=address), origin)["contact"] == data.contact
    except ValueError:
        return data.contact
    return address if same else data.contact


def _shorter(rtype: str, value: str, origin: str) -> Iterator[str]:
    if rtype in TEXTS:
        yield text_of(value)
    elif rtype in _TO_NAMES:
        *fields, name = value.split(" ")
        yield " ".join((*fields, relative(name, origin)))
    elif rtype in BARE:
        yield as_names(value)
    elif rtype in _QUOTED:
        *fields, text = value.split(" ", 2)
        yield " ".join((*fields, text.removeprefix('"').removesuffix('"')))


def _means(rtype: str, text: str, value: str, origin: str) -> bool:
    try:
        return canonical(rtype, text, origin) == value
    except ValueError:
        return False
